"""SQL of the schema `inspections`: checks with their timelines and the judgements of their lines."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any, Final

from psycopg import Connection, sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from loantrail.inspections.model import Check, Event, Kind, LineJudgement
from loantrail.inspections.timeline import check_of

Database = Connection[Any]
Row = dict[str, Any]

_SCHEDULING: Final = "loantrail.inspections.schedule"


def lock_schedule(connection: Database) -> None:
    """Until the transaction ends nobody else makes checks."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_SCHEDULING,))


def now(connection: Database) -> datetime.datetime:
    """The time by the database's clock: timelines of several processes stay in order."""
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return row[0]


def lock(connection: Database, check_id: str) -> Row | None:
    """The identity of a check (`check_id, loan_id, unit_id, kind`), locked until the transaction ends; None where there is
    none."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT check_id, loan_id, unit_id, kind FROM inspections.check WHERE check_id = %s FOR UPDATE",
            (check_id,),
        ).fetchone()


def lock_all(connection: Database, check_ids: Iterable[str]) -> None:
    """Lock several checks, in the order of their ids."""
    connection.execute(
        "SELECT 1 FROM inspections.check WHERE check_id = ANY(%s) ORDER BY check_id FOR UPDATE",
        (sorted(check_ids),),
    ).fetchall()


def checks(connection: Database, check_ids: Iterable[str]) -> dict[str, Check]:
    """check_id -> check of those that are there."""
    rows = connection.execute(
        "SELECT check_id, kind, at, by, data FROM inspections.check_event WHERE check_id = ANY(%s) "
        "ORDER BY check_id, version",
        (list(check_ids),),
    ).fetchall()
    events: dict[str, list[Event]] = {}
    for check_id, kind, at, by, data in rows:
        events.setdefault(check_id, []).append(Event(Kind(kind), at, by, data))
    return {check_id: check_of(told) for check_id, told in events.items()}


def one(connection: Database, check_id: str) -> Check | None:
    """A check, or None."""
    return checks(connection, [check_id]).get(check_id)


def event_of_request(connection: Database, request_key: str, check_id: str) -> Row | None:
    """The event that a request already made to a check: `version, kind, by, data`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT version, kind, by, data FROM inspections.check_event WHERE request_key = %s AND check_id = %s",
            (request_key, check_id),
        ).fetchone()


def append(
    connection: Database,
    identity: Row,
    before: Check,
    check: Check,
    events: Sequence[Event],
    request_key: str | None = None,
) -> None:
    """Enter events at the end of a timeline, and what it comes to now."""
    values = _values(check) | {"changed_at": events[-1].at}
    sets = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in values
    )
    write_events(connection, identity, before.version + 1, events, request_key)
    connection.execute(
        sql.SQL("UPDATE inspections.check SET {} WHERE check_id = %(check_id)s").format(sets),
        values | {"check_id": identity["check_id"]},
    )
    judged = [event for event in events if event.kind is Kind.JUDGED]
    if judged:
        _write_judgements(connection, identity, judged)


def write_events(
    connection: Database, identity: Row, first: int, events: Sequence[Event], request_key: str | None
) -> None:
    """Enter events from version `first` on; the request's key stands at the first of them."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO inspections.check_event (check_id, version, kind, at, by, data, request_key, loan_id, unit_id) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    identity["check_id"],
                    first + number,
                    event.kind.value,
                    event.at,
                    event.by,
                    Jsonb(dict(event.data)),
                    request_key if number == 0 else None,
                    identity["loan_id"],
                    identity["unit_id"],
                )
                for number, event in enumerate(events)
            ],
        )


def _write_judgements(connection: Database, identity: Row, events: Sequence[Event]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO inspections.line_judgement (check_id, use, judgement, reason, amount_fen, judged_by, judged_at,
                loan_id, unit_id)
            VALUES (%(check_id)s, %(use)s, %(judgement)s, %(reason)s, %(amount_fen)s, %(by)s, %(at)s, %(loan_id)s,
                %(unit_id)s)
            ON CONFLICT (check_id, use) DO UPDATE SET judgement = excluded.judgement, reason = excluded.reason,
                amount_fen = excluded.amount_fen, judged_by = excluded.judged_by, judged_at = excluded.judged_at
            """,
            [{**identity, **event.data, "by": event.by, "at": event.at} for event in events],
        )


