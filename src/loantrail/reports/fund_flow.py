"""The fund-flow report 资金流向核查报告 of a loan, as a document."""

from __future__ import annotations

import datetime
from typing import Final

from loantrail.http.pages.model import Arrival, Lead, Path, StatementLine, UnexplainedPayment
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
from loantrail.reports.loan_report import LineEvidence, LoanReport
from loantrail.reports.speech import Speech, instant_text, share_text
from loantrail.reports.words import words

PATHS_PRINTED: Final = 3
ARRIVALS_PRINTED: Final = 12
"""Arrivals of one line that are printed; the spreadsheet has all."""


def fund_flow_document(report: LoanReport, language: str, made_at: datetime.datetime) -> Document:
    """The report in `zh` or `en`; InputError for another language."""
    speech = Speech(words(language), report.facts.currency)
    say = speech.words.say
    run = report.run
    blocks: list[Block] = [
        Heading(say("report.verdict")),
        Paragraph(
            _verdict(report, speech),
            "verdict",
        ),
        Paragraph(say("report.only_a_lead"), "warning"),
        Heading(say("report.facts")),
        _facts(report, speech),
        Heading(say("report.statement")),
        _statement(report, speech),
        Paragraph(say("report.statement_hint"), "quiet"),
        Heading(say("report.leads")),
        *_leads(report.leads, speech),
        Heading(say("report.unexplained")),
        *_unexplained(report.unexplained, speech),
        Heading(say("report.guarantees")),
        *_guarantees(report, speech),
        Heading(say("report.not_seen")),
        *_not_seen(report, speech),
        Heading(say("report.evidence")),
    ]
    for item in report.evidence:
        blocks += _evidence(item, speech)
    blocks.append(
        Signatures(
            (say("report.signature_author"), say("report.signature_second"), say("report.signature_date"))
        )
    )
    return Document(
        language=language,
        title=say("report.title"),
        subtitle=say("report.subtitle", loan_id=report.facts.loan_id),
        running_head=say("report.running", borrower=report.facts.borrower_name, loan_id=report.facts.loan_id),
        running_mark=say("report.mark"),
        footer=say(
            "report.footer",
            software=run.software_version if run else "",
            run=run.run_id if run else "",
            made_at=instant_text(made_at),
        ),
        page_text=say("report.page"),
        blocks=tuple(blocks),
    )


def _verdict(report: LoanReport, speech: Speech) -> str:
    """The same words as on the loan's page."""
    said = report.verdict.sentences
    if speech.words.language == "zh":
        return "".join(one.chinese for one in said)
    return " ".join(one.english for one in said)


def _facts(report: LoanReport, speech: Speech) -> Block:
    say, name = speech.words.say, speech.words.name
    loan, run = report.facts, report.run
    unknown = say("report.unknown")
    paid = "；".join(
        f"{instant_text(one.booked_at)} {speech.amount(one.amount_fen)} → {one.account}"
        for one in loan.disbursements
    )
    return facts(
        [
            (say("report.borrower"), loan.borrower_name),
            (say("report.loan_id"), loan.loan_id),
            (say("report.contract"), loan.contract_id),
            (say("report.product"), name("product", loan.product)),
            (say("report.payment_mode"), name("payment_mode", loan.payment_mode)),
            (say("report.amount"), speech.amount(loan.amount_fen)),
            (say("report.contract_amount"), speech.amount(loan.contract_amount_fen)),
            (say("report.balance"), speech.amount(loan.balance_fen)),
            (say("report.rate"), _rate(loan.rate_ppm)),
            (say("report.issued"), loan.issued_on.isoformat()),
            (say("report.matures"), loan.matures_on.isoformat()),
            (say("report.state"), name("state", loan.state)),
            (say("report.five_class"), name("five_class", loan.five_class)),
            (say("report.unit"), loan.unit_name),
            (say("report.managers"), "、".join(loan.managers) or unknown),
            (say("report.purpose"), loan.purpose_text),
            (say("report.disbursements"), paid or unknown),
            (say("report.data_date"), run.data_date.isoformat() if run and run.data_date else unknown),
            (say("report.convention"), name("convention", run.convention) if run else unknown),
            (say("report.opening"), name("opening", run.opening) if run else unknown),
            (say("report.traced_at"), instant_text(run.created_at) if run else unknown),
            (say("report.data_version"), run.data_version if run else unknown),
            (say("report.software"), run.software_version if run else unknown),
        ],
        wide=(say("report.borrower"), say("report.purpose"), say("report.disbursements")),
    )


def _rate(rate_ppm: int) -> str:
    """4.35% of 43,500 millionths; as many decimals as there are, two at least."""
    whole, part = divmod(rate_ppm, 10_000)
    return f"{whole}.{f'{part:04d}'.rstrip('0'):0<2}%"


