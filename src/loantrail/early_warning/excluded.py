"""Patterns that a few loans cannot have: plain looks at their moves and payments, before anything is joined. Pure.

Of one loan most patterns find nothing, and most of what looking for them costs is that of joining small frames. Each look here
asks for less than its pattern does, so what it excludes finds nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

import polars as pl

from loantrail.clock import microseconds
from loantrail.early_warning.debts import (
    BORROWED_WORDS,
    INSTALMENT_HIGH_PPM,
    INSTALMENT_LOW_PPM,
    LENDER_CLASSES,
    LENDER_WORDS,
)
from loantrail.early_warning.few import Few, Lent, Paid
from loantrail.early_warning.moves import DAY_US, MILLION, Move
from loantrail.early_warning.patterns_loan import DEALING_WORDS
from loantrail.early_warning.patterns_payee import LIMIT_OF_PRODUCT
from loantrail.early_warning.patterns_return import NOT_A_PARTY_KINDS, guarantors_in_force
from loantrail.early_warning.payments import NO_PAYEE_KINDS, PUBLIC_CLASSES
from loantrail.early_warning.view import BENIGN_USES, HOMECOMING_CLASSES, View
from loantrail.early_warning.words import TRADE_WORDS

_HOUR_US: Final = 3_600_000_000
_LONGEST_MONTH_DAYS: Final = 31
_BORROWED: Final = re.compile(BORROWED_WORDS)
_DEALING: Final = re.compile(DEALING_WORDS)
_TRADE: Final = re.compile(TRADE_WORDS)
_LENDER: Final = re.compile(LENDER_WORDS)


def cannot_have(
    view: View,
    needs: Mapping[str, tuple[str, ...]],
    codes: Collection[str],
    loans: Collection[str] | None = None,
) -> frozenset[str]:
    """Those of the patterns (codes) that find nothing of these loans (None: of any) in the view. `needs`: classes without which a
    pattern finds nothing. The view `is_few`."""
    if not codes:
        return frozenset()
    few = Few(view, loans)
    unmet = {code for code in codes if code in needs and few.classes.isdisjoint(needs[code])}
    return frozenset(unmet | {code for code in codes if code in _LOOKS and not _LOOKS[code](few)})


def _may_round_trip(few: Few) -> bool:
    if few.handed:
        return True
    close = {key for key, is_close in few.related_parties.items() if is_close}
    came: defaultdict[str, int] = defaultdict(int)
    for move in few.moves:
        if (
            not move.from_side
            and (move.to_side or (move.loan_id, move.to_owner) in close)
            and move.depth > 0
            and move.from_account is not None
            and move.from_kind not in NOT_A_PARTY_KINDS
            and move.use_before not in HOMECOMING_CLASSES
            and few.within("round_trip_days", move.days)
        ):
            came[move.loan_id] += max(move.amount_fen, 0)
    return any(
        few.reached("round_trip_fen", amount)
        and few.share_reached("round_trip_share_ppm", amount, few.loans[loan].amount_fen)
        for loan, amount in came.items()
    )


def _may_return_to_guarantor(few: Few) -> bool:
    if few.view.guarantors.is_empty():
        return False
    guarantors = guarantors_in_force(few.view).select("loan_id", "guarantor_party_id", "guarantor_name")
    told = [row for row in guarantors.rows() if row[0] in few.loans]
    if not told:
        return False
    parties = {(loan, party) for loan, party, _ in told}
    if any(
        not move.from_side and move.depth > 1 and (move.loan_id, move.to_owner) in parties
        for move in few.moves
    ):  # fmt: skip
        return True
    names = {name for _, _, name in told} - {None}
    owned = few.view.accounts.filter(pl.col("owner").is_in(list({party for _, party in parties})))
    accounts = set(owned["account"].to_list())
    return any(one.credit in accounts or one.credit_name in names for one in few.paid)


def _may_stay_with_related(few: Few) -> bool:
    parties = few.related_parties
    if not parties:
        return False
    return bool(few.handed) or any(
        (move.loan_id, move.to_owner) in parties and not (move.to_side or move.documented or move.ordered)
        for move in few.moves
    )


def _may_lend(few: Few) -> bool:
    if not few.classes.isdisjoint(LENDER_CLASSES):
        return True
    paid: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    loans_of: defaultdict[str | None, list[Lent]] = defaultdict(list)
    for loan, account in few.sides:
        if loan in few.loans:
            loans_of[account].append(few.loans[loan])
    for one in few.paid:
        if one.destination_class in ("individual", "lender") and one.credit is not None:
            for loan in loans_of[one.debit]:
                if loan.disbursed_us is not None and one.at_us >= loan.disbursed_us:
                    paid[loan.loan_id, one.credit].append(one.amount_fen)
    regular: defaultdict[str, int] = defaultdict(int)
    for (loan_id, _), amounts in paid.items():
        # There are no more months than payments.
        if (
            few.reached("private_lending_regular_months", len(amounts))
            and max(amounts) * 20 <= min(amounts) * 21
        ):
            regular[loan_id] += 1
    return any(few.reached("private_lending_regular_payees", payees) for payees in regular.values())


def _may_be_split(few: Few) -> bool:
    by_payee: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    near: defaultdict[str, int] = defaultdict(int)
    for move, _ in few.loan_payments:
        name = LIMIT_OF_PRODUCT.get(few.loans[move.loan_id].product or "")
        fen = move.transaction_fen
        if name is None or fen is None or move.ordered:
            continue
        limits = [period.number for period in few.view.parameters.periods(name)]
        if fen > max(limits):
            continue
        if move.payee is not None:
            by_payee[move.loan_id, move.payee].append(fen)
        if not move.documented and few.share_reached("structuring_near_limit_least_ppm", fen, min(limits)):
            near[move.loan_id] += 1
    return any(few.reached("structuring_payments", count) for count in near.values()) or any(
        few.reached("structuring_payments", len(amounts)) for amounts in by_payee.values()
    )


def _may_pass_on(few: Few) -> bool:
    into = [
        move
        for move, amount in few.loan_payments
        if move.to_account is not None and not move.ordered and few.reached("rapid_in_out_fen", amount)
    ]
    if not into:
        return False
    span = few.view.number("rapid_in_out_hours") * _HOUR_US
    out = _paid_by(few, into, 0, span)
    return any(
        few.share_reached(
            "rapid_in_out_share_ppm",
            sum(
                one.amount_fen for one in out[move.to_account] if move.at_us <= one.at_us <= move.at_us + span
            ),
            move.transaction_fen,
        )
        for move in into
    )


def _paid_by(
    few: Few, into: list[Move], before_us: int, after_us: int
) -> defaultdict[str | None, list[Paid]]:
    """What the payees of these moves paid from so long before the first to so long after the last of them."""
    instants = [move.at_us for move in into]
    found: defaultdict[str | None, list[Paid]] = defaultdict(list)
    for one in few.payments(
        "debit_account",
        {move.to_account for move in into},
        min(instants) - before_us,
        max(instants) + after_us,
    ):
        found[one.debit].append(one)
    return found


def _may_lie_idle(few: Few) -> bool:
    if any(arrived == "time_deposit" and not retail for _, arrived, retail in few.arrived):
        return True
    span = few.view.number("idle_funds_days") * DAY_US
    as_of_us = microseconds(few.view.as_of)
    left: dict[str, int] = {
        loan.loan_id: 0
        for loan in few.loans.values()
        if not loan.retail and loan.disbursed_us is not None and loan.disbursed_us + span <= as_of_us
    }
    for move in few.moves:
        since = few.loans[move.loan_id].disbursed_us
        if move.loan_id not in left or since is None or move.at_us > since + span:
            continue
        amount = move.amount_fen
        comes, goes = move.to_side and move.use is None, move.from_side
        later = move.depth == 0 and move.at_us > since
        left[move.loan_id] += amount * (int(comes) - int(goes) - int(later))
    return any(
        few.share_reached("idle_funds_share_ppm", amount, few.loans[loan].amount_fen)
        for loan, amount in left.items()
    )


def _may_pool(few: Few) -> bool:
    borrowers: defaultdict[str, set[str | None]] = defaultdict(set)
    for move in few.every_move:
        if (
            move.to_account is not None
            and not (move.to_side or move.documented or move.ordered)
            and move.depth > 0
            and move.use_before not in BENIGN_USES
            and move.use not in PUBLIC_CLASSES
            and move.destination_class not in PUBLIC_CLASSES
            and move.to_kind not in NO_PAYEE_KINDS
        ):
            borrowers[move.to_account].add(move.borrower)
    for loan, _, account, _, documented, _ in few.every_handed:
        if account is not None and not documented and loan in few.borrowers:
            borrowers[account].add(few.borrowers[loan])
    return any(few.reached("multi_borrower_pool_borrowers", len(met)) for met in borrowers.values())


def _may_mismatch(few: Few) -> bool:
    paid = [move for move, _ in few.loan_payments if move.to_owner is not None]
    if not paid:
        return False
    expected: defaultdict[str, set[str]] = defaultdict(set)
    for contract, party in few.view.contract_payees.select("contract_id", "party_id").drop_nulls().rows():
        expected[contract].add(party)
    sellers: defaultdict[tuple[str | None, str | None], set[str]] = defaultdict(set)
    for invoice, buyer, seller in few.view.invoices.select(
        "invoice_id", "buyer_party_id", "seller_party_id"
    ).rows():
        if seller is not None:
            sellers[invoice, buyer].add(seller)
    for move in paid:
        loan = few.loans[move.loan_id]
        parties = expected.get(loan.contract_id or "")
        if (
            parties
            and move.to_owner not in parties
            and (
                move.ordered
                or (
                    loan.payment_mode == "entrusted_payment"
                    and not move.documented
                    and move.destination_class in ("company", "supplier")
                )
            )
        ):
            return True
        if sellers.get((move.document_no, move.borrower), set[str]()) - {move.to_owner}:
            return True
    return False


def _may_be_shell(few: Few) -> bool:
    paid: dict[str, int] = {}
    for move, _ in few.loan_payments:
        if move.to_owner is not None:
            paid[move.to_owner] = min(move.at_us, paid.get(move.to_owner, move.at_us))
    if any(hands == 0 for *_, hands in few.handed):
        return True
    if not paid:
        return False
    companies = few.view.parties.filter(
        pl.col("party_id").is_in(list(paid)) & (pl.col("kind") == "company")
    ).select("party_id", pl.col("registered_on").cast(pl.Int32), "insured_staff_count", "tax_paid_on")
    for party, registered, staff, tax in companies.rows():
        # A day more, as it is that of another time zone.
        youngest = registered is not None and (
            paid[party] // DAY_US - 1 - registered
            <= few.view.number("young_company_months") * _LONGEST_MONTH_DAYS
        )
        signs = int(youngest) + int(staff == 0) + int(tax is None and staff is not None)
        if few.reached("new_shell_payee_signs", signs):
            return True
    return False


def _may_loop(few: Few) -> bool:
    first = [
        move
        for move in few.moves
        if move.goes_out
        and move.to_account is not None
        and move.destination_class not in HOMECOMING_CLASSES
        and few.reached("counterparty_loop_fen", move.transaction_fen or 0)
    ]
    if not first:
        return False
    low, high = (
        few.view.number("counterparty_loop_ratio_least_ppm"),
        few.view.number("counterparty_loop_ratio_most_ppm"),
    )
    span = few.view.number("counterparty_loop_days") * DAY_US
    out = _paid_by(few, first, span, span)
    payers = {one.debit for one in few.received}
    for move in first:
        fen = move.transaction_fen or 0
        for one in out[move.to_account]:
            near = abs(one.at_us - move.at_us) <= span and low * fen <= one.amount_fen * MILLION <= high * fen
            if near and ((move.loan_id, one.credit) in few.sides or one.credit in payers):
                return True
    return False


def _instalments(few: Few) -> Iterator[tuple[Lent, str, str | None, int, int]]:
    """Of each loan the last instalments that the pattern looks at: loan, repayment, payer, due, when paid."""
    window = few.view.number("repay_source_odd_window")
    told: defaultdict[str, list[tuple[int, str, str | None, int]]] = defaultdict(list)
    rows = few.view.repayments.select(
        "loan_id", pl.col("paid_at").dt.epoch("us"), "repayment_id", "account",
        pl.col("principal_fen").fill_null(0) + pl.col("interest_fen").fill_null(0),
    ).rows()  # fmt: skip
    for loan, paid_us, repayment, account, due in rows:
        if loan in few.loans and due > 0 and paid_us is not None:
            told[loan].append((-paid_us, repayment or "", account, due))
    for loan_id, paid in told.items():
        loan = few.loans[loan_id]
        for at, repayment, account, due in sorted(paid, key=lambda one: one[:2])[:window]:
            yield loan, repayment, account or loan.repayment_account, due, -at


def _may_repay_oddly(few: Few) -> bool:
    if few.view.repayments["paid_at"].null_count():
        return True
    span = few.view.number("repay_source_odd_days") * DAY_US
    odd: defaultdict[str, set[str]] = defaultdict(set)
    fed: list[tuple[Lent, str, list[Paid]]] = []
    for loan, repayment, payer, due, at_us in _instalments(few):
        if payer is not None and (loan.loan_id, payer) not in few.sides:
            odd[loan.loan_id].add(repayment)
        elif payer is not None:
            like = [
                one
                for one in few.received_by[payer]
                if at_us - span <= one.at_us <= at_us
                and INSTALMENT_LOW_PPM * due <= one.amount_fen * MILLION <= INSTALMENT_HIGH_PPM * due
                and (loan.loan_id, one.debit) not in few.sides
            ]
            fed.append((loan, repayment, like))
    owners = few.owners_of({one.debit for _, _, like in fed for one in like})
    for loan, repayment, like in fed:
        if any(_may_be_odd(few, loan, one, *owners.get(one.debit, (None, None))) for one in like):
            odd[loan.loan_id].add(repayment)
    return any(few.reached("repay_source_odd_count", len(found)) for found in odd.values())


def _may_be_odd(few: Few, loan: Lent, one: Paid, owner: str | None, owner_name: str | None) -> bool:
    """What comes from accounts in the borrower's own name elsewhere is not odd, nor what just anybody pays a person or,
    for goods, a company."""
    payer_name = owner_name or one.debit_name
    if loan.borrower_key is not None and payer_name == loan.borrower_name:
        return False
    purpose = one.purpose_text or ""
    if _BORROWED.search(purpose) or _LENDER.search(payer_name or ""):
        return True
    if loan.retail:
        return _DEALING.search(purpose) is not None
    return _TRADE.search(purpose) is None or (loan.loan_id, owner) in few.related_parties


_LOOKS: Final[dict[str, Callable[[Few], bool]]] = {
    "ROUND_TRIP": _may_round_trip,
    "RETURN_TO_GUARANTOR": _may_return_to_guarantor,
    "RELATED_PARTY": _may_stay_with_related,
    "PRIVATE_LENDING": _may_lend,
    "STRUCTURING": _may_be_split,
    "RAPID_IN_OUT": _may_pass_on,
    "IDLE_FUNDS": _may_lie_idle,
    "MULTI_BORROWER_POOL": _may_pool,
    "PAYEE_MISMATCH": _may_mismatch,
    "NEW_SHELL_PAYEE": _may_be_shell,
    "COUNTERPARTY_LOOP": _may_loop,
    "REPAY_SOURCE_ODD": _may_repay_oddly,
}
