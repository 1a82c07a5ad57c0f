"""SQL of the schema `early_warning`: threads, their timelines, hits, and what is told of them."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from psycopg import Connection, sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from loantrail.early_warning.duty import Lent
from loantrail.early_warning.model import Event, Kind, Thread
from loantrail.early_warning.timeline import thread_of

Database = Connection[Any]
Row = dict[str, Any]

_TAKING: Final = "loantrail.early_warning.outbox"


def lock(connection: Database) -> datetime.datetime:
    """Until the transaction ends nobody else changes warnings; the time now, by the database's clock."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_TAKING,))
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return row[0]


def threads_of_loans(connection: Database, loans: Iterable[str]) -> dict[str, tuple[str, Thread]]:
    """loan_id -> (thread_id, thread) of those that have one."""
    return {
        loan_id: (thread_id, thread)
        for thread_id, loan_id, thread in _threads(connection, "loan_id", list(loans))
    }


def threads(connection: Database, thread_ids: Iterable[str]) -> dict[str, tuple[str, Thread]]:
    """thread_id -> (loan_id, thread) of those that are there."""
    return {
        thread_id: (loan_id, thread)
        for thread_id, loan_id, thread in _threads(connection, "thread_id", list(thread_ids))
    }


def _threads(connection: Database, column: str, values: list[str]) -> list[tuple[str, str, Thread]]:
    if not values:
        return []
    rows = connection.execute(
        sql.SQL(
            "SELECT t.thread_id, t.loan_id, e.kind, e.at, e.by, e.data FROM early_warning.thread t "
            "JOIN early_warning.thread_event e USING (thread_id) WHERE t.{} = ANY(%s) ORDER BY t.thread_id, e.version"
        ).format(sql.Identifier(column)),
        (values,),
    ).fetchall()
    events: dict[tuple[str, str], list[Event]] = {}
    for thread_id, loan_id, kind, at, by, data in rows:
        events.setdefault((thread_id, loan_id), []).append(Event(Kind(kind), at, by, data))
    return [(thread_id, loan_id, thread_of(list_)) for (thread_id, loan_id), list_ in events.items()]


def loans_of_standing_hits(connection: Database, codes: Collection[str]) -> list[str]:
    """Loans with a hit of these rules that the last run found."""
    rows = connection.execute(
        "SELECT DISTINCT loan_id FROM early_warning.hit WHERE standing AND rule_code = ANY(%s)",
        (sorted(codes),),
    ).fetchall()
    return [row[0] for row in rows]


def loan_units(connection: Database, loans: Iterable[str]) -> dict[str, str | None]:
    """The unit of each loan."""
    rows = connection.execute(
        "SELECT loan_id, unit_id FROM published.loan WHERE loan_id = ANY(%s)", (list(loans),)
    ).fetchall()
    return dict(rows)


