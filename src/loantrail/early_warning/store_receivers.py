"""Who can be given warnings: whose roles act on warnings of that level, and who sees their loans."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any, Final

from psycopg import Connection

from loantrail.early_warning import store
from loantrail.early_warning.deadlines import business_date
from loantrail.early_warning.duty import Duty, duty_of
from loantrail.early_warning.hits import Level
from loantrail.early_warning.model import policy_of
from loantrail.errors import InputError, Place
from loantrail.http.access import reading_as
from loantrail.http.connections import Connections
from loantrail.identity import store_people, store_session
from loantrail.identity.abilities import Ability
from loantrail.parameters import ParameterBook

NOT_THEIR_WORK: Final = "not_their_work"
"""The code of what the receiver's roles do not let them do."""
NOT_THEIR_LEVEL: Final = "not_their_level"
"""The code of what others answer for: the receiver's roles act on milder warnings."""
OUT_OF_THEIR_REACH: Final = "out_of_their_reach"
"""The code of what the receiver does not see."""
_WORDS: Final = {
    NOT_THEIR_WORK: ("this person's roles do not act on warnings", "Choose somebody whose roles do"),
    NOT_THEIR_LEVEL: (
        "this person's roles do not answer for a warning of this level",
        "Choose somebody whose roles do; the warning says which",
    ),
    OUT_OF_THEIR_REACH: (
        "this person does not see the loan of the warning",
        "Choose somebody of its unit or above",
    ),
}


class CannotReceive(InputError):
    """A warning cannot be given to this person; `code` says why."""

    def __init__(self, code: str) -> None:
        problem, remedy = _WORDS[code]
        super().__init__(problem, Place(field="to"), remedy)
        self.code = code


def refusals(
    connection: Connection[Any],
    within: Connections,
    staff_id: str,
    thread_ids: Collection[str],
    parameters: ParameterBook,
    now: datetime.datetime,
) -> dict[str, str]:
    """Warning -> code, of those that this member of staff cannot be given; none where nobody of that number signs in here yet: what is
    theirs waits for them."""
    person = store_people.person_of_staff(connection, staff_id)
    if person is None or not thread_ids:
        return {}
    receiver = store_session.seen_as(connection, person, now)
    if not receiver.may(Ability.ACT_ON_WARNINGS):
        return dict.fromkeys(thread_ids, NOT_THEIR_WORK)
    with reading_as(within, receiver) as reading:
        rows = reading.execute(
            "SELECT thread_id FROM published.warning_thread WHERE thread_id = ANY(%s)", (list(thread_ids),)
        ).fetchall()
    outcome = dict.fromkeys(set(thread_ids) - {row[0] for row in rows}, OUT_OF_THEIR_REACH)
    duties = duties_of(connection, [row[0] for row in rows], parameters, now)
    return outcome | {one: NOT_THEIR_LEVEL for one, duty in duties.items() if not duty.is_of(receiver.roles)}


def duties_of(
    connection: Connection[Any],
    thread_ids: Collection[str],
    parameters: ParameterBook,
    now: datetime.datetime,
) -> dict[str, Duty]:
    """Warning -> who answers for it as it stands, of those that are there."""
    policy = policy_of(parameters, business_date(now))
    lent = store.lent_of(connection, thread_ids)
    return {
        one: duty_of(Level(level), lent[one], policy)
        for one, level in store.levels_of(connection, thread_ids).items()
    }
