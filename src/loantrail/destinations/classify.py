"""Gives every transaction the class of where its money goes, with basis, confidence and evidence.

Works on distinct accounts, names and remarks and joins back, so that ten million rows cost little more than
reading them. Relative classes (own account, related party, guarantor) depend on the loan and are not decided here.
`docs/concepts/destinations.md` gives the order in words.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantrail.destinations.dictionary import Dictionary
from loantrail.destinations.documents import documented_pairs
from loantrail.destinations.model import BY_CODE, BY_NAME, CLASSES, Basis
from loantrail.destinations.names import NAME_COMPANY, NAME_INDIVIDUAL, name_shape
from loantrail.destinations.payroll import payroll_pattern
from loantrail.destinations.terms import best_terms, normalised
from loantrail.parameters import ParameterBook

CLASS_DTYPE: Final = pl.Enum([row.name for row in CLASSES])
BASIS_DTYPE: Final = pl.Enum([basis.value for basis in Basis])
OUTPUT_SCHEMA: Final = {
    "transaction_id": pl.String,
    "destination_class": CLASS_DTYPE,
    "basis": BASIS_DTYPE,
    "confidence_permille": pl.Int16,
    "evidence": pl.String,
    "documented": pl.Boolean,
}

# Says nothing about use: anything more particular wins over these.
GENERIC: Final = frozenset(BY_NAME[name].code for name in ("individual", "company", "unknown", "other_bank"))
# A way money takes rather than a use: a strong remark says more.
CARRIERS: Final = frozenset(
    BY_NAME[name].code for name in ("other_bank", "payment_institution", "bank_internal", "pooled")
)
STRONG_REMARK_PERMILLE: Final = 850
FIRM_NAME_PERMILLE: Final = 700
"""A name below this gives way to a remark that is surer."""

ACCOUNT_KIND_CLASS: Final = {
    "time_deposit": ("time_deposit", 990),
    "structured_deposit": ("time_deposit", 990),
    "margin_deposit": ("acceptance_margin", 950),
    "supervised": ("property_purchase", 950),
    "loan_internal": ("loan_internal", 990),
    "bank_internal": ("bank_internal", 950),
    "pooled": ("pooled", 900),
    "card": ("card_repayment", 800),
    "external": ("other_bank", 500),
}
PARTY_KIND_CLASS: Final = {
    "company": ("company", 900),
    "individual": ("individual", 950),
    "sole_proprietor": ("company", 850),
    "public_body": ("company", 700),
}


@dataclass(frozen=True, slots=True)
class Context:
    """What else is known; every frame may be missing, and every column not named `account` or an id too.

    accounts: account, name, owner (party id), class (given by the bank: wins over all), kind.
    parties: party_id, name, kind, industry_code, identity_number.
    contract_payees: contract_id, borrower_party_id, name, account, party_id.
    invoices: invoice_id, seller_party_id, seller_name, buyer_party_id, buyer_name, state.
    orders: order_id, loan_id, borrower_party_id, payee_account, payee_name, document_no.
    watch_list: account and/or name, class, source.
    """

    accounts: pl.DataFrame | None = None
    parties: pl.DataFrame | None = None
    contract_payees: pl.DataFrame | None = None
    invoices: pl.DataFrame | None = None
    orders: pl.DataFrame | None = None
    watch_list: pl.DataFrame | None = None


Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One source's opinion per transaction, shapes [n]: class code (0: none), confidence, evidence texts and
    the index into them."""

    code: Codes
    confidence: NDArray[np.int16]
    texts: pl.Series
    place: NDArray[np.int32]


