"""A pack as a document to print, in one language."""

from __future__ import annotations

from loantrail.borrower_pack.model import Documented, Pack
from loantrail.reports.document import (
    Block,
    Cell,
    Column,
    Document,
    Heading,
    Paragraph,
    Row,
    Signatures,
    Table,
    facts,
    row,
)
from loantrail.reports.speech import Speech, instant_text
from loantrail.reports.words import words


def pack_document(pack: Pack, language: str) -> Document:
    """The pack in `zh` or `en`; InputError for another language."""
    speech = Speech(words(language), pack.currency)
    say = speech.words.say
    date = pack.data_date.isoformat() if pack.data_date else say("pack.not_followed")
    blocks: list[Block] = [
        Paragraph(say("pack.what"), "verdict"),
        Heading(say("pack.facts")),
        facts(loan_facts(pack, speech), wide=(say("report.borrower"), say("report.purpose"))),
        Heading(say("pack.paid_out")),
        _paid_out(pack, speech),
        Heading(say("pack.lines")),
        Paragraph(say("pack.lines_hint"), "quiet"),
        _lines(pack, speech),
        Heading(say("pack.papers")),
        Paragraph(say("pack.papers_hint"), "quiet"),
        _papers(pack, speech),
        Heading(say("pack.schedule")),
        _schedule(pack, speech),
        Heading(say("pack.repaid")),
        _repaid(pack, speech),
        Heading(say("pack.rights")),
        *(Paragraph(text) for text in rights(pack, speech)),
        Signatures((say("pack.signature_unit"), say("pack.signature_borrower"), say("pack.signature_date"))),
    ]
    return Document(
        language=language,
        title=say("pack.title"),
        subtitle=say("pack.subtitle", borrower=pack.borrower, loan_id=pack.loan_id),
        running_head=say("pack.running", borrower=pack.borrower, loan_id=pack.loan_id),
        running_mark=say("pack.mark"),
        footer=say("pack.footer", date=date),
        page_text=say("pack.page", page="{page}", pages="{pages}"),
        blocks=tuple(blocks),
    )


def loan_facts(pack: Pack, speech: Speech) -> list[tuple[str, str]]:
    """Label and value of what the loan is."""
    say, name = speech.words.say, speech.words.name
    whole, part = divmod(pack.rate_ppm, 10_000)
    return [
        (say("report.borrower"), pack.borrower),
        (say("report.loan_id"), pack.loan_id),
        (say("report.contract"), pack.contract_id),
        (say("report.product"), name("product", pack.product)),
        (say("report.payment_mode"), name("payment_mode", pack.payment_mode)),
        (say("report.contract_amount"), speech.amount(pack.contract_fen)),
        (say("report.amount"), speech.amount(pack.amount_fen)),
        (say("report.balance"), speech.amount(pack.balance_fen)),
        (say("pack.rate"), f"{whole}.{f'{part:04d}'.rstrip('0'):0<2}%"),
        (say("report.issued"), pack.issued_on.isoformat()),
        (say("report.matures"), pack.matures_on.isoformat()),
        (say("report.unit"), pack.answering.unit),
        (say("pack.data_date"), pack.data_date.isoformat() if pack.data_date else say("pack.not_followed")),
        (say("report.purpose"), pack.purpose or say("pack.unknown")),
    ]


def rights(pack: Pack, speech: Speech) -> list[str]:
    """What the borrower may do, where, and by when."""
    say = speech.words.say
    due = pack.answering.by
    return [
        say("pack.right_see"),
        say("pack.right_correct"),
        say("pack.right_heard"),
        say("pack.where", unit=pack.answering.unit),
        say("pack.by", date=due.isoformat()) if due else say("pack.no_date"),
    ]


def known_papers(payee: Documented, speech: Speech) -> str:
    """The papers that there are, in words."""
    say = speech.words.say
    parts = [
        payee.contracts and say("pack.contract", numbers=" ".join(payee.contracts)),
        payee.orders and say("pack.order", numbers=" ".join(payee.orders)),
        payee.invoices
        and say("pack.invoices", count=len(payee.invoices), amount=speech.amount(payee.invoiced_fen)),
        payee.voucher_count and say("pack.vouchers", count=payee.voucher_count),
    ]
    return " · ".join(str(one) for one in parts if one) or say("pack.none")


