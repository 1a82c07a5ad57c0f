"""What rows of which a few fields are known can meet: never said to be impossible where a row meets it."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from tests.monitor.judging import BOOK

from loantrail.rules.evaluate import OWN_MONEY
from loantrail.rules.meeting import conditions_of
from loantrail.rules.model import Content, check_content
from loantrail.rules.possible import can_be_met
from loantrail.rules.shipped import shipped_rules
from loantrail.signals.catalogue import MOVEMENT, row_schema

CONDITIONS = {
    "traced_amount_fen > 0": False,
    "traced_amount_fen >= 0": True,
    "traced_amount_fen = 0 AND amount_fen > 100": True,
    "NOT traced_amount_fen > 0": True,
    "depth = 1": False,
    "depth IS NULL": True,
    "depth IS NOT NULL OR is_disbursement": False,
    "is_disbursement IS FALSE": True,
    "reaches(traced_amount_fen, :large_payment_company_fen)": False,
    "within(traced_amount_fen, :large_payment_company_fen)": True,
    "use_after = 'cash'": False,
    "use_after IN ('cash', 'supplier')": False,
    "amount_fen > traced_amount_fen": True,
    "traced_amount_fen + amount_fen > 5": True,
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_can_be_met_without_loan_money(condition: str) -> None:
    content = _with_condition(condition)

    checked = check_content(content, BOOK)

    assert not checked.problems
    assert checked.condition.root is not None
    assert can_be_met(checked.condition.root, OWN_MONEY, BOOK) == CONDITIONS[condition]
    if not CONDITIONS[condition]:
        rows = _rows_without_loan_money()
        conditions = conditions_of(checked, BOOK)
        assert rows.filter(conditions.applies & conditions.meets).is_empty()


def test_no_shipped_rule_about_movements_is_met_by_own_money_that_pays_no_guarantor() -> None:
    for rule in shipped_rules():
        checked = check_content(rule.content, BOOK)
        assert checked.condition.root is not None
        if rule.content.occasion == MOVEMENT:
            assert not can_be_met(checked.condition.root, OWN_MONEY, BOOK), rule.content.code


def test_a_payment_to_a_guarantor_can_be_met_with_own_money() -> None:
    content = next(one.content for one in shipped_rules() if one.content.code == "RETURN_TO_GUARANTOR")
    checked = check_content(content, BOOK)
    assert checked.condition.root is not None

    known = OWN_MONEY | {"payee_is_guarantor": frozenset((True,))}

    assert can_be_met(checked.condition.root, known, BOOK)


def _with_condition(condition: str) -> Content:
    content = next(one.content for one in shipped_rules() if one.content.code == "CASH_OUT")
    return replace(content, condition=condition)


def _rows_without_loan_money() -> pl.DataFrame:
    """All that OWN_MONEY allows, other fields once large, once null."""
    schema = row_schema()
    rows: list[dict[str, object]] = []
    for large in (True, False):
        row: dict[str, object] = {
            name: (1 << 40 if dtype == pl.Int64 else True if dtype == pl.Boolean else "cash" if dtype == pl.String else None)
            if large
            else None
            for name, dtype in schema.items()
        }  # fmt: skip
        row |= {name: next(iter(values - {None}), None) for name, values in OWN_MONEY.items()}
        rows.append(row | {"occasion": MOVEMENT})
    return pl.DataFrame(rows, schema=schema).with_columns(business_date=pl.date(2026, 3, 1))
