"""What the list of customers reads: one row per party that is a customer or has borrowed."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.early_warning.hits import LEVELS
from loantrail.http.pages.customers.model import Borrowing, CustomerSort
from loantrail.http.pages.loan_list.store import fragment_pattern
from loantrail.http.pages.store import Database, Row
from loantrail.ledger.model import FIVE_CLASSES

_WORDS_MAX: Final = 6
_LEVELS: Final = sql.Literal([level.value for level in LEVELS])
_CLASSES: Final = sql.Literal(list(FIVE_CLASSES))
OPEN_STATES: Final = ("outstanding", "overdue")
"""States of loans that are still owed."""
LIVE_THREADS: Final = ("open", "snoozed")

# Loans and contracts per borrower are summed once; amounts to sort by are those in CNY.
_CUSTOMERS: Final = sql.SQL(
    """
    WITH lent AS (
        SELECT contract.borrower_party_id AS party_id, count(*) AS loan_count,
               count(*) FILTER (WHERE note.state = ANY(%(open)s)) AS open_count,
               sum(note.balance_fen) FILTER (WHERE note.currency = 'CNY') AS balance_fen,
               sum(note.balance_fen) FILTER (WHERE note.currency = 'CNY' AND note.state = 'overdue') AS overdue_fen,
               max(array_position({classes}::text[], note.five_class)) FILTER (WHERE note.state = ANY(%(open)s)) AS class_rank,
               max(array_position({levels}::text[], thread.level)) AS level_rank
        FROM published.loan_note AS note
        JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
        LEFT JOIN published.warning_thread AS thread
            ON thread.loan_id = note.loan_id AND thread.state = ANY(%(live)s) AND %(warned)s
        GROUP BY contract.borrower_party_id
    ), contracted AS (
        SELECT borrower_party_id AS party_id, sum(amount_fen) AS limit_fen FROM published.loan_contract
        WHERE currency = 'CNY' AND (%(on_date)s::date IS NULL OR valid_to IS NULL OR valid_to >= %(on_date)s::date)
        GROUP BY borrower_party_id
    ), found AS MATERIALIZED (
        SELECT party.party_id, party.name, coalesce(party.name_sort, party.name) AS name_sort, party.kind,
               party.is_customer, party.industry_code, party.unit_id, coalesce(lent.loan_count, 0) AS loan_count,
               coalesce(lent.open_count, 0) AS open_count, lent.balance_fen, lent.overdue_fen, lent.class_rank,
               lent.level_rank, contracted.limit_fen
        FROM published.party AS party
        LEFT JOIN lent ON lent.party_id = party.party_id
        LEFT JOIN contracted ON contracted.party_id = party.party_id
        WHERE (party.is_customer OR lent.party_id IS NOT NULL) {conditions}
    )
    """
)

_ORDER: Final[dict[CustomerSort, sql.SQL]] = {
    CustomerSort.NAME: sql.SQL('found.name_sort COLLATE "C"'),
    CustomerSort.CUSTOMER: sql.SQL('found.party_id COLLATE "C"'),
    CustomerSort.KIND: sql.SQL("found.kind"),
    CustomerSort.INDUSTRY: sql.SQL('found.industry_code COLLATE "C"'),
    CustomerSort.UNIT: sql.SQL('found.unit_id COLLATE "C"'),
    CustomerSort.LOANS: sql.SQL("found.loan_count"),
    CustomerSort.LIMIT: sql.SQL("coalesce(found.limit_fen, 0)"),
    CustomerSort.BALANCE: sql.SQL("coalesce(found.balance_fen, 0)"),
    CustomerSort.OVERDUE: sql.SQL("coalesce(found.overdue_fen, 0)"),
    CustomerSort.CLASS: sql.SQL("found.class_rank"),
    CustomerSort.LEVEL: sql.SQL("found.level_rank"),
}


@dataclass(frozen=True, slots=True)
class CustomerQuery:
    """Conditions of different fields hold together; within a field any of the values; empty ones do not narrow."""

    words: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    borrowing: Borrowing = Borrowing.ANY
    sort: CustomerSort = CustomerSort.BALANCE
    ascending: bool = False
    offset: int = 0
    limit: int = 50


def words_of(search: str) -> tuple[str, ...]:
    """Words as search keys are written. What stands behind the last of them is one with it."""
    return tuple(unicodedata.normalize("NFKC", search).lower().split(maxsplit=_WORDS_MAX - 1))


def customers(
    connection: Database, query: CustomerQuery, on_date: datetime.date | None, warned: bool
) -> tuple[list[Row], int, int, list[Row]]:
    """`(rows, how many there are, how many of them owe, sums per currency)`. The rows carry `sums`, one for each currency.
    Without `warned` no warning is looked at."""
    with connection.cursor(row_factory=dict_row) as cursor:
        conditions, values = _conditions(query)
        values |= {
            "open": list(OPEN_STATES),
            "live": list(LIVE_THREADS),
            "warned": warned,
            "on_date": on_date,
            "limit": query.limit,
            "offset": query.offset,
        }
        chosen = _CUSTOMERS.format(classes=_CLASSES, levels=_LEVELS, conditions=conditions)
        found = cursor.execute(
            sql.SQL(
                "{customers} SELECT found.*, {levels}[found.level_rank] AS level, {classes}[found.class_rank] AS worst_class, "
                "coalesce(unit.name, found.unit_id) AS unit_name "
                "FROM found LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = found.unit_id "
                "ORDER BY {key} {direction} NULLS LAST, found.party_id LIMIT %(limit)s OFFSET %(offset)s"
            ).format(
                customers=chosen,
                levels=sql.SQL("({}::text[])").format(_LEVELS),
                classes=sql.SQL("({}::text[])").format(_CLASSES),
                key=_ORDER[query.sort],
                direction=sql.SQL("ASC" if query.ascending else "DESC"),
            ),
            values,
        ).fetchall()
        totals = cursor.execute(_TOTALS.format(customers=chosen), values).fetchall()
    sums = sums_of(connection, [row["party_id"] for row in found], on_date)
    rows = [row | {"sums": sums.get(row["party_id"], [])} for row in found]
    counted = totals[0]
    return rows, counted["total"], counted["borrowers"], [row for row in totals if row["currency"]]


_TOTALS: Final = sql.SQL(
    """
    {customers}, owed AS (
        SELECT found.party_id, note.currency, 0::numeric AS limit_fen, note.balance_fen::numeric AS balance_fen,
               CASE WHEN note.state = 'overdue' THEN note.balance_fen ELSE 0 END::numeric AS overdue_fen
        FROM found JOIN published.loan_contract AS contract ON contract.borrower_party_id = found.party_id
        JOIN published.loan_note AS note ON note.contract_id = contract.contract_id
        UNION ALL
        SELECT found.party_id, contract.currency, contract.amount_fen, 0, 0
        FROM found JOIN published.loan_contract AS contract ON contract.borrower_party_id = found.party_id
        WHERE %(on_date)s::date IS NULL OR contract.valid_to IS NULL OR contract.valid_to >= %(on_date)s::date
    )
    SELECT counted.total, counted.borrowers, summed.*
    FROM (SELECT count(*) AS total, count(*) FILTER (WHERE open_count > 0) AS borrowers FROM found) AS counted
    LEFT JOIN (
        SELECT currency, count(DISTINCT party_id) AS customer_count, sum(limit_fen)::text AS limit_fen,
               sum(balance_fen)::text AS balance_fen, sum(overdue_fen)::text AS overdue_balance_fen
        FROM owed GROUP BY currency
    ) AS summed ON true
    ORDER BY summed.currency <> 'CNY', summed.currency
    """
)


def sums_of(
    connection: Database, party_ids: Sequence[str], on_date: datetime.date | None
) -> dict[str, list[Row]]:
    """What each party owes: party_id -> one row per currency, CNY first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT party_id, currency, sum(limit_fen)::text AS limit_fen, sum(balance_fen)::text AS balance_fen,
                   sum(overdue_fen)::text AS overdue_balance_fen
            FROM (
                SELECT contract.borrower_party_id AS party_id, note.currency, 0::numeric AS limit_fen,
                       note.balance_fen::numeric AS balance_fen,
                       CASE WHEN note.state = 'overdue' THEN note.balance_fen ELSE 0 END::numeric AS overdue_fen
                FROM published.loan_contract AS contract
                JOIN published.loan_note AS note ON note.contract_id = contract.contract_id
                WHERE contract.borrower_party_id = ANY(%(parties)s)
                UNION ALL
                SELECT borrower_party_id, currency, amount_fen, 0, 0 FROM published.loan_contract
                WHERE borrower_party_id = ANY(%(parties)s)
                  AND (%(on_date)s::date IS NULL OR valid_to IS NULL OR valid_to >= %(on_date)s::date)
            ) AS owed
            GROUP BY party_id, currency ORDER BY party_id, currency <> 'CNY', currency
            """,
            {"parties": list(party_ids), "on_date": on_date},
        ).fetchall()
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["party_id"], []).append(row)
    return found


def counts(connection: Database) -> Row:
    """`kinds, industries, units`: value -> customers, and `total`."""
    rows = connection.execute(
        """
        SELECT kind, left(industry_code, 2), unit_id, count(*) FROM published.party AS party
        WHERE is_customer OR EXISTS (
            SELECT 1 FROM published.loan_contract AS contract WHERE contract.borrower_party_id = party.party_id
        )
        GROUP BY 1, 2, 3
        """
    ).fetchall()
    kinds: dict[str, int] = {}
    industries: dict[str, int] = {}
    units: dict[str, int] = {}
    for kind, industry, unit, count in rows:
        kinds[kind] = kinds.get(kind, 0) + count
        units[unit] = units.get(unit, 0) + count
        if industry:
            industries[industry] = industries.get(industry, 0) + count
    return {"kinds": kinds, "industries": industries, "units": units, "total": sum(row[3] for row in rows)}


# Conditions --------------------------------------------------------------------------------------------------

_WORD: Final = sql.SQL(
    "(lower(party.party_id) LIKE {word} OR coalesce(party.name_search, lower(party.name)) LIKE {word} "
    "OR party.identity_number = {whole})"
)
_BORROWING: Final[dict[Borrowing, sql.SQL]] = {
    Borrowing.NOW: sql.SQL("coalesce(lent.open_count, 0) > 0"),
    Borrowing.EVER: sql.SQL("lent.party_id IS NOT NULL"),
    Borrowing.NEVER: sql.SQL("lent.party_id IS NULL"),
}
_ANY_OF: Final[dict[str, sql.Composable]] = {
    "kinds": sql.SQL("party.kind = ANY(%(kinds)s)"),
    "units": sql.SQL(
        "party.unit_id IN (WITH RECURSIVE below AS (SELECT unit_id FROM published.organisation_unit "
        "WHERE unit_id = ANY(%(units)s) UNION SELECT unit.unit_id FROM published.organisation_unit AS unit "
        "JOIN below ON unit.parent_unit_id = below.unit_id) SELECT unit_id FROM below)"
    ),
    "industries": sql.SQL("left(party.industry_code, 2) = ANY(%(industries)s)"),
    "levels": sql.SQL("({}::text[])[lent.level_rank] = ANY(%(levels)s)").format(_LEVELS),
    "classes": sql.SQL("({}::text[])[lent.class_rank] = ANY(%(classes)s)").format(_CLASSES),
}


def _conditions(query: CustomerQuery) -> tuple[sql.Composable, dict[str, Any]]:
    values: dict[str, Any] = {}
    parts: list[sql.Composable] = []
    for place, word in enumerate(query.words):
        name = f"word_{place}"
        values |= {name: fragment_pattern(word), f"{name}_whole": word.upper()}
        parts.append(_WORD.format(word=sql.Placeholder(name), whole=sql.Placeholder(f"{name}_whole")))
    for field, condition in _ANY_OF.items():
        chosen: tuple[str, ...] = getattr(query, field)
        if chosen:
            values[field] = list(chosen)
            parts.append(condition)
    if query.borrowing is not Borrowing.ANY:
        parts.append(_BORROWING[query.borrowing])
    return sql.SQL(" ").join([sql.SQL("AND {}").format(part) for part in parts]), values
