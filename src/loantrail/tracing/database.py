"""Trace the books: read them, follow every loan, judge the destinations, store what was found."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

import numpy as np
import polars as pl

from loantrail import clock
from loantrail.destinations.classify import Context, classify
from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.destinations.model import CLASSES, TERMINAL_CLASSES
from loantrail.early_warning.frames import Frames
from loantrail.early_warning.patterns import find_leads
from loantrail.early_warning.view import prepare, related_parties
from loantrail.errors import InputError
from loantrail.ids import derived_id
from loantrail.ledger.books.tracing_inputs import TracingInputs, tracing_inputs
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.parameters import shipped_parameters
from loantrail.tracing import snapshots, store
from loantrail.tracing.api import convention_named
from loantrail.tracing.assemble import NamedHistory, assemble
from loantrail.tracing.inputs import Inputs
from loantrail.tracing.loan_bounds import LoanBounds, all_line_bounds
from loantrail.tracing.model import Convention, Int64
from loantrail.tracing.results import hop_frame, position_frame
from loantrail.tracing.statement import LINE_GROUPS, PROHIBITED, Rest, disbursed_fen, rests, statement_of
from loantrail.tracing.trace import trace_history

LINEAGE: Final = (Convention.FIFO, Convention.LIFO, Convention.OWN_FIRST, Convention.LOAN_FIRST)
SEEN_NOT: Final = frozenset(("outside", "other_bank", "same_name_other_bank"))
NOTHING_SEEN: Final = frozenset(
    ("payment_institution", "group_cash_pool", "pooled", "bank_internal", "currency_exchange")
)
HELD: Final = "held_by_"


@dataclass(frozen=True, slots=True)
class Found:
    """What a run over the books gave."""

    run_id: str
    convention: str
    loans: int
    events: int
    hops: int
    statement: pl.DataFrame
    leads: pl.DataFrame
    unlinked: pl.DataFrame
    problems: list[str]


@dataclass(frozen=True, slots=True)
class _Books:
    """The books as frames, and their history."""

    read: TracingInputs
    context: dict[str, pl.DataFrame]
    classes: pl.DataFrame
    named: NamedHistory
    related: Int64


def _account_classes(accounts: pl.DataFrame) -> pl.DataFrame:
    """`account, name, owner, class`: the bank's own kinds that say where a trace ends."""
    terminal = sorted(name for name in TERMINAL_CLASSES if name in {row.name for row in CLASSES})
    return accounts.select(
        "account",
        "name",
        "owner",
        pl.when(pl.col("kind").is_in(terminal)).then(pl.col("kind")).alias("class"),
    )


def _history(connection: type_of_connection, say: Callable[[str], object]) -> _Books:
    say("reading the books")
    read = tracing_inputs(connection)
    context = store.read_context(connection)
    say("judging destinations")
    on_date = clock.business_date(_as_of(read.transactions))
    dictionary, parameters = shipped_dictionary(), shipped_parameters()
    classes = classify(
        read.transactions,
        dictionary,
        parameters,
        on_date,
        Context(
            accounts=context["accounts"],
            parties=context["parties"],
            contract_payees=context["contract_payees"],
            invoices=context["invoices"],
            orders=context["orders"],
        ),
    )
    say("putting events in order")
    number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row")
    inputs = Inputs(
        transactions=read.transactions.select(number, pl.all()),
        disbursements=read.disbursements.select(number, pl.all()),
        balances=read.balances,
        orders=context["orders"].select(number, pl.all()),
        accounts=_account_classes(context["accounts"]),
        names={"transactions": "books", "disbursements": "disbursements", "orders": "entrusted orders"},
    )
    repayments = (
        context["repayments"]
        .drop_nulls(["reference", "account"])
        .join(read.references, on=["reference", "account"])
        .select("transaction_id", "loan_id")
        .unique("transaction_id", keep="first", maintain_order=True)
    )
    named = assemble(inputs, classes["destination_class"], context["sides"], repayments)
    return _Books(read, context, classes, named, _related(named, context, read))


def _as_of(transactions: pl.DataFrame) -> datetime.datetime:
    latest = transactions["booked_at"].max()
    if not isinstance(latest, datetime.datetime):
        raise InputError(
            "the books hold no statement lines", remedy="Import statements first: loantrail import PATH"
        )
    return latest


