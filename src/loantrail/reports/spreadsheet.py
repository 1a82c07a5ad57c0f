"""The same report as a spreadsheet: facts, statement, evidence, leads. Amounts are numbers; fen stand beside them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

from xlsxwriter import Workbook

from loantrail.money import minor_digits
from loantrail.reports.fund_flow import path_text
from loantrail.reports.loan_report import LoanReport
from loantrail.reports.speech import Speech, instant_text
from loantrail.reports.words import words

EXACT_BELOW: Final = 10**15
"""A spreadsheet keeps fifteen digits of a number: more fen than that are written as text."""

Cells = Sequence[str | int | None]


class _Sheet:
    """One sheet that grows by rows. `money` are the columns that hold fen to be shown in major units."""

    def __init__(
        self,
        book: Any,
        name: str,
        currency: str,
        titles: Sequence[str],
        widths: Sequence[int],
        money: frozenset[int],
    ) -> None:
        digits = minor_digits(currency)
        self._sheet: Any = book.add_worksheet(name)
        self._digits = digits
        self._money = money
        self._amount = book.add_format({"num_format": "#,##0" + ("." + "0" * digits if digits else "")})
        self._whole = book.add_format({"num_format": "0"})
        self._text = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        for column, (title, width) in enumerate(zip(titles, widths, strict=True)):
            self._sheet.set_column(column, column, width)
            self._sheet.write_string(0, column, title, head)
        self._sheet.freeze_panes(1, 0)
        self._next = 1

    def add(self, cells: Cells) -> None:
        for column, value in enumerate(cells):
            self._write(column, value)
        self._next += 1

    def _write(self, column: int, value: str | int | None) -> None:
        at = (self._next, column)
        if value is None or value == "":
            return
        if isinstance(value, str):
            self._sheet.write_string(*at, value, self._text)
        elif abs(value) >= EXACT_BELOW:
            exact = Decimal(value).scaleb(-self._digits) if column in self._money else value
            self._sheet.write_string(*at, f"{exact:f}" if isinstance(exact, Decimal) else str(exact))
        elif column in self._money:
            # Below 10^15 fen a double gives every digit back: the division is the last step.
            self._sheet.write_number(*at, value / 10**self._digits, self._amount)
        else:
            self._sheet.write_number(*at, value, self._whole)


def fund_flow_sheet(report: LoanReport, language: str, made_at: datetime.datetime) -> bytes:
    """The report as XLSX in `zh` or `en`; InputError for another language."""
    speech = Speech(words(language), report.facts.currency)
    stream = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(stream, options) as book:
        book.set_properties(
            {"created": made_at.replace(tzinfo=None), "title": speech.words.say("report.title")}
        )
        _write_facts(book, report, speech)
        _write_statement(book, report, speech)
        _write_evidence(book, report, speech)
        _write_leads(book, report, speech)
    return stream.getvalue()


def _write_facts(book: Any, report: LoanReport, speech: Speech) -> None:
    say, name = speech.words.say, speech.words.name
    titles = [
        say("report.field"),
        say("report.value"),
        say("report.amount_major", unit=speech.unit),
        say("report.fen"),
    ]
    sheet = _Sheet(
        book, say("report.sheet_facts"), report.facts.currency, titles, (24, 60, 18, 18), frozenset((2,))
    )
    loan, run = report.facts, report.run
    for key, value in (
        ("report.borrower", loan.borrower_name),
        ("report.loan_id", loan.loan_id),
        ("report.contract", loan.contract_id),
        ("report.product", name("product", loan.product)),
        ("report.purpose", loan.purpose_text),
        ("report.payment_mode", name("payment_mode", loan.payment_mode)),
        ("report.issued", loan.issued_on.isoformat()),
        ("report.matures", loan.matures_on.isoformat()),
        ("report.state", name("state", loan.state)),
        ("report.five_class", name("five_class", loan.five_class)),
        ("report.unit", loan.unit_name),
        ("report.managers", "、".join(loan.managers)),
        ("report.data_date", run.data_date.isoformat() if run and run.data_date else ""),
        ("report.convention", name("convention", run.convention) if run else ""),
        ("report.opening", name("opening", run.opening) if run else ""),
        ("report.data_version", run.data_version if run else ""),
        ("report.software", run.software_version if run else ""),
        ("report.traced_at", instant_text(run.created_at) if run else ""),
    ):
        sheet.add((say(key), value))
    amounts = [("report.amount", loan.amount_fen), ("report.balance", loan.balance_fen)]
    if report.summary:
        amounts += [
            ("report.not_seen_final", report.summary.seen_fen),
            ("report.not_seen_other_bank", report.summary.lost_other_bank_fen),
            ("report.not_seen_pool", report.summary.lost_pool_fen),
            ("report.not_seen_returned", report.summary.gross_returned_fen),
        ]
    for key, amount_fen in amounts:
        sheet.add((say(key), "", amount_fen, amount_fen))
    for one in loan.disbursements:
        text = f"{instant_text(one.booked_at)} → {one.account}"
        sheet.add((say("report.disbursements"), text, one.amount_fen, one.amount_fen))
    sheet.add((say("report.mark"), say("report.only_a_lead")))


def _write_statement(book: Any, report: LoanReport, speech: Speech) -> None:
    say, name = speech.words.say, speech.words.name
    unit = speech.unit
    titles = [
        say("report.use"), say("report.line_group"), say("report.line_amount", unit=unit), say("report.fen"),
        say("report.least", unit=unit), say("report.least_fen"), say("report.most", unit=unit), say("report.most_fen"),
        say("report.proof"), say("report.basis_only"), say("report.voucher"),
    ]  # fmt: skip
    sheet = _Sheet(
        book,
        say("report.sheet_statement"),
        report.facts.currency,
        titles,
        (28, 12, 18, 18, 18, 18, 18, 18, 12, 30, 30),
        frozenset((2, 4, 6)),
    )
    for line in report.statement:
        group = "restricted" if line.line_group == "prohibited" else line.line_group
        sheet.add(
            (
                name("use", line.use), name("group", group), line.amount_fen, line.amount_fen, line.least_fen,
                line.least_fen, line.most_fen, line.most_fen, speech.proof(line.proven), speech.bases(line.basis),
                line.voucher,
            )
        )  # fmt: skip
    total_fen = sum(line.amount_fen for line in report.statement)
    sheet.add((say("report.total"), "", total_fen, total_fen))


def _write_evidence(book: Any, report: LoanReport, speech: Speech) -> None:
    say, name = speech.words.say, speech.words.name
    unit = speech.unit
    titles = [
        say("report.use"), say("report.time"), say("report.payer"), say("report.payer_account"), say("report.payee"),
        say("report.payee_account"), say("report.counted", unit=unit), say("report.counted_fen"),
        say("report.transaction", unit=unit), say("report.transaction_fen"), say("report.text"), say("report.voucher"),
        say("report.class"), say("report.basis_only"), say("report.clue"), say("report.serial", id="").strip(),
        say("report.paths"),
    ]  # fmt: skip
    sheet = _Sheet(
        book,
        say("report.sheet_evidence"),
        report.facts.currency,
        titles,
        (24, 20, 28, 24, 28, 24, 18, 18, 18, 18, 30, 20, 24, 20, 28, 36, 80),
        frozenset((6, 8)),
    )
    for item in report.evidence:
        for arrival in item.arrivals:
            payer, payee = speech.payee(arrival.from_account), speech.payee(arrival.to_account)
            paths = "\n".join(path_text(path, speech) for path in arrival.paths)
            sheet.add(
                (
                    name("use", item.line.use), instant_text(arrival.booked_at), *payer, *payee, arrival.counted_fen,
                    arrival.counted_fen, arrival.transfer_fen, arrival.transfer_fen, arrival.purpose_text,
                    arrival.document_no, name("use", arrival.destination_class or ""),
                    name("basis", arrival.basis or ""),
                    speech.words.clue(arrival.evidence) if arrival.evidence else "", arrival.transfer_id, paths,
                )
            )  # fmt: skip
        if item.left_count:
            text = say("report.evidence_left", count=item.left_count, amount=speech.amount(item.left_fen))
            sheet.add((name("use", item.line.use), "", text))


def _write_leads(book: Any, report: LoanReport, speech: Speech) -> None:
    say, name = speech.words.say, speech.words.name
    titles = [
        say("report.lead"), say("report.line_amount", unit=speech.unit), say("report.fen"), say("report.class"),
        say("report.lead_meaning"), say("report.lead_transactions"),
    ]  # fmt: skip
    sheet = _Sheet(
        book,
        say("report.sheet_leads"),
        report.facts.currency,
        titles,
        (30, 18, 18, 28, 60, 70),
        frozenset((1,)),
    )
    for lead in report.leads:
        sheet.add(
            (
                name("pattern", lead.pattern), lead.amount_fen, lead.amount_fen, name("use", lead.destination_class),
                name("meaning", lead.pattern), "\n".join(lead.transaction_ids),
            )
        )  # fmt: skip
    sheet.add((say("report.mark"), None, None, "", say("report.only_a_lead")))