def write_hits(
    connection: Database,
    rows: Sequence[Row],
    codes: Collection[str],
    at: datetime.datetime,
    loans: Sequence[str],
) -> None:
    """Enter the hits of a run; those of `codes` and of `loans` that are not among them stand no longer. A hit that says what it
    said before is left as it is."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO early_warning.hit AS known (hit_id, rule_code, rule_version, loan_id, at, level, amount_fen,
                share_ppm, proven_fen, destination_class, transaction_ids, payee_accounts, explanation, explanation_chinese, standing,
                suppressed_by, found_at, changed_at, unit_id)
            VALUES (%(hit_id)s, %(rule_code)s, %(rule_version)s, %(loan_id)s, %(at)s, %(level)s, %(amount_fen)s,
                %(share_ppm)s, %(proven_fen)s, %(destination_class)s, %(transaction_ids)s, %(payee_accounts)s, %(explanation)s,
                %(explanation_chinese)s, true, %(suppressed_by)s, %(found_at)s, %(found_at)s, %(unit_id)s)
            ON CONFLICT (hit_id) DO UPDATE SET rule_code = excluded.rule_code, rule_version = excluded.rule_version,
                loan_id = excluded.loan_id, unit_id = excluded.unit_id, at = excluded.at, level = excluded.level,
                amount_fen = excluded.amount_fen, share_ppm = excluded.share_ppm, proven_fen = excluded.proven_fen,
                destination_class = excluded.destination_class, transaction_ids = excluded.transaction_ids,
                payee_accounts = excluded.payee_accounts,
                explanation = excluded.explanation, explanation_chinese = excluded.explanation_chinese,
                standing = true, suppressed_by = excluded.suppressed_by, changed_at = excluded.changed_at
            WHERE (known.rule_code, known.rule_version, known.loan_id, known.unit_id, known.at, known.level, known.amount_fen, known.share_ppm, known.proven_fen, known.destination_class,
                   known.transaction_ids, known.payee_accounts, known.explanation, known.explanation_chinese, known.standing,
                   known.suppressed_by)
                IS DISTINCT FROM
                  (excluded.rule_code, excluded.rule_version, excluded.loan_id, excluded.unit_id, excluded.at, excluded.level, excluded.amount_fen, excluded.share_ppm, excluded.proven_fen,
                   excluded.destination_class, excluded.transaction_ids, excluded.payee_accounts, excluded.explanation,
                   excluded.explanation_chinese, true, excluded.suppressed_by)
            """,
            rows,
        )
    connection.execute(
        "UPDATE early_warning.hit SET standing = false, changed_at = %s WHERE standing AND rule_code = ANY(%s) "
        "AND loan_id = ANY(%s) AND hit_id <> ALL(%s)",
        (at, sorted(codes), list(loans), [row["hit_id"] for row in rows]),
    )


def append(
    connection: Database,
    thread_id: str,
    loan_id: str,
    unit_id: str | None,
    before: Thread | None,
    thread: Thread,
    events: Sequence[Event],
    told: str,
    request_key: str | None = None,
) -> None:
    """Enter events at the end of a timeline and what it comes to now, and tell of it (`told`: the outbox's kind)."""
    at = events[-1].at
    start = before.version if before else 0
    values = _values(thread) | {
        "thread_id": thread_id,
        "loan_id": loan_id,
        "unit_id": unit_id,
        "changed_at": at,
    }
    columns = [sql.Identifier(name) for name in values]
    places = [sql.Placeholder(name) for name in values]
    if before is None:
        query = sql.SQL("INSERT INTO early_warning.thread ({}) VALUES ({})").format(
            sql.SQL(", ").join(columns), sql.SQL(", ").join(places)
        )
    else:
        query = sql.SQL("UPDATE early_warning.thread SET {} WHERE thread_id = %(thread_id)s").format(
            sql.SQL(", ").join(sql.SQL("{} = {}").format(*pair) for pair in zip(columns, places, strict=True))
        )
    connection.execute(query, values)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO early_warning.thread_event (thread_id, version, kind, at, by, data, request_key, unit_id) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    thread_id,
                    start + number,
                    event.kind.value,
                    event.at,
                    event.by,
                    Jsonb(dict(event.data)),
                    request_key if number == 1 else None,
                    unit_id,
                )
                for number, event in enumerate(events, 1)
            ],
        )
    connection.execute(
        "INSERT INTO early_warning.outbox (kind, thread_id, version, level, at, unit_id) VALUES (%s, %s, %s, %s, %s, %s)",
        (told, thread_id, thread.version, thread.level.value, at, unit_id),
    )


def _values(thread: Thread) -> Row:
    standing = thread.standing.values()
    return {
        "version": thread.version,
        "level": thread.level.value,
        "state": thread.state.value,
        "opened_at": thread.opened_at,
        "first_at": thread.first_at,
        "due_at": thread.due_at,
        "assignee": thread.assignee,
        "snoozed_until": thread.snoozed_until,
        "disposition": thread.disposition.value if thread.disposition else None,
        "disposed_by": thread.disposed_by,
        "disposition_reason": thread.disposition_reason,
        "lowering_level": thread.lowering.level.value if thread.lowering else None,
        "lowering_by": thread.lowering.by if thread.lowering else "",
        "finding_by": thread.finding.by if thread.finding else "",
        "finding_approved_by": thread.finding.approved_by if thread.finding else "",
        "superseded": thread.superseded,
        "escalated": thread.escalated,
        "rule_codes": sorted({hit.rule_code for hit in (standing or thread.hits.values())}),
    }