def _statement(report: LoanReport, speech: Speech) -> Block:
    say, name = speech.words.say, speech.words.name
    total_fen = sum(line.amount_fen for line in report.statement)
    disbursed_fen = report.summary.disbursed_fen if report.summary else total_fen

    def line_row(line: StatementLine) -> Row:
        group = "restricted" if line.line_group == "prohibited" else line.line_group
        return row(
            Cell(name("use", line.use), name("group", group)),
            speech.bare(line.amount_fen),
            share_text(line.amount_fen, total_fen),
            speech.bare(line.least_fen),
            speech.bare(line.most_fen),
            speech.proof(line.proven),
            Cell(speech.bases(line.basis) or "–", line.voucher or ""),
        )

    matches = (
        say("report.total_matches")
        if total_fen == disbursed_fen
        else say("report.total_differs", amount=speech.amount(total_fen - disbursed_fen))
    )
    total = row(say("report.total"), speech.bare(total_fen), "", "", "", "", matches, kind="total")
    return Table(
        (
            Column(say("report.use"), "left", "1.1fr"),
            Column(say("report.line_amount", unit=speech.unit), "right", "auto"),
            Column(say("report.share"), "right", "auto"),
            Column(say("report.least", unit=speech.unit), "right", "auto"),
            Column(say("report.most", unit=speech.unit), "right", "auto"),
            Column(say("report.proof"), "left", "auto"),
            Column(say("report.basis"), "left", "1.3fr"),
        ),
        (*(line_row(line) for line in report.statement), total),
    )


def _leads(leads: list[Lead], speech: Speech) -> list[Block]:
    say, name = speech.words.say, speech.words.name
    if not leads:
        return [Paragraph(say("report.leads_none"))]
    rows = tuple(
        row(
            name("pattern", lead.pattern),
            speech.bare(lead.amount_fen),
            Cell(
                name("meaning", lead.pattern),
                lead.explanation if speech.words.language == "en" else lead.explanation_chinese,
            ),
            say("report.transactions_count", count=len(lead.transaction_ids)),
        )
        for lead in leads
    )
    columns = (
        Column(say("report.lead"), "left", "1fr"),
        Column(say("report.line_amount", unit=speech.unit), "right", "auto"),
        Column(say("report.lead_meaning"), "left", "2fr"),
        Column(say("report.lead_transactions"), "right", "auto"),
    )
    return [Table(columns, rows)]


def payment_columns(speech: Speech) -> tuple[Column, ...]:
    """Columns of a table of payments."""
    say = speech.words.say
    return (
        Column(say("report.time"), "left", "17mm"),
        Column(say("report.payer"), "left", "1fr"),
        Column(say("report.payee"), "left", "1fr"),
        Column(say("report.counted", unit=speech.unit), "right", "auto"),
        Column(say("report.transaction", unit=speech.unit), "right", "auto"),
        Column(say("report.why"), "left", "1.3fr"),
    )


def payment_row(arrival: Arrival, speech: Speech) -> Row:
    """One payment: when, who to whom, how much of it, why it was judged so."""
    return row(
        instant_text(arrival.booked_at),
        Cell(*speech.payee(arrival.from_account)),
        Cell(*speech.payee(arrival.to_account)),
        speech.bare(arrival.counted_fen),
        speech.bare(arrival.transfer_fen),
        Cell(speech.judgement(arrival), speech.words.say("report.serial", id=arrival.transfer_id)),
    )


def _unexplained(payments: list[UnexplainedPayment], speech: Speech) -> list[Block]:
    say, name = speech.words.say, speech.words.name
    if not payments:
        return [Paragraph(say("report.unexplained_none"))]

    def why(one: UnexplainedPayment) -> str:
        judged = say("report.judged", use=name("use", one.destination_class))
        seen = speech.words.clue(one.evidence) if one.evidence else ""
        return " · ".join(part for part in (one.purpose_text, judged, seen) if part)

    rows = tuple(
        row(
            instant_text(one.booked_at),
            Cell(*speech.payee(one.from_account)),
            Cell(*speech.payee(one.to_account)),
            speech.bare(one.loan_fen),
            speech.bare(one.transfer_fen),
            Cell(why(one), say("report.serial", id=one.transfer_id)),
        )
        for one in payments
    )
    return [
        Table(payment_columns(speech), rows),
        Paragraph(say("report.unexplained_hint"), "quiet"),
    ]


