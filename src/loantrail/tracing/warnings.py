"""Warnings of a run over the books: its leads become hits, and the hits gather into threads, in one transaction."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from importlib.metadata import version

import polars as pl

from loantrail import clock
from loantrail.early_warning.hits import hits_of_leads
from loantrail.early_warning.patterns import PATTERNS
from loantrail.early_warning.store import lock as take_turn
from loantrail.early_warning.taking import Looked, Payees, Taken, take_hits
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.parameters import ParameterBook
from loantrail.tracing import store
from loantrail.tracing.books import Books, books_as_of


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a run has for the warnings: its hits (HITS), the rules that were looked with, what is proven (PROVEN), and
    what the allow list is compared with. `on_date`: the day the data goes up to."""

    hits: pl.DataFrame
    codes: tuple[str, ...]
    proven: pl.DataFrame
    payees: Payees
    on_date: datetime.date
    parameters: ParameterBook


def gather(
    books: Books, leads: pl.DataFrame, bounds: pl.DataFrame, judged: pl.DataFrame, codes: tuple[str, ...]
) -> Gathered:
    """The hits of a FIFO run. `leads` as frames.LEADS, `bounds` as loan_bounds.BOUNDS for the loans with leads; `judged`
    (HITS) as the published rules found it, looked for with the rules `codes`. A rule with the code of a pattern speaks
    in its place."""
    transactions = books.read.transactions
    on_date = clock.business_date(books_as_of(transactions))
    proven = bounds.filter("proven").select("loan_id", "use", "least_fen")
    bases = pl.DataFrame(
        {"transaction_id": transactions["transaction_id"], "basis": books.classes["basis"].cast(pl.String)}
    )
    told = hits_of_leads(leads, transactions, bases, proven, books.parameters, on_date, version("loantrail"))
    hits = pl.concat([told.filter(~pl.col("rule_code").is_in(codes)), judged])
    owners = books.context["accounts"].select("account", party_id="owner")
    payees = Payees(
        transactions=transactions.select("transaction_id", account="credit_account").join(
            owners, on="account", how="left"
        ),
        borrowers=books.context["loans"].select("loan_id", party_id="borrower_party_id"),
    )
    return Gathered(hits, tuple({*PATTERNS, *codes}), proven, payees, on_date, books.parameters)


def warn(connection: type_of_connection, gathered: Gathered, last_arrival: int) -> Taken:
    """Take what a FIFO run found into the warnings; commits. Loans that were judged with lines that arrived after
    `last_arrival`, the last that the run knows, are left to the next run."""
    take_turn(connection)
    later = store.judged_later(connection, last_arrival)
    # What is told of hits is parameters of the day the data goes up to; deadlines count from now.
    taken = take_hits(
        connection,
        gathered.hits,
        gathered.codes,
        gathered.proven,
        gathered.payees,
        gathered.parameters,
        gathered.on_date,
        Looked(but=later),
    )
    connection.commit()
    return taken
