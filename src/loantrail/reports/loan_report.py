"""Everything that a report of one loan says, read once: the figures are those of the loan's page."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

from loantrail.http.pages import store as pages
from loantrail.http.pages.model import Arrival, Lead, LoanFacts, Run, StatementLine, Summary
from loantrail.http.pages.names import named_arrivals
from loantrail.http.pages.paths import LineArrival, LoanTrail
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.reports import store

WITHOUT_EVIDENCE: Final = frozenset(
    (
        "held_by_third_party", "individual", "company", "unknown", "outside", "other_bank", "same_name_other_bank",
        "cash", "untraced",
    )
)  # fmt: skip
"""Lines whose money came to a payee that no document, registration or relation explains, or out of sight."""
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
    data_date: datetime.date | None
    summary: Summary | None
    statement: list[StatementLine]
    leads: list[Lead]
    evidence: list[LineEvidence]
    unexplained: list[Arrival]
    guarantees: list[store.Row]


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
    lines = [
        StatementLine.model_validate(line) for line in pages.statement_lines(connection, run_id, loan_id)
    ]
    trail = LoanTrail(pages.loan_hops(connection, run_id, loan_id))
    evidence: list[LineEvidence] = []
    unexplained: list[LineArrival] = []
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
        if line.use in WITHOUT_EVIDENCE:
            unexplained += found
    unexplained.sort(key=lambda one: (-one.counted_fen, one.hop.booked_at, one.hop.transfer_id))
    return LoanReport(
        facts=LoanFacts.model_validate(facts),
        run=Run.model_validate(run) if run else None,
        data_date=store.data_date(connection, run_id),
        summary=Summary.model_validate(summary) if summary else None,
        statement=lines,
        leads=[Lead.model_validate(lead) for lead in pages.leads(connection, run_id, loan_id)],
        evidence=evidence,
        unexplained=named_arrivals(connection, run_id, trail, unexplained[:UNEXPLAINED_SHOWN]),
        guarantees=store.guarantees(connection, str(facts["contract_id"])),
    )
