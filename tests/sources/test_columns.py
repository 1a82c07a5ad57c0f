"""Text columns become typed columns, and every broken rule has its name."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from loantrail.ledger.model import ACCOUNT, DISBURSEMENT, INVOICE, LOAN_NOTE, STATEMENT_LINE
from loantrail.money import AMOUNT_FEN_MAX, BALANCE_FEN_MOST, LINE_FEN_MOST
from loantrail.parties.model import PARTY
from loantrail.records import RecordType
from loantrail.sources.columns import Reading, accept, accept_records, polars_schema
from loantrail.sources.exact import scaled_integer
from loantrail.sources.reasons import SAID
from loantrail.wording.catalogue import word_lists

LINE = {
    "booked_at": "2024-03-05 10:20:30",
    "account": "6222020200112233",
    "direction": "debit",
    "amount_fen": "12.34",
    "currency": "CNY",
}
WITHOUT_A_MOST = replace(
    STATEMENT_LINE, fields=tuple(replace(one, most=None) for one in STATEMENT_LINE.fields)
)
"""How an amount is read shows only where every amount that can be stored may stand."""


def lines(*changes: dict[str, str | None]) -> pl.DataFrame:
    return pl.DataFrame([LINE | change for change in changes])


def amounts_of(*texts: str, currency: str = "CNY") -> list[int | str]:
    """What each text is read as: minor units, or the reason of its refusal."""
    accepted = accept(
        WITHOUT_A_MOST, lines(*({"amount_fen": text, "currency": currency} for text in texts)), "f"
    )
    result: dict[int, int | str] = {
        int(position): int(amount)
        for position, amount in accepted.rows.select("position", "amount_fen").iter_rows()
    }
    result |= {refusal.position: refusal.reason for refusal in accepted.refusals}
    return [result[position] for position in range(1, len(texts) + 1)]


def test_rows_have_exactly_the_columns_and_types_of_the_record_type() -> None:
    accepted = accept(STATEMENT_LINE, lines({}, {"balance_fen": "-0.05"}), "march.csv")
    assert dict(accepted.rows.schema) == polars_schema(STATEMENT_LINE)
    assert accepted.refusals == ()
    first = accepted.rows.row(0, named=True)
    assert first["source_file"] == "march.csv"
    assert (first["position"], first["sequence"]) == (1, 1)
    assert first["booked_at"] == datetime.datetime(2024, 3, 5, 2, 20, 30, tzinfo=datetime.UTC)
    assert accepted.rows["balance_fen"].to_list() == [None, -5]


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("0.07", 7),
        ("1.1", 110),
        ("4.35", 435),
        ("1234567.89", 123456789),
        ("1,234,567.89", 123456789),
        ("¥1,234.50", 123450),
        ("￥ 0.29", 29),
        ("１２３．４５", 12345),
        ("１，２３４．５０", 123450),
        ("100元", 10000),
        ("RMB 8.00", 800),
        ("+5", 500),
        (".5", 50),
        ("5.", 500),
        ("007.10", 710),
        ("12.3400", 1234),
        ("1e+16", 10**18),
        ("46116860184273879.03", AMOUNT_FEN_MAX),
        ("46116860184273879.04", "amount_too_large"),
        ("92233720368547758.08", "amount_too_large"),
        ("9" * 40, "amount_too_large"),
        ("1e999999", "amount_too_large"),
        ("12.345", "amount_finer_than_minor_unit"),
        ("1e-3", "amount_finer_than_minor_unit"),
        ("1234567890123.120000000000000000000000000001", "amount_finer_than_minor_unit"),
        ("0", "amount_not_positive"),
        ("0.00", "amount_not_positive"),
        ("-3.50", "amount_not_positive"),
        ("(3.50)", "amount_not_positive"),
        ("12,5", "amount_not_a_number"),
        ("1,23,456.00", "amount_not_a_number"),
        ("twelve", "amount_not_a_number"),
        ("1.2.3", "amount_not_a_number"),
        ("1 2", "amount_not_a_number"),
        ("-", "amount_not_a_number"),
        (".", "amount_not_a_number"),
        ("1_000", "amount_not_a_number"),
        ("NaN", "amount_not_a_number"),
        ("Infinity", "amount_not_a_number"),
        ("٣", "amount_not_a_number"),
        ("0x10", "amount_not_a_number"),
        ("", "amount_missing"),
    ],
)
def test_an_amount_is_read_exactly_or_refused_by_name(text: str, fen: int | str) -> None:
    assert amounts_of(text) == [fen]
    # beside plain rows it takes the other path through the column and must mean the same
    assert amounts_of("1.00", text, "0.01", "2.5") == [100, fen, 1, 250]


@settings(max_examples=25, deadline=None)
@given(
    some.lists(
        some.one_of(
            some.decimals(min_value=-(10**16), max_value=10**16, places=2).map(str),
            some.text(alphabet="0123456789.,-+eE ¥（）元()０５．", max_size=12),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_the_fast_path_agrees_with_the_exact_reading_of_each_text(texts: list[str]) -> None:
    def expected(text: str) -> int | str:
        if not text.strip():
            return "amount_missing"
        value = scaled_integer(text.strip(), 2)
        if isinstance(value, str):
            return f"amount_{value}"
        return value if value > 0 else "amount_not_positive"

    assert amounts_of(*texts) == [expected(text) for text in texts]


@settings(max_examples=25, deadline=None)
@given(some.integers(min_value=1, max_value=AMOUNT_FEN_MAX), some.sampled_from(["CNY", "JPY", "KWD", "CLF"]))
def test_any_amount_survives_writing_and_reading(amount_fen: int, currency: str) -> None:
    digits = {"CNY": 2, "JPY": 0, "KWD": 3, "CLF": 4}[currency]
    text = f"{amount_fen // 10**digits}.{amount_fen % 10**digits:0{digits}d}" if digits else str(amount_fen)
    assert amounts_of(text, currency=currency) == [amount_fen]


@pytest.mark.parametrize(
    ("record_type", "field", "most", "texts"),
    [
        (STATEMENT_LINE, "amount_fen", LINE_FEN_MOST, LINE),
        (ACCOUNT, "opening_balance_fen", BALANCE_FEN_MOST, {"account": "6222020200112233"}),
        (ACCOUNT, "opening_balance_fen", -BALANCE_FEN_MOST, {"account": "6222020200112233"}),
    ],
)
def test_no_line_and_no_opening_balance_is_larger_than_any_bank_has(
    record_type: RecordType, field: str, most: int, texts: dict[str, str]
) -> None:
    beyond = most + (1 if most > 0 else -1)
    rows = pl.DataFrame([texts | {field: str(fen)} for fen in (most, beyond, AMOUNT_FEN_MAX, most // 2)])

    read = accept(record_type, rows, "f", reading=Reading(amount_unit="minor"))

    assert read.rows[field].to_list() == [most, most // 2]
    assert [(one.position, one.field, one.reason) for one in read.refusals] == [
        (2, field, "amount_too_large"),
        (3, field, "amount_too_large"),
    ]
    assert read.refusals[0].message.endswith("no amount is as large as this; check the unit")


def test_each_currency_has_its_own_minor_unit_within_one_file() -> None:
    rows = lines(
        {"amount_fen": "12", "currency": "JPY"},
        {"amount_fen": "1.234", "currency": "KWD"},
        {"amount_fen": "1.2", "currency": "人民币"},
        {"amount_fen": "1.2", "currency": "JPY"},
        {"amount_fen": "1,000", "currency": "jpy"},
    )
    accepted = accept(STATEMENT_LINE, rows, "f")
    assert accepted.rows["amount_fen"].to_list() == [12, 1234, 120, 1000]
    assert accepted.rows["currency"].to_list() == ["JPY", "KWD", "CNY", "JPY"]
    assert [(r.position, r.reason) for r in accepted.refusals] == [(4, "amount_finer_than_minor_unit")]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("booked_at", "2024-02-30 10:00:00", "date_impossible"),
        ("booked_at", "2023-02-29", "date_impossible"),
        ("booked_at", "20240230", "date_impossible"),
        ("booked_at", "2024-13-01", "date_impossible"),
        ("booked_at", "2024-03-05 25:00:00", "instant_unreadable"),
        ("booked_at", "yesterday", "instant_unreadable"),
        ("booked_at", "2024105", "instant_unreadable"),
        ("booked_at", "0024-03-05 10:00:00", "date_out_of_range"),
        ("booked_at", "1988-04-17 02:30:00", "instant_not_in_zone"),
        ("booked_at", None, "instant_missing"),
        ("account", "  ", "account_missing"),
        ("account", "\u200b", "account_missing"),
        ("account", " \ufeff\u3000\u200d", "account_missing"),
        ("account", "6" * 300, "text_too_long"),
        ("account", "62\x0022", "text_has_nul"),
        ("currency", "XXY", "currency_unknown"),
        ("direction", "sideways", "choice_unknown"),
        ("direction", None, "value_missing"),
        ("balance_fen", "ninety", "amount_not_a_number"),
    ],
)
def test_a_broken_rule_names_field_reason_and_row(field: str, value: str | None, reason: str) -> None:
    accepted = accept(STATEMENT_LINE, lines({}, {field: value}, {}), "march.csv")
    assert len(accepted.rows) == 2
    (refusal,) = accepted.refusals
    assert (refusal.source_file, refusal.position, refusal.field, refusal.reason) == (
        "march.csv",
        2,
        field,
        reason,
    )
    assert field in refusal.message
    if value is not None:
        assert json.loads(refusal.original)[field] == value


def test_the_first_broken_field_in_field_order_names_the_refusal() -> None:
    rows = lines({"direction": "up", "amount_fen": "x", "currency": "??", "booked_at": "2024-02-30"})
    assert [r.field for r in accept(STATEMENT_LINE, rows, "f").refusals] == ["booked_at"]
    rows = lines({"amount_fen": "x", "direction": "up"})
    assert [r.field for r in accept(STATEMENT_LINE, rows, "f").refusals] == ["direction"]


def test_an_unknown_currency_is_to_blame_before_the_amount_that_it_was_to_measure() -> None:
    rows = lines({"amount_fen": "0.00012345", "currency": "Bitcoin"})
    assert [r.field for r in accept(STATEMENT_LINE, rows, "f").refusals] == ["currency"]


def test_times_are_read_in_the_zone_of_the_source_unless_they_carry_an_offset() -> None:
    texts = [
        "2024-03-05 10:20:30",
        "2024-03-05T10:20:30.123456",
        "2024/03/05 10:20:30",
        "20240305102030",
        "2024年03月05日 10:20:30",
        "2024-03-05 10:20",
        "2024-03-05",
        "20240305",
        "2024-03-05T10:20:30Z",
        "2024-03-05T10:20:30+08:00",
        "2024-03-05 10:20:30.5-0500",
    ]
    rows = lines(*({"booked_at": text} for text in texts))
    at = accept(STATEMENT_LINE, rows, "f").rows["booked_at"].dt.strftime("%d %H:%M:%S%.6f").to_list()
    assert at == [
        "05 02:20:30.000000", "05 02:20:30.123456", "05 02:20:30.000000", "05 02:20:30.000000",
        "05 02:20:30.000000", "05 02:20:00.000000", "04 16:00:00.000000", "04 16:00:00.000000",
        "05 10:20:30.000000", "05 02:20:30.000000", "05 15:20:30.500000",
    ]  # fmt: skip
    prague = accept(STATEMENT_LINE, rows.head(1), "f", reading=Reading(zone="Europe/Prague"))
    assert prague.rows["booked_at"].dt.hour().to_list() == [9]


def test_typed_columns_are_taken_as_they_are() -> None:
    moment = datetime.datetime.fromisoformat("2024-03-05 10:20:30")
    frame = pl.DataFrame(
        {
            "booked_at": [moment, moment],
            "account": [622202, 622203],
            "direction": ["debit", "credit"],
            "amount_fen": [0.07, 1.1],
            "balance_fen": [12, None],
        }
    )
    rows = accept(STATEMENT_LINE, frame, "f").rows
    assert rows["amount_fen"].to_list() == [7, 110]
    assert rows["account"].to_list() == ["622202", "622203"]
    assert rows["balance_fen"].to_list() == [1200, None]
    assert rows["currency"].to_list() == ["CNY", "CNY"]
    assert rows["booked_at"].dt.hour().to_list() == [2, 2]
    minor = accept(
        STATEMENT_LINE,
        frame.with_columns(amount_fen=pl.Series([7, 110])),
        "f",
        reading=Reading(amount_unit="minor"),
    )
    assert minor.rows["amount_fen"].to_list() == [7, 110]
    assert minor.rows["balance_fen"].to_list() == [12, None]


def test_defaults_fill_what_the_source_does_not_hold() -> None:
    party = {"party_id": "P1", "kind": "company", "name": "某某有限公司"}
    accepted = accept(PARTY, pl.DataFrame([party]), "f", reading=Reading(defaults={"unit_id": "0001"}))
    row = accepted.rows.row(0, named=True)
    assert (row["unit_id"], row["is_customer"]) == ("0001", True)
    assert accept(PARTY, pl.DataFrame([party]), "f").rows["unit_id"].to_list() == [None]
    (refusal,) = accept(PARTY, pl.DataFrame([party | {"party_id": None, "unit_id": "1"}]), "f").refusals
    assert (refusal.field, refusal.reason) == ("party_id", "key_missing")


def test_rates_are_millionths_whatever_the_unit_they_are_written_in() -> None:
    note = {
        "loan_id": "L1", "contract_id": "C1", "disbursement_account": "A", "amount_fen": "100", "balance_fen": "0",
        "issued_on": "2024-01-05", "matures_on": "20250105", "rate_ppm": "4.35%", "unit_id": "1",
    }  # fmt: skip

    def rate(text: str, unit: str) -> object:
        accepted = accept(
            LOAN_NOTE, pl.DataFrame([note | {"rate_ppm": text}]), "f", reading=Reading(rate_unit=unit)
        )  # pyright: ignore
        return accepted.rows["rate_ppm"].to_list() or accepted.refusals[0].reason

    assert rate("43500", "ppm") == [43500]
    assert rate("4.35%", "ppm") == [43500]
    assert rate("4.35", "percent") == [43500]
    assert rate("0.0435", "fraction") == [43500]
    assert rate("-1", "ppm") == "number_too_small"
    assert rate("high", "ppm") == "number_not_a_number"


def test_a_negative_invoice_is_a_red_invoice_and_accepted() -> None:
    invoice = {
        "invoice_id": "1", "seller_name": "甲", "buyer_name": "乙", "issued_on": "2017-07-18",
        "amount_fen": "-943.40", "tax_fen": "-56.60",
    }  # fmt: skip
    assert accept(INVOICE, pl.DataFrame([invoice]), "f").rows["amount_fen"].to_list() == [-94340]


def test_records_built_in_python_pass_the_same_rules() -> None:
    record = {
        "disbursement_id": "D1", "loan_id": "L1", "account": "A", "amount_fen": 100, "currency": "CNY",
        "booked_at": datetime.datetime(2024, 3, 5, 10, tzinfo=datetime.UTC), "payment_mode": "entrusted_payment",
        "unit_id": "1",
    }  # fmt: skip
    bad = [
        record | {"amount_fen": 0},
        record | {"amount_fen": 2**62},
        record | {"amount_fen": 2**80},
        record | {"account": None},
        record | {"currency": "ZZZ", "position": 77},
    ]
    accepted = accept_records(DISBURSEMENT, [record, *bad], "f.xml")
    assert accepted.rows.row(0, named=True)["booked_at"] == record["booked_at"]
    assert accepted.rows["amount_fen"].to_list() == [100]
    assert [(r.position, r.field, r.reason) for r in accepted.refusals] == [
        (2, "amount_fen", "amount_not_positive"),
        (3, "amount_fen", "amount_too_large"),
        (4, "amount_fen", "amount_too_large"),
        (5, "account", "account_missing"),
        (77, "currency", "currency_unknown"),
    ]
    batch = accepted.batch(DISBURSEMENT, bytes_read=9)
    assert (batch.record_type, batch.records_read, batch.bytes_read) == ("disbursement", 6, 9)
    with pytest.raises(TypeError, match="float"):
        accept_records(DISBURSEMENT, [record | {"amount_fen": 1.5}], "f.xml")
    with pytest.raises(TypeError, match="Decimal"):
        accept_records(DISBURSEMENT, [record | {"amount_fen": Decimal("1.5")}], "f.xml")


def test_no_records_make_no_rows() -> None:
    accepted = accept_records(STATEMENT_LINE, [], "f")
    assert len(accepted.rows) == 0
    assert dict(accepted.rows.schema) == polars_schema(STATEMENT_LINE)


def test_originals_are_kept_byte_for_byte() -> None:
    accepted = accept(STATEMENT_LINE, lines({}, {"amount_fen": "x"}), "f", [b"one", "乙,x".encode("gb18030")])
    assert accepted.refusals[0].original == "乙,x".encode("gb18030")


def test_reasons_are_said_in_plain_words_whose_chinese_is_that_of_the_reason():
    words = word_lists()["refusal_reason"]
    assert {reason: words.get(said) for reason, said in SAID.items()} == {
        reason: words[reason] for reason in SAID
    }
    assert [said for said in SAID.values() if ", " in said or "_" in said] == []
