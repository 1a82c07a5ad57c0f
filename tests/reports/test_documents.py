"""Printed documents and spreadsheets: every text as it is, every amount exact, any length."""

from __future__ import annotations

import datetime
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from loantrail.errors import InputError
from loantrail.http.pages.model import Account, Arrival, Lead, LoanFacts, Run, StatementLine, Summary, Verdict
from loantrail.reports.document import Column, Document, Heading, Paragraph, Table, facts, row
from loantrail.reports.fund_flow import fund_flow_document
from loantrail.reports.loan_report import LineEvidence, LoanReport
from loantrail.reports.speech import Speech, share_text
from loantrail.reports.spreadsheet import fund_flow_sheet
from loantrail.reports.typeset import pdf
from loantrail.reports.words import FILES, words

WEB = Path(__file__).resolve().parents[2] / "web" / "src" / "i18n"
MADE_AT = datetime.datetime(2025, 4, 1, 8, 0, tzinfo=datetime.UTC)
HOSTILE = '#panic("x") $a$ *b* _c_ ] } \\ #let @label <b> "q" `r` //z 甲公司=1+1'


def report(lines: int, amount_fen: int = 123_456_789_01) -> LoanReport:
    """A loan whose statement has so many lines, its borrower's name full of signs that mean something to others."""
    paid_fen = lines * amount_fen
    statement = [
        StatementLine(
            use="supplier" if number == 0 else f"use_{number}",
            line_group="documented",
            amount_fen=amount_fen,
            least_fen=0,
            most_fen=paid_fen,
            proven=number % 2 == 0,
            basis="document",
            voucher=HOSTILE,
        )
        for number in range(lines)
    ]
    arrival = Arrival(
        transfer_id="0" * 32,
        booked_at=MADE_AT,
        from_account=Account(account="6" * 40, name=HOSTILE * 4),
        to_account=Account(account=None, name=None),
        counted_fen=1,
        transfer_fen=amount_fen,
        purpose_text=HOSTILE,
        document_no=None,
        destination_class="securities",
        basis="name",
        confidence_permille=900,
        evidence="name 证券",
        path_count=0,
        paths=[],
    )
    return LoanReport(
        facts=LoanFacts(
            loan_id="JJ1",
            contract_id="HT1",
            borrower_party_id="P1",
            borrower_name=HOSTILE,
            borrower_kind="company",
            product="working_capital_loan",
            purpose_text="=HYPERLINK(1)",
            payment_mode="autonomous_payment",
            grant_kind="new",
            currency="CNY",
            contract_amount_fen=paid_fen,
            amount_fen=paid_fen,
            balance_fen=paid_fen,
            rate_ppm=43_500,
            issued_on=MADE_AT.date(),
            matures_on=MADE_AT.date(),
            state="outstanding",
            five_class="normal",
            unit_id="U1",
            unit_name="支行",
            managers=[],
            disbursements=[],
        ),
        run=Run(
            run_id="r",
            convention="fifo",
            data_version="d",
            software_version="1",
            opening="given",
            created_at=MADE_AT,
            data_date=MADE_AT.date(),
            loan_count=1,
            event_count=1,
            hop_count=1,
        ),
        summary=Summary(
            disbursed_fen=paid_fen,
            seen_fen=0,
            lost_other_bank_fen=0,
            lost_pool_fen=0,
            prohibited_fen=0,
            gross_returned_fen=0,
        ),
        statement=statement,
        leads=[
            Lead(
                pattern="FLOW_SECURITIES",
                amount_fen=amount_fen,
                destination_class="securities",
                transaction_ids=["0" * 32],
                explanation=HOSTILE,
                explanation_chinese=HOSTILE,
            )
        ],
        evidence=[LineEvidence(line, [arrival] * 3, 2, 50) for line in statement],
        verdict=Verdict(level="clear", sentences=[]),
        unexplained=[],
        guarantees=[],
        collateral=[],
    )


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("lines", [0, 1, 200])
def test_a_report_of_any_length_is_set_whatever_its_texts_say(language: str, lines: int) -> None:
    document = fund_flow_document(report(lines), language, MADE_AT)
    made = pdf(document, MADE_AT)
    assert made.startswith(b"%PDF-")
    assert made == pdf(document, MADE_AT)


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=60))
def test_no_text_means_anything_to_the_typesetter(text: str) -> None:
    blocks = (
        Heading(text),
        Paragraph(text, "verdict"),
        facts([(text, text), ("b", text)], [text]),
        Table((Column(text), Column("b", "right", "auto")), (row(text, text), row(text, kind="detail"))),
    )
    document = Document("zh", text, text, text, text, text, "{page}/{pages}", blocks)
    assert pdf(document, MADE_AT).startswith(b"%PDF-")


