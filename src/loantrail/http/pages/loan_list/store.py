"""What the list of loans reads.

A query joins only what its filters and its order need: the outer joins go over primary keys, so the database drops
those of which no column is used. Names, units and managers of a page are looked up after it was cut.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.loan_list.model import Direction, LoanFilter, LoanSort
from loantrail.http.pages.store import Database, Row
from loantrail.ledger.model import FIVE_CLASSES, LOAN_STATES

_WORDS_MAX: Final = 6
_READ_ROWS: Final = 2_000


def _ranked(column: str, values: tuple[str, ...]) -> sql.Composed:
    """The place of a column's value in a list: states and classes have an order of their own."""
    return sql.SQL("array_position({}::text[], {})").format(list(values), sql.SQL(column))  # pyright: ignore[reportArgumentType]  constants of this file


_ORDER: Final[dict[LoanSort, sql.Composable]] = {
    LoanSort.LOAN: sql.SQL('note.loan_id COLLATE "C"'),
    LoanSort.CONTRACT: sql.SQL('note.contract_id COLLATE "C"'),
    LoanSort.BORROWER: sql.SQL('coalesce(party.name_sort, party.name) COLLATE "C"'),
    LoanSort.BORROWER_KIND: sql.SQL("party.kind"),
    LoanSort.PRODUCT: sql.SQL("contract.product"),
    LoanSort.UNIT: sql.SQL('note.unit_id COLLATE "C"'),
    LoanSort.MANAGER: sql.SQL('lead_manager.name_sort COLLATE "C"'),
    LoanSort.ISSUED: sql.SQL("note.issued_on"),
    LoanSort.MATURES: sql.SQL("note.matures_on"),
    LoanSort.AMOUNT: sql.SQL("note.amount_fen"),
    LoanSort.BALANCE: sql.SQL("note.balance_fen"),
    LoanSort.DISBURSED: sql.SQL("summary.disbursed_fen"),
    LoanSort.RATE: sql.SQL("note.rate_ppm"),
    LoanSort.STATE: _ranked("note.state", LOAN_STATES),
    LoanSort.CLASS: _ranked("note.five_class", FIVE_CLASSES),
    LoanSort.GRANT_KIND: sql.SQL("note.grant_kind"),
    LoanSort.SEEN: sql.SQL("summary.seen_ppm"),
    LoanSort.SUSPECTED: sql.SQL("summary.suspected_fen"),
    LoanSort.PATTERN: sql.SQL("nullif(summary.suspected_pattern, '')"),
    LoanSort.LEADS: sql.SQL("summary.lead_count"),
}

_LOANS: Final = sql.SQL(
    """
    FROM published.loan_note AS note
    LEFT JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
    LEFT JOIN published.party AS party ON party.party_id = contract.borrower_party_id
    LEFT JOIN published.trace_loan_summary AS summary
        ON summary.run_id = %(run_id)s AND summary.loan_id = note.loan_id
    LEFT JOIN (
        SELECT manager.loan_id, min(coalesce(staff.name_sort, staff.name)) AS name_sort
        FROM published.loan_manager AS manager JOIN published.staff AS staff ON staff.staff_id = manager.staff_id
        WHERE manager.role = 'lead' AND manager.valid_to IS NULL GROUP BY manager.loan_id
    ) AS lead_manager ON lead_manager.loan_id = note.loan_id
    """
)

_ROWS: Final = sql.SQL(
    """
    WITH page AS MATERIALIZED (
        SELECT note.loan_id, {key} AS sort_key {loans} {where}
        ORDER BY sort_key {direction}, note.loan_id LIMIT %(limit)s OFFSET %(offset)s
    )
    SELECT note.loan_id, note.contract_id, party.name AS borrower_name, party.kind AS borrower_kind,
           contract.product, note.grant_kind, note.unit_id, coalesce(unit.name, note.unit_id) AS unit_name,
           ARRAY(
               SELECT coalesce(staff.name, manager.staff_id)
               FROM published.loan_manager AS manager
               LEFT JOIN published.staff AS staff ON staff.staff_id = manager.staff_id
               WHERE manager.loan_id = note.loan_id AND manager.valid_to IS NULL
               ORDER BY manager.role DESC, manager.staff_id
           ) AS managers,
           note.issued_on, note.matures_on, note.rate_ppm, note.state, note.five_class, note.currency,
           note.amount_fen, note.balance_fen, summary.disbursed_fen, summary.seen_fen, summary.suspected_fen,
           coalesce(summary.suspected_pattern, '') AS suspected_pattern,
           coalesce(summary.patterns, '{{}}') AS patterns, coalesce(summary.lead_count, 0) AS lead_count
    FROM page
    JOIN published.loan_note AS note ON note.loan_id = page.loan_id
    JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
    JOIN published.party AS party ON party.party_id = contract.borrower_party_id
    LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = note.unit_id
    LEFT JOIN published.trace_loan_summary AS summary
        ON summary.run_id = %(run_id)s AND summary.loan_id = note.loan_id
    ORDER BY page.sort_key {direction}, note.loan_id
    """
)

