"""What the pages of the early warnings read, through the published views."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row
from loantrail.http.pages.warnings.store_judging import ANSWERS, Judging

_FROM: Final = sql.SQL(
    """
    FROM published.warning_thread AS thread
    JOIN published.loan AS loan ON loan.loan_id = thread.loan_id
    LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = thread.unit_id
    LEFT JOIN published.staff AS person ON person.staff_id = thread.assignee
    """
)
IS_ANSWERED: Final = (
    "(coalesce(thread.disposition = 'false_alarm', false) OR coalesce(thread.disposition = 'true_positive', false) "
    "AND EXISTS (SELECT FROM published.warning_event AS done WHERE done.thread_id = thread.thread_id AND done.kind = 'measure_taken'))"
)
"""Of a row called `thread`: what the first person owes is done. One that is true waits for a measure before a second one closes it."""
_COLUMNS: Final = sql.SQL(
    """
    thread.thread_id, thread.version, thread.loan_id, loan.borrower_name, loan.product, loan.currency,
    loan.amount_fen AS loan_amount_fen, thread.level, thread.state, thread.disposition,
    thread.lowering_by <> '' OR (thread.finding_by <> '' AND thread.finding_approved_by = '')
        OR (thread.state IN ('open', 'snoozed') AND {answered})
        AS waits_for_second,
    thread.amount_fen, thread.proven_fen, thread.rule_codes, thread.first_at, thread.opened_at, thread.due_at,
    thread.state = 'open' AND thread.due_at < %(now)s AS overdue, thread.escalated, thread.superseded, thread.assignee,
    coalesce(person.name, thread.assignee) AS assignee_name, thread.unit_id, unit.name AS unit_name
    """
).format(answered=sql.SQL(IS_ANSWERED))
_WAITS: Final = (
    "(thread.lowering_by <> '' OR (thread.finding_by <> '' AND thread.finding_approved_by = '') "
    f"OR {IS_ANSWERED})"
)
_STATES: Final[dict[str, str]] = {
    "open": f"thread.state = 'open' AND NOT {_WAITS}",
    "review": f"thread.state = 'open' AND {_WAITS}",
    "snoozed": "thread.state = 'snoozed'",
    "closed": "thread.state = 'closed'",
    "superseded": "thread.state = 'superseded'",
}
"""What the page calls states: `review` waits for a second person."""
STATES: Final = tuple(_STATES)
STATE_OF: Final = sql.SQL("CASE {} END").format(
    sql.SQL(" ").join(
        sql.SQL("WHEN {} THEN {}").format(sql.SQL(condition), sql.Literal(state))  # pyright: ignore[reportArgumentType]  the constants above
        for state, condition in _STATES.items()
    )
)
"""The same of a row called `thread`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the queue; empty ones do not narrow. `owner`: `none` for those that nobody has."""

    levels: tuple[str, ...] = ()
    state: str = "open"
    unit: str = ""
    owner: str = ""
    rule: str = ""
    overdue: bool = False
    search: str = ""
    ours: Judging | None = None


def _where(wanted: Wanted, without: str = "") -> sql.Composed:
    parts = [sql.SQL("true")]
    if wanted.levels and without != "level":
        parts.append(sql.SQL("thread.level = ANY(%(levels)s)"))
    if wanted.state != "all" and without != "state":
        parts.append(sql.SQL(_STATES[wanted.state]))  # pyright: ignore[reportArgumentType]  the constants above
    if wanted.unit and without != "unit":
        parts.append(sql.SQL("thread.unit_id = %(unit)s"))
    if wanted.owner:
        parts.append(sql.SQL("thread.assignee = %(owner)s"))
    if wanted.rule and without != "rule":
        parts.append(sql.SQL("%(rule)s = ANY(thread.rule_codes)"))
    if wanted.overdue and without != "overdue":
        parts.append(sql.SQL("thread.state = 'open' AND thread.due_at < %(now)s"))
    if wanted.ours:
        parts.append(sql.SQL(ANSWERS))
    if wanted.search:
        parts.append(sql.SQL("(loan.borrower_name ILIKE %(pattern)s OR thread.loan_id ILIKE %(pattern)s)"))
    return sql.SQL(" AND ").join(parts)


def _values(wanted: Wanted, now: datetime.datetime) -> Row:
    escaped = wanted.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {
        "levels": list(wanted.levels),
        "unit": wanted.unit,
        "owner": "" if wanted.owner == "none" else wanted.owner,
        "rule": wanted.rule,
        "pattern": f"%{escaped}%",
        "now": now,
    } | (wanted.ours.values() if wanted.ours else {})


def queue(
    connection: Database, wanted: Wanted, now: datetime.datetime, offset: int, limit: int
) -> tuple[list[Row], int]:
    """A page of the queue by deadline, then the proven amount; and how many there are."""
    values = _values(wanted, now) | {"offset": offset, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            sql.SQL(
                "SELECT {} {} WHERE {} ORDER BY thread.due_at, thread.proven_fen DESC, thread.amount_fen DESC, "
                "thread.thread_id LIMIT %(limit)s OFFSET %(offset)s"
            ).format(_COLUMNS, _FROM, _where(wanted)),
            values,
        ).fetchall()
        total = cursor.execute(
            sql.SQL("SELECT count(*) AS total {} WHERE {}").format(_FROM, _where(wanted)), values
        ).fetchone()
    return rows, int(total["total"]) if total else 0


def counts(connection: Database, wanted: Wanted, now: datetime.datetime) -> Row:
    """`levels, states, units, rules` as `value -> count`, each without its own filter, and `overdue`."""
    values = _values(wanted, now)

    def grouped(expression: sql.Composable, without: str) -> dict[str, int]:
        rows = connection.execute(
            sql.SQL("SELECT {}, count(*) {} WHERE {} GROUP BY 1 ORDER BY 2 DESC, 1").format(
                expression, _FROM, _where(wanted, without)
            ),
            values,
        ).fetchall()
        return {row[0]: row[1] for row in rows if row[0]}

    overdue = connection.execute(
        sql.SQL("SELECT count(*) {} WHERE {} AND thread.state = 'open' AND thread.due_at < %(now)s").format(
            _FROM, _where(wanted, "overdue")
        ),
        values,
    ).fetchone()
    return {
        "levels": grouped(sql.SQL("thread.level"), "level"),
        "states": grouped(STATE_OF, "state"),
        "units": grouped(sql.SQL("thread.unit_id"), "unit"),
        "rules": grouped(sql.SQL("unnest(thread.rule_codes)"), "rule"),
        "overdue": overdue[0] if overdue else 0,
    }


def unit_names(connection: Database, units: Iterable[str]) -> Mapping[str, str]:
    """unit_id -> name."""
    return dict(
        connection.execute(
            "SELECT unit_id, name FROM published.organisation_unit WHERE unit_id = ANY(%s)", (list(units),)
        ).fetchall()
    )


def one(connection: Database, thread_id: str, now: datetime.datetime) -> Row | None:
    """One thread as a row of the queue, with what stands beside it."""
    return _one(connection, sql.SQL("thread.thread_id = %(key)s"), thread_id, now)


def of_loan(connection: Database, loan_id: str, now: datetime.datetime) -> Row | None:
    """The thread of a loan."""
    return _one(connection, sql.SQL("thread.loan_id = %(key)s"), loan_id, now)


def _one(connection: Database, where: sql.SQL, key: str, now: datetime.datetime) -> Row | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL("SELECT {} {} WHERE {}").format(_COLUMNS, _FROM, where), {"key": key, "now": now}
        ).fetchone()


def loan_facts(connection: Database, loan_id: str) -> Row:
    """`purpose_text, borrower_party_id, managers` of the loan."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            """
            SELECT loan.purpose_text, loan.borrower_party_id, ARRAY(
                SELECT DISTINCT coalesce(staff.name, manager.staff_id) FROM published.loan_manager AS manager
                LEFT JOIN published.staff AS staff USING (staff_id)
                WHERE manager.loan_id = loan.loan_id AND manager.valid_to IS NULL ORDER BY 1
            ) AS managers
            FROM published.loan AS loan WHERE loan.loan_id = %s
            """,
            (loan_id,),
        ).fetchone()
    assert found is not None  # threads are of loans in the books
    return found


def hits(connection: Database, loan_id: str) -> list[Row]:
    """Every hit about a loan, those that stand first, the largest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT hit_id, rule_code, rule_version, at, level, amount_fen, share_ppm, proven_fen, destination_class,
                   transaction_ids, payee_accounts, explanation, explanation_chinese, standing, suppressed_by
            FROM published.warning_hit WHERE loan_id = %s
            ORDER BY standing DESC, suppressed_by IS NOT NULL,
                     array_position(ARRAY['red', 'orange', 'yellow', 'blue'], level),
                     proven_fen DESC NULLS LAST, amount_fen DESC, rule_code, hit_id
            """,
            (loan_id,),
        ).fetchall()


def events(connection: Database, thread_id: str) -> list[Row]:
    """The timeline, oldest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT version, kind, at, by, data FROM published.warning_event WHERE thread_id = %s ORDER BY version",
            (thread_id,),
        ).fetchall()


