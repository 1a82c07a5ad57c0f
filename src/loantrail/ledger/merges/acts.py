"""A person says that two keys are one account, or takes it back. What touched them is settled again in the same commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from loantrail.errors import InputError, Place
from loantrail.ids import new_id
from loantrail.ledger.merges import store
from loantrail.ledger.merging import kinds_agree
from loantrail.ledger.pairs.booking import Renamed, settle
from loantrail.ledger.pairs.store import type_of_connection

REFUSALS: Final = (
    "account_unknown",
    "account_merged_away",
    "same_account",
    "currency_differs",
    "party_differs",
    "kind_differs",
    "money_moved_between",
)
"""Why two accounts are not merged; the code of the error."""


class MergeRefused(InputError):
    """Two accounts that cannot be one. `survivor`: the account to use in place of one that was merged away."""

    def __init__(self, code: str, problem: str, field: str, remedy: str, survivor: str | None = None) -> None:
        super().__init__(problem, Place(field=field), remedy)
        self.code = code
        self.survivor = survivor


@dataclass(frozen=True, slots=True)
class Merge:
    """What is asked for: whatever names `from_account` means `into_account`."""

    from_account: str
    into_account: str
    reason: str
    by: str
    request_key: str


@dataclass(frozen=True, slots=True)
class Acted:
    row: store.Row
    new: bool
    """False where the same was said before: nothing changed."""
    change: int | None
    """What `announce` gave."""


def merge(
    connection: type_of_connection, wanted: Merge, announce: Callable[[type_of_connection], int]
) -> Acted:
    """Merge one account into another; commits. `announce` notes in the same commit that the trace is to follow.

    The same request again, or one that says what stands already, changes nothing. MergeRefused (one of REFUSALS) where
    they cannot be one; InputError without a reason, or for a request key that was used for something else.
    """
    reason = _reason(wanted.reason, "A merge says why, for whoever reads it later")
    at = store.lock(connection)
    before = store.by_request(connection, wanted.request_key)
    if before is not None:
        if (before["from_account"], before["into_account"]) != (wanted.from_account, wanted.into_account):
            raise InputError(
                "this request key was used for another merge",
                Place(field="request_key"),
                "Make a new key for each merge",
            )
        return Acted(before, False, None)
    standing = store.standing_of(connection, wanted.from_account)
    if standing is not None and standing["into_account"] == wanted.into_account:
        return Acted(standing, False, None)
    unit = _checked(connection, wanted)
    keys = store.keys_of(connection, wanted.from_account)
    row = store.insert(
        connection,
        {
            "merge_id": new_id(),
            "request_key": wanted.request_key,
            "from_account": wanted.from_account,
            "into_account": wanted.into_account,
            "reason": reason,
            "made_by": wanted.by,
            "made_at": at,
            "unit_id": unit,
        },
    )
    store.renew(connection)
    store.forget_reports(connection, [wanted.from_account])
    change = announce(connection)
    settle(connection, renamed=Renamed(keys, (), "accounts were merged"))
    return Acted(row, True, change)


def withdraw(
    connection: type_of_connection,
    merge_id: str,
    reason: str,
    by: str,
    announce: Callable[[type_of_connection], int],
) -> Acted | None:
    """Take a merge back: its account stands for itself again; None where there is no such merge. Commits where it
    stood. InputError without a reason."""
    given = _reason(reason, "A withdrawal says why, for whoever reads it later")
    at = store.lock(connection)
    before = store.one(connection, merge_id)
    if before is None:
        return None
    if not store.withdraw(connection, merge_id, given, by, at):
        return Acted(before, False, None)
    account = str(before["from_account"])
    lost = store.survivor_of(connection, account)
    assert lost is not None  # it was merged away until now
    store.renew(connection)
    store.forget_reports(connection, [lost])
    change = announce(connection)
    own = store.known_account(connection, account)
    # The balances of an account that lost no line stay as they are.
    recheck = (lost,) if own is not None and own["has_lines"] else ()
    settle(
        connection,
        renamed=Renamed(store.keys_of(connection, account), recheck, "a merge of accounts was undone"),
    )
    row = store.one(connection, merge_id)
    assert row is not None
    connection.rollback()
    return Acted(row, True, change)


def _reason(reason: str, remedy: str) -> str:
    if not reason.strip():
        raise InputError("no reason is given", Place(field="reason"), remedy)
    return reason.strip()


def _known(connection: type_of_connection, account: str, field: str) -> store.Row:
    known = store.known_account(connection, account)
    if known is not None:
        return known
    survivor = store.survivor_of(connection, account)
    if survivor is None:
        raise MergeRefused(
            "account_unknown", f"there is no account {account}", field, "Search the list of accounts"
        )
    raise MergeRefused(
        "account_merged_away",
        f"account {account} was merged into {survivor}",
        field,
        f"Use account {survivor}",
        survivor,
    )


def _checked(connection: type_of_connection, wanted: Merge) -> str | None:
    """The unit that the merge belongs to; MergeRefused where the two cannot be one."""
    field = "into_account"
    one = _known(connection, wanted.from_account, "from_account")
    if wanted.from_account == wanted.into_account:
        raise MergeRefused(
            "same_account",
            f"both are account {wanted.from_account}",
            field,
            "Choose the other account",
        )
    other = _known(connection, wanted.into_account, field)
    if one["currency"] != other["currency"]:
        raise MergeRefused(
            "currency_differs",
            f"one account is in {one['currency']}, the other in {other['currency']}",
            field,
            "Money of two currencies never mixes: choose the account of the same currency",
        )
    if one["party_id"] and other["party_id"] and one["party_id"] != other["party_id"]:
        raise MergeRefused(
            "party_differs",
            f"the records name two holders: {one['party_id']} and {other['party_id']}",
            field,
            "Correct the holder on record first, where the two are one",
        )
    if not kinds_agree(one["kind"], other["kind"]):
        raise MergeRefused(
            "kind_differs",
            f"one account is of kind {one['kind']}, the other of kind {other['kind']}",
            field,
            "Correct the kind on record first, where the two are one",
        )
    between = store.transfer_between(
        connection,
        store.keys_of(connection, wanted.from_account),
        store.keys_of(connection, wanted.into_account),
    )
    if between is not None:
        raise MergeRefused(
            "money_moved_between",
            f"transaction {between} moved money from one to the other: they are two accounts",
            field,
            "Take its pairing apart first, where the two lines are not one transfer",
        )
    return other["unit_id"] or one["unit_id"]
