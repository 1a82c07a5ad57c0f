"""What the history of a loan reads, through the published views."""

from __future__ import annotations

from typing import Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row

_KEY: Final = "jsonb_build_array(%(loan)s::text)::text"
"""The key of a loan note in record_version."""

_MONEY: Final = """
    SELECT booked_at AS at, 'money' AS kind, 'disbursed' AS what, '' AS by, amount_fen, '' AS link,
           jsonb_build_object('account', account, 'payment_mode', payment_mode) AS data, 0 AS place
    FROM published.disbursement WHERE loan_id = %(loan)s
    UNION ALL
    SELECT paid_at, 'money', 'repaid', '', principal_fen + interest_fen + penalty_fen, repayment_id,
           jsonb_build_object('principal_fen', principal_fen::text, 'interest_fen', interest_fen::text,
                              'penalty_fen', penalty_fen::text), 0
    FROM published.repayment WHERE loan_id = %(loan)s
"""
_WARNINGS: Final = """
    SELECT event.at, 'warning', event.kind, event.by, (event.data ->> 'amount_fen')::bigint, event.thread_id,
           event.data - 'hit_id' - 'text', event.version
    FROM published.warning_event AS event JOIN published.warning_thread AS thread USING (thread_id)
    WHERE thread.loan_id = %(loan)s
"""
_CHECKS: Final = """
    SELECT event.at, 'check', event.kind, event.by, (event.data ->> 'amount_fen')::bigint, event.check_id,
           event.data - 'figures' - 'text' - 'composed_chinese' - 'composed_english' - 'lacks' - 'sha256',
           event.version
    FROM published.check_event AS event
    WHERE event.loan_id = %(loan)s AND event.kind <> 'voucher_linked'
      -- What was found in order is told by the submission.
      AND NOT (event.kind = 'judged' AND event.data ->> 'judgement' = 'genuine')
"""
_CORRECTIONS: Final = """
    SELECT made.at, 'correction', made.what, made.by, NULL::bigint, coalesce(said.transfer_id::text, ''),
           jsonb_build_object('destination_class', said.destination_class, 'account', said.account,
                              'reason', made.reason), 0
    FROM published.destination_correction AS said
    CROSS JOIN LATERAL (
        VALUES (said.made_at, 'class_corrected', said.made_by, said.reason),
               (said.withdrawn_at, 'correction_withdrawn', said.withdrawn_by, said.withdrawn_reason)
    ) AS made (at, what, by, reason)
    WHERE made.at IS NOT NULL AND EXISTS (
        SELECT 1 FROM published.trace_hop AS hop
        WHERE hop.run_id = %(run)s AND hop.loan_id = %(loan)s
          AND (hop.to_account = said.account OR hop.transfer_id = replace(said.transfer_id::text, '-', ''))
    )
    UNION ALL
    SELECT pair.created_at, 'correction', 'pairing_mended', coalesce(pair.changed_by, ''), pair.amount_fen,
           pair.transfer_id::text, jsonb_build_object('reason', pair.reason), pair.version
    FROM published.pairing AS pair
    WHERE pair.basis = 'manual' AND EXISTS (
        SELECT 1 FROM published.trace_hop AS hop
        WHERE hop.run_id = %(run)s AND hop.loan_id = %(loan)s
          AND hop.transfer_id = replace(pair.transfer_id::text, '-', '')
    )
    UNION ALL
    SELECT made.at, 'correction', made.what, made.by, NULL, '',
           jsonb_build_object('account', merge.from_account, 'into_account', merge.into_account, 'reason', made.reason), 0
    FROM published.account_merge AS merge
    CROSS JOIN LATERAL (
        VALUES (merge.made_at, 'accounts_merged', merge.made_by, merge.reason),
               (merge.withdrawn_at, 'merge_withdrawn', merge.withdrawn_by, merge.withdrawn_reason)
    ) AS made (at, what, by, reason)
    WHERE made.at IS NOT NULL AND EXISTS (
        SELECT 1 FROM published.trace_hop AS hop
        WHERE hop.run_id = %(run)s AND hop.loan_id = %(loan)s
          AND hop.to_account IN (merge.from_account, merge.into_account)
    )
"""
_CLASSES: Final = """
    SELECT changed.superseded_at, 'classification', 'class_changed', '', NULL::bigint, '',
           jsonb_build_object('before', changed.content ->> 'five_class', 'to', changed.next_class), 0
    FROM (
        SELECT told.superseded_at, told.content, coalesce(
                   lead(told.content ->> 'five_class') OVER (ORDER BY told.superseded_at, told.version_id),
                   (SELECT five_class FROM published.loan_note WHERE loan_id = %(loan)s)
               ) AS next_class
        FROM published.record_version AS told
        WHERE told.record_type = 'loan_note' AND told.was_current AND told.content IS NOT NULL
          AND told.record_key = jsonb_build_array(%(loan)s::text)::text
    ) AS changed
    WHERE changed.content ->> 'five_class' <> changed.next_class
"""
_DOCUMENTS: Final = """
    SELECT made_at, 'document', 'sheet_made', made_by, amount_fen, sheet_id,
           jsonb_build_object('number', number, 'use', use), 0
    FROM published.dispute_sheet WHERE loan_id = %(loan)s
"""
_PARTS: Final = (_MONEY, _WARNINGS, _CHECKS, _CORRECTIONS, _CLASSES, _DOCUMENTS)
WARNINGS: Final = 1
"""Where the warnings stand among the parts: not everybody sees them."""


