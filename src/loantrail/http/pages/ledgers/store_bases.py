"""The rows of each ledger, one query each: its columns are called as the fields of the description.

A query around it names only the fields that it needs; the outer joins go over unique keys and what is looked up stands in
the list of columns, so the database leaves out what is not asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from psycopg import sql

from loantrail.http.pages.ledgers.model import LedgerName
from loantrail.http.pages.ledgers.store_arrears import EVERY, OF_KEYS, arrears
from loantrail.http.pages.warnings.store import STATE_OF


@dataclass(frozen=True, slots=True)
class Source:
    """`query` makes the rows. `texts` and `parties`: the fields that a word of a search is looked for in, and those that hold
    ids of parties; `parties_of`: one that holds several. `of_loans`: the key of a row is a loan's number."""

    query: sql.SQL
    texts: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    parties_of: str = ""
    of_loans: bool = False

    def rows(self, *, keys: bool = False) -> sql.Composed:
        """The query; with `keys` for the rows alone whose keys are in that parameter, so that arrears are looked at for no
        other loan. What is asked of the query then still has to say so."""
        only = OF_KEYS if keys and self.of_loans else EVERY
        return self.query.format(**_PIECES, arrears=arrears(only))


def _expiry(column: str) -> sql.Composed:
    return sql.SQL(
        """
        CASE WHEN {on} IS NULL OR %(as_of)s::date IS NULL THEN 'unknown' WHEN {on} < %(as_of)s::date THEN 'expired'
             WHEN {on} - %(as_of)s::date <= %(soon_days)s THEN 'soon' ELSE 'valid' END
        """
    ).format(on=sql.Identifier("thing", column))


def _unit(table: str) -> sql.Composed:
    return sql.SQL("{id} AS unit, coalesce(unit.name, {id}) AS unit_name").format(
        id=sql.Identifier(table, "unit_id")
    )


_PIECES: Final[dict[str, sql.Composable]] = {
    "managers": sql.SQL(
        """
        ARRAY(
            SELECT coalesce(staff.name, manager.staff_id) FROM published.loan_manager AS manager
            LEFT JOIN published.staff AS staff ON staff.staff_id = manager.staff_id
            WHERE manager.loan_id = note.loan_id AND manager.valid_to IS NULL ORDER BY manager.role DESC, manager.staff_id
        ) AS managers,
        ARRAY(
            SELECT manager.staff_id FROM published.loan_manager AS manager
            WHERE manager.loan_id = note.loan_id AND manager.valid_to IS NULL
        ) AS manager_ids,
        (
            SELECT min(coalesce(staff.name_sort, staff.name)) FROM published.loan_manager AS manager
            JOIN published.staff AS staff ON staff.staff_id = manager.staff_id
            WHERE manager.loan_id = note.loan_id AND manager.role = 'lead' AND manager.valid_to IS NULL
        ) AS managers_sort
        """
    ),
    "borrower": sql.SQL(
        """
        party.party_id AS borrower_id, party.name AS borrower, coalesce(party.name_sort, party.name) AS borrower_sort,
        party.kind AS borrower_kind
        """
    ),
    "loan_unit": _unit("note"),
    "thing_unit": _unit("thing"),
    "warning_state": STATE_OF,
    "registration": _expiry("registration_expires_on"),
    "insurance": _expiry("insurance_expires_on"),
}

