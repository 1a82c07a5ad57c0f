"""Gives every transaction the class of where its money goes, with basis, confidence and evidence.

Works on distinct accounts, names and remarks and joins back, so that ten million rows cost little more than
reading them; few rows of which one knows by asking are judged one by one (`classify_few`). Relative classes (own account, related party, guarantor) depend on the loan and are not decided here.
`docs/concepts/destinations.md` gives the order in words.
"""

from __future__ import annotations

import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantrail.destinations.candidates import (
    Candidate,
    Codes,
    Distinct,
    columns_or_null,
    distinct,
    lookup,
    normalised_distinct,
)
from loantrail.destinations.classify_few import FEW_PAYMENTS, TEXTS, classify_few
from loantrail.destinations.dictionary import Dictionary
from loantrail.destinations.documents import documented_pairs
from loantrail.destinations.kinds import NOTHING_KNOWN, OF_ACCOUNT_KINDS, OF_PARTY_KINDS, OF_SHAPES, SAME_NAME
from loantrail.destinations.known import Context, Known, watched_by
from loantrail.destinations.model import BY_NAME, CLASSES, Basis
from loantrail.destinations.names import NAME_INDIVIDUAL, name_shape
from loantrail.destinations.payroll import payroll_pattern
from loantrail.destinations.terms import best_terms
from loantrail.destinations.weighing import (
    BASIS_DTYPE,
    CARRIERS,
    CLASS_DTYPE,
    FIRM_NAME_PERMILLE,
    GENERIC,
    OUTPUT_SCHEMA,
    STRONG_REMARK_PERMILLE,
)
from loantrail.parameters import ParameterBook


def _named(verdicts: pl.DataFrame, key: str, what: str) -> pl.DataFrame:
    return verdicts.select(
        pl.col("text").alias(key),
        "class_code",
        "confidence_permille",
        evidence=pl.format("{} {}", pl.lit(what), "term"),
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
    context: Context | Known | None = None,
) -> pl.DataFrame:
    """One row per transaction, in the given order: OUTPUT_SCHEMA.

    `transactions`: transaction_id, debit_account, credit_account, amount_fen, and where known credit_name,
    purpose_text, booked_at, document_no, merchant_code, credit_institution. A class that names a use or a forbidden
    destination stays what it is when a document backs the payment; a generic one becomes `supplier`.
    `documented` says whether a contract, invoice or payment order of the payer names the payee.
    """
    if context is None or isinstance(context, Context):
        return _classify_many(transactions, dictionary, parameters, on_date, context or Context())
    if len(transactions) <= FEW_PAYMENTS:
        return classify_few(transactions, dictionary, parameters, on_date, context)
    return _classify_many(transactions, dictionary, parameters, on_date, context.near(transactions))