def _all(warnings: bool) -> sql.Composed:
    parts = [part for place, part in enumerate(_PARTS) if warnings or place != WARNINGS]
    return sql.SQL(" UNION ALL ").join(sql.SQL(part) for part in parts)  # pyright: ignore[reportArgumentType]  constants of this file


def entries(
    connection: Database, run_id: str, loan_id: str, kind: str, warnings: bool, offset: int, limit: int
) -> tuple[list[Row], dict[str, int]]:
    """What happened to a loan, the newest first, of one kind or (empty) of all; and how many there are of each kind."""
    values: Row = {"run": run_id, "loan": loan_id, "kind": kind, "offset": offset, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            sql.SQL(
                "SELECT * FROM ({}) AS told WHERE %(kind)s = '' OR kind = %(kind)s "
                "ORDER BY at DESC, place DESC, kind, what, link LIMIT %(limit)s OFFSET %(offset)s"
            ).format(_all(warnings)),
            values,
        ).fetchall()
    counts = connection.execute(
        sql.SQL("SELECT kind, count(*) FROM ({}) AS told GROUP BY kind").format(_all(warnings)), values
    ).fetchall()
    return rows, dict(counts)


def classes(connection: Database, loan_id: str) -> tuple[list[Row], list[Row]]:
    """What the books said of a loan's class before, the oldest first (`five_class, state, told_from, told_until`), and what the
    bank told afterwards by its own dates (`five_class, valid_from, valid_until`)."""
    values = {"loan": loan_id}
    with connection.cursor(row_factory=dict_row) as cursor:
        told = cursor.execute(
            "SELECT content ->> 'five_class' AS five_class, content ->> 'state' AS state, recorded_at AS told_from, "  # noqa: S608  constants of this file
            "superseded_at AS told_until FROM published.record_version WHERE record_type = 'loan_note' AND was_current "
            f"AND content IS NOT NULL AND record_key = {_KEY} ORDER BY superseded_at, version_id",
            values,
        ).fetchall()
        chain = cursor.execute(
            "SELECT content ->> 'five_class' AS five_class, valid_from, valid_to AS valid_until "  # noqa: S608  constants of this file
            "FROM published.record_version WHERE record_type = 'loan_note' AND NOT was_current AND content IS NOT NULL "
            f"AND record_key = {_KEY} ORDER BY valid_from NULLS FIRST, version_id",
            values,
        ).fetchall()
    return told, chain


def papers(connection: Database, loan_id: str) -> list[Row]:
    """What the books know to be on paper about a loan, as `model.LoanPaper`: its contract, the guarantees given for it, the orders
    of its payments; the latest first within each."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            WITH own AS (SELECT contract_id, currency FROM published.loan_note WHERE loan_id = %(loan)s)
            SELECT kind, number, title, "on", amount_fen, currency FROM (
                SELECT 1 AS place, 'loan_contract' AS kind, contract.contract_id AS number, contract.purpose_text AS title,
                       contract.signed_on AS "on", contract.amount_fen, contract.currency
                FROM published.loan_contract AS contract JOIN own USING (contract_id)
                UNION ALL
                SELECT 2, 'guarantee_contract', given.guarantee_id, coalesce(party.name, ''), given.valid_from,
                       given.amount_fen, given.currency
                FROM published.guarantee_contract AS given JOIN own USING (contract_id)
                LEFT JOIN published.party AS party ON party.party_id = given.guarantor_party_id
                UNION ALL
                SELECT 3, 'payment_order', coalesce(ordered.document_no, ordered.order_id), coalesce(ordered.payee_name, ''),
                       ordered.valid_from, ordered.amount_fen, own.currency
                FROM published.entrusted_order AS ordered CROSS JOIN own WHERE ordered.loan_id = %(loan)s
            ) AS found ORDER BY place, "on" DESC NULLS LAST, number
            """,
            {"loan": loan_id},
        ).fetchall()