def asked_papers(payee: Documented, speech: Speech) -> str:
    """The papers that are still asked for, in words."""
    say, name = speech.words.say, speech.words.name
    texts = [
        say("pack.lacks", paper=name("paper", paper), amount=speech.amount(fen))
        for paper, fen in payee.asked_for
    ]
    return " · ".join(texts) or say("pack.none")


def _known(payee: Documented, speech: Speech) -> Cell:
    """The papers over the use; a use that needs no paper, such as wages, stands by itself."""
    papers = known_papers(payee, speech)
    use = speech.words.name("use", payee.use) if payee.use else ""
    return Cell(use) if use and papers == speech.words.say("pack.none") else Cell(papers, use)


def _paid_out(pack: Pack, speech: Speech) -> Block:
    say = speech.words.say
    return Table(
        (
            Column(say("pack.on"), width="26mm"),
            Column(speech.titled("pack.amount"), "right", "40mm"),
            Column(say("pack.account")),
        ),
        tuple(
            row(one.on.isoformat(), speech.bare(one.amount_fen), one.account or say("pack.elsewhere"))
            for one in pack.paid_out
        ),
    )


def _lines(pack: Pack, speech: Speech) -> Block:
    say = speech.words.say
    if not pack.lines:
        return Paragraph(say("pack.no_lines"))
    rows: list[Row] = [
        row(
            instant_text(line.booked_at),
            line.account,
            Cell(line.payee_name or say("pack.cash"), line.payee_account),
            line.text,
            speech.bare(line.amount_fen),
            speech.bare(line.loan_fen),
        )
        for line in pack.lines
    ]
    rows.append(
        row(
            say("pack.total"),
            "",
            "",
            "",
            "",
            speech.bare(sum(one.loan_fen for one in pack.lines)),
            kind="total",
        )
    )
    return Table(
        (
            Column(say("pack.time"), width="19mm"),
            Column(say("pack.account"), width="32mm"),
            Column(say("pack.payee"), width="2fr"),
            Column(say("pack.text")),
            Column(speech.titled("pack.amount"), "right", "26mm"),
            Column(speech.titled("pack.loan_part"), "right", "26mm"),
        ),
        tuple(rows),
    )


def _papers(pack: Pack, speech: Speech) -> Block:
    say = speech.words.say
    if not pack.payees:
        return Paragraph(say("pack.no_papers"))
    return Table(
        (
            Column(say("pack.payee"), width="2fr"),
            Column(speech.titled("pack.loan_part"), "right", "28mm"),
            Column(say("pack.known"), width="2fr"),
            Column(say("pack.asked"), width="2fr"),
        ),
        tuple(
            row(
                Cell(one.payee_name or say("pack.cash"), one.payee_account),
                speech.bare(one.loan_fen),
                _known(one, speech),
                asked_papers(one, speech),
            )
            for one in pack.payees
        ),
    )


def _schedule(pack: Pack, speech: Speech) -> Block:
    say = speech.words.say
    if not pack.schedule:
        return Paragraph(say("pack.no_schedule"))
    return Table(
        (
            Column(say("pack.number"), width="16mm"),
            Column(say("pack.due_on")),
            Column(speech.titled("pack.principal"), "right"),
            Column(speech.titled("pack.interest"), "right"),
        ),
        tuple(
            row(
                str(one.number),
                one.on.isoformat(),
                speech.bare(one.principal_fen),
                speech.bare(one.interest_fen),
            )
            for one in pack.schedule
        ),
    )


def _repaid(pack: Pack, speech: Speech) -> Block:
    say = speech.words.say
    if not pack.repaid:
        return Paragraph(say("pack.no_repayment"))
    return Table(
        (
            Column(say("pack.on"), width="26mm"),
            Column(speech.titled("pack.principal"), "right"),
            Column(speech.titled("pack.interest"), "right"),
            Column(speech.titled("pack.penalty"), "right"),
            Column(say("pack.account"), width="2fr"),
        ),
        tuple(
            row(
                one.on.isoformat(),
                speech.bare(one.principal_fen),
                speech.bare(one.interest_fen),
                speech.bare(one.penalty_fen),
                one.account or say("pack.elsewhere"),
            )
            for one in pack.repaid
        ),
    )
