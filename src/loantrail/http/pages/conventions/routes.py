"""One loan's statement by another convention, beside the official one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path

from loantrail.http.access import allowed
from loantrail.http.connections import Connections, Lending
from loantrail.http.pages import store
from loantrail.http.pages.conventions.model import ConventionLine, ConventionStatement, OtherConvention
from loantrail.http.pages.routes import LOAN_PROBLEMS, LoanId, no_loan
from loantrail.http.problems import NotFound
from loantrail.identity.abilities import Ability

router = APIRouter()


@router.get(
    "/loans/{loan_id}/conventions/{convention}",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["loans"],
    responses=LOAN_PROBLEMS,
)
def statement_by_convention(
    connections: Lending,
    loan_id: LoanId,
    convention: Annotated[OtherConvention, Path(description="A convention beside the official FIFO.")],
) -> ConventionStatement:
    """The loan's statement by another convention, line by line beside the official one. All loans are traced when it
    is first asked for, which may take seconds; the result is kept."""
    with connections.connection() as connection:
        store.read_one_state(connection)
        facts = store.loan_facts(connection, loan_id)
        if facts is None:
            raise no_loan(loan_id)
        run = store.current_run(connection)
        summary = store.loan_summary(connection, run["run_id"], loan_id) if run else None
        if run is None or summary is None:
            raise NotFound(f"Loan {loan_id} has not been traced", remedy="Run: loantrail trace --database")
        official = {row["use"]: row for row in store.statement_lines(connection, run["run_id"], loan_id)}
    counted = _counted(connections, run, loan_id, convention)
    return ConventionStatement(
        loan_id=loan_id,
        currency=facts["currency"],
        convention=convention,
        run_id=run["run_id"],
        disbursed_fen=summary["disbursed_fen"],
        lines=_lines(official, counted, facts["product"], is_taint=convention is OtherConvention.POISON),
    )


def _counted(
    connections: Connections, run: store.Row, loan_id: str, convention: OtherConvention
) -> dict[str, tuple[int, int]]:
    """use -> amount in fen, places reached."""
    # Imported when first needed: the kernels would make every start of the server wait.
    import polars as pl

    from loantrail.tracing.api import convention_named
    from loantrail.tracing.conventions import kept_statements, statements_by, taint_of

    chosen = convention_named(convention.value)
    if convention is OtherConvention.POISON:
        with connections.session() as connection:
            reached = taint_of(connection, run["run_id"], loan_id)
        return {use: (0, place_count) for use, place_count in reached.items()}
    frame = kept_statements(run["run_id"], chosen)
    if frame is None:
        with connections.session() as connection:
            frame = statements_by(connection, run["run_id"], chosen)
    return {
        use: (amount_fen, 0) for _, use, amount_fen in frame.filter(pl.col("loan_id") == loan_id).iter_rows()
    }


def _lines(
    official: Mapping[str, store.Row], counted: Mapping[str, tuple[int, int]], product: str, *, is_taint: bool
) -> list[ConventionLine]:
    """The official lines in their order, then the uses that only this convention sees."""
    from loantrail.tracing.conventions import group_of_line

    lines: list[ConventionLine] = []
    new = sorted((use for use in counted if use not in official), key=lambda use: (-counted[use][0], use))
    for use in [*official, *new]:
        official_fen = official[use]["amount_fen"] if use in official else 0
        amount_fen, place_count = counted.get(use, (0, 0))
        lines.append(
            ConventionLine(
                use=use,
                line_group=official[use]["line_group"] if use in official else group_of_line(use, product),
                official_fen=official_fen,
                amount_fen=None if is_taint else amount_fen,
                difference_fen=None if is_taint else amount_fen - official_fen,
                place_count=place_count if is_taint else None,
            )
        )
    return lines