def _guarantees(report: LoanReport, speech: Speech) -> list[Block]:
    say, name = speech.words.say, speech.words.name
    if not report.guarantees:
        return [Paragraph(say("report.guarantees_none"))]
    rows: list[Row] = []
    for one in report.guarantees:
        own = Speech(speech.words, one["currency"])
        starts, ends = one["valid_from"].isoformat(), one["valid_to"]
        valid = (
            say("report.until", **{"from": starts, "to": ends.isoformat()})
            if ends
            else say("report.from", **{"from": starts})
        )
        rows.append(
            row(
                one["guarantee_id"],
                name("guarantee_kind", one["kind"]),
                one["guarantor_name"],
                own.bare(one["amount_fen"]),
                valid,
            )
        )
        for thing in [thing for thing in report.collateral if thing["guarantee_id"] == one["guarantee_id"]]:
            insured = thing["insurance_expires_on"]
            text = say(
                "report.collateral",
                kind=thing["kind"],
                owner=thing["owner_name"],
                value=Speech(speech.words, thing["currency"]).amount(thing["value_fen"]),
                valued_on=thing["valued_on"].isoformat(),
                registration=thing["registration_no"] or say("report.none"),
                insurance=insured.isoformat() if insured else say("report.none"),
            )
            rows.append(row(text, kind="detail"))
    columns = (
        Column(say("report.guarantee"), "left", "auto"),
        Column(say("report.guarantee_kind"), "left", "auto"),
        Column(say("report.guarantor"), "left", "1fr"),
        Column(say("report.guarantee_amount", unit=speech.unit), "right", "auto"),
        Column(say("report.valid"), "left", "auto"),
    )
    return [Table(columns, tuple(rows))]


def _not_seen(report: LoanReport, speech: Speech) -> list[Block]:
    say = speech.words.say
    seen = report.summary
    if seen is None:
        return [Paragraph(say("report.verdict.untraced"))]
    rest_fen = seen.disbursed_fen - seen.seen_fen - seen.lost_other_bank_fen - seen.lost_pool_fen
    rows = [
        row(say(key), speech.bare(amount_fen), share_text(amount_fen, seen.disbursed_fen))
        for key, amount_fen in (
            ("report.not_seen_final", seen.seen_fen),
            ("report.not_seen_other_bank", seen.lost_other_bank_fen),
            ("report.not_seen_pool", seen.lost_pool_fen),
            ("report.not_seen_rest", rest_fen),
        )
    ]
    total = row(say("report.total"), speech.bare(seen.disbursed_fen), "", kind="total")
    memo = row(say("report.not_seen_returned"), speech.bare(seen.gross_returned_fen), "")
    columns = (
        Column("", "left", "1fr"),
        Column(say("report.line_amount", unit=speech.unit), "right", "auto"),
        Column(say("report.share"), "right", "auto"),
    )
    return [
        Table(columns, (*rows, total, memo)),
        Paragraph(say("report.not_seen_hint"), "quiet"),
    ]


def path_text(path: Path, speech: Speech) -> str:
    """A path in one text: each step with its date, both ends and what it moved of the loan's money."""
    steps = " ⇒ ".join(
        speech.words.say(
            "report.step",
            **{
                "date": instant_text(step.booked_at)[:10],
                "from": speech.payee(step.from_account)[0],
                "to": speech.payee(step.to_account)[0],
                "amount": speech.bare(step.moved_fen),
            },
        )
        for step in path.steps
    )
    return speech.words.say("report.path", amount=speech.amount(path.counted_fen), steps=steps)


def _evidence(item: LineEvidence, speech: Speech) -> list[Block]:
    say = speech.words.say
    arrivals = item.arrivals[:ARRIVALS_PRINTED]
    title = say(
        "report.evidence_line",
        use=speech.words.name("use", item.line.use),
        amount=speech.amount(item.line.amount_fen),
        count=len(item.arrivals) + item.left_count,
    )
    if not arrivals:
        return [Heading(title, 2), Paragraph(say("report.evidence_none"), "quiet")]
    rows: list[Row] = []
    for arrival in arrivals:
        rows.append(payment_row(arrival, speech))
        texts = [path_text(path, speech) for path in arrival.paths[:PATHS_PRINTED]]
        more = arrival.path_count - len(texts)
        if more > 0:
            texts.append(say("report.path_more", count=more))
        rows.append(row(*texts, kind="detail"))
    blocks: list[Block] = [Heading(title, 2), Table(payment_columns(speech), tuple(rows))]
    left_count = item.left_count + len(item.arrivals) - len(arrivals)
    if left_count:
        left_fen = item.left_fen + sum(one.counted_fen for one in item.arrivals[ARRIVALS_PRINTED:])
        blocks.append(
            Paragraph(say("report.evidence_left", count=left_count, amount=speech.amount(left_fen)), "quiet")
        )
    return blocks