def people_names(connection: Database, staff_ids: Iterable[str]) -> Mapping[str, str]:
    """staff_id -> name of those that are on the list."""
    return dict(
        connection.execute(
            "SELECT staff_id, name FROM published.staff WHERE staff_id = ANY(%s)", (sorted(set(staff_ids)),)
        ).fetchall()
    )


def earlier(
    connection: Database,
    thread_id: str,
    party_id: str,
    payees: Sequence[str],
    rules: Sequence[str],
    limit: int,
) -> list[Row]:
    """What was said of other warnings of the same borrower, payee or rule: the closest, then the newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            WITH told AS (
                SELECT thread.thread_id, thread.loan_id, loan.borrower_name, thread.level, thread.disposition,
                       thread.disposition_reason, thread.disposed_by AS by, thread.rule_codes,
                       loan.borrower_party_id = %(party)s AS of_borrower,
                       EXISTS (
                           SELECT 1 FROM published.warning_hit AS hit
                           WHERE hit.loan_id = thread.loan_id AND hit.payee_accounts && %(payees)s
                       ) AS of_payee,
                       thread.rule_codes && %(rules)s AS of_rule
                FROM published.warning_thread AS thread JOIN published.loan AS loan USING (loan_id)
                WHERE thread.thread_id <> %(thread)s AND thread.disposition IS NOT NULL
            )
            SELECT told.*, (
                SELECT max(event.at) FROM published.warning_event AS event
                WHERE event.thread_id = told.thread_id AND event.kind = 'disposed'
            ) AS at
            FROM told WHERE of_borrower OR of_payee OR of_rule
            ORDER BY of_borrower::int * 4 + of_payee::int * 2 + of_rule::int DESC, at DESC, told.thread_id LIMIT %(limit)s
            """,
            {
                "thread": thread_id,
                "party": party_id,
                "payees": list(payees),
                "rules": list(rules),
                "limit": limit,
            },
        ).fetchall()