_LOANS: Final = sql.SQL(
    """
    SELECT note.loan_id AS key, note.loan_id, note.contract_id, note.currency, {borrower}, left(party.industry_code, 2) AS industry, party.industry_code AS section, party.region_code AS region,
           contract.borrower_party_id AS party,
           contract.product, contract.purpose_text AS purpose, contract.payment_mode, note.grant_kind,
           coalesce(nullif(ARRAY(
               SELECT DISTINCT given.kind FROM published.guarantee_contract AS given
               WHERE given.contract_id = note.contract_id
                 AND (given.valid_to IS NULL OR %(as_of)s::date IS NULL OR given.valid_to >= %(as_of)s::date)
               ORDER BY given.kind
           ), '{{}}'), '{{none}}') AS guarantees, {loan_unit}, {managers}, note.issued_on, note.matures_on,
           note.rate_ppm, note.amount_fen, note.balance_fen, note.five_class, note.state,
           note.state IN ('outstanding', 'overdue') AS live,
           CASE WHEN note.state <> 'settled' AND %(as_of)s::date IS NOT NULL
               THEN coalesce(behind.overdue_fen, 0) END AS overdue_fen,
           CASE WHEN note.state <> 'settled' THEN behind.overdue_since END AS overdue_since,
           CASE WHEN note.state <> 'settled' AND %(as_of)s::date IS NOT NULL
               THEN coalesce(%(as_of)s::date - behind.overdue_since, 0) END AS days_past_due,
           CASE WHEN note.state <> 'settled' AND %(as_of)s::date IS NOT NULL
               THEN coalesce(behind.overdue_count, 0) END AS overdue_count,
           CASE WHEN thread.state IN ('open', 'snoozed') THEN thread.level END AS level,
           summary.seen_ppm, summary.suspected_fen, note.disbursement_account, note.repayment_account
    FROM published.loan_note AS note
    JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
    JOIN published.party AS party ON party.party_id = contract.borrower_party_id
    LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = note.unit_id
    LEFT JOIN published.warning_thread AS thread ON thread.loan_id = note.loan_id
    LEFT JOIN published.trace_loan_summary AS summary ON summary.run_id = %(run_id)s AND summary.loan_id = note.loan_id
    LEFT JOIN ({arrears}) AS behind ON behind.loan_id = note.loan_id
    """
)

_WARNINGS: Final = sql.SQL(
    """
    SELECT thread.thread_id AS key, thread.thread_id, thread.loan_id, note.contract_id, note.currency, {borrower},
           contract.product, {loan_unit}, {managers}, thread.level, {warning_state} AS state, thread.rule_codes AS rules,
           thread.amount_fen, thread.proven_fen,
           note.balance_fen, (thread.first_at AT TIME ZONE 'Asia/Shanghai')::date AS first_on, thread.opened_at,
           CASE WHEN thread.state IN ('open', 'snoozed') THEN thread.due_at END AS due_at,
           thread.state = 'open' AND thread.due_at < %(now)s AS overdue, thread.escalated,
           nullif(thread.assignee, '') AS assignee, thread.disposition, nullif(thread.disposed_by, '') AS disposed_by,
           nullif(thread.disposition_reason, '') AS disposition_reason, thread.finding_approved_by <> '' AS found,
           CASE WHEN thread.state = 'closed' THEN (
               SELECT max(event.at) FROM published.warning_event AS event
               WHERE event.thread_id = thread.thread_id AND event.kind = 'closed'
           ) END AS closed_at
    FROM published.warning_thread AS thread
    JOIN published.loan_note AS note ON note.loan_id = thread.loan_id
    JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
    JOIN published.party AS party ON party.party_id = contract.borrower_party_id
    LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = note.unit_id
    """
)

_EXPIRY: Final = """
    CASE WHEN {on} IS NULL OR %(as_of)s::date IS NULL THEN 'unknown' WHEN {on} < %(as_of)s::date THEN 'expired'
         WHEN {on} - %(as_of)s::date <= %(soon_days)s THEN 'soon' ELSE 'valid' END
"""

_COLLATERAL: Final = sql.SQL(
    """
    SELECT thing.collateral_id AS key, thing.collateral_id, thing.kind, thing.currency, thing.owner_party_id AS owner_id,
           owner.name AS owner, coalesce(owner.name_sort, owner.name) AS owner_sort, given.kind AS guarantee_kind,
           thing.guarantee_id, given.contract_id, {borrower}, contract.product, {thing_unit}, thing.value_fen, thing.valued_on, %(as_of)s::date - thing.valued_on > %(valuation_days)s AS valued_long_ago,
           thing.ranking, thing.loan_to_value_ppm AS agreed_ppm, owed.balance_fen AS contract_balance_fen,
           CASE WHEN pledged.value_fen > 0 AND thing.currency = contract.currency
               THEN floor(owed.balance_fen * 1000000 / pledged.value_fen) END AS present_ppm,
           thing.registration_no, thing.registration_expires_on, {registration} AS registration, thing.insurance_expires_on, {insurance} AS insurance
    FROM published.collateral AS thing
    JOIN published.guarantee_contract AS given ON given.guarantee_id = thing.guarantee_id
    JOIN published.loan_contract AS contract ON contract.contract_id = given.contract_id
    JOIN published.party AS party ON party.party_id = contract.borrower_party_id
    LEFT JOIN published.party AS owner ON owner.party_id = thing.owner_party_id
    LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = thing.unit_id
    LEFT JOIN (
        SELECT contract_id, currency, sum(balance_fen) AS balance_fen FROM published.loan_note GROUP BY contract_id, currency
    ) AS owed ON owed.contract_id = contract.contract_id AND owed.currency = contract.currency
    LEFT JOIN (
        SELECT secured.contract_id, part.currency, sum(part.value_fen) AS value_fen FROM published.collateral AS part
        JOIN published.guarantee_contract AS secured ON secured.guarantee_id = part.guarantee_id GROUP BY 1, 2
    ) AS pledged ON pledged.contract_id = contract.contract_id AND pledged.currency = contract.currency
    """
)

