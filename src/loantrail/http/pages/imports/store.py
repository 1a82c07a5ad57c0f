"""What the import page reads, through the published views."""

from __future__ import annotations

from typing import Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.imports.model_refusals import RefusalQuery
from loantrail.http.pages.store import Database, Row

PREVIEW_BYTES: Final = 160

_CHOSEN: Final = sql.SQL(
    """
    FROM published.refusal
    WHERE (%(state)s::text IS NULL OR state = %(state)s) AND (%(reason)s::text IS NULL OR reason = %(reason)s)
      AND (%(record_type)s::text IS NULL OR record_type = %(record_type)s)
      AND (%(pattern)s::text IS NULL OR source_file ILIKE %(pattern)s)
    """
)


def refusals(connection: Database, query: RefusalQuery) -> tuple[list[Row], int]:
    """The page of refusals that `query` asks for, in the order of their files, and how many there are."""
    parameters = {
        "state": query.state,
        "reason": query.reason or None,
        "record_type": query.record_type,
        "pattern": _fragment_pattern(query.search),
        "offset": query.offset,
        "limit": query.limit,
        "preview": PREVIEW_BYTES,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            sql.SQL(
                """
                SELECT refusal_id, source_file, position, record_type, field, reason, message, state, created_at,
                       changed_at, changed_by, note, substring(original FROM 1 FOR %(preview)s) AS original
                {chosen} ORDER BY source_file, position, refusal_id LIMIT %(limit)s OFFSET %(offset)s
                """
            ).format(chosen=_CHOSEN),
            parameters,
        ).fetchall()
        total = cursor.execute(
            sql.SQL("SELECT count(*) AS total {chosen}").format(chosen=_CHOSEN), parameters
        ).fetchone()
    return rows, int(total["total"]) if total else 0


def refusal_counts(connection: Database) -> list[Row]:
    """`state, reason, record_type, count` over all refusals."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT state, reason, record_type, count(*) AS count FROM published.refusal "
            "GROUP BY state, reason, record_type ORDER BY count(*) DESC, reason, record_type"
        ).fetchall()


def reconciliations(
    connection: Database, state: str, search: str, offset: int, limit: int
) -> tuple[dict[str, int], list[Row], int]:
    """State -> accounts; the accounts of one state; how many of them the search finds."""
    parameters = {
        "state": state,
        "pattern": _fragment_pattern(search),
        "offset": offset,
        "limit": limit,
    }
    chosen = sql.SQL(
        """
        FROM published.reconciliation AS one
        LEFT JOIN published.known_account AS account ON account.account = one.account
        LEFT JOIN published.party AS party ON party.party_id = account.party_id
        WHERE one.state = %(state)s
          AND (%(pattern)s::text IS NULL OR one.account ILIKE %(pattern)s OR party.name ILIKE %(pattern)s
               OR account.name ILIKE %(pattern)s)
        """
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        counts = cursor.execute(
            "SELECT state, count(*) AS count FROM published.reconciliation GROUP BY state"
        ).fetchall()
        rows = cursor.execute(
            sql.SQL(
                """
                SELECT one.account, coalesce(party.name, account.name) AS account_name, one.currency, one.state,
                       one.line_count, one.balance_count, one.difference_count,
                       replace(one.first_line::text, '-', '') AS first_line, one.first_source_file,
                       one.first_position, one.first_booked_at, one.expected_fen, one.actual_fen, one.checked_at
                {chosen}
                ORDER BY one.difference_count DESC, one.account, one.currency LIMIT %(limit)s OFFSET %(offset)s
                """
            ).format(chosen=chosen),
            parameters,
        ).fetchall()
        total = cursor.execute(
            sql.SQL("SELECT count(*) AS total {chosen}").format(chosen=chosen), parameters
        ).fetchone()
    return {row["state"]: row["count"] for row in counts}, rows, int(total["total"]) if total else 0


def _fragment_pattern(search: str) -> str | None:
    if not search:
        return None
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