_SUMS: Final = sql.SQL(
    """
    SELECT note.currency, coalesce(summary.suspected_pattern, '') AS pattern, count(*) AS loan_count,
           sum(note.amount_fen)::text AS amount_fen, sum(note.balance_fen)::text AS balance_fen,
           coalesce(sum(summary.disbursed_fen), 0)::text AS disbursed_fen,
           coalesce(sum(summary.seen_fen), 0)::text AS seen_fen,
           coalesce(sum(summary.suspected_fen), 0)::text AS suspected_fen,
           count(*) FILTER (WHERE summary.lead_count > 0) AS suspected_count
    {loans} {where} GROUP BY 1, 2
    """
)


@dataclass(frozen=True, slots=True)
class Order:
    """What comes first."""

    sort: LoanSort
    direction: Direction


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter as the queries take it; made once for the rows and for their sums."""

    where: sql.Composable
    parameters: dict[str, Any]


def chosen(connection: Database, run_id: str | None, asked: LoanFilter) -> Chosen:
    """What `asked` means in the present books and the given run."""
    where, parameters = _conditions(connection, asked)
    return Chosen(where, parameters | {"run_id": run_id})


def loans(connection: Database, found: Chosen, order: Order, offset: int, limit: int) -> list[Row]:
    """Part of the loans that were chosen, in an order."""
    statement, parameters = _rows(found, order, offset, limit)
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, parameters).fetchall()


def every_loan(connection: Database, found: Chosen, order: Order) -> Iterator[Row]:
    """The same rows, all, one after the other, without holding them."""
    statement, parameters = _rows(found, order, 0, None)
    with connection.cursor(name="every_loan", row_factory=dict_row) as cursor:
        cursor.itersize = _READ_ROWS
        yield from cursor.execute(statement, parameters)


def sums(connection: Database, found: Chosen) -> list[Row]:
    """Sums of all loans that were chosen, per currency and pattern of the largest lead ('' without one)."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_SUMS.format(loans=_LOANS, where=found.where), found.parameters).fetchall()


def _rows(found: Chosen, order: Order, offset: int, limit: int | None) -> tuple[sql.Composed, dict[str, Any]]:
    ascending = order.direction is Direction.ASCENDING
    statement = _ROWS.format(
        key=_ORDER[order.sort],
        loans=_LOANS,
        where=found.where,
        direction=sql.SQL("ASC NULLS LAST" if ascending else "DESC NULLS LAST"),
    )
    return statement, found.parameters | {"limit": limit, "offset": offset}


# Conditions --------------------------------------------------------------------------------------------------

_ANY_OF: Final[dict[str, sql.SQL]] = {
    "product": sql.SQL("contract.product = ANY(%(product)s)"),
    "borrower_kind": sql.SQL("party.kind = ANY(%(borrower_kind)s)"),
    "state": sql.SQL("note.state = ANY(%(state)s)"),
    "five_class": sql.SQL("note.five_class = ANY(%(five_class)s)"),
    "grant_kind": sql.SQL("note.grant_kind = ANY(%(grant_kind)s)"),
    "pattern": sql.SQL("summary.patterns && %(pattern)s::text[]"),
    "main_pattern": sql.SQL("summary.suspected_pattern = ANY(%(main_pattern)s)"),
    "suspected_class": sql.SQL("summary.lead_classes && %(suspected_class)s::text[]"),
    "manager": sql.SQL(
        "note.loan_id IN (SELECT loan_id FROM published.loan_manager"
        " WHERE staff_id = ANY(%(manager)s) AND valid_to IS NULL)"
    ),
}

