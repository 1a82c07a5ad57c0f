"""When two ways of writing an account mean the same one, and when they do not."""

from __future__ import annotations

import polars as pl
import pytest

from loantrail.ids import derived_id, derived_ids
from loantrail.ledger.identity import account_key, account_keys, normalised_number, normalised_numbers
from loantrail.ledger.intake import RECORD_TYPES, Occurrences, with_keys
from loantrail.sources.columns import polars_schema

SAME = [
    ("6222 0212 3456 7890", "6222021234567890"),
    ("6222-0212-3456-7890", "6222021234567890"),
    ("６２２２０２１２", "62220212"),
    ("de89 3704 0044 0532 0130 00", "DE89370400440532013000"),
    ("0012", "0012"),
    ("1-11", "1-11"),
    ("a@b.example", "a@b.example"),
]


@pytest.mark.parametrize(("written", "compared"), SAME)
def test_a_number_is_compared_without_blanks_and_grouping(written: str, compared: str):
    assert normalised_number(written) == compared


def test_columns_are_normalised_as_single_numbers_are():
    frame = pl.DataFrame({"account": [written for written, _ in SAME] + ["  ", None]})
    assert frame.select(normalised_numbers("account")).to_series().to_list() == [
        *(compared for _, compared in SAME),
        None,
        None,
    ]


def test_currency_and_sub_account_make_other_accounts():
    assert account_key("12 3") == "123"
    assert account_key("123", "USD") == "123/USD"
    assert account_key("123", "CNY", "001") == "123-001"
    frame = pl.DataFrame(
        {"account": ["12 3"] * 3, "currency": ["CNY", "USD", "CNY"], "sub": ["", None, "001"]}
    )
    assert account_keys(frame, "account", sub_account="sub").to_list() == [
        "123",
        "123/USD",
        "123-001",
    ]


def test_texts_that_hold_a_separator_do_not_imitate_other_fields():
    record_type = RECORD_TYPES["organisation_unit"]
    tricks = [
        ("a\x1fb", "c"),
        ("a", "b\x1fc"),
        ("a\x1e.b", "c"),
        ("a\x1e", "b"),
        ("a", "\x1eb"),
        ("a", None),
        ("a", "\x00"),
    ]
    rows = pl.DataFrame(
        [(one, other, "branch", None) for one, other in tricks],
        schema=polars_schema(record_type),
        orient="row",
    )
    keyed = with_keys(record_type, rows, Occurrences())
    assert keyed.get_column("content_hash").n_unique() == len(tricks) - 1


def test_many_ids_at_once_are_the_ids_one_by_one():
    ones, others = ["a", "é" * 200, ""], [1, 2, 300]
    assert derived_ids(("line", None), ones, others) == [
        derived_id("line", None, one, other) for one, other in zip(ones, others, strict=True)
    ]
