"""What the loans in the books can be filtered by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row

_COUNTED: Final = """
    SELECT count(*) AS loan_count, grouping(contract.product, party.kind, note.grant_kind, note.state, note.five_class,
           note.unit_id) AS grouped, contract.product, party.kind, note.grant_kind, note.state, note.five_class,
           note.unit_id
    FROM published.loan_note AS note
    JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
    JOIN published.party AS party ON party.party_id = contract.borrower_party_id
    GROUP BY GROUPING SETS ((contract.product), (party.kind), (note.grant_kind), (note.state), (note.five_class),
             (note.unit_id), ())
"""
_FIELDS: Final = ("product", "kind", "grant_kind", "state", "five_class", "unit_id")
_ALL: Final = (1 << len(_FIELDS)) - 1


def value_counts(connection: Database) -> tuple[int, dict[str, dict[str, int]]]:
    """Loans in all, and field -> value -> loans for product, kind (of the borrower), grant_kind, state, five_class
    and unit_id."""
    counts: dict[str, dict[str, int]] = {field: {} for field in _FIELDS}
    total = 0
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(_COUNTED):
            if row["grouped"] == _ALL:
                total = row["loan_count"]
                continue
            # grouping() has one bit per field, the first one highest; the bit of the field grouped by is not set.
            field = _FIELDS[len(_FIELDS) - (_ALL - row["grouped"]).bit_length()]
            counts[field][row[field]] = row["loan_count"]
    return total, counts


def units(connection: Database) -> list[Row]:
    """Every unit: unit_id, name, parent_unit_id, by unit_id."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT unit_id, name, parent_unit_id FROM published.organisation_unit ORDER BY unit_id"
        ).fetchall()


def counted_below(units: Sequence[Row], counts: Mapping[str, int]) -> list[tuple[Row, int]]:
    """Those of `units` (rows of the function above) that have something of `counts` (unit_id -> how many), at or below
    them, with how many in all."""
    rows = {row["unit_id"]: row for row in units}
    below: dict[str, int] = {}
    for unit, count in counts.items():
        seen: set[str] = set()
        place: str | None = unit
        while place is not None and place in rows and place not in seen:
            seen.add(place)
            below[place] = below.get(place, 0) + count
            place = rows[place]["parent_unit_id"]
    return [(row, below[unit]) for unit, row in rows.items() if unit in below]


def managers(connection: Database) -> list[Row]:
    """Staff who manage a loan now: value, name, loan_count, in the order of their names' pinyin."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT counted.staff_id AS value, coalesce(staff.name, counted.staff_id) AS name, counted.loan_count
            FROM (
                SELECT staff_id, count(DISTINCT loan_id) AS loan_count
                FROM published.loan_manager WHERE valid_to IS NULL GROUP BY staff_id
            ) AS counted LEFT JOIN published.staff AS staff ON staff.staff_id = counted.staff_id
            ORDER BY coalesce(staff.name_sort, staff.name) COLLATE "C", counted.staff_id
            """
        ).fetchall()


def suspicions(connection: Database, run_id: str | None) -> tuple[dict[str, int], dict[str, int]]:
    """Loans with a lead: by pattern, and by class of destination. A loan may count under several."""
    found: list[dict[str, int]] = []
    for query in (
        "SELECT one, count(*) FROM published.trace_loan_summary, unnest(patterns) AS one WHERE run_id = %s"
        " GROUP BY one ORDER BY 2 DESC, 1",
        "SELECT one, count(*) FROM published.trace_loan_summary, unnest(lead_classes) AS one WHERE run_id = %s"
        " GROUP BY one ORDER BY 2 DESC, 1",
    ):
        found.append(dict(connection.execute(query, (run_id,)).fetchall()))
    return found[0], found[1]
