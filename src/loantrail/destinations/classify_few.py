"""The classes of a few payments, one after the other: the same as `classify` gives them among many.

Setting the frames in motion takes longer than judging a handful of payments; a payment that waits for its decision has
not that long. What a text says is remembered by the text.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

import polars as pl

from loantrail.destinations.dictionary import Dictionary
from loantrail.destinations.kinds import (
    BY_ACCOUNT_KIND,
    BY_PARTY_KIND,
    BY_SHAPE,
    NO_OPINION,
    NOTHING_KNOWN,
    SAME_NAME,
    SUPPLIER,
    WAGES,
    Opinion,
)
from loantrail.destinations.known import STRANGE, Account, Known
from loantrail.destinations.model import BY_CODE, BY_NAME, Basis
from loantrail.destinations.names import NAME_INDIVIDUAL, NAME_NOTHING, key_of_company, shape_of_name
from loantrail.destinations.payroll import PERSON, ToPerson, wages_among
from loantrail.destinations.terms import best_term, normalised_text
from loantrail.destinations.weighing import (
    CARRIERS,
    FIRM_NAME_PERMILLE,
    GENERIC,
    OUTPUT_SCHEMA,
    STRONG_REMARK_PERMILLE,
)
from loantrail.parameters import ParameterBook

FEW_PAYMENTS: Final = 256
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

_TAX_OR_BILL: Final = frozenset((BY_NAME["tax"].code, BY_NAME["utilities"].code))
_CASH: Final = BY_NAME["cash"].code
_PAYROLL: Final = BY_NAME["payroll"].code
_POOLED: Final = BY_NAME["pooled"].code


@dataclass(frozen=True, slots=True)
class _Sources:
    """What the sources say of one payment, each by itself; NO_OPINION where a source is silent."""

    given: Opinion
    kind: Opinion
    industry: Opinion
    institution: Opinion
    merchant: Opinion
    watched: Opinion
    name: Opinion
    remark: Opinion
    """As far as it is believed."""
    same_name: Opinion
    document: Opinion
    party: Opinion
    shape: Opinion


@dataclass(frozen=True, slots=True)
class _Payment:
    debit_account: str | None
    credit_account: str | None
    payee_name: str | None
    """Normalised."""
    payer: Account
    payee: Account
    shape: int
    amount_fen: int | None


def classify_few(
    transactions: pl.DataFrame,
    dictionary: Dictionary,
    parameters: ParameterBook,
    on_date: datetime.date,
    known: Known,
) -> pl.DataFrame:
    """As `classify`."""
    columns = [_texts(transactions, name) for name in TEXTS]
    accounts = {name: known.account(name) for name in {*columns[0], *columns[1]} if name is not None}
    most_fen = parameters.at_or_first("payroll_single_most_fen", on_date).number
    amounts: list[int | None] = transactions["amount_fen"].to_list()
    sources: list[_Sources] = []
    to_persons: list[ToPerson] = []
    for place, (debit, credit, credit_name, purpose, document_no, merchant, institution) in enumerate(
        zip(*columns, strict=True)
    ):
        payer = STRANGE if debit is None else accounts[debit]
        payee = STRANGE if credit is None else accounts[credit]
        called = credit_name or payee.name
        name = None if called is None else normalised_text(called)
        shape = NAME_NOTHING if name is None else shape_of_name(name)
        payment = _Payment(debit, credit, name, payer, payee, shape, amounts[place])
        remark = _opinion(None if purpose is None else normalised_text(purpose), dictionary, "remark")
        remark = _believed(remark, payment, most_fen)
        if shape == NAME_INDIVIDUAL and name is not None and not remark.class_code:
            to_persons.append(ToPerson(place, debit, payer.owner_kind, name, amounts[place]))
        document = known.document(
            (payer.owner, _key(payer.name)), (payee.owner, credit, _key(called)), document_no
        )
        sources.append(
            _Sources(
                given=_given(payee.given_class),
                kind=BY_ACCOUNT_KIND.get(payee.kind or "", NO_OPINION),
                industry=_opinion(payee.industry_code, dictionary, "industry"),
                institution=_opinion(institution, dictionary, "bank_code", "bank code"),
                merchant=_opinion(merchant, dictionary, "merchant_code", "merchant code"),
                watched=known.watched(credit, name) or NO_OPINION,
                name=_opinion(name, dictionary, "name"),
                remark=remark,
                same_name=SAME_NAME if _bears_payers_name(payment) else NO_OPINION,
                document=NO_OPINION if document is None else SUPPLIER._replace(evidence=document),
                party=BY_PARTY_KIND.get(payee.owner_kind or "", NO_OPINION),
                shape=BY_SHAPE.get(shape, NO_OPINION),
            )
        )
    wages: set[int] = set()
    if "booked_at" in transactions.columns:
        wages = wages_among(to_persons, transactions["booked_at"], parameters, on_date)
    return _told(transactions["transaction_id"], sources, wages)


def _texts(transactions: pl.DataFrame, name: str) -> list[str | None]:
    if name not in transactions.columns:
        return [None] * len(transactions)
    column = transactions[name]
    texts = column if column.dtype == pl.String else column.cast(pl.String)
    return [text or None for text in texts.to_list()]


def _key(name: str | None) -> str | None:
    return None if name is None else key_of_company(name)


def _opinion(text: str | None, dictionary: Dictionary, kind: str, what: str | None = None) -> Opinion:
    found = None if text is None else best_term(text, dictionary, kind)
    if found is None:
        return NO_OPINION
    return Opinion(found.class_code, found.confidence_permille, f"{what or kind} {found.term}")


def _given(class_name: str | None) -> Opinion:
    known = None if class_name is None else BY_NAME.get(class_name)
    return NO_OPINION if known is None else Opinion(known.code, 1000, f"account class {class_name}")


def _believed(remark: Opinion, payment: _Payment, most_fen: int) -> Opinion:
    """What is left of a remark, which is what the payer wrote (`classify` tells why)."""
    code = remark.class_code
    is_person = payment.shape == NAME_INDIVIDUAL or payment.payee.owner_kind == PERSON
    is_refused = (
        (code in _TAX_OR_BILL and is_person)
        or (code == _CASH and payment.credit_account is not None and payment.payee.kind != "bank_internal")
        or (
            code == _PAYROLL
            and is_person
            and payment.amount_fen is not None
            and payment.amount_fen > most_fen
        )
    )
    if is_refused:
        return NO_OPINION
    if code == _PAYROLL and payment.payer.owner_kind == PERSON:
        return remark._replace(confidence_permille=remark.confidence_permille // 2)
    return remark


def _bears_payers_name(payment: _Payment) -> bool:
    """Payer and payee bear one name and the payee's account is not in this bank."""
    if payment.payee_name is None or payment.payer.name is None:
        return False
    is_outside = payment.payee.kind is None or payment.payee.kind == "external"
    return is_outside and normalised_text(payment.payer.name) == payment.payee_name


