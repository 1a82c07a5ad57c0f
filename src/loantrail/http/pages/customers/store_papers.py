"""Documents of a customer, and what was delivered about it from outside the bank."""

from __future__ import annotations

import datetime
from typing import Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row

# The party's loans: alone, or with others.
_MINE: Final = sql.SQL(
    """
    WITH mine AS (
        SELECT contract_id FROM published.loan_contract WHERE borrower_party_id = %(party_id)s
        UNION SELECT contract_id FROM published.contract_party WHERE party_id = %(party_id)s AND role = 'co_borrower'
    ), drawn AS (
        -- The loan that a contract leads to, where there is one alone.
        SELECT contract_id, CASE WHEN count(*) = 1 THEN min(loan_id) END AS loan_id FROM published.loan_note
        WHERE contract_id IN (SELECT contract_id FROM mine) GROUP BY contract_id
    ), papers AS (
        SELECT 'loan_contract' AS kind, contract.contract_id AS number, drawn.loan_id, NULL AS document_id,
               contract.purpose_text AS title, contract.signed_on AS "on", contract.amount_fen, contract.currency
        FROM published.loan_contract AS contract LEFT JOIN drawn USING (contract_id) WHERE contract.contract_id IN (SELECT contract_id FROM mine)
        UNION ALL
        SELECT 'guarantee_contract', given.guarantee_id, drawn.loan_id, NULL, coalesce(party.name, ''), given.valid_from,
               given.amount_fen, given.currency
        FROM published.guarantee_contract AS given
        LEFT JOIN drawn USING (contract_id)
        LEFT JOIN published.party AS party ON party.party_id = given.guarantor_party_id
        WHERE given.contract_id IN (SELECT contract_id FROM mine) OR given.guarantor_party_id = %(party_id)s
        UNION ALL
        SELECT 'payment_order', coalesce(ordered.document_no, ordered.order_id), ordered.loan_id, NULL,
               coalesce(ordered.payee_name, ''), ordered.valid_from, ordered.amount_fen, note.currency
        FROM published.entrusted_order AS ordered JOIN published.loan_note AS note ON note.loan_id = ordered.loan_id
        WHERE note.contract_id IN (SELECT contract_id FROM mine)
        UNION ALL
        SELECT 'dispute_sheet', sheet.number, sheet.loan_id, sheet.sheet_id, sheet.use,
               (sheet.made_at AT TIME ZONE 'Asia/Shanghai')::date, sheet.amount_fen, note.currency
        FROM published.dispute_sheet AS sheet JOIN published.loan_note AS note ON note.loan_id = sheet.loan_id
        WHERE note.contract_id IN (SELECT contract_id FROM mine)
        UNION ALL
        SELECT 'voucher', voucher.name, voucher.loan_id, voucher.voucher_id, voucher.paper,
               (voucher.uploaded_at AT TIME ZONE 'Asia/Shanghai')::date, NULL, NULL
        FROM published.voucher AS voucher JOIN published.loan_note AS note ON note.loan_id = voucher.loan_id
        WHERE note.contract_id IN (SELECT contract_id FROM mine) AND voucher.withdrawn_at IS NULL
    )
    """
)


def documents(
    connection: Database, party_id: str, kinds: list[str], offset: int, limit: int
) -> tuple[list[Row], dict[str, int]]:
    """A page of what is on paper about the party, the latest first, of these kinds (all, where none is named); and kind
    -> how many there are."""
    values = {"party_id": party_id, "kinds": kinds, "offset": offset, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            _MINE
            + sql.SQL(
                "SELECT * FROM papers WHERE cardinality(%(kinds)s::text[]) = 0 OR kind = ANY(%(kinds)s) "
                'ORDER BY "on" DESC NULLS LAST, kind, number, document_id LIMIT %(limit)s OFFSET %(offset)s'
            ),
            values,
        ).fetchall()
    counted = connection.execute(_MINE + sql.SQL("SELECT kind, count(*) FROM papers GROUP BY kind"), values)
    return rows, {str(kind): int(count) for kind, count in counted.fetchall()}


def invoice_months(connection: Database, party_id: str, since: datetime.date) -> list[Row]:
    """`month, sold_fen, sold_count, bought_fen, bought_count, void_count` of the months that have an invoice."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT month, sum(sold_fen)::text AS sold_fen, sum(sold_count)::int AS sold_count,
                   sum(bought_fen)::text AS bought_fen, sum(bought_count)::int AS bought_count,
                   sum(void_count)::int AS void_count
            FROM (
                SELECT date_trunc('month', issued_on)::date AS month, state = 'valid' AS valid,
                       CASE WHEN state = 'valid' THEN amount_fen ELSE 0 END AS sold_fen,
                       CASE WHEN state = 'valid' THEN 1 ELSE 0 END AS sold_count, 0 AS bought_fen, 0 AS bought_count,
                       CASE WHEN state = 'valid' THEN 0 ELSE 1 END AS void_count
                FROM published.invoice WHERE seller_party_id = %(party_id)s AND issued_on >= %(since)s
                UNION ALL
                SELECT date_trunc('month', issued_on)::date, state = 'valid', 0, 0,
                       CASE WHEN state = 'valid' THEN amount_fen ELSE 0 END, CASE WHEN state = 'valid' THEN 1 ELSE 0 END,
                       CASE WHEN state = 'valid' THEN 0 ELSE 1 END
                FROM published.invoice WHERE buyer_party_id = %(party_id)s AND issued_on >= %(since)s
            ) AS issued
            GROUP BY month ORDER BY month
            """,
            {"party_id": party_id, "since": since},
        ).fetchall()


def relation_count(connection: Database, party_id: str) -> int:
    """Relations of the party that a source told of, whether they hold still or not."""
    row = connection.execute(
        "SELECT count(*) FROM published.party_relation WHERE from_party_id = %(party_id)s OR to_party_id = %(party_id)s",
        {"party_id": party_id},
    ).fetchone()
    return int(row[0]) if row else 0


def delivery(connection: Database, record_type: str, key: str | None = None) -> Row | None:
    """By which file, when and for which business date records of a type came in last; with `key`, the content of that
    record. None where nothing tells."""
    with connection.cursor(row_factory=dict_row) as cursor:
        if key is not None:
            changed = cursor.execute(
                """
                SELECT version.source_file AS file, version.superseded_at AS delivered_at, run.business_date
                FROM published.record_version AS version
                LEFT JOIN published.nightly_run AS run ON run.run_id = version.run_id
                WHERE version.record_type = %s AND version.record_key = jsonb_build_array(%s::text)::text
                  AND version.was_current
                ORDER BY version.superseded_at DESC LIMIT 1
                """,
                (record_type, key),
            ).fetchone()
            if changed is not None:
                return changed
        return cursor.execute(
            """
            SELECT file, delivered_at, business_date FROM (
                SELECT file.file, run.data_loaded_at AS delivered_at, run.business_date
                FROM published.nightly_file AS file JOIN published.nightly_run AS run ON run.run_id = file.run_id
                WHERE file.record_type = %(record_type)s AND run.data_loaded_at IS NOT NULL
                UNION ALL
                SELECT name, finished_at, NULL FROM published.import_file
                WHERE state = 'finished' AND name ~ ('(^|[/\\\\])' || %(record_type)s || '[.]')
            ) AS taken ORDER BY delivered_at DESC NULLS LAST LIMIT 1
            """,
            {"record_type": record_type},
        ).fetchone()