# Per borrower first, for limits hold for each of a group's members too; then per group. A designated loan (委托贷款) is the
# money and the risk of its principal, not of the bank. Amounts in other currencies stand apart and are held against no limit.
_GROUPS: Final = sql.SQL(
    """
    SELECT whole.group_id || '/' || whole.currency AS key, whole.currency,
           coalesce(head.name, whole.names[1]) AS name,
           coalesce(head.name_sort, head.name, whole.names[1]) AS name_sort,
           CASE WHEN whole.borrower_count > 1 THEN 'group' ELSE 'single' END AS kind, whole.names[1:3] AS main_borrowers,
           whole.party_ids, whole.party_ids AS party, whole.member_count, whole.borrower_count, whole.loan_count, whole.balance_fen,
           whole.undrawn_fen, whole.exposure_fen,
           CASE WHEN whole.currency = 'CNY'
               THEN floor(whole.balance_fen * 1000000 / %(net_capital_fen)s::numeric) END AS capital_ppm,
           CASE WHEN whole.currency = 'CNY'
               THEN floor(whole.exposure_fen * 1000000 / %(net_tier1_fen)s::numeric) END AS tier1_ppm,
           CASE WHEN whole.currency = 'CNY' THEN floor(greatest(whole.most_used_ppm, CASE WHEN whole.borrower_count > 1
               THEN whole.exposure_fen * 1000000000000 / (%(net_tier1_fen)s::numeric * %(group_limit_ppm)s) END))
           END AS limit_used_ppm,
           CASE WHEN whole.currency = 'CNY' THEN whole.some_exceeds OR whole.borrower_count > 1
               AND whole.exposure_fen * 1000000 > %(net_tier1_fen)s::numeric * %(group_limit_ppm)s END AS exceeded,
           CASE WHEN whole.currency = 'CNY'
               THEN whole.exposure_fen * 1000000 >= %(net_tier1_fen)s::numeric * %(large_ppm)s END AS large,
           whole.overdue_fen, (%(classes)s::text[])[whole.class_rank] AS worst_class, (%(levels)s::text[])[whole.level_rank] AS level,
           whole.unit, coalesce(unit.name, whole.unit) AS unit_name
    FROM (
        SELECT coalesce(member.group_id, one.party_id) AS group_id, one.currency, max(member.head_id) AS head_id,
               coalesce(max(member.member_count), 1) AS member_count,
               count(*) AS borrower_count, array_agg(party.name ORDER BY one.exposure_fen DESC, one.party_id) AS names,
               array_agg(one.party_id ORDER BY one.exposure_fen DESC, one.party_id) AS party_ids,
               (array_agg(one.unit ORDER BY one.exposure_fen DESC, one.party_id))[1] AS unit,
               sum(one.loan_count)::bigint AS loan_count, sum(one.balance_fen) AS balance_fen,
               sum(one.undrawn_fen) AS undrawn_fen, sum(one.exposure_fen) AS exposure_fen,
               sum(one.overdue_fen) AS overdue_fen, max(one.class_rank) AS class_rank, max(one.level_rank) AS level_rank,
               max(greatest(one.balance_fen * 1000000000000 / (%(net_capital_fen)s::numeric * %(loan_limit_ppm)s),
                            one.exposure_fen * 1000000000000 / (%(net_tier1_fen)s::numeric * %(single_limit_ppm)s))
               ) AS most_used_ppm,
               bool_or(one.balance_fen * 1000000 > %(net_capital_fen)s::numeric * %(loan_limit_ppm)s
                       OR one.exposure_fen * 1000000 > %(net_tier1_fen)s::numeric * %(single_limit_ppm)s) AS some_exceeds
        FROM (
            SELECT fact.party_id, fact.currency, sum(fact.loan_count) AS loan_count, sum(fact.balance_fen) AS balance_fen,
                   sum(fact.undrawn_fen) AS undrawn_fen, sum(fact.balance_fen) + sum(fact.undrawn_fen) AS exposure_fen,
                   sum(fact.overdue_fen) AS overdue_fen, max(fact.class_rank) AS class_rank,
                   max(fact.level_rank) AS level_rank,
                   (array_agg(fact.unit_id ORDER BY fact.balance_fen DESC, fact.unit_id))[1] AS unit
            FROM (
                SELECT contract.borrower_party_id AS party_id, note.currency, note.unit_id, 1 AS loan_count,
                       note.balance_fen::numeric AS balance_fen, 0::numeric AS undrawn_fen,
                       coalesce(behind.overdue_fen, 0) AS overdue_fen,
                       array_position(%(classes)s::text[], note.five_class) AS class_rank,
                       CASE WHEN thread.state IN ('open', 'snoozed')
                           THEN array_position(%(levels)s::text[], thread.level) END AS level_rank
                FROM published.loan_note AS note
                JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
                LEFT JOIN published.warning_thread AS thread ON thread.loan_id = note.loan_id
                LEFT JOIN ({arrears}) AS behind ON behind.loan_id = note.loan_id
                WHERE note.state IN ('outstanding', 'overdue') AND contract.product <> 'designated_loan'
                UNION ALL
                SELECT contract.borrower_party_id, contract.currency, contract.unit_id, 0, 0,
                       greatest(contract.amount_fen - coalesce(drawn.amount_fen, 0), 0), 0, NULL, NULL
                FROM published.loan_contract AS contract
                LEFT JOIN (
                    SELECT contract_id, currency, sum(amount_fen) AS amount_fen FROM published.loan_note GROUP BY 1, 2
                ) AS drawn ON drawn.contract_id = contract.contract_id AND drawn.currency = contract.currency
                WHERE contract.valid_to >= %(as_of)s::date AND contract.product <> 'designated_loan'
            ) AS fact
            GROUP BY fact.party_id, fact.currency
            HAVING sum(fact.balance_fen) + sum(fact.undrawn_fen) > 0
        ) AS one
        JOIN published.party AS party ON party.party_id = one.party_id
        LEFT JOIN unnest(%(members)s::text[], %(member_groups)s::text[], %(member_counts)s::bigint[], %(member_heads)s::text[])
            AS member (party_id, group_id, member_count, head_id) ON member.party_id = one.party_id
        GROUP BY 1, 2
    ) AS whole
    LEFT JOIN published.party AS head ON head.party_id = whole.head_id
    LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = whole.unit
    """
)


