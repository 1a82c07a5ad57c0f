"""Sums over the loans in reach, grouped by one raw code; who may see them grouped how is decided elsewhere.

A loan counts while it is outstanding or overdue. All that is summed is additive, so that codes can be put together to larger
groups afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.ledgers.store_arrears import arrears
from loantrail.http.pages.loan_list.store import with_units_below
from loantrail.http.pages.portfolio.model import PortfolioBy, Within
from loantrail.http.pages.store import Database, Row
from loantrail.parties.industries import SECTION_OF

CODES: Final[Mapping[PortfolioBy, sql.SQL]] = {
    PortfolioBy.UNIT: sql.SQL("note.unit_id"),
    PortfolioBy.INDUSTRY: sql.SQL("left(coalesce(party.industry_code, ''), 2)"),
    PortfolioBy.PRODUCT: sql.SQL("contract.product"),
    PortfolioBy.REGION: sql.SQL("coalesce(party.region_code, '')"),
    PortfolioBy.CLASS: sql.SQL("note.five_class"),
    PortfolioBy.LEVEL: sql.SQL("coalesce(thread.level, 'none')"),
}
CLASS_THEN: Final = sql.SQL("coalesce(was.content ->> 'five_class', note.five_class)")

_NOW: Final = sql.SQL(
    """
    SELECT {code} AS code, count(*) AS loan_count, sum(note.balance_fen)::numeric AS balance_fen,
           count(behind.loan_id) AS overdue_count, coalesce(sum(behind.overdue_fen), 0) AS overdue_fen,
           count(*) FILTER (WHERE thread.level = 'red') AS red_count,
           count(*) FILTER (WHERE thread.level = 'orange') AS orange_count,
           count(*) FILTER (WHERE thread.level = 'yellow') AS yellow_count,
           count(*) FILTER (WHERE thread.level = 'blue') AS blue_count,
           count(*) FILTER (WHERE thread.first_at >= %(previous_end)s) AS new_warning_count,
           count(*) FILTER (WHERE summary.lead_count > 0) AS suspected_count,
           coalesce(sum(summary.suspected_fen), 0) AS suspected_fen,
           count(*) FILTER (WHERE judged.proven_fen > 0) AS proven_count,
           coalesce(sum(judged.proven_fen), 0) AS proven_fen,
           count(*) FILTER (WHERE judged.found) AS found_count, count(summary.loan_id) AS traced_count,
           count(idle.loan_id) AS idle_count, coalesce(sum(idle.amount_fen), 0) AS idle_fen,
           coalesce(sum(summary.disbursed_fen), 0) AS disbursed_fen, coalesce(sum(summary.seen_fen), 0) AS seen_fen,
           count(*) FILTER (WHERE made.state IN ('open', 'submitted') AND made.due_on >= %(today)s) AS check_due_count,
           count(*) FILTER (WHERE made.state IN ('open', 'submitted') AND made.due_on < %(today)s) AS check_overdue_count
    FROM published.loan_note AS note
    JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
    JOIN published.party AS party ON party.party_id = contract.borrower_party_id
    LEFT JOIN (
        SELECT loan_id, level, first_at FROM published.warning_thread WHERE state IN ('open', 'snoozed')
    ) AS thread ON thread.loan_id = note.loan_id
    LEFT JOIN (
        SELECT loan_id, proven_fen, finding_approved_by <> '' AS found FROM published.warning_thread
        WHERE state <> 'superseded' AND disposition IS DISTINCT FROM 'false_alarm'
    ) AS judged ON judged.loan_id = note.loan_id
    LEFT JOIN published.trace_loan_summary AS summary ON summary.run_id = %(run_id)s AND summary.loan_id = note.loan_id
    LEFT JOIN (
        SELECT loan_id, max(amount_fen) AS amount_fen FROM published.trace_lead
        WHERE run_id = %(run_id)s AND pattern = 'IDLE_FUNDS' GROUP BY loan_id
    ) AS idle ON idle.loan_id = note.loan_id
    LEFT JOIN ({arrears}) AS behind ON behind.loan_id = note.loan_id
    LEFT JOIN published.loan_check AS made ON made.loan_id = note.loan_id AND made.kind = 'first'
    WHERE note.currency = %(currency)s AND note.state IN ('outstanding', 'overdue') AND {within}
    GROUP BY 1
    """
)

# By bookings: what is owed today, with what was repaid since and without what was paid out since. When a loan that was
# written off or sold since left the books is not booked here, so it is not counted.
_BOOKED: Final = sql.SQL(
    """
    SELECT {code} AS code, count(*) AS loan_count,
           sum(note.balance_fen + coalesce(repaid.principal_fen, 0) - coalesce(paid.amount_fen, 0))::numeric AS balance_fen,
           count(behind.loan_id) AS overdue_count, coalesce(sum(behind.overdue_fen), 0) AS overdue_fen
    FROM published.loan_note AS note
    JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
    JOIN published.party AS party ON party.party_id = contract.borrower_party_id
    LEFT JOIN (
        SELECT loan_id, sum(principal_fen) AS principal_fen FROM published.repayment
        WHERE paid_at >= %(previous_end)s AND paid_at < %(as_of_end)s GROUP BY loan_id
    ) AS repaid ON repaid.loan_id = note.loan_id
    LEFT JOIN (
        SELECT loan_id, sum(amount_fen) AS amount_fen FROM published.disbursement
        WHERE booked_at >= %(previous_end)s AND booked_at < %(as_of_end)s GROUP BY loan_id
    ) AS paid ON paid.loan_id = note.loan_id
    LEFT JOIN ({arrears}) AS behind ON behind.loan_id = note.loan_id
    WHERE note.currency = %(currency)s AND note.issued_on <= %(previous)s
      AND (note.state IN ('outstanding', 'overdue') OR note.state = 'settled' AND repaid.principal_fen > 0) AND {within}
    GROUP BY 1
    """
)

# As the books stood when the delivery of that day had been taken in: the oldest content that was replaced later, or, where
# none was, what stands today.
WAS: Final = sql.SQL(
    """
    SELECT DISTINCT ON (record_key) record_key AS loan_id, content FROM published.record_version
    WHERE record_type = 'loan_note' AND was_current AND superseded_at > %(loaded_at)s
    ORDER BY record_key, superseded_at, version_id
    """
)
_RECORDED: Final = sql.SQL(
    """
    SELECT {code} AS code, count(*) AS loan_count,
           sum(coalesce((was.content ->> 'balance_fen')::bigint, note.balance_fen))::numeric AS balance_fen,
           count(behind.loan_id) AS overdue_count, coalesce(sum(behind.overdue_fen), 0) AS overdue_fen
    FROM published.loan_note AS note
    JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
    JOIN published.party AS party ON party.party_id = contract.borrower_party_id
    LEFT JOIN ({was}) AS was ON was.loan_id = note.loan_id
    LEFT JOIN ({arrears}) AS behind ON behind.loan_id = note.loan_id
    WHERE note.currency = %(currency)s AND (was.loan_id IS NULL OR was.content IS NOT NULL)
      AND coalesce(was.content ->> 'state', note.state) IN ('outstanding', 'overdue') AND {within}
    GROUP BY 1
    """
)


def now(connection: Database, by: PortfolioBy, within: Sequence[Within], parameters: Row) -> list[Row]:
    """Sums of the loans that count today, by raw code."""
    conditions, values = conditions_of(connection, within)
    query = _NOW.format(code=CODES[by], arrears=arrears(), within=conditions)
    return read(connection, query, parameters | values)


def then(
    connection: Database, by: PortfolioBy, within: Sequence[Within], parameters: Row, *, recorded: bool
) -> list[Row]:
    """Number, balance and arrears of the loans that counted on the earlier day, by raw code; by what was recorded then, or by
    what was booked since. Neither can be had by the level of warnings; by class only where it was recorded."""
    code = CLASS_THEN if recorded and by is PortfolioBy.CLASS else CODES[by]
    conditions, values = conditions_of(connection, within, then=recorded)
    behind = arrears(as_of="previous")
    query = (
        _RECORDED.format(code=code, was=WAS, arrears=behind, within=conditions)
        if recorded
        else _BOOKED.format(code=code, arrears=behind, within=conditions)
    )
    return read(connection, query, parameters | values)


def currencies(connection: Database) -> list[Row]:
    """`currency, loan_count` of the loans that count today, the one with most first."""
    return read(
        connection,
        sql.SQL(
            "SELECT currency, count(*) AS loan_count FROM published.loan_note "
            "WHERE state IN ('outstanding', 'overdue') GROUP BY 1 ORDER BY 2 DESC, 1"
        ),
        {},
    )


def has_checks(connection: Database) -> bool:
    """Whether checks of loans in reach were ever made."""
    row = connection.execute("SELECT EXISTS (SELECT 1 FROM published.loan_check)").fetchone()
    return row is not None and bool(row[0])


def read(connection: Database, query: sql.SQL | sql.Composed, parameters: Row) -> list[Row]:
    """The rows of a query, each by its names."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters).fetchall()


