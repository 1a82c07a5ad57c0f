"""Who gave the borrower the money that paid an instalment, and as what. Pure.

The classes of `destinations` judge the payee of a payment; here the payment is turned round, so that the same
dictionaries, account kinds and documents judge its payer. What REPAY_SOURCE_ODD takes for a loan, a person or a
relation is taken for the same here.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import polars as pl

from loantrail.destinations.classify import Context, classify
from loantrail.destinations.dictionary import Dictionary
from loantrail.early_warning.debts import LENDER_WORDS, is_borrowed, says
from loantrail.early_warning.frames import Frames
from loantrail.early_warning.patterns_loan import is_person
from loantrail.early_warning.view import (
    HOMECOMING_CLASSES,
    View,
    party_name,
    prepare,
    related_parties,
)
from loantrail.early_warning.words import REFUND_WORDS, TRADE_WORDS
from loantrail.parameters import ParameterBook

CASH_WORDS: Final = "现金|存现|现存|ATM存"
WAGE_WORDS: Final = "工资|薪|奖金|代发|劳务费|养老金|退休金"
HELPING_WORDS: Final = "代还|还贷|还款|归还贷款"
"""What one writes who pays for another: of his own, unless he lends."""
SETTLEMENT_WORDS: Final = "结算|清算|收款|货款|提现"
DEBT_CLASSES: Final = ("lender", "other_bank_loan", "guarantee_pawn", "leasing_factoring", "bill_discount")
POOL_CLASSES: Final = ("pooled", "bank_internal", "group_cash_pool", "currency_exchange", "loan_internal")


class Kind(StrEnum):
    """What kind of money paid. Ordered as a page lists them."""

    REVENUE = "revenue"
    OWN_ASSETS = "own_assets"
    OPENING = "opening"
    OWN_ELSEWHERE = "own_elsewhere"
    REFUND = "refund"
    CASH = "cash"
    OWN_LOAN = "own_loan"
    OTHER_LOAN = "other_loan"
    OTHER_DEBT = "other_debt"
    BRIDGE = "bridge"
    GUARANTOR = "guarantor"
    RELATED_PARTY = "related_party"
    INDIVIDUAL = "individual"
    COMPANY = "company"
    OVERDRAFT = "overdraft"
    POOL = "pool"
    UNKNOWN = "unknown"


ODD_KINDS: Final = frozenset(
    (
        Kind.OWN_LOAN,
        Kind.OTHER_LOAN,
        Kind.OTHER_DEBT,
        Kind.BRIDGE,
        Kind.GUARANTOR,
        Kind.RELATED_PARTY,
        Kind.INDIVIDUAL,
        Kind.COMPANY,
        Kind.OVERDRAFT,
    )
)
"""Money that is neither earned nor the borrower's own: worth a question, never a finding."""
_ORDINARY_AMONG_PERSONS: Final = frozenset((Kind.RELATED_PARTY, Kind.INDIVIDUAL, Kind.COMPANY))


def odd_kinds(retail: bool) -> frozenset[Kind]:
    """Of a retail loan what family, friends and an employer pay is nothing odd, as in REPAY_SOURCE_ODD."""
    return ODD_KINDS - _ORDINARY_AMONG_PERSONS if retail else ODD_KINDS


BRIDGED_KINDS: Final = frozenset(
    (Kind.OTHER_DEBT, Kind.GUARANTOR, Kind.RELATED_PARTY, Kind.INDIVIDUAL, Kind.COMPANY)
)

ENTRIES: Final = {
    "transaction_id": pl.String,
    "booked_at": pl.Datetime("us", "UTC"),
    "debit_account": pl.String,
    "debit_name": pl.String,
    "credit_account": pl.String,
    "credit_name": pl.String,
    "amount_fen": pl.Int64,
    "purpose_text": pl.String,
    "document_no": pl.String,
    "payer_months": pl.Int64,
}
"""A movement that brought money to the borrower's side. `payer_months`: in how many months of the year before its payer
paid the borrower."""


@dataclass(frozen=True, slots=True)
class Payer:
    """What the payer of one movement was taken for, and why."""

    kind: Kind
    party_id: str | None
    payer_class: str
    basis: str
    confidence_permille: int
    evidence: str


def judge_payers(
    entries: pl.DataFrame,
    frames: Frames,
    dictionary: Dictionary,
    parameters: ParameterBook,
    on_date: datetime.date,
) -> dict[str, Payer]:
    """transaction_id -> payer. `entries` have the columns ENTRIES; `frames` hold the one loan with what is known of its
    borrower, the payers and their papers."""
    if entries.is_empty():
        return {}
    view = prepare(frames, parameters)
    turned = entries.select(
        "transaction_id",
        "booked_at",
        "amount_fen",
        "purpose_text",
        "document_no",
        debit_account="credit_account",
        credit_account="debit_account",
        credit_name="debit_name",
    )
    context = Context(
        accounts=view.accounts,
        parties=view.parties,
        contract_payees=view.contract_payees.join(
            view.loans.select("contract_id", "borrower_party_id"), on="contract_id"
        ),
        invoices=view.invoices,
    )
    classes = classify(turned, dictionary, parameters, on_date, context).with_columns(
        pl.col("destination_class", "basis").cast(pl.String)
    )
    months = parameters.at_or_first("repayment_revenue_months", on_date)
    rows = _joined(entries, classes, view).with_columns(
        kind=_kind(), regular=pl.col("payer_months").fill_null(0) >= months.number
    )
    rows = rows.with_columns(
        kind=pl.when((pl.col("kind") == Kind.COMPANY.value) & pl.col("regular") & ~pl.col("retail"))
        .then(pl.lit(Kind.REVENUE.value))
        .otherwise("kind"),
        basis=pl.when((pl.col("kind") == Kind.COMPANY.value) & pl.col("regular") & ~pl.col("retail"))
        .then(pl.lit("regular"))
        .otherwise("basis"),
    )
    return {
        row["transaction_id"]: Payer(
            Kind(row["kind"]),
            row["payer_party"],
            row["destination_class"],
            row["basis"],
            int(row["confidence_permille"]),
            row["evidence"] or "",
        )
        for row in rows.iter_rows(named=True)
    }


