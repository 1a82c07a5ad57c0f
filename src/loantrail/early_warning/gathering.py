"""How hits gather into threads, and what the passing of time changes. Events in, events out.

A level rises by itself: when a hit comes, grows or is joined by other weak ones. It falls here in one case: a thread that nobody
touched and of which nothing stood any more is opened again at the level of what is found now, as a new one would be.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from typing import Any

from loantrail.early_warning.deadlines import business_date, escalated_after, level_of, response_due
from loantrail.early_warning.duty import Lent, duty_of
from loantrail.early_warning.hits import Level
from loantrail.early_warning.model import (
    Disposition,
    Event,
    Found,
    Kind,
    KnownHit,
    Policy,
    Thread,
    ThreadState,
)


def take(
    thread: Thread | None,
    found: Sequence[Found],
    codes: Collection[str],
    now: datetime.datetime,
    policy: Policy,
) -> list[Event]:
    """What a run's hits of one loan change. `found` are those that are not suppressed; `codes` the rules that the run
    looked with: hits of other rules are left alone. The same hits again change nothing. A hit that is found in the place of one of
    the same rule that is found no more, by another version of it, is what that one was."""
    events: list[Event] = []
    if thread is None:
        if not found:
            return []
        level = level_of([one.level for one in found], policy)
        first_at = min(one.at for one in found)
        events.append(
            Event(
                Kind.OPENED,
                now,
                "",
                {
                    "level": level.value,
                    "first_at": first_at.isoformat(),
                    "due_at": response_due(level, now, policy).isoformat(),
                },
            )
        )
        return [*events, *(Event(Kind.HIT_ADDED, now, "", _hit_data(one)) for one in _ordered(found))]
    material = False
    rises = thread.level
    standing = thread.standing
    seen = {one.hit_id for one in found}
    gone = [key for key, hit in standing.items() if key not in seen and hit.rule_code in codes]
    left = {standing[key].rule_code: key for key in sorted(gone, key=lambda key: standing[key].judged_fen)}
    for one in _ordered(found):
        known = thread.hits.get(one.hit_id)
        if known is None or not known.standing:
            replaced = left.get(one.rule_code)
            if replaced and standing[replaced].rule_version == one.rule_version:
                replaced = None  # the same version speaks of other payments now
            known = standing[replaced] if replaced else known
            # One that comes back as large as a person knew it is no news.
            material |= known is None or _grown(known, one, policy)
            data = _hit_data(one) | ({"in_place_of": replaced} if replaced else {})
            events.append(Event(Kind.HIT_ADDED, now, "", data))
        elif (
            (known.amount_fen, known.level) != (one.amount_fen, one.level)
            or _more_payments(known.payments, one, policy)
            or _fewer_payments(known, one)
        ):
            material |= _grown(known, one, policy)
            less = (one.amount_fen, one.level.rank, one.payments or 0) < (
                known.amount_fen,
                known.level.rank,
                known.payments or 0,
            )
            data = _hit_data(one) | {"before_fen": known.amount_fen}
            events.append(Event(Kind.HIT_SHRANK if less else Kind.HIT_GREW, now, "", data))
        else:
            continue
        if (
            known is None
            or one.level.rank > known.level.rank
            or one.amount_fen > known.amount_fen
            or _more_payments(known.payments, one, policy)
        ):
            rises = max(rises, one.level, key=lambda level: level.rank)
    events += [
        Event(Kind.HIT_SUPERSEDED, now, "", {"hit_id": key, "rule_code": standing[key].rule_code})
        for key in sorted(gone)
    ]
    if not events:
        return []
    added = any(event.kind is Kind.HIT_ADDED and "in_place_of" not in event.data for event in events)
    kept = [hit.level for key, hit in standing.items() if key not in gone and key not in seen]
    together = [*kept, *(one.level for one in found)]
    if added and together:
        weak = level_of(together, policy)
        rises = weak if weak is Level.YELLOW and rises is Level.BLUE else rises
    if not together:
        return [*events, *([] if thread.superseded else [Event(Kind.SUPERSEDED, now, "")])]
    if thread.state is ThreadState.SUPERSEDED:
        # Nobody ever acted on it, and nothing stands of what made its level.
        rises = level_of(together, policy)
    return [*events, *_consequences(thread, rises, material, now, policy)]


def _consequences(
    thread: Thread, level: Level, material: bool, now: datetime.datetime, policy: Policy
) -> list[Event]:
    settled = thread.state in (ThreadState.CLOSED, ThreadState.SUPERSEDED)
    risen = level.rank > thread.level.rank
    due = response_due(level, now, policy)
    if (thread.state is ThreadState.SUPERSEDED or material or risen) and (
        settled or thread.disposition is Disposition.FALSE_ALARM
    ):
        fell = level.rank < thread.level.rank
        data = {"level": level.value, "before": thread.level.value} if fell else {"level": thread.level.value}
        events = [Event(Kind.REOPENED, now, "", data | {"reason": "", "due_at": due.isoformat()})]
    elif thread.state is ThreadState.SNOOZED and (material or risen):
        events = [Event(Kind.WOKEN, now, "", {})]
    else:
        events = []
    if risen and not (settled and not events):
        data = {"level": level.value, "before": thread.level.value}
        events.append(
            Event(
                Kind.LEVEL_RAISED, now, "", data | {"due_at": min(due, _due(thread, events, due)).isoformat()}
            )
        )
    return events


def _due(thread: Thread, events: Sequence[Event], fresh: datetime.datetime) -> datetime.datetime:
    return fresh if any(event.kind is Kind.REOPENED for event in events) else thread.due_at


def _grown(known: KnownHit, one: Found, policy: Policy) -> bool:
    """Larger than what a person judged by more than the parameter, or of so many more payments, or of a higher level."""
    limit = known.judged_fen * (1_000_000 + policy.growth_ppm)
    return (
        one.level.rank > known.level.rank
        or one.amount_fen * 1_000_000 > limit
        or _more_payments(known.judged_payments, one, policy)
    )


def _more_payments(known: int | None, one: Found, policy: Policy) -> bool:
    """Whether by more than the parameter more payments each made the hit than `known`; the second always is more."""
    if known is None or one.payments is None:
        return False
    return one.payments * 1_000_000 > known * (1_000_000 + policy.growth_ppm)


def _fewer_payments(known: KnownHit, one: Found) -> bool:
    return known.payments is not None and one.payments is not None and one.payments < known.payments


def _ordered(found: Sequence[Found]) -> list[Found]:
    return sorted(found, key=lambda one: (one.at, one.rule_code, one.hit_id))


def _hit_data(one: Found) -> dict[str, Any]:
    return {
        "hit_id": one.hit_id,
        "rule_code": one.rule_code,
        "level": one.level.value,
        "amount_fen": one.amount_fen,
        "rule_version": one.rule_version,
    } | ({} if one.payments is None else {"payments": one.payments})


def tick(thread: Thread, lent: Lent, now: datetime.datetime, policy: Policy) -> list[Event]:
    """What the passing of time changes: what was put aside comes back, what is long overdue is told further up."""
    events: list[Event] = []
    if (
        thread.state is ThreadState.SNOOZED
        and thread.snoozed_until
        and business_date(now) >= thread.snoozed_until
    ):
        events.append(Event(Kind.WOKEN, now, "", {}))
    open_now = thread.state is ThreadState.OPEN or bool(events)
    late = escalated_after(thread.level, thread.disposition, thread.due_at, policy)
    if open_now and not thread.escalated and now > late:
        roles = duty_of(thread.level, lent, policy).told_next
        events.append(Event(Kind.ESCALATED, now, "", {"roles": list(roles)}))
    return events