def _frames(books: _Books, hops: pl.DataFrame, statement: pl.DataFrame) -> Frames:
    context = books.context
    judged = books.read.transactions.with_columns(
        books.classes["destination_class"].cast(pl.String), books.classes["documented"]
    )
    return Frames(
        as_of=_as_of(books.read.transactions),
        hops=hops,
        transactions=judged,
        loans=context["loans"],
        statement=statement,
        accounts=context["accounts"],
        relations=context["relations"],
        guarantors=context["guarantors"],
        orders=context["orders"],
        contract_payees=context["contract_payees"],
        invoices=context["invoices"],
        parties=context["parties"],
        repayments=context["repayments"],
        sides=context["sides"],
        balances=books.read.balances,
    )


def _related(named: NamedHistory, context: dict[str, pl.DataFrame], read: TracingInputs) -> Int64:
    """Sorted `loan * accounts + account` of related parties' accounts."""
    empty = pl.DataFrame(schema={"hop_id": pl.String})
    view = prepare(
        Frames(
            as_of=_as_of(read.transactions),
            hops=empty,
            transactions=read.transactions.clear(),
            loans=context["loans"],
            accounts=context["accounts"],
            relations=context["relations"],
            parties=context["parties"],
            sides=context["sides"],
        ),
        shipped_parameters(),
    )
    places = pl.DataFrame(
        {"account": named.accounts, "place": np.arange(len(named.accounts), dtype=np.int64)},
        schema={"account": pl.String, "place": pl.Int64},
    )
    loans = pl.DataFrame(
        {"loan_id": named.loans, "loan": np.arange(len(named.loans), dtype=np.int64)},
        schema={"loan_id": pl.String, "loan": pl.Int64},
    )
    found = (
        related_parties(view)
        .join(context["accounts"].select("account", party_id="owner"), on="party_id")
        .join(places, on="account")
        .join(loans, on="loan_id")
        .select((pl.col("loan") * named.history.account_count + pl.col("place")).alias("key"))
    )
    return np.unique(found["key"].to_numpy())


def trace_books(
    connection: type_of_connection,
    convention: str = "fifo",
    say: Callable[[str], object] = lambda _text: None,
) -> Found:
    """Trace all loans of the books and store the run. Leads and bounds come with the lineage conventions.

    Raises InputError when the books hold no lines, ConservationBroken when a statement would not sum (nothing is
    stored then), DatabaseUnavailable when the database fails.
    """
    chosen = convention_named(convention)
    data_version = store.data_version(connection)
    books = _history(connection, say)
    named, history = books.named, books.named.history
    say("following the money")
    traced = trace_history(history, chosen)
    rest = rests(history, traced, books.related)
    statement = statement_of(rest, history, chosen, named.loans)
    hops = hop_frame(named, traced).with_columns(
        pl.Series("booked_at", named.booked_at_us[traced.hops.event]).cast(pl.Datetime("us", "UTC"))
    )
    leads = pl.DataFrame(schema={"loan_id": pl.String, "pattern": pl.String})
    if chosen in LINEAGE:
        say("looking for leads")
        leads = find_leads(_frames(books, hops, statement), shipped_parameters())
    software = version("loantrail")
    run_id = derived_id("run", chosen.name, data_version, software)
    say("storing what was found")
    frames = _tables(books, run_id, hops, traced.hops.ended, rest, statement, leads, chosen)
    store.write_run(
        connection,
        {
            "run_id": run_id,
            "convention": chosen.name.lower(),
            "data_version": data_version,
            "software_version": software,
            "opening": named.opening,
            "created_at": clock.now(),
            "loan_count": len(named.loans),
            "event_count": history.event_count,
            "hop_count": len(hops),
        },
        frames,
    )
    snapshots.keep(run_id, LoanBounds(named, books.related, _unlimited(books)))
    if chosen == Convention.FIFO and len(leads):
        say("bounds of the loans with leads")
        warned = leads["loan_id"].unique(maintain_order=True).to_list()
        found = all_line_bounds(LoanBounds(named, books.related, _unlimited(books)), statement, warned)
        store.write_bounds(connection, run_id, found)
    return Found(
        run_id=run_id,
        convention=chosen.name.lower(),
        loans=len(named.loans),
        events=history.event_count,
        hops=len(hops),
        statement=statement,
        leads=leads,
        unlinked=books.read.unlinked,
        problems=[f"{item.source_file}, row {item.position}: {item.message}" for item in named.problems],
    )