def columns_or_null(frame: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """`frame` with exactly these text columns; one that it lacks is null, empty text is null."""
    return frame.select(
        pl.col(name).cast(pl.String).replace("", None)
        if name in frame.columns
        else pl.lit(None, pl.String).alias(name)
        for name in names
    )


def _lookup(keys: pl.Series, table: pl.DataFrame, on: str) -> Candidate:
    """`table` has columns `on`, class_code, confidence_permille, evidence, one row per key."""
    indexed = table.with_row_index("place").select(on, "place", "class_code", "confidence_permille")
    joined = keys.rename(on).to_frame().join(indexed, on=on, how="left", maintain_order="left")
    return Candidate(
        joined["class_code"].cast(pl.UInt8).fill_null(0).to_numpy(),
        joined["confidence_permille"].cast(pl.Int16).fill_null(0).to_numpy(),
        table["evidence"],
        joined["place"].cast(pl.Int32).fill_null(-1).to_numpy(),
    )


def _named(verdicts: pl.DataFrame, key: str, what: str) -> pl.DataFrame:
    return verdicts.select(
        pl.col("text").alias(key),
        "class_code",
        "confidence_permille",
        evidence=pl.format("{} {}", pl.lit(what), "term"),
    )


def _constant_table(keys: list[str], entries: list[tuple[str, int]], key: str, what: str) -> pl.DataFrame:
    return pl.DataFrame(
        {
            key: keys,
            "class_code": [BY_NAME[name].code for name, _ in entries],
            "confidence_permille": [confidence for _, confidence in entries],
            "evidence": [f"{what} {value}" for value in keys],
        },
        schema={
            key: pl.String,
            "class_code": pl.UInt8,
            "confidence_permille": pl.Int16,
            "evidence": pl.String,
        },
    )


def _code_table(codes: pl.Series, dictionary: Dictionary, kind: str, key: str, what: str) -> pl.DataFrame:
    return _named(best_terms(codes, dictionary, kind), key, what)


def _given_classes(accounts: pl.DataFrame) -> pl.DataFrame:
    return accounts.filter(pl.col("class").is_in([row.name for row in CLASSES])).select(
        "account",
        class_code=pl.col("class").replace_strict(
            {row.name: row.code for row in CLASSES}, default=0, return_dtype=pl.UInt8
        ),
        confidence_permille=pl.lit(1000, pl.Int16),
        evidence=pl.format("account class {}", "class"),
    )


def _is_in(codes: Codes, which: frozenset[int]) -> NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(which)] = True
    return table[codes]


