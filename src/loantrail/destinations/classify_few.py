"""The classes of a few payments, one after the other: the same as `classify` gives them among many.

Setting the frames in motion takes longer than judging a handful of payments; a payment that waits for its decision has
not that long. What a text says is remembered by the text.
"""

from __future__ import annotations

import datetime
from typing import Final, NamedTuple

import polars as pl

from loantrail.destinations.dictionary import Dictionary
from loantrail.destinations.kinds import NO_OPINION, NOTHING_KNOWN, SAME_NAME, SUPPLIER, WAGES, Opinion
from loantrail.destinations.known import Account, Known
from loantrail.destinations.model import BY_CODE, BY_NAME, Basis
from loantrail.destinations.names import NAME_INDIVIDUAL
from loantrail.destinations.payroll import PERSON, ToPerson, wages_among
from loantrail.destinations.seen import Payee, opinion_of
from loantrail.destinations.terms import normalised_text
from loantrail.destinations.weighing import (
    CARRIERS,
    FIRM_NAME_PERMILLE,
    GENERIC,
    OUTPUT_SCHEMA,
    STRONG_REMARK_PERMILLE,
)
from loantrail.few_rows import FewRows
from loantrail.parameters import ParameterBook

FEW_PAYMENTS: Final = 8_192
"""So many are judged one by one."""

TEXTS: Final = (
    "debit_account",
    "credit_account",
    "credit_name",
    "purpose_text",
    "document_no",
    "merchant_code",
    "credit_institution",
)
"""What is read of a payment besides its sum and instant."""

_TOLD: Final = FewRows(OUTPUT_SCHEMA)
_TAX_OR_BILL: Final = frozenset((BY_NAME["tax"].code, BY_NAME["utilities"].code))
_CASH: Final = BY_NAME["cash"].code
_PAYROLL: Final = BY_NAME["payroll"].code
_POOLED: Final = BY_NAME["pooled"].code


class _Asked(NamedTuple):
    """One payment, and what it says itself; NO_OPINION where it is silent."""

    payee: Payee
    remark: Opinion
    """As far as it is believed."""
    institution: Opinion
    merchant: Opinion
    bears_payers_name: bool
    """Payer and payee bear one name and the payee's account is not in this bank."""
    document: str | None
    """What a document tells that backs it."""


def classify_few(
    transactions: pl.DataFrame,
    dictionary: Dictionary,
    parameters: ParameterBook,
    on_date: datetime.date,
    known: Known,
) -> pl.DataFrame:
    """As `classify`."""
    columns = [_texts(transactions, name) for name in TEXTS]
    remarks = {
        text: NO_OPINION if text is None else opinion_of(normalised_text(text), dictionary, "remark")
        for text in set(columns[TEXTS.index("purpose_text")])
    }
    most_fen = parameters.at_or_first("payroll_single_most_fen", on_date).number
    amounts: list[int | None] = transactions["amount_fen"].to_list()
    seen = known.seen
    seen.read_by(dictionary)
    asked: list[_Asked] = []
    to_persons: list[ToPerson] = []
    for amount_fen, debit, credit, credit_name, purpose, document_no, merchant, institution in zip(
        amounts, *columns, strict=True
    ):
        payer, payee = seen.payer(debit, known), seen.payee(credit, credit_name, known)
        remark = remarks[purpose]
        if remark.class_code:
            remark = _believed(remark, payer.account, payee, credit, amount_fen, most_fen)
        if payee.shape == NAME_INDIVIDUAL and payee.name is not None and not remark.class_code:
            to_persons.append(ToPerson(len(asked), debit, payer.account.owner_kind, payee.name, amount_fen))
        document = None
        if payer.has_documents or document_no is not None:
            document = known.document(payer.keys, payee.keys, document_no)
        asked.append(
            _Asked(
                payee,
                remark,
                opinion_of(institution, dictionary, "bank_code", "bank code"),
                opinion_of(merchant, dictionary, "merchant_code", "merchant code"),
                payee.is_outside and payee.name is not None and payer.name == payee.name,
                document,
            )
        )
    wages: set[int] = set()
    if "booked_at" in transactions.columns:
        wages = wages_among(to_persons, transactions["booked_at"], parameters, on_date)
    return _told(transactions["transaction_id"], asked, wages)


def _texts(transactions: pl.DataFrame, name: str) -> list[str | None]:
    if name not in transactions.columns:
        return [None] * len(transactions)
    column = transactions[name]
    texts = column if column.dtype == pl.String else column.cast(pl.String)
    return [text or None for text in texts.to_list()]


