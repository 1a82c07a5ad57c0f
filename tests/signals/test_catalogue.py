"""What the catalogue promises: names once given stay, every one says what it means in both languages."""

from __future__ import annotations

import re

import polars as pl
import pytest

from loantrail.errors import InputError
from loantrail.signals.catalogue import FAMILIES, FIELDS, LOAN_SUMS, WINDOWS_DAYS, by_name, names, schema
from loantrail.signals.model import COLUMNS

PLAIN = """
product customer_kind retail payment_mode grant_kind loan_purpose_text loan_amount_fen loan_balance_fen industry_code
days_since_disbursement hours_since_disbursement amount_fen traced_amount_fen loan_share_ppm traced_of_loan_ppm depth
is_disbursement from_borrower_side to_borrower_side destination_class class_basis class_confidence_permille use_before
use_after documented ordered payee_kind payee_registered_days payee_insured_staff_count payee_has_tax payee_is_related
payee_relation payee_is_guarantor payee_is_individual purpose_text credit_name is_cash payee_count
payee_handed_on_ppm_3d payee_borrower_count_30d balance_fen labelled_fen turnover_ppm_1d turnover_ppm_3d idle_fen
idle_share_ppm days_past_due overdue_count_6m overdue_count_12m next_due_fen next_due_days repayment_balance_fen
liquidity_ppm
""".split()
SUMS = """
securities property property_documented other_debt private_lending private_lending_documented forbidden cash
acceptance_margin time_deposit related_party guarantor same_name_out individual unknown returned documented
""".split()
WINDOWED = """
paid_to_payee_fen paid_to_payee_count largest_to_payee_fen received_from_payee_fen received_from_payee_count out_fen in_fen
out_count counterparty_count largest_out_fen customer_in_fen customer_out_fen
""".split()


def test_no_name_of_a_signal_is_taken_back() -> None:
    promised = {
        *PLAIN,
        *(f"{name}_{kind}{suffix}" for name in SUMS for kind in ("fen", "share_ppm") for suffix in ("", "_1d", "_3d", "_7d", "_30d", "_90d")),
        *(f"{name}_{days}d" for name in WINDOWED for days in (1, 3, 7, 30, 90)),
        *(f"payee_{way}_fen_{days}d" for way in ("in", "out") for days in (1, 3, 7)),
    }  # fmt: skip

    assert promised <= {field.name for field in FIELDS}


def test_every_signal_says_in_both_languages_what_it_means() -> None:
    for field in FIELDS:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", field.name)
        assert re.search(r"[\u4e00-\u9fff]", field.chinese), field.name
        assert re.search(r"[\u4e00-\u9fff]", field.meaning_chinese), field.name
        assert field.english.isascii(), field.name
        assert field.meaning_english.isascii(), field.name
        assert bool(field.unit) == (field.kind not in ("flag", "class", "text")), field.name
    assert len({field.chinese for field in FIELDS}) == len({field.english for field in FIELDS}) == len(FIELDS)


def test_families_hold_each_signal_once() -> None:
    assert sorted(field.name for family in FAMILIES for field in family.fields) == sorted(
        field.name for field in FIELDS
    )
    for family in FAMILIES:
        assert len({(field.kind, field.unit, field.grain, field.group) for field in family.fields}) == 1, (
            family.stem
        )


def test_types_follow_the_kind() -> None:
    assert (schema()["retail"], schema()["product"], schema()["amount_fen"]) == (
        pl.Boolean,
        pl.String,
        pl.Int64,
    )


def test_the_kernel_writes_signals_of_the_catalogue() -> None:
    assert set(COLUMNS) <= {field.name for field in FIELDS}
    assert len(set(COLUMNS)) == len(COLUMNS)
    assert set(SUMS) == set(LOAN_SUMS)
    assert WINDOWS_DAYS == (1, 3, 7, 30, 90)


def test_rows_of_a_day_have_no_payee() -> None:
    assert "paid_to_payee_fen_7d" not in names("day")
    assert {"idle_fen", "securities_fen_7d", "customer_in_fen_30d"} <= set(names("day"))


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(InputError, match=r"no signal 'securities'.*catalogue"):
        by_name("securities")
