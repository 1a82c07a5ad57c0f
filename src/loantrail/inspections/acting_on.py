"""A person acts on a check: compared with what the person saw, done once."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from loantrail.errors import InputError, LimitExceeded, Place
from loantrail.ids import derived_id
from loantrail.inspections import store, store_schedule, store_vouchers
from loantrail.inspections.decide import PaidOut, first_check_due
from loantrail.inspections.files import VoucherFile
from loantrail.inspections.material import read_material
from loantrail.inspections.model import (
    Act,
    AskFor,
    Assign,
    Check,
    CheckState,
    Close,
    Event,
    Judge,
    JudgePlain,
    Kind,
    Paper,
    Policy,
    Refusal,
    Reopen,
    Return,
    Submit,
    business_date,
    policy_of,
)
from loantrail.inspections.papers import WHOLE_LINE, payee_id_of
from loantrail.inspections.scheduling import paid_out_of
from loantrail.inspections.timeline import after
from loantrail.inspections.workflow import Material, decide
from loantrail.parameters import ParameterBook

KIND_OF: Final[dict[type[Any], Kind]] = {
    Judge: Kind.JUDGED,
    JudgePlain: Kind.JUDGED,
    Assign: Kind.ASSIGNED,
    AskFor: Kind.ASKED_FOR,
    Submit: Kind.SUBMITTED,
    Return: Kind.RETURNED,
    Close: Kind.CLOSED,
    Reopen: Kind.REOPENED,
}
"""What each act leaves on the timeline."""

_WORDS: Final[dict[Refusal, tuple[str, str]]] = {
    Refusal.NOT_OPEN: ("the check is not open", "Read it again: it was submitted, closed or taken over"),
    Refusal.NOT_SUBMITTED: ("the check does not wait for a review", "Read it again"),
    Refusal.NOT_CLOSED: ("the check is not closed", "Nothing needs to be done"),
    Refusal.NOT_TAKEN_OVER: ("the check was made already", "Nothing needs to be done"),
    Refusal.MAKER_IS_CHECKER: (
        "the same person submitted the check or judged a line of it",
        "Ask a second person",
    ),
    Refusal.REASON_MISSING: ("no reason is given", "Say why, for whoever reads it later"),
    Refusal.VOUCHER_OR_REASON: (
        "the use of this line is restricted, and there is neither a voucher nor a reason",
        "Bring a voucher for the line, or say why it is genuine",
    ),
    Refusal.LINE_UNKNOWN: ("the statement has no such line to judge", "Read the check again"),
    Refusal.NOTHING_TO_JUDGE: ("no documented line is left to judge together", "Judge the others one by one"),
    Refusal.NOT_ALL_JUDGED: ("some lines were not judged yet", "Judge every line first"),
    Refusal.NOT_TRACED: ("the loan was not traced yet", "Wait for the next run over the books"),
    Refusal.TEXT_MISSING: ("the conclusion has no text", "Write what was found"),
    Refusal.OTHER_THAN_PROPOSED: (
        "the conclusion is another than the proposed one, and no reason is given",
        "Say why, for whoever reviews it",
    ),
    Refusal.ASSIGNED_ALREADY: ("the check is this person's already", "Nothing needs to be done"),
    Refusal.VOUCHER_UNKNOWN: ("the loan has no such voucher", "Read the check again"),
}


class ActRefused(InputError):
    """An act that cannot be done now; `code` is the refusal's name."""

    def __init__(self, refusal: Refusal) -> None:
        problem, remedy = _WORDS[refusal]
        super().__init__(problem, remedy=remedy)
        self.code = refusal.value


class CheckMissing(InputError):
    code = "not_found"


class CheckChanged(InputError):
    """Somebody else acted since the check was read; `present` is what it is now."""

    code = "changed"

    def __init__(self, present: Check) -> None:
        super().__init__("somebody else acted on this check meanwhile", remedy="Read it again, then decide")
        self.present = present


@dataclass(frozen=True, slots=True)
class Acted:
    """What an act made of a check. `new` is False where the same request was made before: nothing changed."""

    check: Check
    before: Check
    unit_id: str
    new: bool


@dataclass(frozen=True, slots=True)
class _Work:
    """A check that is locked, with the time and the policy that hold."""

    identity: store.Row
    check: Check
    now: datetime.datetime
    policy: Policy

    @property
    def loan_id(self) -> str:
        return str(self.identity["loan_id"])

    def became(self, check: Check) -> Acted:
        return Acted(check, self.check, str(self.identity["unit_id"]), new=True)

    def unchanged(self) -> Acted:
        return Acted(self.check, self.check, str(self.identity["unit_id"]), new=False)


