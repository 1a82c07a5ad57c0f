"""The instalments of a loan, and which money paid each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from psycopg import Connection

from loantrail.http.access import allowed
from loantrail.http.connections import Lending
from loantrail.http.pages import store as pages
from loantrail.http.pages.payments import store
from loantrail.http.pages.payments.answers import (
    Telling,
    events_told,
    odd_fen,
    repayment_answer,
    source_shares,
)
from loantrail.http.pages.payments.model import RepaymentPage, Repayments
from loantrail.http.pages.routes import LOAN_PROBLEMS, PRINTABLE, LoanId, Offset
from loantrail.http.problems import NotFound
from loantrail.identity.abilities import Ability

if TYPE_CHECKING:
    from loantrail.http.pages.payments.following import Followed, Following
    from loantrail.tracing.backward_runs import BackwardRun

CONVENTION: Final = "fifo"

router = APIRouter()

RepaymentId = Annotated[
    str,
    Path(min_length=1, max_length=128, pattern=PRINTABLE, description="The bank's number of the repayment."),
]


@router.get(
    "/loans/{loan_id}/repayments",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["repayments"],
    responses=LOAN_PROBLEMS,
)
def loan_repayments(
    connections: Lending,
    loan_id: LoanId,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 120,
) -> Repayments:
    """Every repayment of the loan with the kinds of money that paid it. The sums are of all of them."""
    with connections.connection() as connection:
        pages.read_one_state(connection)
        loan, rows = _loan(connection, loan_id)
        run = pages.current_run(connection)
    kept = _kept(connections, run) if rows else None
    with connections.connection() as connection:
        pages.read_one_state(connection)
        following = _follow(connection, kept, loan, rows)
        names = _names(connection, rows)
    followed = following.repayments
    everything = [judged for item in followed for judged in item.judged]
    return Repayments.model_validate(
        {
            "loan_id": loan_id,
            "currency": loan["currency"],
            "run": run,
            "convention": CONVENTION,
            "amount_fen": sum(item.row["amount_fen"] for item in followed),
            "followed_fen": sum(item.followed_fen for item in followed),
            "odd_fen": odd_fen(everything),
            "odd_count": sum(odd_fen(item.judged) > 0 for item in followed),
            "near_count": sum(len(item.near) > 0 for item in followed),
            "shares": source_shares(everything),
            "total_count": len(followed),
            "offset": offset,
            "limit": limit,
            "items": [repayment_answer(item, kept, names) for item in followed[offset : offset + limit]],
        }
    )


@router.get(
    "/loans/{loan_id}/repayments/{repayment_id}",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["repayments"],
    responses=LOAN_PROBLEMS,
)
def one_repayment(connections: Lending, loan_id: LoanId, repayment_id: RepaymentId) -> RepaymentPage:
    """One repayment: each source with its payer, what the payer was taken for and why, and the way its money came."""
    with connections.connection() as connection:
        pages.read_one_state(connection)
        loan, rows = _loan(connection, loan_id)
        run = pages.current_run(connection)
    if all(row["repayment_id"] != repayment_id for row in rows):
        raise NotFound(
            f"Loan {loan_id} has no repayment {repayment_id}", remedy="Open the loan's repayments again"
        )
    kept = _kept(connections, run)
    if run is None or kept is None:
        raise NotFound("Nothing has been traced yet", remedy="Run: loantrail trace --database")
    with connections.connection() as connection:
        pages.read_one_state(connection)
        following = _follow(connection, kept, loan, rows, frozenset((repayment_id,)))
        item = next(one for one in following.repayments if one.row["repayment_id"] == repayment_id)
        telling = _telling(connection, kept, loan, item)
        names = _names(connection, [item.row])
    return RepaymentPage.model_validate(
        {
            "loan_id": loan_id,
            "currency": loan["currency"],
            "run": run,
            "convention": CONVENTION,
            "repayment": repayment_answer(item, kept, names),
            "sources": [telling.source(item, judged) for judged in item.judged],
            "near": [telling.near(item, near) for near in item.near],
        }
    )


def _loan(connection: Connection[Any], loan_id: str) -> tuple[store.Row, list[store.Row]]:
    loan = store.loan(connection, loan_id)
    if loan is None:
        raise NotFound(f"There is no loan {loan_id}", remedy="Search the list of loans")
    return loan, store.repayments(connection, loan_id)


def _kept(connections: Lending, run: store.Row | None) -> BackwardRun | None:
    if run is None:
        return None
    # Imported when first needed: the kernels would make every start of the server wait.
    from loantrail.tracing.backward_runs import backward_run

    with connections.session() as connection:
        return backward_run(connection, run["run_id"])


def _follow(
    connection: Connection[Any],
    kept: BackwardRun | None,
    loan: store.Row,
    rows: list[store.Row],
    wanted: frozenset[str] | None = None,
) -> Following:
    from loantrail.http.pages.payments.following import Followed, Following, follow

    if kept is None or not rows:
        return Following([Followed(row, None, 0, ()) for row in rows], {}, {})
    return follow(connection, kept, loan, rows, wanted)


def _names(connection: Connection[Any], rows: list[store.Row]) -> dict[str, str]:
    found = store.accounts(connection, {row["account"] for row in rows if row["account"]})
    return {account: row["name"] for account, row in found.items() if row["name"]}


def _telling(connection: Connection[Any], kept: BackwardRun, loan: store.Row, item: Followed) -> Telling:
    events = sorted(events_told(item))
    transfers = store.transfers(connection, kept.transaction_ids(events))
    accounts = {row[side] for row in transfers.values() for side in ("debit_account", "credit_account")}
    loans = {kept.named.loans[judged.share.loan] for judged in item.judged if judged.share.loan >= 0}
    held = store.accounts(connection, filter(None, accounts))
    return Telling(
        kept,
        transfers,
        {account: row["name"] for account, row in held.items() if row["name"]},
        store.loans_by_id(connection, loans),
        loan["borrower_party_id"],
    )
