"""ISO 20022 messages as they come: batches, reversals, returns, balances, and files that are not what they should be."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantrail.errors import FileUnreadable
from loantrail.sources import iso20022_entries, iso20022_xml, statement_lines
from loantrail.sources.iso20022 import ADAPTERS
from loantrail.sources.iso20022_parts import minor_units
from loantrail.sources.model import Refusal, SourceFile
from loantrail.wording import in_chinese

ADAPTER = ADAPTERS[0]
ACCOUNT = "<Acct><Id><Othr><Id>6222001</Id></Othr></Id><Ownr><Nm>甲公司</Nm></Ownr></Acct>"


def document(inner: str, kind: str = "camt.053.001.08", root: str = "BkToCstmrStmt") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:{kind}"><{root}>'
        f"<GrpHdr><MsgId>M</MsgId></GrpHdr>{inner}</{root}></Document>"
    )


def statement(entries: str, opening: str | None = None, closing: str | None = None) -> str:
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='CNY'>{amount.lstrip('-')}</Amt>"
        f"<CdtDbtInd>{'DBIT' if amount.startswith('-') else 'CRDT'}</CdtDbtInd></Bal>"
        for code, amount in (("OPBD", opening), ("CLBD", closing))
        if amount is not None
    )
    return f"<Stmt><Id>S</Id>{ACCOUNT}{balances}{entries}</Stmt>"


def entry(
    amount: str = "100.00",
    way: str = "DBIT",
    details: str = "",
    *,
    status: str = "BOOK",
    booked: str = "<BookgDt><Dt>2026-03-02</Dt></BookgDt>",
    more: str = "",
    currency: str = "CNY",
) -> str:
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd>{more}<Sts><Cd>{status}</Cd></Sts>'
        f"{booked}<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def detail(
    reference: str,
    amount: str = "",
    *,
    creditor: str = "乙公司",
    debtor: str = "甲公司",
    way: str = "",
    more: str = "",
) -> str:
    money = f'<Amt Ccy="CNY">{amount}</Amt>' if amount else ""
    indicator = f"<CdtDbtInd>{way}</CdtDbtInd>" if way else ""
    return (
        f"<TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs>{money}{indicator}<RltdPties>"
        f"<Dbtr><Pty><Nm>{debtor}</Nm></Pty></Dbtr><Cdtr><Pty><Nm>{creditor}</Nm></Pty></Cdtr></RltdPties>{more}</TxDtls>"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def read(folder: Path, content: str | bytes, **options: str) -> tuple[list[dict[str, Any]], list[Refusal]]:
    path = folder / "message.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    batches = list(ADAPTER.read(SourceFile(path, "in/message.xml", options)))
    rows = pl.concat([batch.rows for batch in batches]).to_dicts()
    refusals = [refusal for batch in batches for refusal in batch.refusals]
    assert sum(batch.records_read for batch in batches) == len(rows) + sum(
        one.position > 0 for one in refusals
    )
    assert all(one.source_file == "in/message.xml" for one in refusals)
    return rows, refusals


def reasons(refusals: list[Refusal]) -> list[tuple[int, str, str]]:
    return [(one.position, one.field, one.reason) for one in refusals]


# What an entry becomes ---------------------------------------------------------------------------------------------


def test_a_batch_is_broken_into_its_transactions_when_they_add_up(folder: Path) -> None:
    details = detail("E1", "30.00") + detail("E2", "70.00", creditor="丙公司")
    rows, refusals = read(folder, document(statement(entry("100.00", details=details), "150.00", "50.00")))
    assert refusals == []
    assert [
        (row["amount_fen"], row["reference"], row["counterparty_name"], row["balance_fen"]) for row in rows
    ] == [
        (3000, "E1", "乙公司", 12000),
        (7000, "E2", "丙公司", 5000),
    ]
    assert {row["account_name"] for row in rows} == {"甲公司"}


@pytest.mark.parametrize(
    "details",
    [
        detail("E1", "30.00") + detail("E2", "60.00"),
        detail("E1", "30.00") + detail("E2"),
        detail("E1", "170.00") + detail("E2", "30.00"),
    ],
)
def test_a_batch_that_does_not_add_up_stays_one_line_of_its_own_amount(folder: Path, details: str) -> None:
    rows, refusals = read(folder, document(statement(entry("100.00", details=details), "150.00", "50.00")))
    assert [(row["amount_fen"], row["balance_fen"]) for row in rows] == [(10000, 5000)]
    assert reasons(refusals) == [(0, "TxDtls", "batch_not_broken")]


def test_an_unbroken_batch_names_only_a_counterparty_that_all_share(folder: Path) -> None:
    rows, _ = read(folder, document(statement(entry(details=detail("E1") + detail("E2")))))
    assert rows[0]["counterparty_name"] == "乙公司"
    rows, _ = read(folder, document(statement(entry(details=detail("E1") + detail("E2", creditor="丙公司")))))
    assert rows[0]["counterparty_name"] is None


def test_one_described_transaction_of_twenty_does_not_stand_for_all(folder: Path) -> None:
    details = "<Btch><NbOfTxs>20</NbOfTxs></Btch>" + detail("E1")
    rows, refusals = read(folder, document(statement(entry(details=details))))
    assert rows[0]["counterparty_name"] is None
    assert reasons(refusals) == [(0, "TxDtls", "batch_not_broken")]


def test_a_batch_may_hold_both_directions(folder: Path) -> None:
    """130 out and 30 back in are an entry of 100 out."""
    details = detail("E1", "130.00", way="DBIT") + detail("E2", "30.00", way="CRDT")
    rows, refusals = read(folder, document(statement(entry("100.00", details=details), "150.00", "50.00")))
    assert refusals == []
    assert [(row["direction"], row["amount_fen"], row["balance_fen"]) for row in rows] == [
        ("debit", 13000, 2000),
        ("credit", 3000, 5000),
    ]


def test_the_detail_amount_in_the_entrys_currency_counts(folder: Path) -> None:
    """A foreign order of 5 USD is 35 CNY on the account."""
    exchanged = (
        "<TxDtls><Refs><EndToEndId>{}</EndToEndId></Refs><Amt Ccy='USD'>5.00</Amt><AmtDtls><CntrValAmt>"
        "<Amt Ccy='CNY'>35.00</Amt></CntrValAmt></AmtDtls></TxDtls>"
    )
    details = exchanged.format("E1") + exchanged.format("E2")
    rows, refusals = read(folder, document(statement(entry("70.00", details=details))))
    assert refusals == []
    assert [(row["amount_fen"], row["currency"]) for row in rows] == [(3500, "CNY"), (3500, "CNY")]


def test_a_reversal_names_what_it_takes_back_and_keeps_the_parties(folder: Path) -> None:
    """A credit that reverses a debit: the counterparty is still the creditor."""
    more = "<RvslInd>true</RvslInd>"
    after = "<AcctSvcrRef>B9</AcctSvcrRef>"
    reversal = entry(
        way="CRDT", details=detail("E1"), more=more, booked="<BookgDt><Dt>2026-03-02</Dt></BookgDt>" + after
    )
    rows, refusals = read(folder, document(statement(entry(details=detail("E1")) + reversal)))
    assert refusals == []
    paid, taken_back = rows
    assert (paid["reference"], paid["reverses"], paid["counterparty_name"]) == ("E1", None, "乙公司")
    assert (taken_back["reference"], taken_back["reverses"]) == ("B9", "E1")
    assert (taken_back["direction"], taken_back["counterparty_name"]) == ("credit", "乙公司")


def test_a_return_names_what_came_back_and_why(folder: Path) -> None:
    returned = detail("E1", more="<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>")
    rows, _ = read(folder, document(statement(entry(way="CRDT", details=returned))))
    assert (rows[0]["reverses"], rows[0]["reference"], rows[0]["counterparty_name"]) == ("E1", None, "乙公司")
    assert "return AC04" in rows[0]["purpose_text"]


def test_payments_of_a_day_that_repeat_a_reference_stay_two_payments(folder: Path) -> None:
    """The books take the same reference on the same day for the same line; only the first keeps it as such."""
    other_day = entry(details=detail("E1"), booked="<BookgDt><Dt>2026-03-03</Dt></BookgDt>")
    rows, refusals = read(folder, document(statement(entry(details=detail("E1")) * 2 + other_day)))
    assert refusals == []
    assert [(row["reference"], row["document_no"]) for row in rows] == [
        ("E1", None),
        (None, "E1"),
        ("E1", None),
    ]


def test_an_account_is_never_its_own_counterparty(folder: Path) -> None:
    same = detail("E1").replace(
        "</RltdPties>", "<CdtrAcct><Id><Othr><Id>6222001</Id></Othr></Id></CdtrAcct></RltdPties>"
    )
    rows, _ = read(folder, document(statement(entry(details=same))))
    assert rows[0]["counterparty_account"] is None
    assert rows[0]["amount_fen"] == 10000


@pytest.mark.parametrize(("status", "reason"), [("PDNG", "entry_not_booked"), ("INFO", "entry_not_booked"), ("XX", "entry_status_unknown")])  # fmt: skip
def test_only_booked_entries_are_booked(folder: Path, status: str, reason: str) -> None:
    rows, refusals = read(folder, document(statement(entry(status=status) + entry(), "150.00", "50.00")))
    assert [row["position"] for row in rows] == [2]
    assert reasons(refusals) == [(1, "Sts", reason)]
    assert b"<Ntry>" in refusals[0].original and refusals[0].original.endswith(b"</Ntry>")


def test_dates_are_business_dates_and_instants_keep_their_offset(folder: Path) -> None:
    offset = "<BookgDt><DtTm>2026-03-02T10:00:00+01:00</DtTm></BookgDt>"
    naive = "<BookgDt><DtTm>2026-03-02T10:00:00.000000000</DtTm></BookgDt>"
    zoned_date = "<BookgDt><Dt>2026-03-02Z</Dt></BookgDt>"
    rows, _ = read(
        folder, document(statement("".join(entry(booked=one) for one in (offset, naive, zoned_date))))
    )
    assert [row["booked_at"] for row in rows] == [
        datetime.datetime(2026, 3, 2, 9, tzinfo=datetime.UTC),
        datetime.datetime(2026, 3, 2, 2, tzinfo=datetime.UTC),
        datetime.datetime(2026, 3, 1, 16, tzinfo=datetime.UTC),
    ]


def test_a_missing_booking_date_is_replaced_and_said(folder: Path) -> None:
    rows, refusals = read(folder, document(statement(entry(booked="<ValDt><Dt>2026-03-02</Dt></ValDt>"))))
    assert rows[0]["booked_at"] == datetime.datetime(2026, 3, 1, 16, tzinfo=datetime.UTC)
    assert reasons(refusals) == [(0, "BookgDt", "booking_date_missing")]


def test_two_messages_in_one_envelope_are_both_read(folder: Path) -> None:
    """Each with its application header, as message queues deliver them."""
    message = document(statement(entry())).partition("?>")[2]
    wrapped = f"<BusMsgEnvlp>{''.join(f'<BusMsg><AppHdr><To/></AppHdr>{message}</BusMsg>' for _ in range(2))}</BusMsgEnvlp>"
    rows, refusals = read(folder, wrapped)
    assert [row["position"] for row in rows] == [1, 2]
    assert refusals == []


def test_namespace_prefixes_do_not_matter(folder: Path) -> None:
    text = (
        '<n:Document xmlns:n="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><n:BkToCstmrDbtCdtNtfctn><n:Ntfctn><n:Acct>'
        "<n:Id><n:IBAN>de89 3704 0044</n:IBAN></n:Id></n:Acct><n:Ntry><n:Amt Ccy='EUR'>1.00</n:Amt><n:CdtDbtInd>CRDT"
        "</n:CdtDbtInd><n:Sts>BOOK</n:Sts><n:BookgDt><n:Dt>2026-01-01</n:Dt></n:BookgDt></n:Ntry></n:Ntfctn>"
        "</n:BkToCstmrDbtCdtNtfctn></n:Document>"
    )
    rows, refusals = read(folder, text)
    assert (rows[0]["account"], rows[0]["amount_fen"], refusals) == ("DE8937040044", 100, [])


def test_a_message_in_gb18030_is_read(folder: Path) -> None:
    text = document(statement(entry(details=detail("E1")))).replace('encoding="UTF-8"', 'encoding="GB18030"')
    rows, refusals = read(folder, text.encode("gb18030"))
    assert (rows[0]["counterparty_name"], refusals) == ("乙公司", [])


@pytest.mark.parametrize(
    "encoding",
    [
        "hex",
        "base64",
        "quopri",
        "uu",
        "zip",
        "bz2",
        "rot13",
        "undefined",
        "punycode",
        "idna",
        "mbcs",
        "aliases",
        "no-such",
    ],
)
def test_a_message_in_what_is_no_encoding_of_texts_is_refused_whole(folder: Path, encoding: str) -> None:
    text = document(statement(entry())).replace('encoding="UTF-8"', f'encoding="{encoding}"')
    with pytest.raises(FileUnreadable, match="encoding") as caught:
        read(folder, text)
    assert in_chinese(caught.value.problem)


@pytest.mark.parametrize("encoding", ["utf-7", "unicode_escape", "utf-16-be-bom", "cp037", "shift_jis"])
def test_a_message_that_is_not_in_the_encoding_that_it_declares_is_told(folder: Path, encoding: str) -> None:
    text = document(statement(entry(details=detail("+2AA- \\ud800")))).replace(
        'encoding="UTF-8"', f'encoding="{encoding}"'
    )
    try:
        _, refusals = read(folder, text.encode() + b"\xff")
    except FileUnreadable:
        return
    assert [one.reason for one in refusals] == ["xml_broken"]


# Balances ----------------------------------------------------------------------------------------------------------


def test_balances_that_contradict_are_said_and_nothing_is_dropped(folder: Path) -> None:
    rows, refusals = read(folder, document(statement(entry("100.00"), "150.00", "49.99")))
    assert [row["amount_fen"] for row in rows] == [10000]
    assert reasons(refusals) == [(0, "balance_fen", "balance_difference")]
    assert "50.00 CNY" in refusals[0].message and "49.99 CNY" in refusals[0].message


def test_an_overdrawn_opening_balance_counts_as_negative(folder: Path) -> None:
    rows, refusals = read(folder, document(statement(entry("30.00", "CRDT"), "-100.00", "-70.00")))
    assert (rows[0]["balance_fen"], refusals) == (-7000, [])


def test_a_balance_that_amounts_beyond_reason_come_to_is_none(folder: Path) -> None:
    beyond = entry("40000000000000000.00", "CRDT")
    back = entry("40000000000000000.00", "DBIT")
    rows, refusals = read(
        folder, document(statement(beyond * 3 + entry("1.00") + back * 3 + entry("1.00"), "0.00", "-2.00"))
    )
    assert [(row["position"], row["balance_fen"]) for row in rows] == [(4, None), (8, -200)]
    assert reasons(refusals) == [(place, "amount_fen", "amount_too_large") for place in (1, 2, 3, 5, 6, 7)]


def test_after_an_entry_that_cannot_be_read_no_balance_is_claimed(folder: Path) -> None:
    rows, refusals = read(folder, document(statement(entry("1,00") + entry("100.00"), "150.00", "49.00")))
    assert [row["balance_fen"] for row in rows] == [None]
    assert reasons(refusals) == [(0, "balance_fen", "balance_difference"), (1, "Amt", "amount_not_a_number")]


def test_an_entry_of_unknown_direction_is_refused_and_no_balance_is_claimed(folder: Path) -> None:
    rows, refusals = read(folder, document(statement(entry(way="XXXX") + entry("1.00"), "5.00", "4.00")))
    assert [(row["amount_fen"], row["balance_fen"]) for row in rows] == [(100, None)]
    assert reasons(refusals) == [
        (0, "balance_fen", "balance_difference"),
        (1, "CdtDbtInd", "direction_unknown"),
    ]


# Bad amounts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "currency", "field", "reason"),
    [
        ("0.00", "CNY", "amount_fen", "amount_not_positive"),
        ("-5.00", "CNY", "Amt", "amount_not_positive"),
        ("", "CNY", "Amt", "amount_missing"),
        ("8,85", "CNY", "Amt", "amount_not_a_number"),
        ("1e3", "CNY", "Amt", "amount_not_a_number"),
        ("NaN", "CNY", "Amt", "amount_not_a_number"),
        ("0.001", "CNY", "Amt", "amount_finer_than_minor_unit"),
        ("99999999999999999999.00", "CNY", "Amt", "amount_too_large"),
        ("46116860184273879.04", "CNY", "Amt", "amount_too_large"),
        ("1.00", "XXX", "Ccy", "currency_unknown"),
        ("1.00", "", "Ccy", "currency_missing"),
    ],
)
def test_a_bad_amount_is_refused_by_name_and_the_rest_is_read(
    folder: Path, amount: str, currency: str, field: str, reason: str
) -> None:
    content = document(statement(entry(amount, currency=currency) + entry("1.00")))
    rows, refusals = read(folder, content)
    assert [row["amount_fen"] for row in rows] == [100]
    assert reasons(refusals) == [(1, field, reason)]
    assert b"<Ntry>" in refusals[0].original


@given(st.integers(0, 2**62 - 1), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_amounts_are_exact_to_the_last_fen(fen: int, zeros: int) -> None:
    text = f"{fen // 100}.{fen % 100:02d}" + "0" * zeros
    assert minor_units(text, "CNY").amount_fen == fen


def test_yen_have_no_decimals_and_dinars_three() -> None:
    assert minor_units("2700", "JPY").amount_fen == 2700
    assert minor_units("2700.5", "JPY").problem == "amount_finer_than_minor_unit"
    assert minor_units("1.234", "KWD").amount_fen == 1234


def test_an_entry_without_account_takes_the_option_or_is_refused(folder: Path) -> None:
    content = document(f"<Stmt><Id>S</Id>{entry()}</Stmt>")
    _, refusals = read(folder, content)
    assert reasons(refusals) == [(1, "account", "account_missing")]
    rows, refusals = read(folder, content, account="6222001")
    assert (rows[0]["account"], refusals) == ("6222001", [])


def test_a_date_that_the_calendar_lacks_is_refused(folder: Path) -> None:
    rows, refusals = read(
        folder, document(statement(entry(booked="<BookgDt><Dt>2026-02-30</Dt></BookgDt>") + entry()))
    )
    assert [row["position"] for row in rows] == [2]
    assert reasons(refusals) == [(1, "booked_at", "date_impossible")]


# Credit transfers --------------------------------------------------------------------------------------------------


def transfer(
    *, debtor_account: str = "6222001", creditor_account: str = "6333001", amount: str = "12.50"
) -> str:
    def account(name: str, number: str) -> str:
        return f"<{name}><Id><Othr><Id>{number}</Id></Othr></Id></{name}>" if number else ""

    return (
        "<CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId><UETR>U-1</UETR></PmtId>"
        f"<IntrBkSttlmAmt Ccy='CNY'>{amount}</IntrBkSttlmAmt><IntrBkSttlmDt>2026-03-02</IntrBkSttlmDt>"
        f"<Dbtr><Nm>甲公司</Nm></Dbtr>{account('DbtrAcct', debtor_account)}<DbtrAgt><FinInstnId><BICFI>ICBKCNBJ</BICFI>"
        "</FinInstnId></DbtrAgt><CdtrAgt><FinInstnId><BICFI>PCBCCNBJ</BICFI></FinInstnId></CdtrAgt>"
        f"<Cdtr><Nm>乙公司</Nm></Cdtr>{account('CdtrAcct', creditor_account)}<RmtInf><Ustrd>货款</Ustrd></RmtInf></CdtTrfTxInf>"
    )


def transfers(inner: str, header: str = "") -> str:
    return document(f"<GrpHdr>{header}</GrpHdr>{inner}", "pacs.008.001.08", "FIToFICstmrCdtTrf").replace(
        "<GrpHdr><MsgId>M</MsgId></GrpHdr>", "", 1
    )


def test_a_credit_transfer_gives_the_line_of_each_account(folder: Path) -> None:
    rows, refusals = read(folder, transfers(transfer()))
    assert refusals == []
    out, into = rows
    assert (out["account"], out["direction"], out["counterparty_account"]) == ("6222001", "debit", "6333001")
    assert (into["account"], into["direction"], into["counterparty_account"]) == (
        "6333001",
        "credit",
        "6222001",
    )
    assert {row["reference"] for row in rows} == {"U-1"} and {row["amount_fen"] for row in rows} == {1250}
    assert (out["institution"], out["counterparty_institution"]) == ("ICBKCNBJ", "PCBCCNBJ")
    assert all(row["purpose_text"].startswith("pacs.008 货款") for row in rows)


def test_a_side_without_account_is_refused_and_the_other_stays(folder: Path) -> None:
    rows, refusals = read(folder, transfers(transfer(creditor_account="")))
    assert [row["direction"] for row in rows] == ["debit"]
    assert reasons(refusals) == [(2, "CdtrAcct", "account_missing")]


def test_control_totals_of_a_payment_message_are_compared(folder: Path) -> None:
    header = "<NbOfTxs>3</NbOfTxs><TtlIntrBkSttlmAmt Ccy='CNY'>20.00</TtlIntrBkSttlmAmt>"
    rows, refusals = read(folder, transfers(transfer(), header))
    assert len(rows) == 2
    assert [one.reason for one in refusals] == ["record_count_difference", "total_difference"]


# Files that are not what they should be ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"<?xml version='1.0'?>", "not a readable XML message"),
        (b"not xml at all <", "not a readable XML message"),
        (document("").encode(), "holds no statement"),
        (document("").replace("UTF-8", "UTF-16").encode("utf-16"), "holds no statement"),
        (b"<?xml version='1.0' encoding='no-such'?><Document/>", "no encoding called no-such"),
    ],
)
def test_a_file_without_content_is_refused_whole(folder: Path, content: bytes, message: str) -> None:
    with pytest.raises(FileUnreadable, match=message) as refused:
        read(folder, content)
    assert refused.value.place.file == "in/message.xml"


def test_a_truncated_file_keeps_what_came_before_the_break(folder: Path) -> None:
    text = document(statement("".join(entry(f"{number}.00") for number in range(1, 6))))
    rows, refusals = read(folder, text[: text.index("5.00")])
    assert [row["amount_fen"] for row in rows] == [100, 200, 300, 400]
    assert reasons(refusals) == [(0, "xml", "xml_broken")]
    assert "line 1, column" in refusals[0].message and "before position 5" in refusals[0].message
    assert refusals[0].original.endswith(b'<Amt Ccy="CNY">')


def test_a_wrong_byte_names_its_line_and_keeps_what_came_before(folder: Path) -> None:
    text = document(statement(entry(details=detail("E1")) + "\n" + entry(details=detail("E2"))))
    data = text.encode()
    at = data.rindex("乙".encode())
    rows, refusals = read(folder, data[:at] + b"\xff\xfe" + data[at + 2 :])
    assert [row["reference"] for row in rows] == ["E1"]
    assert refusals[0].reason == "xml_broken" and "line 2" in refusals[0].message


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {name} "{f"&{inner};" * 10}">' for inner, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)


@pytest.mark.parametrize(
    "declaration",
    [
        BOMB,
        '<!DOCTYPE d SYSTEM "http://127.0.0.1:1/d.dtd">',
        f'<?xml version="1.0"?><!--{"x" * 300_000}--><!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_a_document_type_declaration_is_refused(folder: Path, declaration: str) -> None:
    """Entities could grow without limit, or read other files; no message needs them."""
    body = document(statement(entry(details=detail("&i;")))).partition("?>")[2]
    with pytest.raises(FileUnreadable, match="document type declaration") as refused:
        read(folder, declaration + body)
    assert refused.value.place.field == "DOCTYPE"


def test_an_element_that_never_ends_is_refused_before_it_fills_the_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iso20022_xml, "TOKEN_BYTES_MAX", 300_000)
    endless = document(statement(entry() + f'<Ntry junk="{"x" * 900_000}"/>'))
    rows, refusals = read(folder, endless)
    assert len(rows) == 1
    assert refusals[0].reason == "xml_broken" and "longer or deeper" in refusals[0].message


def test_a_text_that_never_ends_is_refused_before_it_fills_the_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iso20022_xml, "TEXT_CHARACTERS_MAX", 100_000)
    rows, refusals = read(folder, document(statement(entry() + entry(details=detail("x" * 400_000)))))
    assert len(rows) == 1
    assert refusals[0].reason == "xml_broken"


def test_deep_nesting_is_refused(folder: Path) -> None:
    rows, refusals = read(folder, document(statement(entry() + "<x>" * 10_000)))
    assert len(rows) == 1
    assert refusals[0].reason == "xml_broken" and "nesting" in refusals[0].message


def test_a_newer_version_is_read_and_said(folder: Path) -> None:
    rows, refusals = read(folder, document(statement(entry()), kind="camt.053.001.14"))
    assert len(rows) == 1
    assert reasons(refusals) == [(0, "xmlns", "version_not_known")]


@pytest.mark.parametrize(
    ("head", "sure"),
    [
        (document("").encode(), True),
        (document("").encode("utf-16"), True),
        (b"<Envelope><AppHdr/><Document xmlns='urn:iso:std:iso:20022:tech:xsd:pacs.008.001.12'>", True),
        (b"<BkToCstmrStmt>", True),
        (b":20:X\r\n:61:", False),
        (b"a,b,c\ncamt.053.001.02,1,2", False),
        (b"<sdnList xmlns='x'/>", False),
        (b"", False),
    ],
)
def test_the_format_is_recognised_by_its_beginning(head: bytes, sure: bool) -> None:
    assert (ADAPTER.recognises(Path("any"), head) > 0) is sure


# Large files -------------------------------------------------------------------------------------------------------


def test_a_long_statement_comes_in_batches(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement_lines, "LINES_MAX", 50)
    path = folder / "message.xml"
    path.write_text(document(statement(entry("1.00") * 120, "200.00", "80.00")), encoding="utf-8")
    batches = list(ADAPTER.read(SourceFile(path, "m.xml")))
    assert [len(batch.rows) for batch in batches] == [50, 50, 20]
    assert sum(batch.records_read for batch in batches) == 120
    assert batches[-1].rows["position"][-1] == 120 and batches[-1].rows["balance_fen"][-1] == 8000


def test_a_very_large_batch_entry_is_broken_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loantrail.sources.iso20022.DETAILS_KEPT_MAX", 5)
    details = "".join(detail(f"E{number}", "1.00") for number in range(40))
    rows, refusals = read(folder, document(statement(entry("40.00", details=details))))
    assert [row["reference"] for row in rows] == [f"E{number}" for number in range(40)]
    assert refusals == []
    assert iso20022_entries.DETAILS_KEPT_MAX == 1000


def test_entries_with_long_texts_come_in_smaller_batches(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_lines, "HELD_BYTES_MAX", 400_000)
    long = entry("1.00", details=detail("E1", more=f"<RmtInf><Ustrd>{'x' * 50_000}</Ustrd></RmtInf>"))
    path = folder / "message.xml"
    path.write_text(document(statement(long * 30)), encoding="utf-8")
    sizes = [len(batch.rows) for batch in ADAPTER.read(SourceFile(path, "m.xml"))]
    assert sum(sizes) == 30
    assert max(sizes) < 20


@pytest.mark.heavy
def test_memory_does_not_grow_with_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty times the file takes the same memory; the balance runs through to the end."""
    import tracemalloc

    monkeypatch.setattr(statement_lines, "LINES_MAX", 500)
    body = entry("1.00", details=detail("E1", more=f"<RmtInf><Ustrd>{'货款' * 200}</Ustrd></RmtInf>"))
    peaks: list[int] = []
    for count in (1_000, 20_000):
        path = folder / f"{count}.xml"
        start, end = document(statement("|", f"{count}.00", "0.00")).split("|")
        with path.open("w", encoding="utf-8") as stream:
            stream.write(start)
            for _ in range(count):
                stream.write(body)
            stream.write(end)
        tracemalloc.start()
        read_rows = 0
        for batch in ADAPTER.read(SourceFile(path, path.name)):
            assert not batch.refusals
            read_rows += len(batch.rows)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert read_rows == count
    assert peaks[1] < 1.5 * peaks[0]