def _values(check: Check) -> Row:
    submission = check.submission
    return {
        "version": check.version,
        "state": check.state.value,
        "regular_due_on": check.regular_due_on,
        "due_on": check.due_on,
        "due_rule": check.due_rule,
        "assignee": check.assignee,
        "reviewer": check.reviewer,
        "returned": check.returned,
        "returned_count": check.returned_count,
        "conclusion": submission.conclusion.value if submission else None,
        "submitted_by": submission.by if submission else "",
        "submitted_at": submission.at if submission else None,
        "reviewed_by": check.reviewed_by,
        "closed_at": check.closed_at,
        "figures": Jsonb(dict(submission.figures)) if submission else None,
        "not_genuine_fen": check.judged_fen(LineJudgement.NOT_GENUINE),
        "more_papers_fen": check.judged_fen(LineJudgement.MORE_PAPERS),
        "figures_changed": check.change.value,
    }


def insert(connection: Database, rows: Sequence[tuple[Row, Check, Event]]) -> int:
    """Enter new checks with their first events; how many were not there yet. `(identity, check, event)`: the identity is
    `check_id, loan_id, unit_id, kind`."""
    if not rows:
        return 0
    columns = (
        "check_id", "loan_id", "kind", "version", "state", "opened_at", "paid_out_on", "regular_due_on", "due_on",
        "due_rule", "assignee", "reviewer", "changed_at", "unit_id",
    )  # fmt: skip
    connection.execute(
        "CREATE TEMP TABLE new_check (LIKE inspections.check INCLUDING DEFAULTS) ON COMMIT DROP"
    )
    with (
        connection.cursor() as cursor,
        cursor.copy(
            sql.SQL("COPY new_check ({}) FROM STDIN").format(sql.SQL(", ").join(map(sql.Identifier, columns)))
        ) as stream,
    ):
        for identity, check, event in rows:
            known = _values(check) | identity
            known |= {"opened_at": event.at, "paid_out_on": check.paid_out_on, "changed_at": event.at}
            stream.write_row([known[name] for name in columns])
    new = connection.execute(
        "INSERT INTO inspections.check SELECT * FROM new_check ON CONFLICT DO NOTHING RETURNING check_id"
    ).fetchall()
    fresh = {row[0] for row in new}
    connection.execute("DROP TABLE new_check")
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY inspections.check_event (check_id, version, kind, at, by, data, loan_id, unit_id) FROM STDIN"
        ) as stream,
    ):
        for identity, _, event in rows:
            if identity["check_id"] in fresh:
                stream.write_row(
                    (
                        identity["check_id"],
                        1,
                        event.kind.value,
                        event.at,
                        event.by,
                        Jsonb(dict(event.data)),
                        identity["loan_id"],
                        identity["unit_id"],
                    )
                )
    return len(fresh)


def is_person(connection: Database, staff_id: str) -> bool:
    """Whether somebody of the bank's staff has that number."""
    return (
        connection.execute("SELECT 1 FROM published.staff WHERE staff_id = %s", (staff_id,)).fetchone()
        is not None
    )


def thread_of_loan(connection: Database, loan_id: str) -> Row | None:
    """The warning thread of a loan, where it has one that is not settled: `thread_id, level, disposition`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT thread_id, level, disposition FROM published.warning_thread WHERE loan_id = %s "
            "AND state IN ('open', 'snoozed')",
            (loan_id,),
        ).fetchone()
