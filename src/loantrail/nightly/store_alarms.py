"""SQL of the alarms of nightly runs: raised, acknowledged by a person, resolved by a later run."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from loantrail.ids import derived_id
from loantrail.nightly.decide import Unchecked
from loantrail.nightly.language import remedy_words
from loantrail.nightly.model import NAMES_ALONE, Alarm, alarm_words
from loantrail.nightly.store import Run, type_of_connection


@dataclass(frozen=True, slots=True)
class StoredAlarm:
    alarm_id: str
    run_id: str
    business_date: datetime.date
    code: str
    severity: str
    holds_back: bool
    file: str
    expected: str
    actual: str
    parameters: dict[str, str]
    state: str
    created_at: datetime.datetime
    raised_at: datetime.datetime
    """When it was last raised."""
    changed_at: datetime.datetime | None
    changed_by: str | None
    note: str | None

    def words(self, language: str = "zh") -> str:
        """The alarm in plain words, `zh` or `en`."""
        return alarm_words(self.code, language, self.file, self.expected, self.actual, self.parameters)

    def remedy(self, language: str = "zh") -> str:
        """What to do next, `zh` or `en`."""
        return remedy_words(self.code, language)


_DONE: Final = ("loans_vanished", "records_vanished")
"""Alarms of what a run did to the books."""
_ALARM: Final = (
    "alarm_id, run_id, business_date, code, severity, holds_back, file, expected, actual, parameters, state, created_at, "
    "raised_at, changed_at, changed_by, note"
)


def raise_alarms(
    connection: type_of_connection, run: Run, alarms: Sequence[Alarm], at: datetime.datetime
) -> None:
    """Enter alarms of a run. One that was raised for the date before keeps its place, and what a person said of it;
    if it had been resolved it is open again."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO nightly.alarm (alarm_id, run_id, business_date, code, severity, holds_back, file, expected, actual, "
            "parameters, created_at, raised_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (alarm_id) DO UPDATE SET run_id = excluded.run_id, raised_at = excluded.raised_at, "
            "parameters = excluded.parameters, "
            "state = CASE WHEN nightly.alarm.state = 'resolved' THEN 'open' ELSE nightly.alarm.state END",
            [
                (
                    _alarm_id(run.business_date, one),
                    run.run_id,
                    run.business_date,
                    one.code,
                    one.kind.severity,
                    one.kind.holds_back,
                    one.file,
                    one.expected,
                    one.actual,
                    Jsonb(dict(one.parameters)),
                    at,
                    at,
                )
                for one in alarms
            ],
        )


def _alarm_id(day: datetime.date, alarm: Alarm) -> str:
    telling = {name: value for name, value in alarm.parameters.items() if name not in NAMES_ALONE}
    told = json.dumps(telling, sort_keys=True, ensure_ascii=False)
    return derived_id(
        "nightly alarm", day.isoformat(), alarm.code, alarm.file, alarm.expected, alarm.actual, told
    )


def resolve_alarms(
    connection: type_of_connection,
    run: Run,
    still: Sequence[Alarm],
    at: datetime.datetime,
    *,
    unchecked: Unchecked | None = None,
) -> None:
    """Alarms of the date that no longer hold are resolved: after a complete run (`unchecked` None) all of earlier
    attempts, else those that held the delivery back and that were checked again. What an interrupted process of the same
    run raised stays."""
    complete = unchecked is None
    left = unchecked or Unchecked()
    connection.execute(
        "UPDATE nightly.alarm SET state = 'resolved', changed_at = %(at)s, changed_by = 'nightly' "
        "WHERE business_date = %(day)s AND state <> 'resolved' AND NOT alarm_id = ANY(%(still)s) "
        "AND (holds_back OR (%(complete)s AND (code = 'run_failed' OR run_id <> %(run)s))) "
        "AND NOT code = ANY(%(codes)s) AND NOT (file = ANY(%(files)s) AND code = ANY(%(of_files)s)) "
        # What a delivery made happen is not undone by the same files once more, which find it done.
        "AND NOT (code = ANY(%(done)s) AND EXISTS (SELECT 1 FROM nightly.run r WHERE r.run_id = nightly.alarm.run_id "
        "AND r.content_hash = %(content)s))",
        {
            "at": at,
            "day": run.business_date,
            "still": [_alarm_id(run.business_date, one) for one in still],
            "complete": complete,
            "codes": sorted(left.codes),
            "files": sorted(left.files),
            "of_files": sorted(left.of_files),
            "run": run.run_id,
            "done": list(_DONE),
            "content": run.content_hash,
        },
    )


def list_alarms(
    connection: type_of_connection,
    state: str | None = None,
    day: datetime.date | None = None,
    limit: int = 500,
) -> list[StoredAlarm]:
    """Alarms, newest date first, the gravest first within a date."""
    with connection.cursor(row_factory=class_row(StoredAlarm)) as cursor:
        return cursor.execute(
            f"SELECT {_ALARM} FROM nightly.alarm WHERE (%(state)s::text IS NULL OR state = %(state)s) "  # noqa: S608  constant columns
            "AND (%(day)s::date IS NULL OR business_date = %(day)s) "
            "ORDER BY business_date DESC, array_position(ARRAY['critical', 'warning', 'notice'], severity), code, file, "
            "alarm_id LIMIT %(limit)s",
            {"state": state, "day": day, "limit": limit},
        ).fetchall()


def acknowledge_alarm(
    connection: type_of_connection, alarm_id: str, by: str, note: str | None, at: datetime.datetime
) -> bool:
    """A person has seen an open alarm. False when there is no such open alarm. Does not commit."""
    return (
        connection.execute(
            "UPDATE nightly.alarm SET state = 'acknowledged', changed_at = %s, changed_by = %s, note = %s "
            "WHERE alarm_id = %s AND state = 'open'",
            (at, by, note, alarm_id),
        ).rowcount
        > 0
    )