def settle_hits(connection: Database, loans: Iterable[str]) -> None:
    """Tie the hits of these loans to their threads, and bring the amounts of the threads up to date."""
    wanted = list(loans)
    connection.execute(
        "UPDATE early_warning.hit h SET thread_id = t.thread_id FROM early_warning.thread t "
        "WHERE t.loan_id = h.loan_id AND h.loan_id = ANY(%s) AND h.thread_id IS DISTINCT FROM t.thread_id",
        (wanted,),
    )
    connection.execute(
        """
        UPDATE early_warning.thread t SET amount_fen = now.amount_fen, proven_fen = now.proven_fen
        FROM (
            SELECT loan_id, coalesce(max(amount_fen) FILTER (WHERE standing AND suppressed_by IS NULL), 0) AS amount_fen,
                   coalesce(max(proven_fen) FILTER (WHERE standing AND suppressed_by IS NULL), 0) AS proven_fen
            FROM early_warning.hit WHERE loan_id = ANY(%s) GROUP BY loan_id
        ) now
        WHERE now.loan_id = t.loan_id AND (t.amount_fen, t.proven_fen) IS DISTINCT FROM (now.amount_fen, now.proven_fen)
        """,
        (wanted,),
    )


def event_of_request(connection: Database, request_key: str, thread_id: str) -> Row | None:
    """The event that a request already made to a thread: `version, kind, by, data`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT version, kind, by, data FROM early_warning.thread_event WHERE request_key = %s AND thread_id = %s",
            (request_key, thread_id),
        ).fetchone()


def units_of(connection: Database, thread_ids: Sequence[str]) -> Mapping[str, str | None]:
    """thread_id -> unit_id."""
    return dict(
        connection.execute(
            "SELECT thread_id, unit_id FROM early_warning.thread WHERE thread_id = ANY(%s)",
            (list(thread_ids),),
        ).fetchall()
    )


def threads_to_tick(connection: Database, now: datetime.datetime) -> list[str]:
    """Threads that the passing of time may change."""
    rows = connection.execute(
        "SELECT thread_id FROM early_warning.thread WHERE (state = 'snoozed' AND snoozed_until <= "
        "(%(now)s AT TIME ZONE 'Asia/Shanghai')::date) OR (state IN ('open', 'snoozed') AND NOT escalated "
        "AND due_at < %(now)s)",
        {"now": now},
    ).fetchall()
    return [row[0] for row in rows]


def levels_of(connection: Database, thread_ids: Iterable[str]) -> dict[str, str]:
    """thread_id -> level."""
    return dict(
        connection.execute(
            "SELECT thread_id, level FROM early_warning.thread WHERE thread_id = ANY(%s)", (list(thread_ids),)
        ).fetchall()
    )


def lent_of(connection: Database, thread_ids: Iterable[str]) -> dict[str, Lent]:
    """thread_id -> what of its loan decides who answers for it."""
    rows = connection.execute(
        "SELECT thread_id, borrower_kind, product, loan.amount_fen, currency FROM early_warning.thread "
        "JOIN published.loan AS loan USING (loan_id) WHERE thread_id = ANY(%s)",
        (list(thread_ids),),
    ).fetchall()
    return {row[0]: Lent(*row[1:]) for row in rows}


def is_person(connection: Database, staff_id: str) -> bool:
    """Whether somebody of the bank's staff has that number."""
    return (
        connection.execute("SELECT 1 FROM published.staff WHERE staff_id = %s", (staff_id,)).fetchone()
        is not None
    )
