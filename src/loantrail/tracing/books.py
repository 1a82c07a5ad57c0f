"""The books as a trace sees them: frames, judged destinations, and the history made of them."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantrail import clock
from loantrail.destinations import store as corrections_store
from loantrail.destinations.classify import Context, classify
from loantrail.destinations.corrections import account_classes, corrected
from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.destinations.model import BY_NAME, TERMINAL_CLASSES
from loantrail.early_warning.frames import Frames
from loantrail.early_warning.view import prepare, related_parties
from loantrail.errors import InputError
from loantrail.ledger.books.tracing_inputs import AsOf, TracingInputs, tracing_inputs
from loantrail.ledger.merging import known_context, known_corrections
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.ledger.store_moments import one_moment
from loantrail.parameters import ParameterBook
from loantrail.policy.reading import parameters_in_force
from loantrail.tracing import store
from loantrail.tracing.assemble import assemble
from loantrail.tracing.inputs import Inputs
from loantrail.tracing.model import Int64
from loantrail.tracing.named import NamedHistory


@dataclass(frozen=True, slots=True)
class Books:
    """The books as frames, and their history."""

    read: TracingInputs
    context: dict[str, pl.DataFrame]
    classes: pl.DataFrame
    named: NamedHistory
    related: Int64
    data_version: str
    """Names the state that was read; empty for an earlier one."""
    parameters: ParameterBook
    """Those in force when the books were read: what is judged of these books is judged by them."""
    corrections: pl.DataFrame
    """Corrections of destinations that stand (destinations.store.STANDING_SCHEMA)."""


def bank_classes(accounts: pl.DataFrame) -> pl.DataFrame:
    """`account, name, owner, class`: the bank's own kinds that say where a trace ends or a use begins."""
    classes = {name: name for name in TERMINAL_CLASSES if name in BY_NAME} | {
        "time_deposit": "time_deposit",
        "structured_deposit": "time_deposit",
        "margin_deposit": "acceptance_margin",
    }
    kind = pl.col("kind").replace_strict(classes, default=None, return_dtype=pl.String)
    return accounts.select("account", "name", "owner", kind.alias("class"))


def known_destinations(context: dict[str, pl.DataFrame]) -> Context:
    """What the classes of payees rest on, out of the context of a trace."""
    return Context(
        accounts=context["accounts"],
        parties=context["parties"],
        contract_payees=context["contract_payees"],
        invoices=context["invoices"],
        orders=context["orders"],
    )


def read_books(
    connection: type_of_connection, say: Callable[[str], object], as_of: AsOf | None = None
) -> Books:
    """Read, judge destinations, put in order. `say` is told what is going on. With `as_of` the lines and pairings are
    those that an earlier reading saw, merges and corrections those that stood then, other records as `as_of.then` says.
    """
    say("reading the books")
    with one_moment(connection):
        data_version = store.data_version(connection) if as_of is None else ""
        parameters = parameters_in_force(connection)
        read = tracing_inputs(connection, as_of=as_of)
        context = known_context(store.read_context(connection, as_of is not None and as_of.then), read.merged)
        # As of the moment the lines were read: the same instant gives the same corrections again.
        standing = known_corrections(corrections_store.standing_at(connection, read.read_at), read.merged)
    return books_of(read, context, standing, parameters, data_version, say)


def books_of(
    read: TracingInputs,
    context: dict[str, pl.DataFrame],
    standing: pl.DataFrame,
    parameters: ParameterBook,
    data_version: str = "",
    say: Callable[[str], object] = lambda _text: None,
) -> Books:
    """The books of what was read: judge destinations, put in order. `standing`: corrections of destinations."""
    say("judging destinations")
    on_date = clock.business_date(books_as_of(read.transactions))
    classes = classify(
        read.transactions, shipped_dictionary(), parameters, on_date, known_destinations(context)
    )
    classes = corrected(classes, read.transactions, standing)
    say("putting events in order")
    named = _in_order(classes, read, context, standing)
    return books_in_order(named, classes, read, context, standing, parameters, data_version)


def books_in_order(
    named: NamedHistory,
    classes: pl.DataFrame,
    read: TracingInputs,
    context: dict[str, pl.DataFrame],
    standing: pl.DataFrame,
    parameters: ParameterBook,
    data_version: str,
) -> Books:
    """As `books_of`, with destinations that are judged and events that are in order already."""
    related = _related(named, context, read, parameters)
    return Books(read, context, classes, named, related, data_version, parameters, standing)


def _in_order(
    classes: pl.DataFrame, read: TracingInputs, context: dict[str, pl.DataFrame], standing: pl.DataFrame
) -> NamedHistory:
    number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row")
    inputs = Inputs(
        transactions=read.transactions.select(number, pl.all()),
        disbursements=read.disbursements.select(number, pl.all()),
        balances=read.balances,
        orders=context["orders"].select(number, pl.all()),
        accounts=account_classes(bank_classes(context["accounts"]), standing),
        names={"transactions": "books", "disbursements": "disbursements", "orders": "entrusted orders"},
    )
    repayments = (
        context["repayments"]
        .drop_nulls(["reference", "account"])
        .join(read.references, on=["reference", "account"])
        .select("transaction_id", "loan_id")
        .unique("transaction_id", keep="first", maintain_order=True)
    )
    return assemble(inputs, classes["destination_class"], context["sides"], repayments, infers_missing=True)


def books_as_of(transactions: pl.DataFrame) -> datetime.datetime:
    """When the latest transaction was booked. InputError where there is none."""
    latest = transactions["booked_at"].max()
    if not isinstance(latest, datetime.datetime):
        raise InputError(
            "the books hold no statement lines", remedy="Import statements first: loantrail import PATH"
        )
    return latest


def bank_frames(books: Books, hops: pl.DataFrame, statement: pl.DataFrame) -> Frames:
    """What the patterns of misuse look at."""
    context = books.context
    judged = books.read.transactions.with_columns(
        books.classes["destination_class"].cast(pl.String),
        books.classes["documented"],
        books.classes["basis"].cast(pl.String).alias("class_basis"),
        books.classes["confidence_permille"].cast(pl.Int64).alias("class_confidence_permille"),
    )
    return Frames(
        as_of=books_as_of(books.read.transactions),
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
        schedules=context["schedules"],
        sides=context["sides"],
        balances=books.read.balances,
    )


def _related(
    named: NamedHistory, context: dict[str, pl.DataFrame], read: TracingInputs, parameters: ParameterBook
) -> Int64:
    """Sorted `loan * accounts + account` of related parties' accounts."""
    empty = pl.DataFrame(schema={"hop_id": pl.String})
    view = prepare(
        Frames(
            as_of=books_as_of(read.transactions),
            hops=empty,
            transactions=read.transactions.clear(),
            loans=context["loans"],
            accounts=context["accounts"],
            relations=context["relations"],
            parties=context["parties"],
            sides=context["sides"],
        ),
        parameters,
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


def unlimited_accounts(books: Books) -> dict[str, np.ndarray]:
    """Accounts that hold unlimited own money in bounds, by reason."""
    named = books.named
    known = named.accounts.is_in(books.read.balances["account"].implode()).to_numpy()
    ours = named.accounts.is_in(books.read.references["account"].unique().implode()).to_numpy()
    wrong = named.accounts.is_in(books.read.unreconciled["account"].implode()).to_numpy()
    return {
        "opening balance not known": ours & ~known & ~named.history.terminal,
        "account at another bank": ~ours & ~known & ~named.history.terminal,
        "records do not reconcile": wrong & ~named.history.terminal,
    }
