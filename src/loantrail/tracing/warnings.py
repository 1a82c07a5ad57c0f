"""Warnings of a run over the books: its leads become hits, and the hits gather into threads, in one transaction."""

from __future__ import annotations

from importlib.metadata import version

import polars as pl

from loantrail import clock
from loantrail.early_warning.hits import hits_of_leads
from loantrail.early_warning.patterns import PATTERNS
from loantrail.early_warning.taking import Payees, Taken, take_hits
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.parameters import shipped_parameters
from loantrail.tracing.books import Books, books_as_of


def warn(
    connection: type_of_connection,
    books: Books,
    leads: pl.DataFrame,
    bounds: pl.DataFrame,
    judged: pl.DataFrame,
    codes: tuple[str, ...],
) -> Taken:
    """Take what a FIFO run found into the warnings; commits. `leads` as frames.LEADS, `bounds` as loan_bounds.BOUNDS
    for the loans with leads; `judged` (HITS) as the published rules found it, looked for with the rules `codes`. A rule
    with the code of a pattern speaks in its place."""
    transactions = books.read.transactions
    on_date = clock.business_date(books_as_of(transactions))
    parameters = shipped_parameters()
    proven = bounds.filter("proven").select("loan_id", "use", "least_fen")
    bases = pl.DataFrame(
        {"transaction_id": transactions["transaction_id"], "basis": books.classes["basis"].cast(pl.String)}
    )
    told = hits_of_leads(leads, transactions, bases, proven, parameters, on_date, version("loantrail"))
    hits = pl.concat([told.filter(~pl.col("rule_code").is_in(codes)), judged])
    owners = books.context["accounts"].select("account", party_id="owner")
    payees = Payees(
        transactions=transactions.select("transaction_id", account="credit_account").join(
            owners, on="account", how="left"
        ),
        borrowers=books.context["loans"].select("loan_id", party_id="borrower_party_id"),
    )
    # What is told of hits is parameters of the day the data goes up to; deadlines count from now.
    taken = take_hits(connection, hits, tuple({*PATTERNS, *codes}), proven, payees, parameters, on_date)
    connection.commit()
    return taken
