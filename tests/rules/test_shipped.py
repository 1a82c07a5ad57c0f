"""What shipped rules hit, on both sides of the figures of the law."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from tests.rules.bank import START, WAN, rows, version

from loantrail.early_warning.patterns import PATTERNS
from loantrail.parameters import shipped_parameters
from loantrail.rules.evaluate import hits_of
from loantrail.rules.model import RuleVersion, check_content
from loantrail.rules.shipped import shipped_rules

BOOK = shipped_parameters()
SPLIT = {
    "from_borrower_side": True, "to_borrower_side": False, "ordered": False, "documented": False, "depth": 1,
    "traced_amount_fen": 20 * WAN, "destination_class": "company",
}  # fmt: skip


def shipped(code: str) -> RuleVersion:
    content = next(one.content for one in shipped_rules() if one.content.code == code)
    return version(**{name: getattr(content, name) for name in content.__slots__})


def is_hit(code: str, *told: dict[str, Any], day: datetime.date | None = None) -> bool:
    rule, frame = shipped(code), rows(*told)
    if day is not None:
        shift = day - START.date()
        frame = frame.with_columns(frame["business_date"] + shift, frame["at"] + shift)
    return not hits_of(rule, check_content(rule.content, BOOK), frame, BOOK).is_empty()


@pytest.mark.parametrize(
    ("product", "code", "day", "parts", "hit"),
    [
        # 300,000 yuan may go as the borrower directs, until 2025-03-20; 500,000 since.
        ("consumer_loan", "STRUCTURING_CONSUMER", datetime.date(2025, 3, 20), (20, 10), False),
        ("consumer_loan", "STRUCTURING_CONSUMER", datetime.date(2025, 3, 20), (20, 10.01), True),
        ("consumer_loan", "STRUCTURING_CONSUMER", datetime.date(2025, 3, 21), (20, 20), False),
        ("consumer_loan", "STRUCTURING_CONSUMER", datetime.date(2025, 3, 21), (30, 20.01), True),
        ("internet_loan", "STRUCTURING_CONSUMER", datetime.date(2025, 3, 20), (20, 20), True),
        ("personal_business_loan", "STRUCTURING_CONSUMER", datetime.date(2025, 3, 20), (20, 20), False),
        ("personal_business_loan", "STRUCTURING_PERSONAL_BUSINESS", datetime.date(2025, 3, 20), (30, 20), False),
        ("personal_business_loan", "STRUCTURING_PERSONAL_BUSINESS", datetime.date(2025, 3, 20), (30, 20.01), True),
        # One payment above the limit is no splitting; nor is one payment alone.
        ("personal_business_loan", "STRUCTURING_PERSONAL_BUSINESS", datetime.date(2025, 3, 20), (51, 20), False),
        ("personal_business_loan", "STRUCTURING_PERSONAL_BUSINESS", datetime.date(2025, 3, 20), (50,), False),
    ],
)  # fmt: skip
def test_payments_of_personal_loans_split_around_the_limit(
    product: str, code: str, day: datetime.date, parts: tuple[float, ...], hit: bool
) -> None:
    row = SPLIT | {
        "product": product,
        "customer_kind": "individual",
        "paid_to_payee_count_7d": len(parts),
        "paid_to_payee_fen_7d": round(sum(parts) * WAN),
        "largest_to_payee_fen_7d": round(max(parts) * WAN),
    }
    assert is_hit(code, row, day=day) is hit
    assert not is_hit(code, row | {"ordered": True}, day=day)


@pytest.mark.parametrize(
    ("wan", "changes", "hit"),
    [
        (30, {}, True),
        (29.99, {}, False),
        (100, {"ordered": True}, False),
        (100, {"documented": True}, False),
        (100, {"product": "consumer_loan"}, False),
    ],
)
def test_a_large_payment_of_a_mortgage_loan(wan: float, changes: dict[str, Any], hit: bool) -> None:
    row = SPLIT | {"product": "mortgage_loan", "traced_amount_fen": round(wan * WAN)} | changes
    assert is_hit("LARGE_PAYMENT_MORTGAGE", row) is hit


def test_cash_in_parts_just_under_the_limit_of_reports() -> None:
    def drawn(*parts: float) -> bool:
        cash = {"is_cash": True, "retail": True, "cash_share_ppm": 10_000, "product": "consumer_loan"}
        return is_hit(
            "CASH_OUT",
            *(
                cash
                | {
                    "amount_fen": round(one * WAN),
                    "traced_amount_fen": round(one * WAN),
                    "cash_fen": round(sum(parts[: place + 1]) * WAN),
                    "cash_fen_7d": round(sum(parts[: place + 1]) * WAN),
                }
                for place, one in enumerate(parts)
            ),
        )

    assert drawn(4.8, 4.9, 4.7)
    assert drawn(4, 4, 4)
    assert not drawn(4.8, 4.9)
    assert not drawn(3.9, 3.9, 3.9, 3.9)
    assert not drawn(5, 5, 5)


def test_every_pattern_has_a_rule_or_is_named_as_one_that_no_rule_says() -> None:
    said = {one.content.pattern or one.content.code for one in shipped_rules()}
    assert set(PATTERNS) - said == {"COUNTERPARTY_LOOP", "REPAY_SOURCE_ODD"}
