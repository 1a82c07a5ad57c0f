"""The one preparation that all patterns share: loans with their kind, moves with both ends, first arrivals."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace
from typing import Any, Final

import polars as pl

from loantrail.clock import business_date
from loantrail.destinations.names import company_key
from loantrail.early_warning import frames as shapes
from loantrail.early_warning.arrivals_of_few import (
    DEPOSITS,
    OWN_DEPOSITS,
    direct_of_few,
    first_of_few,
    looked_through_rows,
    payees_frame,
    tied_rows,
)
from loantrail.early_warning.frames import Frames, fitted
from loantrail.early_warning.moves import is_few
from loantrail.early_warning.moves_made import moves_made, sides_made
from loantrail.early_warning.moves_of_few import are_few, moves_of_few, sides_of_few
from loantrail.early_warning.related import business_day, made_once, related_parties
from loantrail.early_warning.telling import Telling
from loantrail.few_rows import empty
from loantrail.parameters import Parameter, ParameterBook
from loantrail.tracing.codes import are_distinct

RETAIL_PRODUCTS: Final = ("consumer_loan", "personal_business_loan", "mortgage_loan", "internet_loan")
# Uses that are an end without suspicion.
BENIGN_USES: Final = ("supplier", "payroll", "tax", "utilities", "own_instalment", "overdraft_repaid")
GENERIC_CLASSES: Final = (
    "individual", "company", "unknown", "supplier", "own_account", "related_party", "guarantor",
)  # fmt: skip
CHAIN_LONGEST: Final = 12
# The borrower's own money that goes to a bank, broker, wallet or pool, and comes home from it.
HOMECOMING_CLASSES: Final = (
    "securities", "futures", "wealth_management", "insurance_investment", "time_deposit", "acceptance_margin",
    "group_cash_pool", "payment_institution", "bank_internal", "pooled", "same_name_other_bank", "currency_exchange",
    "tax",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """All frames fitted, and what follows from them.

    loans: + retail, borrower_name. moves: hops + use_before, parent_transaction_id, parent_booked_at, what the
    transaction says (transaction_fen, purpose_text, destination_class, documented, document_no, credit_name),
    both ends (from/to owner, kind, name, side), loan facts (loan_fen, disbursed_at, retail, borrower, product),
    `payee` (party, else account, else name), `ordered`, and `days` since disbursement.
    sides: loan_id, account: the borrower's side. arrivals: see `first_arrivals`. made: what patterns share, made once; plain: rows of its frames, where these are few.
    """

    as_of: datetime.datetime
    parameters: ParameterBook
    loans: pl.DataFrame
    transactions: pl.DataFrame
    moves: pl.DataFrame
    arrivals: pl.DataFrame
    sides: pl.DataFrame
    accounts: pl.DataFrame
    parties: pl.DataFrame
    relations: pl.DataFrame
    guarantors: pl.DataFrame
    orders: pl.DataFrame
    contract_payees: pl.DataFrame
    invoices: pl.DataFrame
    repayments: pl.DataFrame
    balances: pl.DataFrame
    made: dict[str, pl.DataFrame] = field(default_factory=dict[str, pl.DataFrame], compare=False)
    plain: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]], compare=False)

    def threshold(self, name: str) -> Parameter:
        """The parameter in force on the business date of `as_of`."""
        return self.parameters.at_or_first(name, business_date(self.as_of))

    def number(self, name: str) -> int:
        """Its number."""
        return self.threshold(name).number


def least(column: str, view: View, name: str) -> pl.Expr:
    """The column meets the threshold parameter (at least it, or more where it is not inclusive)."""
    threshold = view.threshold(name)
    expression = pl.col(column)
    return expression >= threshold.number if threshold.inclusive else expression > threshold.number


def least_share(amount: str, of: str, view: View, name: str) -> pl.Expr:
    """`amount` over `of` meets a threshold in millionths, in whole numbers of 128 bits."""
    threshold = view.threshold(name)
    left = pl.col(amount).cast(pl.Int128) * 1_000_000
    right = pl.col(of).cast(pl.Int128) * threshold.number
    return left >= right if threshold.inclusive else left > right


def within_days(days: str, view: View, name: str) -> pl.Expr:
    """The column of days lies from 0 to the parameter (below it where it is not inclusive)."""
    limit = view.threshold(name)
    return pl.col(days).is_between(0, limit.number, closed="both" if limit.inclusive else "left")


def _taken(frame: pl.DataFrame, schema: shapes.Shape) -> pl.DataFrame:
    """The columns of a frame that is fitted already."""
    return frame if frame.width == len(schema) else frame.select(*schema)


def _loans(frame: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    return (
        fitted(frame, shapes.LOANS)
        .with_columns(
            retail=(pl.col("customer_kind") == "individual").fill_null(
                pl.col("product").is_in(RETAIL_PRODUCTS).fill_null(value=False)
            )
        )
        .join(
            parties.select(borrower_party_id="party_id", borrower_name="name"),
            on="borrower_party_id",
            how="left",
        )
        .unique("loan_id", keep="first", maintain_order=True)
    )


def prepare(frames: Frames, parameters: ParameterBook) -> View:
    """Fits and joins the frames once. Polars errors when a column cannot be read as its type."""
    fit = _taken if frames.out_of_view else fitted
    accounts, parties = fit(frames.accounts, shapes.ACCOUNTS), fit(frames.parties, shapes.PARTIES)
    if frames.out_of_view:
        loans = frames.loans.select(*shapes.LOANS, "retail", "borrower_name")
    else:
        accounts = accounts.unique("account", keep="first", maintain_order=True)
        parties = parties.unique("party_id", keep="first", maintain_order=True)
        loans = _loans(frames.loans, parties)
    hops = fitted(frames.hops, shapes.HOPS).with_columns(
        use=pl.when(~pl.col("use").is_in(["none", "0"])).then(pl.col("use"))
    )
    few = are_few(hops, loans)
    sides = (sides_of_few if few else sides_made)(loans, accounts, fit(frames.sides, shapes.SIDES))
    transactions = fitted(frames.transactions, shapes.TRANSACTIONS).with_columns(
        pl.col("documented").fill_null(value=False)
    )
    if not are_distinct(transactions["transaction_id"]):
        transactions = transactions.unique("transaction_id", keep="first", maintain_order=True)
    orders = fit(frames.orders, shapes.ORDERS)
    moves = (moves_of_few if few else moves_made)(hops, transactions, loans, accounts, sides, orders)
    view = View(
        as_of=frames.as_of,
        parameters=parameters,
        loans=loans,
        transactions=transactions,
        moves=moves,
        arrivals=pl.DataFrame(),
        sides=sides,
        accounts=accounts,
        parties=parties,
        relations=fit(frames.relations, shapes.RELATIONS),
        guarantors=fit(frames.guarantors, shapes.GUARANTORS),
        orders=orders,
        contract_payees=fit(frames.contract_payees, shapes.CONTRACT_PAYEES),
        invoices=fit(frames.invoices, shapes.INVOICES),
        repayments=fit(frames.repayments, shapes.REPAYMENTS),
        balances=fit(frames.balances, shapes.BALANCES),
    )
    return replace(view, arrivals=first_arrivals(view))


@made_once
def looked_through(view: View) -> pl.DataFrame:
    """loan_id, account: documented payees whose further payments still count: related to the borrower, a guarantor,
    registered shortly before, or handing on most of it within days."""
    if is_few(view):
        return payees_frame(looked_through_rows(view))
    paid = view.moves.filter((pl.col("use") == "supplier") & pl.col("to_account").is_not_null())
    paid = paid.filter(pl.col("use_before").is_null() | (pl.col("use_before") != "supplier"))
    days = view.number("handed_on_days")
    onward = view.moves.filter(pl.col("use_before") == "supplier").select(
        hop_id="parent_hop_id", onward_fen="amount_fen", onward_at="booked_at"
    )
    handed = (
        paid.select("loan_id", "to_account", "hop_id", "amount_fen", "booked_at")
        .join(onward, on="hop_id", how="left")
        .with_columns(
            quick=pl.when(pl.col("onward_at") - pl.col("booked_at") <= pl.duration(days=days))
            .then(pl.col("onward_fen"))
            .otherwise(0)
        )
        .group_by("loan_id", "to_account", "hop_id")
        .agg(pl.col("amount_fen").first(), pl.col("quick").sum())
        .group_by("loan_id", "to_account")
        .agg(pl.col("amount_fen").sum(), pl.col("quick").sum())
        .filter((pl.col("quick") > 0) & least_share("quick", "amount_fen", view, "handed_on_share_ppm"))
        .select("loan_id", account="to_account")
    )
    return pl.concat([handed, tied_payees(view)]).unique(maintain_order=True)


@made_once
def tied_payees(view: View) -> pl.DataFrame:
    """loan_id, account: documented payees that are related to the borrower, a guarantor, or registered shortly before."""
    if is_few(view):
        return payees_frame(tied_rows(view))
    paid = view.moves.filter((pl.col("use") == "supplier") & pl.col("to_account").is_not_null())
    paid = paid.filter(pl.col("use_before").is_null() | (pl.col("use_before") != "supplier"))
    tied = pl.concat(
        [
            related_parties(view).select("loan_id", "party_id"),
            view.guarantors.select("loan_id", party_id="guarantor_party_id"),
        ]
    ).unique()
    close = paid.join(tied.rename({"party_id": "to_owner"}), on=["loan_id", "to_owner"], how="semi")
    young = paid.join(
        view.parties.select(to_owner="party_id", registered_on="registered_on"), on="to_owner", how="inner"
    ).filter(young_on("registered_on", "booked_at", view))
    return pl.concat(
        [close.select("loan_id", account="to_account"), young.select("loan_id", account="to_account")]
    ).unique(maintain_order=True)


def young_on(registered_on: str, instant: str, view: View) -> pl.Expr:
    """Registered fewer than the parameter's months before the instant's business date; false when not known."""
    threshold = view.threshold("young_company_months")
    limit = pl.col(registered_on).dt.offset_by(f"{threshold.number}mo")
    day = business_day(instant)
    return ((day <= limit) if threshold.inclusive else (day < limit)).fill_null(value=False)


def first_arrivals(view: View) -> pl.DataFrame:
    """Where loan money came to a use: the moves that set one (`amount_fen` > 0) and those that undid it by
    returning to the borrower's side (`amount_fen` < 0, at the use they undid), with column `arrived`: the class.

    Payments on from a documented payee that is looked through count as arrivals of their own class.
    """
    moves = view.moves
    direct = direct_arrivals(view)
    if is_few(view):
        return first_of_few(view, direct, GENERIC_CLASSES, CHAIN_LONGEST)
    frontier = direct.filter((pl.col("arrived") == "supplier") & (pl.col("use") == "supplier"))
    if frontier.is_empty():
        return direct
    frontier = frontier.join(
        looked_through(view).rename({"account": "to_account"}), on=["loan_id", "to_account"], how="semi"
    )
    passed: list[pl.DataFrame] = []
    reached = frontier.select("hop_id")
    for _ in range(CHAIN_LONGEST):
        onward = moves.filter(pl.col("use_before") == "supplier").join(
            reached.rename({"hop_id": "parent_hop_id"}), on="parent_hop_id", how="semi"
        )
        if onward.is_empty():
            break
        stops = ~pl.col("destination_class").is_in(GENERIC_CLASSES).fill_null(value=True)
        passed.append(onward.filter(stops).with_columns(arrived=pl.col("destination_class")))
        reached = onward.filter(~stops).select("hop_id")
    return pl.concat([direct, *(part.select(direct.columns) for part in passed)])


@made_once
def direct_arrivals(view: View) -> pl.DataFrame:
    """`first_arrivals` without what passed through a documented payee: each follows from its own move."""
    if is_few(view):
        return direct_of_few(view)
    moves = view.moves
    # A margin or time deposit in the borrower's own name is on the borrower's side, and still a use.
    own_deposit = pl.when(
        pl.col("to_side")
        & ~(pl.col("from_side") & (pl.col("from_kind") == pl.col("to_kind")).fill_null(value=False))
    ).then(
        pl.col("to_kind").replace_strict(
            OWN_DEPOSITS,
            default=None,
            return_dtype=pl.String,
        )
    )
    parked = moves.with_columns(arrived=own_deposit).filter(
        pl.col("arrived").is_not_null() & pl.col("use").is_null()
    )
    set_now = moves.filter(
        pl.col("use").is_not_null()
        & (pl.col("use_before").is_null() | (pl.col("use") != pl.col("use_before")))
    ).with_columns(arrived=pl.col("use"))
    undone = moves.filter(
        pl.col("use").is_null() & pl.col("use_before").is_not_null() & pl.col("to_side")
    ).with_columns(arrived=pl.col("use_before"), amount_fen=-pl.col("amount_fen"))
    left_deposit = moves.filter(
        pl.col("from_side")
        & pl.col("from_kind").is_in(DEPOSITS)
        & ~pl.col("to_kind").is_in(DEPOSITS).fill_null(value=False)
    ).with_columns(arrived=pl.lit("time_deposit"), amount_fen=-pl.col("amount_fen"))
    columns = [*moves.columns, "arrived"]
    return pl.concat([part.select(columns) for part in (set_now, parked, undone, left_deposit)])


def lead(
    rows: pl.DataFrame, pattern: str, telling: Telling, destination_class: str | None = None
) -> pl.DataFrame:
    """Leads of rows that have loan_id, loan_fen, amount_fen, transaction_ids (list), and `destination_class` unless
    one is given."""
    if rows.is_empty():
        return empty(shapes.LEADS)
    return rows.select(
        "loan_id",
        pattern=pl.lit(pattern),
        amount_fen=pl.col("amount_fen").cast(pl.Int64),
        share_ppm=(pl.col("amount_fen").cast(pl.Int128) * 1_000_000 // pl.col("loan_fen")).cast(pl.Int64),
        destination_class=pl.col("destination_class").cast(pl.String)
        if destination_class is None
        else pl.lit(destination_class),
        transaction_ids=pl.col("transaction_ids").list.drop_nulls().list.unique().list.sort(),
        explanation=telling.english,
        explanation_chinese=telling.chinese,
    ).match_to_schema(pl.Schema(shapes.LEADS))


def party_name(column: str) -> pl.Expr:
    """Names as compared between documents and payments."""
    return company_key(column)