def classify(
    transactions: pl.DataFrame,
    dictionary: Dictionary,
    parameters: ParameterBook,
    on_date: datetime.date,
    context: Context | None = None,
) -> pl.DataFrame:
    """One row per transaction, in the given order: OUTPUT_SCHEMA.

    `transactions`: transaction_id, debit_account, credit_account, amount_fen, and where known credit_name,
    purpose_text, booked_at, document_no, merchant_code, credit_institution. A class that names a use or a forbidden
    destination stays what it is when a document backs the payment; a generic one becomes `supplier`.
    `documented` says whether a contract, invoice or payment order of the payer names the payee.
    """
    context = context or Context()
    count = transactions.height
    accounts = columns_or_null(
        context.accounts if context.accounts is not None else pl.DataFrame({"account": []}),
        ("account", "name", "owner", "class", "kind"),
    ).unique("account", keep="first", maintain_order=True)
    parties = columns_or_null(
        context.parties if context.parties is not None else pl.DataFrame({"party_id": []}),
        ("party_id", "name", "kind", "industry_code"),
    ).unique("party_id", keep="first", maintain_order=True)
    books = accounts.join(
        parties.rename({"party_id": "owner", "name": "party_name", "kind": "party_kind"}), on="owner", how="left"
    ).with_columns(name=pl.coalesce("name", "party_name"))

    text_columns = (
        "debit_account",
        "credit_account",
        "credit_name",
        "purpose_text",
        "document_no",
        "merchant_code",
        "credit_institution",
    )
    rows = columns_or_null(transactions, text_columns).with_columns(transactions["amount_fen"])
    payer = books.select(
        debit_account="account", payer_name="name", payer_party="owner", payer_kind="party_kind"
    )
    payee = books.select(
        credit_account="account",
        book_name="name",
        payee_party="owner",
        account_kind="kind",
        payee_kind="party_kind",
        industry_code="industry_code",
    )
    rows = rows.join(payer, on="debit_account", how="left", maintain_order="left").join(
        payee, on="credit_account", how="left", maintain_order="left"
    )
    rows = rows.with_columns(
        normalised("purpose_text").alias("remark"),
        pl.coalesce("credit_name", "book_name").alias("payee_name"),
    ).with_columns(normalised("payee_name").alias("name"))

    names = rows["name"].drop_nulls().unique()
    shapes = names.rename("name").to_frame().with_columns(shape=name_shape(pl.col("name")))
    shape = (
        rows.select("name")
        .join(shapes, on="name", how="left", maintain_order="left")["shape"]
        .fill_null(0)
        .to_numpy()
    )

    given = _lookup(rows["credit_account"], _given_classes(accounts), "account")
    kind = _lookup(
        rows["account_kind"],
        _constant_table(list(ACCOUNT_KIND_CLASS), list(ACCOUNT_KIND_CLASS.values()), "kind", "account kind"),
        "kind",
    )
    industry = _lookup(
        rows["industry_code"],
        _code_table(rows["industry_code"], dictionary, "industry", "code", "industry"),
        "code",
    )
    institution = _lookup(
        rows["credit_institution"],
        _code_table(rows["credit_institution"], dictionary, "bank_code", "code", "bank code"),
        "code",
    )
    merchant = _lookup(
        rows["merchant_code"],
        _code_table(rows["merchant_code"], dictionary, "merchant_code", "code", "merchant code"),
        "code",
    )
    by_name = _lookup(rows["name"], _named(best_terms(names, dictionary, "name"), "name", "name"), "name")
    by_remark = _lookup(
        rows["remark"], _named(best_terms(rows["remark"], dictionary, "remark"), "remark", "remark"), "remark"
    )
    party = _lookup(
        rows["payee_kind"],
        _constant_table(list(PARTY_KIND_CLASS), list(PARTY_KIND_CLASS.values()), "kind", "party kind"),
        "kind",
    )
    by_remark = _believed_remark(by_remark, rows, shape, parameters, on_date)
    shaped = _lookup(
        pl.Series(shape),
        pl.DataFrame(
            {
                "shape": [NAME_INDIVIDUAL, NAME_COMPANY],
                "class_code": [BY_NAME["individual"].code, BY_NAME["company"].code],
                "confidence_permille": [800, 700],
                "evidence": ["name of a person", "name of a company"],
            },
            schema_overrides={"shape": pl.UInt8},
        ),
        "shape",
    )
    same_name = _same_name(rows)
    wages = payroll_pattern(
        transactions, rows, shape == NAME_INDIVIDUAL, by_remark.code == 0, parameters, on_date
    )
    documents = documented_pairs(rows, context.contract_payees, context.invoices, context.orders)

    chosen = np.zeros(count, np.uint8)
    confidence = np.zeros(count, np.int16)
    basis = np.full(count, list(Basis).index(Basis.NONE), np.uint8)
    evidence_pools: list[pl.Series] = [pl.Series(["nothing known"], dtype=pl.String)]
    evidence = np.zeros(count, np.int64)

    def give(candidate: Candidate, where: NDArray[np.bool_], why: Basis) -> None:
        """Set the class of the rows that have none yet."""
        mask = where & (chosen == 0) & (candidate.code != 0)
        start = sum(len(pool) for pool in evidence_pools)
        evidence_pools.append(candidate.texts)
        chosen[mask] = candidate.code[mask]
        confidence[mask] = candidate.confidence[mask]
        basis[mask] = list(Basis).index(why)
        evidence[mask] = candidate.place[mask] + start

    everywhere = np.ones(count, np.bool_)
    remark_particular = (by_remark.code != 0) & ~_is_in(by_remark.code, GENERIC)
    remark_strong = remark_particular & (by_remark.confidence >= STRONG_REMARK_PERMILLE)
    name_particular = ~_is_in(by_name.code, GENERIC)
    # The name of a pooled account tells whose pool it is.
    names_a_pool = _is_in(kind.code, frozenset((BY_NAME["pooled"].code,))) & name_particular & (by_name.code != 0)
    remark_surer = (by_name.confidence < FIRM_NAME_PERMILLE) & (by_remark.confidence > by_name.confidence)

    def particular(candidate: Candidate) -> NDArray[np.bool_]:
        carrier_beaten = _is_in(candidate.code, CARRIERS) & remark_strong
        return ~_is_in(candidate.code, GENERIC) & ~carrier_beaten

    give(given, everywhere, Basis.CORRECTION)
    give(kind, particular(kind) & ~names_a_pool, Basis.ACCOUNT_KIND)
    give(industry, particular(industry), Basis.REGISTRY)
    give(institution, particular(institution), Basis.BANK_CODE)
    give(merchant, particular(merchant), Basis.MERCHANT_CODE)
    for watched in _watched(context.watch_list, rows):
        give(watched, everywhere, Basis.WATCH_LIST)
    give(by_name, particular(by_name) & ~remark_surer, Basis.NAME)
    give(by_remark, remark_particular, Basis.REMARK)
    give(by_name, particular(by_name) & ~_is_in(by_remark.code, GENERIC), Basis.NAME)
    give(same_name, everywhere, Basis.NAME)
    give(wages, everywhere, Basis.MODEL)
    # From here on: generic classes.
    give(documents, _is_in(party.code | shaped.code | by_name.code, GENERIC) | (party.code == 0), Basis.DOCUMENT)
    give(party, everywhere, Basis.REGISTRY)
    give(industry, everywhere, Basis.REGISTRY)
    give(by_name, _is_in(by_name.code, GENERIC), Basis.NAME)
    give(shaped, everywhere, Basis.NAME)
    give(institution, everywhere, Basis.BANK_CODE)
    give(kind, everywhere, Basis.ACCOUNT_KIND)

    chosen[chosen == 0] = BY_NAME["unknown"].code
    pool = pl.concat([series.rename("evidence") for series in evidence_pools])
    class_place = np.zeros(256, np.uint8)
    for position, row in enumerate(CLASSES):
        class_place[row.code] = position
    return pl.DataFrame(
        {
            "transaction_id": transactions["transaction_id"].cast(pl.String),
            "destination_class": pl.Series([BY_CODE[c].name for c in ()], dtype=CLASS_DTYPE)
            if count == 0
            else _enumerated(class_place[chosen], CLASS_DTYPE),
            "basis": _enumerated(basis, BASIS_DTYPE),
            "confidence_permille": pl.Series(confidence, dtype=pl.Int16),
            "evidence": pool.gather(evidence) if count else pl.Series([], dtype=pl.String),
            "documented": pl.Series(documents.code != 0, dtype=pl.Boolean),
        },
        schema=OUTPUT_SCHEMA,
    )