def act_on(
    connection: store.Database,
    check_id: str,
    act: Act,
    by: str,
    version: int,
    request_key: str,
    parameters: ParameterBook,
) -> Acted:
    """Do what a person wants of a check that the person saw at `version`; the caller commits.

    Raises CheckMissing, CheckChanged, ActRefused; InputError where the request's key was used for something else or the
    person to assign to is not on the staff list.
    """
    work = _begin(connection, check_id, parameters)
    done = store.event_of_request(connection, request_key, check_id)
    if done is not None:
        if not _same(done, act, by):
            raise _key_used()
        return work.unchanged()
    _check_version(work, version)
    if isinstance(act, Assign) and act.to and not store.is_person(connection, act.to):
        raise InputError(
            f"there is nobody with the number {act.to}", Place(field="to"), "Choose a person of the list"
        )
    material = _material(connection, work, act, parameters)
    events = decide(work.check, act, by, work.now, material, work.policy)
    if isinstance(events, Refusal):
        raise ActRefused(events)
    return work.became(_entered(connection, work, events, request_key))


def assign_all(
    connection: store.Database,
    check_ids: Sequence[str],
    to: str,
    by: str,
    request_key: str,
    parameters: ParameterBook,
) -> dict[str, str]:
    """Give several checks to one person of the staff list, whatever their version; the caller commits. check_id -> empty, or
    the refusal that left it as it was. The same request twice is one. Raises CheckMissing."""
    act = Assign(to)
    outcome: dict[str, str] = {}
    # In one order, so that two who do this at once wait for each other.
    for check_id in sorted(check_ids):
        work = _begin(connection, check_id, parameters)
        done = store.event_of_request(connection, request_key, check_id)
        if done is not None and _same(done, act, by):
            outcome[check_id] = ""
            continue
        events = decide(
            work.check, act, by, work.now, _material(connection, work, act, parameters), work.policy
        )
        if isinstance(events, Refusal):
            outcome[check_id] = events.value
            continue
        _entered(connection, work, events, request_key)
        outcome[check_id] = ""
    return outcome


def bring_voucher(
    connection: store.Database,
    check_id: str,
    file: VoucherFile,
    paper: Paper,
    uses: Sequence[str],
    payee_id: str,
    by: str,
    request_key: str,
    parameters: ParameterBook,
) -> tuple[Acted, str]:
    """Keep a file as a voucher of the check's loan that speaks for these lines, of one of them for one payee alone
    (`papers.payee_id_of`; empty: all of the line); the caller commits. Also the voucher's id: of one that holds the same bytes,
    where there is one already.

    Vouchers are only ever added, so no version is compared. Raises CheckMissing, ActRefused, LimitExceeded.
    """
    work = _begin(connection, check_id, parameters)
    if store.event_of_request(connection, request_key, check_id) is not None:
        same = store_vouchers.standing_same(connection, work.loan_id, file.sha256)
        if same is None:
            raise _key_used()
        return work.unchanged(), same["voucher_id"]
    _check_works(work)
    lines = _lines(connection, work, uses, payee_id, parameters)
    known = store_vouchers.standing_same(connection, work.loan_id, file.sha256)
    voucher_id = known["voucher_id"] if known else derived_id("voucher", check_id, request_key)
    events: list[Event] = []
    if known is None:
        most = parameters.at_or_first("check_vouchers_most", business_date(work.now)).number
        if store_vouchers.count(connection, work.loan_id) >= most:
            raise LimitExceeded(
                f"the loan has {most} vouchers already", remedy="Put several pages into one file"
            )
        store_vouchers.add(
            connection,
            {
                "voucher_id": voucher_id,
                "check_id": check_id,
                "loan_id": work.loan_id,
                "paper": paper.value,
                "name": file.name,
                "media_type": file.media_type,
                "size_bytes": len(file.content),
                "sha256": file.sha256,
                "content": file.content,
                "uploaded_by": by,
                "uploaded_at": work.now,
                "unit_id": work.identity["unit_id"],
            },
        )
        told = {"voucher_id": voucher_id, "name": file.name, "paper": paper.value, "sha256": file.sha256}
        events.append(Event(Kind.VOUCHER_ADDED, work.now, by, told))
    linked = store_vouchers.link(connection, work.identity, voucher_id, lines, by, work.now)
    events += [_linked(voucher_id, use, payee, by, work.now) for use, payee in linked]
    if not events:
        return work.unchanged(), voucher_id
    return work.became(_entered(connection, work, events, request_key)), voucher_id


def link_voucher(
    connection: store.Database,
    check_id: str,
    voucher_id: str,
    use: str,
    by: str,
    request_key: str,
    parameters: ParameterBook,
) -> Acted:
    """Let a voucher of the loan speak for a line too; the caller commits. Raises as `bring_voucher`."""
    work = _begin(connection, check_id, parameters)
    _check_works(work)
    _voucher(connection, work, voucher_id)
    lines = _lines(connection, work, [use], "", parameters)
    linked = store_vouchers.link(connection, work.identity, voucher_id, lines, by, work.now)
    if not linked:
        return work.unchanged()
    events = [_linked(voucher_id, use, WHOLE_LINE, by, work.now)]
    return work.became(_entered(connection, work, events, request_key))