def _unlimited(books: _Books) -> dict[str, np.ndarray]:
    """Accounts that hold unlimited own money in bounds, by reason."""
    named = books.named
    known = named.accounts.is_in(books.read.balances["account"].implode()).to_numpy()
    ours = named.accounts.is_in(books.read.references["account"].unique().implode()).to_numpy()
    wrong = named.accounts.is_in(books.context["unreconciled"]["account"].implode()).to_numpy()
    return {
        "opening balance not known": ours & ~known & ~named.history.terminal,
        "account at another bank": ~ours & ~known & ~named.history.terminal,
        "records do not reconcile": wrong & ~named.history.terminal,
    }


def _tables(
    books: _Books,
    run_id: str,
    hops: pl.DataFrame,
    ended: np.ndarray,
    rest: Rest,
    statement: pl.DataFrame,
    leads: pl.DataFrame,
    convention: Convention,
) -> dict[str, pl.DataFrame]:
    """Rows of every table of the schema."""
    named = books.named
    unit = books.context["loans"].select("loan_id", "unit_id")
    run = pl.lit(run_id).alias("run_id")
    codes = np.zeros(len(rest.loan), np.uint8)
    held = np.array([line.startswith(HELD) for line in rest.line], np.bool_)
    by_name = {row.name: row.code for row in CLASSES}
    codes[~held] = [
        by_name.get(line, 0) for line, is_held in zip(rest.line, held, strict=True) if not is_held
    ]
    touched = np.unique(hops["transaction_id"].to_numpy()) if len(hops) else np.zeros(0)
    destination = books.classes.filter(
        pl.col("transaction_id").is_in(pl.Series(touched, dtype=pl.String).implode())
    ).select(
        run,
        pl.col("transaction_id").alias("transfer_id"),
        pl.col("destination_class").cast(pl.String),
        pl.col("basis").cast(pl.String),
        pl.col("confidence_permille").cast(pl.Int32),
        "evidence",
    )
    tables = {
        "hop": hops.with_row_index("ordinal")
        .with_columns(pl.Series("ended", ended), pl.col("depth").fill_null(-1))
        .join(unit, on="loan_id", how="left", maintain_order="left")
        .select(
            run, pl.col("ordinal").cast(pl.Int64), "hop_id", "parent_hop_id", "loan_id",
            pl.col("transaction_id").alias("transfer_id"),
            pl.col("booked_at").dt.strftime("%Y-%m-%d %H:%M:%S%.6f+00"),
            "from_account", "to_account", "amount_fen", "depth", "use", "ended", "unit_id",
        ),
        "position": position_frame(named, rest, codes)
        .join(unit, on="loan_id", how="left", maintain_order="left")
        .select(run, "loan_id", "account", "use", "amount_fen", "unit_id"),
        "statement": _statement_rows(books, statement, hops).join(unit, on="loan_id", how="left", maintain_order="left").select(
            run, "loan_id", "use", "amount_fen", "line_group", "basis", "voucher", "unit_id"
        ),
        "loan_summary": _summaries(named, statement, hops).join(
            unit, on="loan_id", how="left", maintain_order="left"
        ).select(run, pl.all()),
        "destination": destination,
    }  # fmt: skip
    if convention in LINEAGE:
        tables["lead"] = leads.join(unit, on="loan_id", how="left", maintain_order="left").select(
            run,
            "loan_id",
            "pattern",
            "amount_fen",
            pl.col("destination_class").fill_null("").alias("class"),
            (pl.lit("{") + pl.col("transaction_ids").list.join(",") + pl.lit("}")).alias("transaction_ids"),
            pl.col("explanation").fill_null(""),
            "unit_id",
        )
    return tables