def _weighed(sources: _Sources, is_wage: bool) -> tuple[Opinion, Basis]:
    """The first source that speaks, in the order of `classify`."""
    name, remark = sources.name, sources.remark
    remark_particular = remark.class_code != 0 and remark.class_code not in GENERIC
    remark_strong = remark_particular and remark.confidence_permille >= STRONG_REMARK_PERMILLE

    def particular(opinion: Opinion) -> bool:
        code = opinion.class_code
        return code != 0 and code not in GENERIC and not (remark_strong and code in CARRIERS)

    # The name of a pooled account tells whose pool it is.
    names_a_pool = (
        sources.kind.class_code == _POOLED and name.class_code != 0 and name.class_code not in GENERIC
    )
    remark_surer = (
        name.confidence_permille < FIRM_NAME_PERMILLE
        and remark.confidence_permille > name.confidence_permille
    )
    looks_like = sources.party.class_code | sources.shape.class_code | name.class_code
    told: tuple[tuple[Opinion, bool, Basis], ...] = (
        (sources.given, True, Basis.CORRECTION),
        (sources.kind, particular(sources.kind) and not names_a_pool, Basis.ACCOUNT_KIND),
        (sources.industry, particular(sources.industry), Basis.REGISTRY),
        (sources.institution, particular(sources.institution), Basis.BANK_CODE),
        (sources.merchant, particular(sources.merchant), Basis.MERCHANT_CODE),
        (sources.watched, True, Basis.WATCH_LIST),
        (name, particular(name) and not remark_surer, Basis.NAME),
        (remark, remark_particular, Basis.REMARK),
        (name, particular(name) and remark.class_code not in GENERIC, Basis.NAME),
        (sources.same_name, True, Basis.NAME),
        (WAGES, is_wage, Basis.MODEL),
        # From here on: generic classes.
        (sources.document, looks_like in GENERIC or not sources.party.class_code, Basis.DOCUMENT),
        (sources.party, True, Basis.REGISTRY),
        (sources.industry, True, Basis.REGISTRY),
        (name, name.class_code in GENERIC, Basis.NAME),
        (sources.shape, True, Basis.NAME),
        (sources.institution, True, Basis.BANK_CODE),
        (sources.kind, True, Basis.ACCOUNT_KIND),
    )
    for opinion, speaks, basis in told:
        if speaks and opinion.class_code:
            return opinion, basis
    return NOTHING_KNOWN, Basis.NONE


def _told(transaction_id: pl.Series, sources: list[_Sources], wages: set[int]) -> pl.DataFrame:
    weighed = [_weighed(one, place in wages) for place, one in enumerate(sources)]
    columns: dict[str, list[object]] = {
        "destination_class": [BY_CODE[opinion.class_code].name for opinion, _ in weighed],
        "basis": [basis.value for _, basis in weighed],
        "confidence_permille": [opinion.confidence_permille for opinion, _ in weighed],
        "evidence": [opinion.evidence for opinion, _ in weighed],
        "documented": [one.document.class_code != 0 for one in sources],
    }
    return pl.DataFrame(
        [
            transaction_id.cast(pl.String).alias("transaction_id"),
            *(pl.Series(name, told, dtype=OUTPUT_SCHEMA[name]) for name, told in columns.items()),
        ]
    )
