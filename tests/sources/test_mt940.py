"""SWIFT statements as banks write them, and as they should not."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from loantrail.errors import ConfigurationError, FileUnreadable
from loantrail.sources import mt940
from loantrail.sources.model import Refusal, SourceFile
from loantrail.sources.mt940 import ADAPTERS
from loantrail.sources.mt940_fields import minor_units, read_details, read_entry

ADAPTER = ADAPTERS[0]
HEADER = ":20:REF\n:25:6222001\n:28C:1/1\n:60F:C260301CNY100,00\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def read(folder: Path, content: str | bytes, **options: str) -> tuple[list[dict[str, Any]], list[Refusal]]:
    path = folder / "statement.sta"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    batches = list(ADAPTER.read(SourceFile(path, "in/statement.sta", options)))
    rows = pl.concat([batch.rows for batch in batches]).to_dicts()
    refusals = [refusal for batch in batches for refusal in batch.refusals]
    assert sum(batch.records_read for batch in batches) == len(rows) + sum(
        one.position > 0 for one in refusals
    )
    assert all(one.source_file == "in/statement.sta" for one in refusals)
    return rows, refusals


def reasons(refusals: list[Refusal]) -> list[tuple[int, str, str]]:
    return [(one.position, one.field, one.reason) for one in refusals]


# The statement line ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "direction"), [("D", "debit"), ("C", "credit"), ("RD", "credit"), ("RC", "debit"), ("CY", "credit"), ("RDY", "credit")]
)  # fmt: skip
def test_marks_say_which_way_money_went(folder: Path, mark: str, direction: str) -> None:
    rows, _ = read(folder, HEADER + f":61:2603020302{mark}1,5NTRFA1//B1\n")
    assert (rows[0]["direction"], rows[0]["amount_fen"]) == (direction, 150)


def test_a_reversal_names_what_it_takes_back(folder: Path) -> None:
    content = (
        HEADER + ":61:2603020302D10,NTRFA1//B1\n:61:2603030303RD10,NTRFA1//B2\n:62F:C260303CNY100,00\n-\n"
    )
    rows, refusals = read(folder, content)
    assert refusals == []
    paid, back = rows
    assert (paid["reference"], paid["reverses"], paid["balance_fen"]) == ("A1", None, 9000)
    assert (back["reference"], back["reverses"], back["balance_fen"]) == ("B2", "A1", 10000)


@pytest.mark.parametrize(
    ("dates", "booked_on"),
    [
        ("2603020302", "2026-03-02"),
        ("260302", "2026-03-02"),
        ("2512310102", "2026-01-02"),
        ("2601011231", "2025-12-31"),
        ("2602300301", "2026-03-01"),
        ("990302", "1999-03-02"),
    ],
)
def test_the_entry_date_counts_in_the_year_next_to_the_value_date(
    folder: Path, dates: str, booked_on: str
) -> None:
    rows, refusals = read(folder, HEADER + f":61:{dates}C1,00NTRFA1\n:62F:C260302CNY101,00\n")
    assert refusals == []
    local = rows[0]["booked_at"].astimezone(datetime.timezone(datetime.timedelta(hours=8)))
    assert str(local.date()) == booked_on


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (":61:260230C1,00NTRFA1", ":61:", "date_impossible"),
        (":61:2603020230C1,00NTRFA1", ":61:", "date_impossible"),
        (":61:260302X1,00NTRFA1", ":61:", "statement_line_unreadable"),
        (":61:", ":61:", "statement_line_unreadable"),
        (":61:260302C1,001NTRFA1", ":61:", "amount_finer_than_minor_unit"),
        (":61:260302C1,0,0NTRFA1", ":61:", "amount_not_a_number"),
        (":61:260302C0,00NTRFA1", "amount_fen", "amount_not_positive"),
        (f":61:260302C{'9' * 25},NTRFA1", ":61:", "amount_too_large"),
        (":61:260302EC1,00NTRFA1", ":61:", "entry_not_booked"),
    ],
)
def test_a_bad_line_is_refused_by_name_and_the_rest_is_read(
    folder: Path, line: str, field: str, reason: str
) -> None:
    rows, refusals = read(folder, HEADER + f"{line}\n:86:what it was\n:61:260303C2,00NTRFA2\n")
    assert [(row["position"], row["amount_fen"]) for row in rows] == [(2, 200)]
    refused = [one for one in refusals if one.position]
    assert reasons(refused) == [(1, field, reason)]
    assert refused[0].original.startswith(b":61:")


def test_supplementary_details_and_references_are_kept() -> None:
    entry = read_entry("2603020302DR800,NSTOREF 1//BANK/55\n/OCMT/EUR4,5/")
    assert entry is not None
    assert (entry.customer_reference, entry.bank_reference) == ("REF 1", "BANK/55")
    assert (entry.funds_code, entry.kind, entry.supplement) == ("R", "NSTO", "/OCMT/EUR4,5/")


def test_amounts_have_a_comma_and_may_stop_there() -> None:
    assert [minor_units(text, "CNY") for text in ("7,", "0000,62", ",5", "12", "1,50")] == [
        700,
        62,
        50,
        1200,
        150,
    ]
    assert minor_units("", "CNY") == "amount_not_a_number"
    assert minor_units("7,", "JPY") == 7


# Details -----------------------------------------------------------------------------------------------------------


def test_details_with_code_words_name_counterparty_and_reference() -> None:
    details = read_details(
        "/TRTP/SEPA OVERBOEKING/IBAN/NL56AGDH9619008421/BIC/ABNANL2A/NAME/Yi Company\n/REMI/goods/EREF/E-77"
    )
    assert (details.counterparty_account, details.counterparty_bank) == ("NL56AGDH9619008421", "ABNANL2A")
    assert (details.counterparty_name, details.purpose, details.end_to_end) == ("Yi Company", "goods", "E-77")


def test_free_text_is_kept_as_it_is() -> None:
    assert read_details("付款 / 货款\n合同 12").purpose == "付款 / 货款 合同 12"


def test_a_time_of_day_cut_at_the_line_end_is_no_field(folder: Path) -> None:
    """`13\\n:25:10` would else be a new account."""
    rows, refusals = read(
        folder,
        HEADER + ":61:260302C1,00NTRFA1\n:86:paid 2026-03-02T13\n:25:10 at the desk\n:62F:C260302CNY101,\n",
    )
    assert refusals == []
    assert rows[0]["account"] == "6222001"
    assert "13 :25:10 at the desk" in rows[0]["purpose_text"]


# Statements, balances, envelopes -----------------------------------------------------------------------------------


def test_balances_are_compared_and_run_through(folder: Path) -> None:
    content = HEADER + ":61:260302D30,NTRFA1\n:61:260302C5,NTRFA2\n:62F:C260302CNY{}\n-\n"
    rows, refusals = read(folder, content.format("75,00"))
    assert ([row["balance_fen"] for row in rows], refusals) == ([7000, 7500], [])
    rows, refusals = read(folder, content.format("76,00"))
    assert len(rows) == 2
    assert reasons(refusals) == [(0, ":62F:", "balance_difference")]
    assert "75.00 CNY" in refusals[0].message and "76.00 CNY" in refusals[0].message


def test_pages_of_a_statement_hand_their_balance_on(folder: Path) -> None:
    page_one = ":20:R\n:25:A\n:28C:1/1\n:60F:D260301CNY10,00\n:61:260302C30,NTRFA1\n:62M:C260302CNY20,00\n-\n"
    page_two = ":20:R\n:25:A\n:28C:1/2\n:60M:C260302CNY20,00\n:61:260302D5,NTRFA2\n:62F:C260302CNY15,00\n-\n"
    rows, refusals = read(folder, page_one + page_two)
    assert ([row["balance_fen"] for row in rows], refusals) == ([2000, 1500], [])
    assert [row["sequence"] for row in rows] == [1, 2]


def test_swift_envelopes_are_taken_off(folder: Path) -> None:
    body = ":20:R\r\n:25:A\r\n:28C:1\r\n:60F:C260301CNY1,\r\n:61:260302C2,NTRFA\r\n:62F:C260302CNY3,\r\n-}"
    message = (
        "{1:F01ICBKCNBJAXXX0000000000}{2:O9401200260302PCBCCNBJXXX00000000002603021200N}{3:{108:X}}{4:\r\n"
        + body
    )
    rows, refusals = read(folder, f"{message}{{5:{{CHK:1}}}}\r\n{message}")
    assert ([row["amount_fen"] for row in rows], refusals) == ([200, 200], [])


def test_a_report_of_the_day_needs_no_balances(folder: Path) -> None:
    content = ":20:R\n:25:A\n:28C:1\n:34F:CNY0,\n:13D:2603021815+0800\n:61:260302C2,NTRFA\n:90D:0CNY0,00\n:90C:1CNY2,00\n-\n"
    rows, refusals = read(folder, content)
    assert (rows[0]["currency"], rows[0]["balance_fen"], refusals) == ("CNY", None, [])


def test_chinese_details_are_read_in_utf8_and_gb18030(folder: Path) -> None:
    content = HEADER + ":61:260302C1,00NTRFA1\n:86:货款 供应商\n:62F:C260302CNY101,00\n"
    for encoding in ("utf-8", "gb18030"):
        rows, refusals = read(folder, content.encode(encoding))
        assert (rows[0]["purpose_text"], refusals) == ("货款 供应商", [])
    with pytest.raises(ConfigurationError, match="no encoding called"):
        read(folder, content, encoding="no-such")


# Bad files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"1\n2\n3\n", "no field of an MT940"),
        (HEADER.encode("utf-16"), "no field of an MT940"),
    ],
)
def test_a_file_without_fields_is_refused_whole(folder: Path, content: bytes, message: str) -> None:
    with pytest.raises(FileUnreadable, match=message) as refused:
        read(folder, content)
    assert refused.value.place.file == "in/statement.sta"


def test_a_header_alone_says_what_is_missing(folder: Path) -> None:
    rows, refusals = read(folder, HEADER)
    assert rows == []
    assert reasons(refusals) == [(0, ":62F:", "field_missing")]


def test_a_statement_cut_off_keeps_its_entries_and_says_so(folder: Path) -> None:
    rows, refusals = read(folder, HEADER + ":61:260302C1,00NTRFA1\n:61:2603")
    assert [row["amount_fen"] for row in rows] == [100]
    assert reasons(refusals) == [(0, ":62F:", "field_missing"), (2, ":61:", "statement_line_unreadable")]


def test_without_account_or_currency_the_options_help(folder: Path) -> None:
    line = ":61:260302C1,00NTRFA1\n"
    _, refusals = read(folder, line)
    assert (1, ":60F:", "currency_missing") in reasons(refusals)
    _, refusals = read(folder, line, currency="CNY")
    assert (1, "account", "account_missing") in reasons(refusals)
    rows, _ = read(folder, line, currency="CNY", account="6222001")
    assert rows[0]["account"] == "6222001"


def test_an_unknown_currency_is_refused(folder: Path) -> None:
    _, refusals = read(
        folder, HEADER.replace("CNY", "XQX") + ":61:260302C1,00NTRFA1\n:62F:C260302XQX101,00\n"
    )
    assert (1, ":60F:", "currency_unknown") in reasons(refusals)


def test_a_line_without_end_is_passed_over_and_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mt940, "LINE_BYTES_MAX", 100)
    content = (
        HEADER + ":61:260302C1,00NTRFA1\n" + "x" * 1000 + "\n:61:260302C2,00NTRFA2\n:62F:C260302CNY103,\n"
    )
    rows, refusals = read(folder, content)
    assert [row["amount_fen"] for row in rows] == [100, 200]
    assert refusals[0].reason == "line_too_long" and "line 6" in refusals[0].message


@pytest.mark.parametrize(
    ("name", "head", "sure"),
    [
        ("a.sta", HEADER.encode(), True),
        ("a.txt", b"{1:F01X}{4:\r\n:20:R\r\n:61:260302C1,NTRF", True),
        ("a.sta", b":25:PL25", True),
        ("a.csv", b"a,b\n1,2\n", False),
        ("a.xml", b"<a/>", False),
        ("a.sta", b"", False),
    ],
)
def test_the_format_is_recognised_by_its_beginning(name: str, head: bytes, sure: bool) -> None:
    assert (ADAPTER.recognises(Path(name), head) > 0) is sure