def _joined(entries: pl.DataFrame, classes: pl.DataFrame, view: View) -> pl.DataFrame:
    """The entries with what is known of their payers."""
    loan = view.loans.select("loan_id", "borrower_party_id", "borrower_name", "retail")
    owners = view.accounts.select(
        debit_account="account", payer_party="owner", account_name="name", account_kind="kind"
    )
    kinds = view.parties.select(payer_party="party_id", payer_kind="kind", party_name="name")
    related = related_parties(view).select("loan_id", payer_party="party_id", relation="relation")
    guarantors = view.guarantors.select(
        "loan_id", payer_party="guarantor_party_id", guarantees=pl.lit(value=True)
    ).unique()
    named = view.guarantors.select("loan_id", party_id="guarantor_party_id").join(
        view.parties.select("party_id", guarantor_name="name"), on="party_id"
    )
    names = named.select("loan_id", name_key=party_name("guarantor_name"), names_guarantor=pl.lit(value=True))
    return (
        entries.join(
            classes.select(
                "transaction_id",
                "destination_class",
                "basis",
                "confidence_permille",
                "evidence",
                "documented",
            ),
            on="transaction_id",
            how="left",
        )
        .join(owners, on="debit_account", how="left")
        .join(kinds, on="payer_party", how="left")
        .join(loan, how="cross")
        .join(related, on=["loan_id", "payer_party"], how="left")
        .join(guarantors, on=["loan_id", "payer_party"], how="left")
        .with_columns(payer_name=pl.coalesce("party_name", "account_name", "debit_name"))
        .with_columns(name_key=party_name("payer_name"), borrower_key=party_name("borrower_name"))
        .join(names.drop_nulls().unique(), on=["loan_id", "name_key"], how="left")
        .with_columns(pl.col("guarantees", "names_guarantor", "documented", "retail").fill_null(value=False))
        .unique("transaction_id", keep="first", maintain_order=True)
    )


def _kind() -> pl.Expr:
    """The first that holds. Documents come before words: what a customer pays against an invoice is revenue, whatever
    the remark says."""
    class_of = pl.col("destination_class").fill_null("unknown")
    own = (pl.col("payer_party") == pl.col("borrower_party_id")).fill_null(value=False) | (
        pl.col("name_key") == pl.col("borrower_key")
    ).fill_null(value=False)
    person = is_person("payer_kind", "payer_name")
    trade = says("purpose_text", TRADE_WORDS) & ~pl.col("retail")
    wage = says("purpose_text", WAGE_WORDS) | (class_of == "payroll")
    settled = (class_of == "payment_institution") & (
        ~pl.col("retail") | says("purpose_text", SETTLEMENT_WORDS)
    )
    nobody = pl.col("debit_account").is_null() & pl.col("payer_name").is_null()
    cash = (class_of == "cash") | (says("purpose_text", CASH_WORDS) & pl.col("debit_account").is_null())
    borrowed = is_borrowed("purpose_text", "payer_name") & ~(
        says("purpose_text", HELPING_WORDS) & ~says("payer_name", LENDER_WORDS)
    )
    company = pl.col("payer_kind").is_in(["company", "sole_proprietor", "public_body"]) | (
        class_of.is_in(["company", "supplier", "utilities", "developer"])
    )
    choices: tuple[tuple[pl.Expr, Kind], ...] = (
        (own | (class_of == "same_name_other_bank"), Kind.OWN_ELSEWHERE),
        (pl.col("documented") | (class_of == "supplier"), Kind.REVENUE),
        (cash, Kind.CASH),
        (says("purpose_text", REFUND_WORDS) | (class_of == "tax"), Kind.REFUND),
        (settled, Kind.REVENUE),
        (class_of == "payment_institution", Kind.OWN_ELSEWHERE),
        (pl.col("retail") & wage & ~person, Kind.REVENUE),
        # A guarantee company that stands on record pays as guarantor, not as a lender.
        (pl.col("guarantees") | pl.col("names_guarantor"), Kind.GUARANTOR),
        (class_of.is_in(DEBT_CLASSES) & (pl.col("basis") != "remark") | borrowed, Kind.OTHER_DEBT),
        (class_of.is_in(POOL_CLASSES), Kind.POOL),
        (class_of.is_in(HOMECOMING_CLASSES), Kind.OWN_ASSETS),
        (pl.col("relation").is_not_null(), Kind.RELATED_PARTY),
        (trade, Kind.REVENUE),
        (person, Kind.INDIVIDUAL),
        (company.fill_null(value=False), Kind.COMPANY),
        (nobody, Kind.UNKNOWN),
    )
    chosen = pl.when(choices[0][0]).then(pl.lit(choices[0][1].value))
    for condition, kind in choices[1:]:
        chosen = chosen.when(condition).then(pl.lit(kind.value))
    return chosen.otherwise(pl.lit(Kind.UNKNOWN.value))
