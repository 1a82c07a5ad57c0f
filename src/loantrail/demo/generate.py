"""Build the whole demo bank from a seed and write it as a bank would deliver it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from loantrail.demo.accounts import build_places
from loantrail.demo.commerce import add_commerce, pass_on_receipts, suppliers_of
from loantrail.demo.disturbances import add_disturbances, cushions, overdraft_limits
from loantrail.demo.flow_book import FlowBook
from loantrail.demo.households import add_households
from loantrail.demo.lending import build_loans
from loantrail.demo.lines import overdraft_at_drawdown, statement_lines
from loantrail.demo.loan_records import loan_frames
from loantrail.demo.model import SIZES
from loantrail.demo.papers import KnownTruth, Papers
from loantrail.demo.party_records import (
    capital_frame,
    party_frame,
    relation_frame,
    staff_frame,
    unit_frame,
)
from loantrail.demo.planting import plant_all
from loantrail.demo.population import build_population
from loantrail.demo.repaying import add_repayments, build_schedule
from loantrail.demo.spending import pay_out, spend_honestly
from loantrail.demo.stage import Stage
from loantrail.demo.statement_records import (
    References,
    account_frame,
    line_frames,
    trace_accounts,
    trace_balances,
    transaction_frames,
)
from loantrail.demo.truth import write_truth
from loantrail.demo.writing import write_frames


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written."""

    transactions: int
    statement_lines: int
    accounts: int
    parties: int
    loans: int
    disbursed_fen: int
    planted: int
    look_alikes: int


def generate(size_name: str, seed: int, out: Path, say: Callable[[str], None] = lambda _: None) -> Summary:
    """Write the demo bank of a size (`small`, `medium`, `large`) and a seed under `out`: one Parquet file per record
    type, `trace/` with the two-sided files, `truth/` with what is really so. Same seed, same bytes.

    `say` is told each stage. Raises KeyError for an unknown size, StorageExhausted when the disk is full.
    """
    size = SIZES[size_name]
    say("people and accounts")
    people = build_population(size, seed)
    places = build_places(size, seed, people)
    suppliers = suppliers_of(people, places, seed)
    loans = build_loans(size, seed, people, places)

    book, papers, truth = FlowBook(), Papers(), KnownTruth()
    say("loans")
    draws = pay_out(book, loans, people, places, papers, seed)
    schedule = build_schedule(loans)
    honest = loans.honest | np.array([pattern == "REPAY_SOURCE_ODD" for pattern in loans.pattern])
    spend_honestly(book, loans, draws, people, places, suppliers, papers, truth, honest, seed)
    first_told = len(book)
    plant_all(Stage(book, people, places, loans, draws, suppliers, papers, truth, seed))
    planted_to = len(book)
    standing = add_repayments(book, loans, schedule, people, places, papers, truth, seed)
    told = range(first_told, planted_to)
    ends = len(book)
    say("business and private life")
    add_commerce(book, people, places, suppliers, seed)
    pass_on_receipts(book, people, places, suppliers, told, seed)
    add_households(book, people, places, size.transactions, seed)
    add_disturbances(book, places, np.arange(ends), seed)

    say("statements")
    flows = book.ordered()
    accounts = places.book
    limits = overdraft_limits(people, places, loans, len(accounts), seed)
    spare = cushions(people, places, limits, len(accounts), seed)
    lines, opening = statement_lines(flows, accounts.own_mask(), limits, spare)
    reference = References(flows)

    truth.repay_overdrafts(overdraft_at_drawdown(flows, lines, papers))

    say("writing")
    for folder in ("trace", "truth"):
        shutil.rmtree(out / folder, ignore_errors=True)
    frames: dict[str, pl.DataFrame] = {
        "organisation_unit": unit_frame(people),
        "staff": staff_frame(people),
        "party": party_frame(people),
        "party_relation": relation_frame(people, loans),
        "bank_capital": capital_frame(loans),
        "account": account_frame(accounts, people, opening),
        **loan_frames(loans, schedule, standing, papers, people, places, flows, reference, seed),
    }
    for name, frame in frames.items():
        write_frames(out / f"{name}.parquet", [frame])
    line_count = write_frames(out / "statement_line.parquet", line_frames(flows, lines, accounts, reference))
    write_frames(out / "trace" / "transactions.parquet", transaction_frames(flows, accounts, reference))
    drawn = frames["disbursement"]
    trace_files = {
        "disbursements": drawn.select("loan_id", pl.col("reference").alias("transaction_id")),
        "balances": trace_balances(accounts, opening),
        "orders": frames["entrusted_order"].select(
            "loan_id", "payee_account", "amount_fen", "document_no", "valid_from", "valid_to"
        ),
        "accounts": trace_accounts(accounts, people, loans, papers),
    }
    for name, frame in trace_files.items():
        write_frames(out / "trace" / f"{name}.parquet", [frame])
    write_truth(out, truth, loans.note_no, flows, reference)
    return Summary(
        transactions=len(flows),
        statement_lines=line_count,
        accounts=len(accounts),
        parties=len(people.parties),
        loans=len(loans),
        disbursed_fen=int(draws.amount_fen.sum()),
        planted=len(truth.planted),
        look_alikes=len(truth.look_alikes),
    )