def conditions_of(
    connection: Database, within: Sequence[Within], *, then: bool = False
) -> tuple[sql.Composable, Row]:
    """The condition that the groups gone down into make, and its parameters; `then`: by the classes of the earlier day."""
    conditions: list[sql.Composable] = [sql.SQL("true")]
    values: dict[str, Any] = {}
    for place, one in enumerate(within):
        name = sql.Placeholder(f"within_{place}")
        code: sql.Composable = CLASS_THEN if then and one.by is PortfolioBy.CLASS else CODES[one.by]
        conditions.append(sql.SQL("{} = ANY({})").format(code, name))
        values[f"within_{place}"] = _codes(connection, one)
        if one.by is PortfolioBy.INDUSTRY and one.is_none:
            conditions[-1] = sql.SQL("NOT ({} = ANY({}))").format(code, name)
            values[f"within_{place}"] = list(SECTION_OF)
        elif one.by is PortfolioBy.REGION:
            conditions[-1] = sql.SQL("{} LIKE {}").format(code, name)
            values[f"within_{place}"] = "" if one.is_none else f"{one.value}%"
    return sql.SQL(" AND ").join(conditions), values


def _codes(connection: Database, one: Within) -> list[str]:
    """The raw codes of one condition."""
    if one.by is PortfolioBy.UNIT and not one.alone:
        return with_units_below(connection, [one.value])
    return list(one.codes)