def test_a_spreadsheet_holds_exact_numbers_and_their_fen() -> None:
    amount_fen = 987_654_321_012_34
    found = CalamineWorkbook.from_filelike(io.BytesIO(fund_flow_sheet(report(2, amount_fen), "zh", MADE_AT)))
    assert found.sheet_names == ["贷款要素", "用途表", "证据", "线索"]
    head, first, second, total = found.get_sheet_by_name("用途表").to_python()
    assert head[2:4] == ["金额（元）", "金额（分）"]
    assert first[2:4] == [987_654_321_012.34, float(amount_fen)]
    assert total[2:4] == [1_975_308_642_024.68, float(2 * amount_fen)]
    assert second[10] == HOSTILE
    told = {line[0]: line[1] for line in found.get_sheet_by_name("贷款要素").to_python()}
    assert told["约定用途"] == "=HYPERLINK(1)"


def test_more_fen_than_a_spreadsheet_can_count_are_written_as_text() -> None:
    amount_fen = 4_611_686_018_427_387_903
    found = CalamineWorkbook.from_filelike(io.BytesIO(fund_flow_sheet(report(1, amount_fen), "en", MADE_AT)))
    first = found.get_sheet_by_name("Statement").to_python()[1]
    assert first[2:4] == ["46116860184273879.03", "4611686018427387903"]


def test_amounts_are_said_in_their_own_currency() -> None:
    assert Speech(words("zh"), "CNY").amount(123_456) == "1,234.56 元"
    assert Speech(words("en"), "JPY").amount(123_456) == "123,456 JPY"
    assert (share_text(1, 3), share_text(2, 3), share_text(1, 0)) == ("33.3%", "66.7%", "")


def test_the_words_of_documents_are_those_of_the_page() -> None:
    for language in ("zh", "en"):
        page: dict[str, str] = {}
        for file in sorted((WEB / language).glob("*.json")):
            page |= json.loads(file.read_text("utf-8"))
        texts = words(language).texts
        lists = {
            key for key in page if key.split(".")[0] in ("use", "basis", "pattern", "meaning", "product")
        }
        assert lists - texts.keys() == set()
        differ = [key for key, text in texts.items() if key in page and page[key] != text]
        assert differ == [], (
            f"copy the texts of web/src/i18n/{language} to src/loantrail/reports/words/{language}"
        )
    assert words("zh").texts.keys() == words("en").texts.keys()
    assert FILES


def test_what_was_seen_is_told_in_words_and_an_unknown_language_refused() -> None:
    assert words("zh").clue("account kind margin_deposit") == "账户类型：保证金"
    assert words("en").clue("something else") == "something else"
    with pytest.raises(InputError, match="language"):
        words("fr")


@pytest.mark.parametrize(("count", "told"), [(1, "1 entry"), (0, "0 entries"), ("1,000", "1,000 entries")])
def test_what_is_counted_has_the_form_that_goes_with_the_number(count: int | str, told: str) -> None:
    assert words("en").say("disputes.entries", count=count) == told
