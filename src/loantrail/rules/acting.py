"""People at work on rules: every act in one transaction, once per request, and noted. The caller commits."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from importlib.metadata import version as installed_version

from loantrail.clock import business_date
from loantrail.errors import InputError, Place
from loantrail.ids import derived_id, new_id
from loantrail.parameters import ParameterBook
from loantrail.rules import store
from loantrail.rules.model import SHIPPED_BY, Content, RuleVersion, State, check_content
from loantrail.rules.shipped import Shipped, content_hash, shipped_rules
from loantrail.rules.workflow import WORDS, Refusal

FIRST_DAY = datetime.date(2000, 1, 1)
"""Shipped rules hold for all of history, so that a first import is judged whole."""


class Conflicting(InputError):
    """What is asked for does not go with what is there already."""

    code = "conflicting"


class VersionMissing(InputError):
    """There is no such version of the rule."""

    code = "not_found"


class ActRefused(Conflicting):
    """The act cannot be done now; `refusal` says which rule of the workflow forbids it."""

    def __init__(self, refusal: Refusal) -> None:
        chinese, english, remedy_chinese, remedy = WORDS[refusal]
        super().__init__(english, remedy=remedy)
        self.refusal = refusal
        self.chinese = chinese
        self.remedy_chinese = remedy_chinese
        self.code = refusal.value


def enter_shipped(connection: store.Database, shipped: tuple[Shipped, ...] | None = None) -> int:
    """Enter the shipped rules that are new or changed since they were entered last; how many. Where the bank made a version
    of its own of a rule, or retired the last one that took effect, a changed shipped one comes as a draft."""
    rules = shipped_rules() if shipped is None else shipped
    known = store.hashes(connection)
    if all(known.get(one.content.code) == content_hash(one.content) for one in rules):
        return 0
    at = store.lock(connection)
    known = store.hashes(connection)
    entered = 0
    maker = f"{SHIPPED_BY} {installed_version('loantrail')}"
    for rule in rules:
        digest = content_hash(rule.content)
        if known.get(rule.content.code) == digest:
            continue
        versions = store.versions_of(connection, rule.content.code)
        number = max((one.version for one in versions), default=0) + 1
        own = any(not one.shipped for one in versions)
        last = max((one for one in versions if one.takes_effect), key=_since, default=None)
        retired = last is not None and last.state is State.RETIRED
        state = State.DRAFT if own or retired else rule.state
        made = RuleVersion(
            rule_id=derived_id("rule", rule.content.code, number, digest),
            content=rule.content,
            version=number,
            state=state,
            maker=maker,
            made_at=at,
            editors=(maker,),
            based_on=versions[-1].version if versions else None,
            effective_from=_begins(versions, business_date(at)) if state is State.PUBLISHED else None,
            shipped=True,
        )
        store.insert(connection, made, digest)
        _note(connection, made.rule_id, None, "shipped", at, maker, "")
        entered += 1
    return entered


def _begins(versions: Sequence[RuleVersion], today: datetime.date) -> datetime.date:
    """When a shipped version begins: each day has one, so the second of a day begins on the next."""
    latest = _latest(versions)
    if not versions:
        return FIRST_DAY
    return today if latest is None else max(today, latest + datetime.timedelta(days=1))


def _since(version: RuleVersion) -> tuple[datetime.date, int]:
    return version.effective_from or FIRST_DAY, version.version


def draft(
    connection: store.Database, content: Content, by: str, request_key: str, based_on: int | None = None
) -> tuple[RuleVersion, bool]:
    """A new draft, of a new rule or of one that is there: `(it, whether it is new)`."""
    at = store.lock(connection)
    before = store.by_request(connection, request_key)
    if before is not None:
        return _same(connection, before, "drafted", request_key, content.code), False
    versions = store.versions_of(connection, content.code)
    if based_on is None and versions:
        raise Conflicting(
            f"there is a rule {content.code} already",
            Place(field="code"),
            "Make a draft from one of its versions, or choose another code",
        )
    if based_on is not None and based_on not in {one.version for one in versions}:
        raise VersionMissing(
            f"the rule {content.code} has no version {based_on}",
            Place(field="based_on"),
            "Read the rule again",
        )
    made = RuleVersion(
        rule_id=new_id(),
        content=content,
        version=max((one.version for one in versions), default=0) + 1,
        state=State.DRAFT,
        maker=by,
        made_at=at,
        editors=(by,),
        based_on=based_on,
    )
    store.insert(connection, made, content_hash(content))
    _note(connection, made.rule_id, request_key, "drafted", at, by, "")
    return made, True


def act(
    connection: store.Database,
    rule_id: str,
    revision: int,
    kind: str,
    by: str,
    request_key: str,
    decide: Callable[[RuleVersion, datetime.datetime], RuleVersion | Refusal],
    reason: str = "",
) -> tuple[RuleVersion, bool] | None:
    """Do one act with a version: `(it as it is now, whether something changed)`, None where there is no such version.

    Raises ActRefused where the workflow forbids it, or where the version is no longer as the writer saw it.
    """
    at = store.lock(connection)
    found = store.one(connection, rule_id)
    if found is None:
        return None
    if store.by_request(connection, request_key) is not None:
        return _same(connection, rule_id, kind, request_key, ""), False
    if found.revision != revision:
        raise ActRefused(Refusal.CHANGED_MEANWHILE)
    decided = decide(found, at)
    if isinstance(decided, Refusal):
        raise ActRefused(decided)
    if not store.update(connection, decided, content_hash(decided.content)):
        raise ActRefused(Refusal.CHANGED_MEANWHILE)
    _note(connection, rule_id, request_key, kind, at, by, reason)
    return decided, True


def latest_effective(connection: store.Database, code: str) -> datetime.date | None:
    """When the newest published version of a rule takes effect."""
    return _latest(store.versions_of(connection, code))


def _latest(versions: Sequence[RuleVersion]) -> datetime.date | None:
    days = [
        one.effective_from
        for one in versions
        if one.state is State.PUBLISHED and one.effective_from is not None
    ]
    return max(days, default=None)


def is_sound(version: RuleVersion, parameters: ParameterBook) -> bool:
    return not check_content(version.content, parameters).problems


def _same(connection: store.Database, rule_id: str, kind: str, request_key: str, code: str) -> RuleVersion:
    done = store.event_of_request(connection, request_key)
    found = store.one(connection, rule_id)
    if (
        done is None
        or found is None
        or (done["rule_id"], done["kind"]) != (rule_id, kind)
        or code not in ("", found.code)
    ):
        raise Conflicting(
            "this request key was used for something else",
            Place(field="request_key"),
            "Make a new key for each act",
        )
    return found


def _note(
    connection: store.Database,
    rule_id: str,
    request_key: str | None,
    kind: str,
    at: datetime.datetime,
    by: str,
    reason: str,
) -> None:
    store.add_event(
        connection,
        {"rule_id": rule_id, "request_key": request_key, "kind": kind, "at": at, "by": by, "reason": reason},
    )
