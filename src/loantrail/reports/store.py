"""SQL: what a report says that no page reads: guarantee and collateral."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

Row = dict[str, Any]


def guarantees(connection: Connection[Any], contract_id: str) -> list[Row]:
    """The guarantee contracts of a loan contract, each with its `collateral` rows, in order of their numbers."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            """
            SELECT g.guarantee_id, g.kind, g.amount_fen, g.currency, g.valid_from, g.valid_to,
                   coalesce(p.name, g.guarantor_party_id) AS guarantor_name
            FROM published.guarantee_contract g LEFT JOIN published.party p ON p.party_id = g.guarantor_party_id
            WHERE g.contract_id = %s ORDER BY g.guarantee_id
            """,
            (contract_id,),
        ).fetchall()
        pledged = cursor.execute(
            """
            SELECT c.guarantee_id, c.collateral_id, c.kind, c.value_fen, c.currency, c.valued_on, c.registration_no,
                   c.insurance_expires_on, coalesce(p.name, c.owner_party_id) AS owner_name
            FROM published.collateral c LEFT JOIN published.party p ON p.party_id = c.owner_party_id
            WHERE c.guarantee_id = ANY(%s) ORDER BY c.collateral_id
            """,
            ([row["guarantee_id"] for row in found],),
        ).fetchall()
    for row in found:
        row["collateral"] = [one for one in pledged if one["guarantee_id"] == row["guarantee_id"]]
    return found


def data_date(connection: Connection[Any], run_id: str) -> Any:
    """The last business date of the data that a run saw, None where it was not recorded."""
    row = connection.execute(
        "SELECT data_date FROM published.trace_run WHERE run_id = %s", (run_id,)
    ).fetchone()
    return row[0] if row else None