def _statement_rows(books: _Books, statement: pl.DataFrame, hops: pl.DataFrame) -> pl.DataFrame:
    """Statement lines with their group, the strongest basis of their arrivals, and the documents seen."""
    arrivals = hops.select("loan_id", "use", "transaction_id", "amount_fen").filter(pl.col("use") != "")
    documents = books.read.transactions.select("transaction_id", "document_no")
    judged = (
        arrivals.join(books.classes.select("transaction_id", "basis"), on="transaction_id", how="left")
        .join(documents, on="transaction_id", how="left")
        .group_by("loan_id", "use")
        .agg(
            pl.col("basis").cast(pl.String).sort_by("amount_fen", descending=True).first(),
            pl.col("document_no").drop_nulls().unique().sort().head(3).str.join(", ").alias("voucher"),
        )
    )
    group = pl.col("use").replace_strict(LINE_GROUPS, default="other", return_dtype=pl.String)
    return statement.join(judged, on=["loan_id", "use"], how="left", maintain_order="left").with_columns(
        group.alias("line_group"), pl.when(pl.col("voucher") != "").then(pl.col("voucher"))
    )


def _summaries(named: NamedHistory, statement: pl.DataFrame, hops: pl.DataFrame) -> pl.DataFrame:
    """Per loan: paid out, seen to a final use, lost from sight, forbidden, gross returns to the borrower's side."""

    def total(condition: pl.Expr, name: str) -> pl.Expr:
        return pl.col("amount_fen").filter(condition).sum().alias(name)

    use = pl.col("use")
    lost = use.is_in(sorted(SEEN_NOT))
    pooled = use.is_in(sorted(NOTHING_SEEN))
    held = use.str.starts_with(HELD) | (use == "untraced") | (use == "in_transit")
    lines = statement.group_by("loan_id").agg(
        total(~lost & ~pooled & ~held, "seen_fen"),
        total(lost, "lost_other_bank_fen"),
        total(pooled, "lost_pool_fen"),
        total(use.is_in(sorted(PROHIBITED)), "prohibited_fen"),
    )
    sides = _side_accounts(named)
    returns = (
        hops.join(sides.select("loan_id", to_account="account"), on=["loan_id", "to_account"], how="semi")
        .join(sides.select("loan_id", from_account="account"), on=["loan_id", "from_account"], how="anti")
        .filter(pl.col("depth") != 0)
        .group_by("loan_id")
        .agg(pl.col("amount_fen").sum().alias("gross_returned_fen"))
    )
    paid = pl.DataFrame({"loan_id": named.loans, "disbursed_fen": disbursed_fen(named.history)})
    return (
        paid.join(lines, on="loan_id", how="left", maintain_order="left")
        .join(returns, on="loan_id", how="left", maintain_order="left")
        .with_columns(pl.exclude("loan_id").fill_null(0))
    )


def _side_accounts(named: NamedHistory) -> pl.DataFrame:
    """`loan_id, account`: the borrower's side of every loan."""
    history = named.history
    accounts = np.repeat(np.arange(history.account_count), np.diff(history.side_start))
    sides = pl.DataFrame(
        {"account": named.account_name(accounts), "borrower": history.side_borrower},
        schema={"account": pl.String, "borrower": pl.Int32},
    )
    loans = pl.DataFrame({"loan_id": named.loans, "borrower": history.loan_borrower})
    return loans.join(sides, on="borrower").select("loan_id", "account")


def line_bounds(connection: type_of_connection, loan_id: str) -> dict[str, tuple[int, int, bool]]:
    """Least, most and whether proven for every line of a loan's FIFO statement, computed on request.

    Raises InputError when the books were not traced or do not hold the loan.
    """
    run_id = store.current_run_id(connection)
    if run_id is None:
        raise InputError("the books have not been traced", remedy="Run: loantrail trace --database")
    kept = snapshots.load(run_id)
    if kept is None:
        books = _history(connection, lambda _text: None)
        kept = LoanBounds(books.named, books.related, _unlimited(books))
        snapshots.keep(run_id, kept)
    uses = store.statement_uses(connection, run_id, loan_id)
    if loan_id not in kept.named.loans:
        raise InputError(f"loan {loan_id} has no disbursement in the statements", remedy="Check the loan id")
    found = all_line_bounds(kept, pl.DataFrame({"loan_id": [loan_id] * len(uses), "use": uses}), [loan_id])
    store.write_bounds(connection, run_id, found)
    return {
        use: (least, most, proven)
        for use, least, most, proven in found.select("use", "least_fen", "most_fen", "proven").iter_rows()
    }
