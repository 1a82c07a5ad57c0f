"""Everything that a report of one loan says, read once: the figures are those of the loan's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from loantrail.http.pages import store as pages
from loantrail.http.pages.guarantees import store
from loantrail.http.pages.model import (
    Arrival,
    Lead,
    LoanFacts,
    Run,
    StatementLine,
    Summary,
    UnexplainedPayment,
    Verdict,
)
from loantrail.http.pages.names import named_arrivals, named_payments
from loantrail.http.pages.paths import LoanTrail
from loantrail.http.pages.standing import loan_verdict
from loantrail.ledger.pairs.store import type_of_connection

UNEXPLAINED_SHOWN: Final = 5
ARRIVALS_MAX: Final = 2_000
"""Arrivals of one line that are named; a report says how many more there are."""


@dataclass(frozen=True, slots=True)
class LineEvidence:
    """What a line rests on: the largest arrivals, and count and sum of those left out."""

    line: StatementLine
    arrivals: list[Arrival]
    left_count: int
    left_fen: int


@dataclass(frozen=True, slots=True)
class LoanReport:
    facts: LoanFacts
    run: Run | None
    summary: Summary | None
    statement: list[StatementLine]
    leads: list[Lead]
    evidence: list[LineEvidence]
    verdict: Verdict
    unexplained: list[UnexplainedPayment]
    guarantees: list[store.Row]
    collateral: list[store.Row]
    """Each with the `guarantee_id` that it stands behind."""


def read_loan_report(
    connection: type_of_connection, loan_id: str, arrivals_max: int = ARRIVALS_MAX
) -> LoanReport | None:
    """The report of a loan out of one state of the database; None when there is no such loan. `arrivals_max` arrivals
    of each line are named."""
    facts = pages.loan_facts(connection, loan_id)
    if facts is None:
        return None
    run = pages.current_run(connection)
    run_id = str(run["run_id"]) if run else ""
    summary = pages.loan_summary(connection, run_id, loan_id)
    rows = pages.statement_lines(connection, run_id, loan_id)
    lines = [StatementLine.model_validate(line) for line in rows]
    trail = LoanTrail(pages.loan_hops(connection, run_id, loan_id))
    evidence: list[LineEvidence] = []
    for line in lines:
        found = trail.arrivals(line.use, pages.held_uses(connection, run_id, loan_id, line.use))
        shown, left = found[:arrivals_max], found[arrivals_max:]
        evidence.append(
            LineEvidence(
                line,
                named_arrivals(connection, run_id, trail, shown),
                len(left),
                sum(one.counted_fen for one in left),
            )
        )
    leads = pages.leads(connection, run_id, loan_id)
    payments, _, _ = pages.unexplained_payments(connection, run_id, loan_id, UNEXPLAINED_SHOWN)
    return LoanReport(
        facts=LoanFacts.model_validate(facts),
        run=Run.model_validate(run) if run else None,
        summary=Summary.model_validate(summary) if summary else None,
        statement=lines,
        leads=[Lead.model_validate(lead) for lead in leads],
        evidence=evidence,
        verdict=loan_verdict(facts, summary, rows, leads, pages.is_warned(connection, loan_id)),
        unexplained=named_payments(connection, payments),
        guarantees=store.guarantees(connection, str(facts["contract_id"])),
        collateral=store.collateral(connection, str(facts["contract_id"])),
    )
