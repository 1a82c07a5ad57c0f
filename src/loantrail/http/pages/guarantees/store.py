"""What the page of guarantees reads."""

from __future__ import annotations

import datetime
from typing import Final

from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row

RELATED_MAX: Final = 50
"""Related parties given for one borrower; more than that no reader takes in."""


def guarantees(connection: Database, contract_id: str) -> list[Row]:
    """The guarantees of a contract, the largest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT guarantee.guarantee_id, guarantee.kind, guarantee.guarantor_party_id, party.name AS guarantor_name,
                   party.kind AS guarantor_kind, guarantee.amount_fen, guarantee.currency, guarantee.valid_from,
                   guarantee.valid_to
            FROM published.guarantee_contract AS guarantee
            JOIN published.party AS party ON party.party_id = guarantee.guarantor_party_id
            WHERE guarantee.contract_id = %s ORDER BY guarantee.amount_fen DESC, guarantee.guarantee_id
            """,
            (contract_id,),
        ).fetchall()


def collateral(connection: Database, contract_id: str) -> list[Row]:
    """The collateral behind the guarantees of a contract, the most valuable first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT thing.guarantee_id, thing.collateral_id, thing.kind, thing.owner_party_id,
                   party.name AS owner_name, thing.value_fen, thing.currency, thing.valued_on, thing.ranking,
                   thing.loan_to_value_ppm, thing.registration_no, thing.registration_expires_on,
                   thing.insurance_expires_on
            FROM published.collateral AS thing
            JOIN published.guarantee_contract AS guarantee USING (guarantee_id)
            JOIN published.party AS party ON party.party_id = thing.owner_party_id
            WHERE guarantee.contract_id = %s ORDER BY thing.value_fen DESC, thing.collateral_id
            """,
            (contract_id,),
        ).fetchall()


def contract_balance_fen(connection: Database, contract_id: str) -> int:
    """What is outstanding over all notes of a contract."""
    row = connection.execute(
        "SELECT coalesce(sum(balance_fen), 0)::text FROM published.loan_note WHERE contract_id = %s",
        (contract_id,),
    ).fetchone()
    return int(row[0]) if row else 0


def related(
    connection: Database, contract_id: str, party_id: str, on_date: datetime.date | None
) -> tuple[list[Row], int]:
    """Who stands beside the borrower, and how many: parties of the contract first, then the relations on record on
    `on_date` (any that were not ended, without a date), the largest share first; at most RELATED_MAX."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            WITH beside AS (
                SELECT party_id, role AS relation, NULL::bigint AS share_ppm, true AS from_borrower, 0 AS place
                FROM published.contract_party WHERE contract_id = %(contract_id)s
                UNION ALL
                SELECT CASE WHEN from_party_id = %(party_id)s THEN to_party_id ELSE from_party_id END, kind, share_ppm,
                       from_party_id = %(party_id)s, 1
                FROM published.party_relation
                WHERE (from_party_id = %(party_id)s OR to_party_id = %(party_id)s)
                  AND CASE WHEN %(on_date)s::date IS NULL THEN valid_to IS NULL
                           ELSE valid_from <= %(on_date)s::date
                                AND (valid_to IS NULL OR valid_to > %(on_date)s::date) END
            )
            SELECT beside.party_id, party.name, party.kind AS party_kind, beside.relation, beside.share_ppm,
                   beside.from_borrower, count(*) OVER () AS related_count
            FROM beside JOIN published.party AS party USING (party_id)
            ORDER BY beside.place, beside.share_ppm DESC NULLS LAST, beside.relation, party.name, beside.party_id
            LIMIT %(most)s
            """,
            {"contract_id": contract_id, "party_id": party_id, "on_date": on_date, "most": RELATED_MAX},
        ).fetchall()
    return rows, (rows[0].pop("related_count") if rows else 0)