_CHECKS: Final = sql.SQL(
    """
    SELECT made.check_id AS key, made.check_id, made.loan_id, note.contract_id, note.currency, {borrower},
           contract.product, {loan_unit}, {managers}, made.kind, made.paid_out_on, made.opened_on, made.due_on, made.state,
           CASE WHEN made.due_on IS NULL THEN NULL
                WHEN made.state = 'closed' THEN CASE WHEN made.on_time THEN 'on_time' ELSE 'late' END
                WHEN made.due_on < %(today)s::date THEN 'overdue' ELSE 'not_due' END AS timely,
           nullif(made.assignee, '') AS assignee, made.conclusion, made.not_genuine_fen, made.more_papers_fen,
           nullif(made.submitted_by, '') AS submitted_by, made.submitted_on, nullif(made.reviewed_by, '') AS reviewed_by,
           made.closed_on, made.returned_count, made.figures_changed, note.balance_fen
    FROM published.loan_check AS made
    JOIN published.loan_note AS note ON note.loan_id = made.loan_id
    JOIN published.loan_contract AS contract ON contract.contract_id = note.contract_id
    JOIN published.party AS party ON party.party_id = contract.borrower_party_id
    LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = note.unit_id
    """
)


SOURCES: Final = {
    LedgerName.LOANS: Source(_LOANS, ("loan_id", "contract_id"), ("borrower_id",), of_loans=True),
    LedgerName.WARNINGS: Source(_WARNINGS, ("loan_id", "contract_id"), ("borrower_id",)),
    LedgerName.CHECKS: Source(_CHECKS, ("loan_id", "contract_id"), ("borrower_id",)),
    LedgerName.COLLATERAL: Source(
        _COLLATERAL,
        ("collateral_id", "contract_id", "guarantee_id", "registration_no"),
        ("borrower_id", "owner_id"),
    ),
    LedgerName.GROUPS: Source(_GROUPS, parties_of="party_ids"),
}