def _enumerated(places: NDArray[np.uint8], dtype: pl.Enum) -> pl.Series:
    return dtype.categories.gather(places).cast(dtype) if len(places) else pl.Series([], dtype=dtype)


def _believed_remark(
    remark: Candidate, rows: pl.DataFrame, shape: Codes, parameters: ParameterBook, on_date: datetime.date
) -> Candidate:
    """A remark is what the payer wrote. Tax and utility bills are not paid to persons, cash leaves to nobody's
    account, and a wage has a believable size."""
    tax, utilities = BY_NAME["tax"].code, BY_NAME["utilities"].code
    cash, payroll = BY_NAME["cash"].code, BY_NAME["payroll"].code
    person = (shape == NAME_INDIVIDUAL) | (rows["payee_kind"] == "individual").fill_null(value=False).to_numpy()
    to_account = rows["credit_account"].is_not_null().to_numpy() & ~(
        rows["account_kind"].is_in(["bank_internal"]).fill_null(value=False).to_numpy()
    )
    most = parameters.at("payroll_single_most_fen", on_date)
    above = (rows["amount_fen"] > most.number).fill_null(value=False).to_numpy()
    refused = (
        (_is_in(remark.code, frozenset((tax, utilities))) & person)
        | ((remark.code == cash) & to_account)
        | ((remark.code == payroll) & person & above)
    )
    code = np.where(refused, 0, remark.code).astype(np.uint8)
    payer_is_person = (rows["payer_kind"] == "individual").fill_null(value=False).to_numpy()
    halved = (code == payroll) & payer_is_person
    confidence = np.where(halved, remark.confidence // 2, remark.confidence).astype(np.int16)
    return Candidate(code, confidence, remark.texts, remark.place)


def _same_name(rows: pl.DataFrame) -> Candidate:
    """Payer and payee bear one name and the payee's account is not in this bank."""
    outside = rows["account_kind"].is_null() | (rows["account_kind"] == "external")
    payer = rows.select(normalised("payer_name"))["payer_name"]
    same = ((payer == rows["name"]) & outside).fill_null(value=False).to_numpy()
    return Candidate(
        np.where(same, BY_NAME["same_name_other_bank"].code, 0).astype(np.uint8),
        np.full(len(same), 900, np.int16),
        pl.Series(["same name as the payer"], dtype=pl.String),
        np.zeros(len(same), np.int32),
    )


def _watched(watch_list: pl.DataFrame | None, rows: pl.DataFrame) -> list[Candidate]:
    """Opinions of the watch list, by account and by name."""
    if watch_list is None:
        return []
    listed = columns_or_null(watch_list, ("account", "name", "class", "source")).with_columns(
        normalised("name"),
        pl.col("source").fill_null("watch list"),
        class_code=pl.col("class").replace_strict(
            {row.name: row.code for row in CLASSES}, default=0, return_dtype=pl.UInt8
        ),
        confidence_permille=pl.lit(950, pl.Int16),
    )
    found: list[Candidate] = []
    for key, column in (("account", "credit_account"), ("name", "name")):
        table = (
            listed.filter(pl.col(key).is_not_null() & (pl.col("class_code") != 0))
            .unique(key, keep="first", maintain_order=True)
            .select(key, "class_code", "confidence_permille", evidence=pl.format("{} {}", "source", key))
        )
        found.append(_lookup(rows[column], table, key))
    return found
