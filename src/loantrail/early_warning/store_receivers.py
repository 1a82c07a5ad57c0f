"""Who can be given warnings: whose roles act on them, and who sees their loans."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any, Final

from psycopg import Connection

from loantrail.errors import InputError, Place
from loantrail.http.access import reading_as
from loantrail.http.connections import Connections
from loantrail.identity import store_people, store_session
from loantrail.identity.abilities import Ability

NOT_THEIR_WORK: Final = "not_their_work"
"""The code of what the receiver's roles do not let them do."""
OUT_OF_THEIR_REACH: Final = "out_of_their_reach"
"""The code of what the receiver does not see."""


class CannotReceive(InputError):
    """A warning cannot be given to this person; `code` says why."""

    def __init__(self, code: str) -> None:
        says_role = code == NOT_THEIR_WORK
        super().__init__(
            "this person's roles do not act on warnings"
            if says_role
            else "this person does not see the loan of the warning",
            Place(field="to"),
            "Choose somebody whose roles do" if says_role else "Choose somebody of its unit or above",
        )
        self.code = code


def refusals(
    connection: Connection[Any],
    within: Connections,
    staff_id: str,
    thread_ids: Collection[str],
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
    return dict.fromkeys(set(thread_ids) - {row[0] for row in rows}, OUT_OF_THEIR_REACH)