def people(connection: Database, search: str, unit: str, offset: int, limit: int) -> tuple[list[Row], int]:
    """The bank's staff by number, name or pinyin, in the order of names; and how many there are."""
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values: Row = {"pattern": f"%{escaped}%", "unit": unit, "offset": offset, "limit": limit}
    where = (
        "(person.name ILIKE %(pattern)s OR person.staff_id ILIKE %(pattern)s OR person.name_sort ILIKE %(pattern)s) "
        "AND (%(unit)s = '' OR person.unit_id = %(unit)s)"
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            sql.SQL(
                "SELECT person.staff_id, person.name, person.role, person.unit_id, coalesce(unit.name, person.unit_id) "
                "AS unit_name FROM published.staff AS person LEFT JOIN published.organisation_unit AS unit "
                "ON unit.unit_id = person.unit_id WHERE {} ORDER BY person.name_sort NULLS LAST, person.staff_id "
                "LIMIT %(limit)s OFFSET %(offset)s"
            ).format(sql.SQL(where)),
            values,
        ).fetchall()
        total = cursor.execute(
            sql.SQL("SELECT count(*) AS total FROM published.staff AS person WHERE {}").format(
                sql.SQL(where)
            ),
            values,
        ).fetchone()
    return rows, int(total["total"]) if total else 0


def last_event(connection: Database) -> int:
    """The newest number of the outbox; 0 before the first."""
    row = connection.execute("SELECT coalesce(max(outbox_id), 0) FROM published.warning_outbox").fetchone()
    return int(row[0]) if row else 0


def told_after(connection: Database, outbox_id: int, limit: int) -> list[dict[str, Any]]:
    """What was told after a number, in order."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT told.outbox_id, told.kind, told.thread_id, told.version, told.level, thread.loan_id
            FROM published.warning_outbox AS told JOIN published.warning_thread AS thread USING (thread_id)
            WHERE told.outbox_id > %s ORDER BY told.outbox_id LIMIT %s
            """,
            (outbox_id, limit),
        ).fetchall()


def channels(connection: Database) -> tuple[list[Row], list[Row]]:
    """The configured channels, and the messages that have not left."""
    with connection.cursor(row_factory=dict_row) as cursor:
        states = cursor.execute(
            "SELECT name, delivered_at, failed_at, problem FROM published.warning_channel WHERE configured ORDER BY name"
        ).fetchall()
        unsent = cursor.execute(
            """
            SELECT delivery_id, channel, state, attempts, not_before, title, cardinality(outbox_ids) AS warnings, problem,
                   created_at
            FROM published.warning_delivery WHERE state <> 'sent' ORDER BY created_at, delivery_id LIMIT 50
            """
        ).fetchall()
    return states, unsent


def rule_words(connection: Database, codes: Iterable[str]) -> dict[str, Row]:
    """code -> `chinese, english, doubt_chinese, doubt_english` of the newest version that was ever published."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT DISTINCT ON (code) code, chinese, english, doubt_chinese, doubt_english FROM published.rule_version
            WHERE code = ANY(%s) AND state IN ('published', 'retired') ORDER BY code, version DESC
            """,
            (sorted(set(codes)),),
        ).fetchall()
    return {row.pop("code"): row for row in rows}