def _believed(
    remark: Opinion, payer: Account, payee: Payee, credit: str | None, amount_fen: int | None, most_fen: int
) -> Opinion:
    """What is left of a remark, which is what the payer wrote (`classify` tells why)."""
    code = remark.class_code
    is_person = payee.shape == NAME_INDIVIDUAL or payee.account.owner_kind == PERSON
    is_refused = (
        (code in _TAX_OR_BILL and is_person)
        or (code == _CASH and credit is not None and payee.account.kind != "bank_internal")
        or (code == _PAYROLL and is_person and amount_fen is not None and amount_fen > most_fen)
    )
    if is_refused:
        return NO_OPINION
    if code == _PAYROLL and payer.owner_kind == PERSON:
        return remark._replace(confidence_permille=remark.confidence_permille // 2)
    return remark


def _weighed(asked: _Asked, is_wage: bool) -> tuple[Opinion, Basis]:
    """What comes out; remembered by the payee but for documents, which are told by their numbers."""
    if asked.document is not None:
        return _first_speaking(asked, is_wage)
    key = *asked[1:], is_wage
    found = asked.payee.weighed.get(key)
    if found is None:
        found = asked.payee.weighed[key] = _first_speaking(asked, is_wage)
    return found


def _first_speaking(asked: _Asked, is_wage: bool) -> tuple[Opinion, Basis]:
    """The first source that speaks, in the order of `classify`."""
    payee, remark, institution, merchant, bears_payers_name, document = asked
    name = payee.named
    remark_particular = remark.class_code != 0 and remark.class_code not in GENERIC
    remark_strong = remark_particular and remark.confidence_permille >= STRONG_REMARK_PERMILLE

    def particular(opinion: Opinion) -> bool:
        code = opinion.class_code
        return code != 0 and code not in GENERIC and not (remark_strong and code in CARRIERS)

    # The name of a pooled account tells whose pool it is.
    names_a_pool = (
        payee.kind.class_code == _POOLED and name.class_code != 0 and name.class_code not in GENERIC
    )
    remark_surer = (
        name.confidence_permille < FIRM_NAME_PERMILLE
        and remark.confidence_permille > name.confidence_permille
    )
    looks_like = payee.party.class_code | payee.shaped.class_code | name.class_code
    backed = NO_OPINION if document is None else SUPPLIER._replace(evidence=document)
    told: tuple[tuple[Opinion, bool, Basis], ...] = (
        (payee.given, True, Basis.CORRECTION),
        (payee.kind, particular(payee.kind) and not names_a_pool, Basis.ACCOUNT_KIND),
        (payee.industry, particular(payee.industry), Basis.REGISTRY),
        (institution, particular(institution), Basis.BANK_CODE),
        (merchant, particular(merchant), Basis.MERCHANT_CODE),
        (payee.watched, True, Basis.WATCH_LIST),
        (name, particular(name) and not remark_surer, Basis.NAME),
        (remark, remark_particular, Basis.REMARK),
        (name, particular(name) and remark.class_code not in GENERIC, Basis.NAME),
        (SAME_NAME, bears_payers_name, Basis.NAME),
        (WAGES, is_wage, Basis.MODEL),
        # From here on: generic classes.
        (backed, looks_like in GENERIC or not payee.party.class_code, Basis.DOCUMENT),
        (payee.party, True, Basis.REGISTRY),
        (payee.industry, True, Basis.REGISTRY),
        (name, name.class_code in GENERIC, Basis.NAME),
        (payee.shaped, True, Basis.NAME),
        (institution, True, Basis.BANK_CODE),
        (payee.kind, True, Basis.ACCOUNT_KIND),
    )
    for opinion, speaks, basis in told:
        if speaks and opinion.class_code:
            return opinion, basis
    return NOTHING_KNOWN, Basis.NONE


def _told(transaction_id: pl.Series, asked: list[_Asked], wages: set[int]) -> pl.DataFrame:
    weighed = [_weighed(one, place in wages) for place, one in enumerate(asked)]
    ids: list[str | None] = transaction_id.cast(pl.String).to_list()
    return _TOLD.frame(
        [
            (
                name,
                BY_CODE[opinion.class_code].name,
                basis.value,
                opinion.confidence_permille,
                opinion.evidence,
                one.document is not None,
            )
            for name, one, (opinion, basis) in zip(ids, asked, weighed, strict=True)
        ]
    )