_LIMITS: Final[dict[str, sql.SQL]] = {
    "seen_below": sql.SQL("summary.seen_ppm < %(seen_below)s * 10000"),
    "amount_from": sql.SQL("note.amount_fen >= %(amount_from)s"),
    "amount_to": sql.SQL("note.amount_fen <= %(amount_to)s"),
    "issued_from": sql.SQL("note.issued_on >= %(issued_from)s"),
    "issued_to": sql.SQL("note.issued_on <= %(issued_to)s"),
}

# The name's search key where it has one; a party that was entered without is found by what its record says.
_PARTIES_NAMED: Final = sql.SQL(
    "SELECT party_id FROM published.party WHERE coalesce(name_search, lower(name)) LIKE {word}"
    " OR identity_number = {whole}"
)
_WORD: Final = sql.SQL(
    "(lower(note.loan_id) LIKE {word} OR lower(note.contract_id) LIKE {word}"
    " OR contract.borrower_party_id IN ({named}))"
)
_FOUND: Final = sql.SQL(
    """
    SELECT note.loan_id FROM published.loan_note AS note
    JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id WHERE {words}
    """
)


def _conditions(connection: Database, chosen: LoanFilter) -> tuple[sql.Composable, dict[str, Any]]:
    parameters: dict[str, Any] = {}
    conditions: list[sql.Composable] = []
    if words := search_words(chosen.search):
        conditions.append(sql.SQL("note.loan_id = ANY(%(found)s)"))
        parameters["found"] = _found(connection, words)
    for table, absent in ((_ANY_OF, []), (_LIMITS, None)):
        for field, condition in table.items():
            value = getattr(chosen, field)
            if value != absent:
                conditions.append(condition)
                parameters[field] = value
    if chosen.unit:
        conditions.append(sql.SQL("note.unit_id = ANY(%(units)s)"))
        parameters["units"] = with_units_below(connection, chosen.unit)
    if chosen.suspected:
        conditions.append(sql.SQL("summary.lead_count > 0"))
    if not conditions:
        return sql.SQL(""), parameters
    return sql.SQL("WHERE ") + sql.SQL(" AND ").join(conditions), parameters


def parties_named(name: str) -> sql.Composed:
    """The query of parties that have the word of that parameter in their names, with it whole as `<name>_whole`."""
    return _PARTIES_NAMED.format(word=sql.Placeholder(name), whole=sql.Placeholder(f"{name}_whole"))


def word_parameters(words: Sequence[str]) -> dict[str, str]:
    """The parameters `word_0`, `word_0_whole`, ... of the words of a search."""
    fragments = {f"word_{place}": fragment_pattern(word) for place, word in enumerate(words)}
    return fragments | {f"word_{place}_whole": word.upper() for place, word in enumerate(words)}


def _found(connection: Database, words: list[str]) -> list[str]:
    """The loans that have every one of the words. Looked for once, for the rows and for their sums."""
    names = [f"word_{place}" for place in range(len(words))]
    query = _FOUND.format(
        words=sql.SQL(" AND ").join(
            _WORD.format(word=sql.Placeholder(name), named=parties_named(name)) for name in names
        )
    )
    rows = connection.execute(query, word_parameters(words)).fetchall()
    return [str(row[0]) for row in rows]


def search_words(search: str) -> list[str]:
    """Words as search keys are written. What stands behind the last of them is one with it."""
    return unicodedata.normalize("NFKC", search).lower().split(maxsplit=_WORDS_MAX - 1)


def fragment_pattern(fragment: str) -> str:
    """A LIKE pattern for texts that hold `fragment` as it stands."""
    escaped = fragment.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def with_units_below(connection: Database, units: Sequence[str]) -> list[str]:
    """Units and all that stand below them."""
    rows = connection.execute(
        """
        WITH RECURSIVE below AS (
            SELECT unit_id FROM published.organisation_unit WHERE unit_id = ANY(%s)
            UNION SELECT unit.unit_id FROM published.organisation_unit AS unit
            JOIN below ON unit.parent_unit_id = below.unit_id
        ) SELECT unit_id FROM below
        """,
        (list(units),),
    ).fetchall()
    return [str(row[0]) for row in rows]