def withdraw_voucher(
    connection: store.Database,
    check_id: str,
    voucher_id: str,
    reason: str,
    by: str,
    request_key: str,
    parameters: ParameterBook,
) -> Acted:
    """Take a voucher back, so that it speaks for nothing any more; the caller commits. Its content stays on record."""
    work = _begin(connection, check_id, parameters)
    _check_works(work)
    voucher = _voucher(connection, work, voucher_id)
    if voucher["withdrawn_at"] is not None:
        return work.unchanged()
    if not reason.strip():
        raise ActRefused(Refusal.REASON_MISSING)
    store_vouchers.withdraw(connection, voucher_id, by, work.now, reason.strip())
    told = {"voucher_id": voucher_id, "name": voucher["name"], "reason": reason.strip()}
    event = Event(Kind.VOUCHER_WITHDRAWN, work.now, by, told)
    return work.became(_entered(connection, work, [event], request_key))


def _begin(connection: store.Database, check_id: str, parameters: ParameterBook) -> _Work:
    identity = store.lock(connection, check_id)
    check = store.one(connection, check_id)
    if identity is None or check is None:
        raise CheckMissing(f"there is no check {check_id}", remedy="Open the list of checks")
    now = store.now(connection)
    return _Work(identity, check, now, policy_of(parameters, business_date(now)))


def _check_version(work: _Work, version: int) -> None:
    if work.check.version != version:
        raise CheckChanged(work.check)


def _check_works(work: _Work) -> None:
    if work.check.state is not CheckState.OPEN:
        raise ActRefused(Refusal.NOT_OPEN)


def _lines(
    connection: store.Database, work: _Work, uses: Sequence[str], payee_id: str, parameters: ParameterBook
) -> list[tuple[str, str]]:
    """`(use, payee_account)` that a voucher is to speak for. Raises ActRefused for lines and payees that the statement does
    not have."""
    if not uses:
        return []
    found = read_material(connection, work.loan_id, parameters, business_date(work.now))
    known = {line.use for line in found.lines or () if line.wants_judgement}
    if not set(uses) <= known or (payee_id and len(set(uses)) > 1):
        raise ActRefused(Refusal.LINE_UNKNOWN)
    if not payee_id:
        return [(use, WHOLE_LINE) for use in dict.fromkeys(uses)]
    keys = [one.payee.key for one in found.papers.get(uses[0], ())]
    key = next((one for one in keys if payee_id_of(work.loan_id, uses[0], one) == payee_id), None)
    if key is None:
        raise ActRefused(Refusal.LINE_UNKNOWN)
    return [(uses[0], key)]


def _voucher(connection: store.Database, work: _Work, voucher_id: str) -> store.Row:
    found = store_vouchers.one(connection, voucher_id)
    if found is None or found["loan_id"] != work.loan_id:
        raise ActRefused(Refusal.VOUCHER_UNKNOWN)
    return found


def _linked(voucher_id: str, use: str, payee: str, by: str, at: datetime.datetime) -> Event:
    return Event(Kind.VOUCHER_LINKED, at, by, {"voucher_id": voucher_id, "use": use, "payee_account": payee})


def _entered(connection: store.Database, work: _Work, events: Sequence[Event], request_key: str) -> Check:
    became = work.check
    for event in events:
        became = after(became, event)
    store.append(connection, work.identity, work.check, became, events, request_key)
    return became


def _material(connection: store.Database, work: _Work, act: Act, parameters: ParameterBook) -> Material:
    """What the act is judged by. Reviews need nothing of it."""
    today = business_date(work.now)
    rows = store_schedule.paid_out(connection, work.loan_id)
    # A payment that a later delivery takes back leaves the check with the day that it was made for.
    paid = paid_out_of(rows[0]) if rows else PaidOut("", "", "", 0, work.check.paid_out_on)
    due = first_check_due(paid, today, work.policy, parameters)
    if not isinstance(act, Judge | JudgePlain | Submit):
        return Material(None, due, {})
    found = read_material(connection, work.loan_id, parameters, today)
    if isinstance(act, Submit):
        return Material(found.lines, due, found.record(found.composed(work.check.judgements, work.policy)))
    thread = store.thread_of_loan(connection, work.loan_id)
    return Material(found.lines, due, {"thread_id": thread["thread_id"]} if thread else {})


def _key_used() -> InputError:
    return InputError(
        "the request key was used for something else", Place(field="request_key"), "Make a fresh one"
    )


def _same(done: store.Row, act: Act, by: str) -> bool:
    said = {name: str(value).strip() for name, value in dataclasses.asdict(act).items()}
    return (
        done["kind"] == KIND_OF[type(act)].value
        and done["by"] == by
        and all(str(done["data"].get(name, value)) == value for name, value in said.items())
    )