def _classify_many(
    transactions: pl.DataFrame,
    dictionary: Dictionary,
    parameters: ParameterBook,
    on_date: datetime.date,
    context: Context,
) -> pl.DataFrame:
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
        parties.rename({"party_id": "owner", "name": "party_name", "kind": "party_kind"}),
        on="owner",
        how="left",
    ).with_columns(name=pl.coalesce("name", "party_name"))

    rows = columns_or_null(transactions, TEXTS).with_columns(transactions["amount_fen"])
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
    rows = rows.with_columns(pl.coalesce("credit_name", "book_name").alias("payee_name"))
    names = normalised_distinct(rows["payee_name"])
    remarks = normalised_distinct(rows["purpose_text"])
    payees = distinct(rows["credit_account"])
    kinds, industries = distinct(rows["account_kind"]), distinct(rows["industry_code"])
    institutions, merchants = distinct(rows["credit_institution"]), distinct(rows["merchant_code"])
    shape = names.spread(
        names.values.rename("name").to_frame().select(name_shape(pl.col("name"))).to_series().to_numpy(), 0
    )

    given = lookup(payees, _given_classes(accounts), "account")
    kind = lookup(
        kinds,
        OF_ACCOUNT_KINDS,
        "kind",
    )
    industry = lookup(
        industries,
        _code_table(industries.values, dictionary, "industry", "code", "industry"),
        "code",
    )
    institution = lookup(
        institutions,
        _code_table(institutions.values, dictionary, "bank_code", "code", "bank code"),
        "code",
    )
    merchant = lookup(
        merchants,
        _code_table(merchants.values, dictionary, "merchant_code", "code", "merchant code"),
        "code",
    )
    by_name = lookup(names, _named(best_terms(names.values, dictionary, "name"), "name", "name"), "name")
    by_remark = lookup(
        remarks, _named(best_terms(remarks.values, dictionary, "remark"), "remark", "remark"), "remark"
    )
    party = lookup(
        distinct(rows["payee_kind"]),
        OF_PARTY_KINDS,
        "kind",
    )
    by_remark = _believed_remark(by_remark, rows, shape, parameters, on_date)
    shaped = lookup(
        distinct(pl.Series(shape)),
        OF_SHAPES,
        "shape",
    )
    same_name = _same_name(rows, names)
    wages = payroll_pattern(
        transactions, rows, names.place, shape == NAME_INDIVIDUAL, by_remark.code == 0, parameters, on_date
    )
    documents = documented_pairs(rows, context.contract_payees, context.invoices, context.orders)

    chosen = np.zeros(count, np.uint8)
    confidence = np.zeros(count, np.int16)
    basis = np.full(count, list(Basis).index(Basis.NONE), np.uint8)
    evidence_pools: list[pl.Series] = [pl.Series([NOTHING_KNOWN.evidence], dtype=pl.String)]
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
    names_a_pool = (
        _is_in(kind.code, frozenset((BY_NAME["pooled"].code,))) & name_particular & (by_name.code != 0)
    )
    remark_surer = (by_name.confidence < FIRM_NAME_PERMILLE) & (by_remark.confidence > by_name.confidence)

    def particular(candidate: Candidate) -> NDArray[np.bool_]:
        carrier_beaten = _is_in(candidate.code, CARRIERS) & remark_strong
        return ~_is_in(candidate.code, GENERIC) & ~carrier_beaten

    give(given, everywhere, Basis.CORRECTION)
    give(kind, particular(kind) & ~names_a_pool, Basis.ACCOUNT_KIND)
    give(industry, particular(industry), Basis.REGISTRY)
    give(institution, particular(institution), Basis.BANK_CODE)
    give(merchant, particular(merchant), Basis.MERCHANT_CODE)
    for watched in _watched(context.watch_list, payees, names):
        give(watched, everywhere, Basis.WATCH_LIST)
    give(by_name, particular(by_name) & ~remark_surer, Basis.NAME)
    give(by_remark, remark_particular, Basis.REMARK)
    give(by_name, particular(by_name) & ~_is_in(by_remark.code, GENERIC), Basis.NAME)
    give(same_name, everywhere, Basis.NAME)
    give(wages, everywhere, Basis.MODEL)
    # From here on: generic classes.
    give(
        documents,
        _is_in(party.code | shaped.code | by_name.code, GENERIC) | (party.code == 0),
        Basis.DOCUMENT,
    )
    give(party, everywhere, Basis.REGISTRY)
    give(industry, everywhere, Basis.REGISTRY)
    give(by_name, _is_in(by_name.code, GENERIC), Basis.NAME)
    give(shaped, everywhere, Basis.NAME)
    give(institution, everywhere, Basis.BANK_CODE)
    give(kind, everywhere, Basis.ACCOUNT_KIND)

    chosen[chosen == 0] = NOTHING_KNOWN.class_code
    pool = pl.concat([series.rename("evidence") for series in evidence_pools])
    class_place = np.zeros(256, np.uint8)
    for position, row in enumerate(CLASSES):
        class_place[row.code] = position
    return pl.DataFrame(
        {
            "transaction_id": transactions["transaction_id"].cast(pl.String),
            "destination_class": _enumerated(class_place[chosen], CLASS_DTYPE),
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
    person = (shape == NAME_INDIVIDUAL) | (rows["payee_kind"] == "individual").fill_null(
        value=False
    ).to_numpy()
    to_account = rows["credit_account"].is_not_null().to_numpy() & ~(
        rows["account_kind"].is_in(["bank_internal"]).fill_null(value=False).to_numpy()
    )
    most = parameters.at_or_first("payroll_single_most_fen", on_date)
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


def _same_name(rows: pl.DataFrame, names: Distinct) -> Candidate:
    """Payer and payee bear one name and the payee's account is not in this bank."""
    outside = (rows["account_kind"].is_null() | (rows["account_kind"] == "external")).fill_null(value=True)
    payers = normalised_distinct(rows["payer_name"])
    place = names.values.rename("name").to_frame().with_row_index("place")
    matched = (
        payers.values.rename("name").to_frame().join(place, on="name", how="left", maintain_order="left")
    )
    payer_name_place = payers.spread(matched["place"].cast(pl.Int32).fill_null(-1).to_numpy(), -1)
    same = (payer_name_place >= 0) & (payer_name_place == names.place) & outside.to_numpy()
    return Candidate(
        np.where(same, SAME_NAME.class_code, 0).astype(np.uint8),
        np.full(len(same), SAME_NAME.confidence_permille, np.int16),
        pl.Series([SAME_NAME.evidence], dtype=pl.String),
        np.zeros(len(same), np.int32),
    )


def _watched(watch_list: pl.DataFrame | None, payees: Distinct, names: Distinct) -> list[Candidate]:
    """Opinions of the watch list, by account and by name."""
    if watch_list is None:
        return []
    return [
        lookup(keys, watched_by(watch_list, key), key) for key, keys in (("account", payees), ("name", names))
    ]
