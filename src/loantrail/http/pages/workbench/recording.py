"""The parts of the workbench for who keeps the record and who keeps the persons."""

from __future__ import annotations

import datetime
from typing import Final

from loantrail import clock
from loantrail.audit import store as audit
from loantrail.audit import store_reading
from loantrail.http.connections import Connections
from loantrail.http.pages.store import Database
from loantrail.http.pages.workbench import store_record
from loantrail.http.pages.workbench.days import beginning
from loantrail.http.pages.workbench.model_record import PeopleStanding, PersonChanged, RecordStanding
from loantrail.policy.reading_calendar import calendar_in_force

ENDING: Final = datetime.timedelta(days=30)
"""How far ahead endings of keys and roles are told: a second person has to approve what follows them."""


def record_standing(connection: Database, now: datetime.datetime) -> RecordStanding:
    """For a connection that may read the log."""
    since = beginning(calendar_in_force(connection).before(clock.business_date(now)))
    head = audit.last_head(connection)
    verified = store_reading.last_verification(connection)
    return RecordStanding(
        since=since,
        entry_count=head.entry_no,
        last_at=audit.instant_of(head.made_at_us) if head.batch_no else None,
        verified_at=None if verified is None else audit.instant_of(verified.values["at_us"]),
        verified_whole=None if verified is None else verified.values["after"]["broken"] is None,
        **store_record.record_counts(connection, audit.microseconds(since)),
    )


def people_standing(connections: Connections, now: datetime.datetime, limit: int) -> PeopleStanding:
    until = now + ENDING
    with connections.connection() as connection:
        since = beginning(calendar_in_force(connection).before(clock.business_date(now)))
        counts = store_record.people_counts(connection, now, until)
        changed = store_record.people_changed(connection, since, limit)
    return PeopleStanding(
        since=since,
        until=until,
        **counts,
        changed=[PersonChanged.model_validate(row) for row in changed],
    )
