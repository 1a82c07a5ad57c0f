"""A dispute sheet as a document to print."""

from __future__ import annotations

from typing import Final

from loantrail.disputes.printing_parts import (
    classes_block,
    likenesses_block,
    not_seen_blocks,
    versions_blocks,
    voucher_blocks,
    window_blocks,
)
from loantrail.disputes.sheet import Limits, Sheet, SheetArrival, SheetContent, SheetPath, SheetStep
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

SHOWN_HASH: Final = 16


def sheet_document(sheet: Sheet, language: str) -> Document:
    """The sheet in `zh` or `en`; InputError for another language."""
    content = sheet.content
    speech = Speech(words(language), content.loan.currency)
    say, name = speech.words.say, speech.words.name
    subject = content.subject
    subtitle = (
        say("disputes.of_line", loan_id=subject.loan_id, use=name("use", subject.use))
        if subject.transfer_id is None
        else say(
            "disputes.of_transfer",
            loan_id=subject.loan_id,
            use=name("use", subject.use),
            transfer_id=subject.transfer_id,
        )
    )
    blocks: list[Block] = [
        Paragraph(_claim(content, speech), "verdict"),
        Paragraph(say("disputes.only_a_lead"), "warning"),
        Heading(say("disputes.loan")),
        _facts(sheet, speech),
        Heading(say("disputes.limits")),
        *_limits(content, speech),
        Heading(say("disputes.conventions")),
        _conventions(content, speech),
        Heading(say("disputes.path")),
        *_paths(content, speech),
        Heading(say("disputes.windows")),
        Paragraph(say("disputes.windows_hint"), "quiet"),
        *(block for window in content.windows for block in window_blocks(window, speech)),
        Heading(say("disputes.likenesses")),
        Paragraph(say("disputes.likenesses_hint"), "quiet"),
        likenesses_block(content, speech),
        Heading(say("disputes.vouchers")),
        *voucher_blocks(content, speech),
        Heading(say("disputes.not_seen")),
        *not_seen_blocks(content, speech),
        Heading(say("disputes.classes")),
        classes_block(content, speech),
        Heading(say("disputes.versions")),
        *versions_blocks(content, speech),
        Signatures(
            (say("report.signature_author"), say("report.signature_second"), say("report.signature_date"))
        ),
    ]
    return Document(
        language=language,
        title=say("disputes.title"),
        subtitle=f"{sheet.number} · {subtitle}",
        running_head=say("disputes.running", number=sheet.number, loan_id=subject.loan_id),
        running_mark=say("disputes.mark"),
        footer=say(
            "disputes.footer",
            software=content.versions.software_version,
            sha256=f"{sheet.sha256[:SHOWN_HASH]}…",
        ),
        page_text=say("report.page"),
        blocks=tuple(blocks),
    )


def _claim(content: SheetContent, speech: Speech) -> str:
    say, name = speech.words.say, speech.words.name
    text = f"{name('use', content.subject.use)}：{speech.amount(content.subject.amount_fen)}"
    if content.subject.is_part:
        text += f"（{say('disputes.of_counted', amount=speech.amount(content.counted_fen))}）"
    if speech.words.language == "en":
        text = text.replace("：", ": ").replace("（", " (").replace("）", ")")
    return f"{text}\n{say(f'dispute_standing.{content.standing}')}"


def _facts(sheet: Sheet, speech: Speech) -> Block:
    say, name = speech.words.say, speech.words.name
    loan = sheet.content.loan
    paid = "；".join(
        f"{instant_text(one.booked_at)} {speech.amount(one.amount_fen)} → {one.account}"
        for one in loan.disbursements
    )
    wide = (say("report.borrower"), say("report.purpose"), say("report.disbursements"))
    return facts(
        [
            (say("report.borrower"), loan.borrower_name),
            (say("report.loan_id"), sheet.content.subject.loan_id),
            (say("report.contract"), loan.contract_id),
            (say("report.product"), name("product", loan.product)),
            (say("report.payment_mode"), name("payment_mode", loan.payment_mode)),
            (say("report.amount"), speech.amount(loan.amount_fen)),
            (say("report.issued"), loan.issued_on.isoformat()),
            (say("report.purpose"), loan.purpose_text),
            (say("report.disbursements"), paid),
            (say("disputes.line_amount"), speech.amount(sheet.content.line_fen)),
            (say("disputes.made_by"), sheet.made_by),
            (say("disputes.made_at"), instant_text(sheet.made_at)),
        ],
        wide,
    )


def reasons_text(reasons: list[str], speech: Speech) -> str:
    """Why something is not known, in words."""
    return "；".join(speech.words.name("dispute_reason", reason) for reason in reasons)


def _limits(content: SheetContent, speech: Speech) -> list[Block]:
    say = speech.words.say

    def line(label: str, found: Limits) -> Row:
        why = [reasons_text(found.reasons, speech)] if found.reasons else []
        if found.outer:
            why.append(say("disputes.outer"))
        return row(
            label,
            speech.bare(found.least_fen),
            speech.bare(found.most_fen),
            say("disputes.proven" if found.proven else "disputes.not_proven"),
            "；".join(why) or "–",
        )

    rows = [line(say("disputes.limits_of_line"), content.limits)]
    if content.transfer_limits is not None:
        rows.append(line(say("disputes.limits_of_transfer"), content.transfer_limits))
    columns = (
        Column("", "left", "1.2fr"),
        Column(speech.titled("disputes.least"), "right", "auto"),
        Column(speech.titled("disputes.most"), "right", "auto"),
        Column(say("disputes.proof"), "left", "auto"),
        Column(say("disputes.because"), "left", "2fr"),
    )
    blocks: list[Block] = [Table(columns, tuple(rows))]
    if content.subject.transfer_id is not None and content.transfer_limits is None:
        blocks.append(Paragraph(say("disputes.limits_linked"), "quiet"))
    return blocks


def _conventions(content: SheetContent, speech: Speech) -> Block:
    say, name = speech.words.say, speech.words.name
    single = content.subject.transfer_id is not None
    columns = [
        Column(say("disputes.convention"), "left", "1fr"),
        Column(speech.titled("disputes.in_line"), "right", "auto"),
    ]
    if single:
        columns.append(Column(speech.titled("disputes.in_transfer"), "right", "auto"))
    rows: list[Row] = []
    for one in content.counted:
        own = say("disputes.its_own") if one.convention == content.versions.convention else ""
        cells = [Cell(name("convention", one.convention), own), Cell(speech.bare(one.line_fen))]
        if single:
            cells.append(Cell(speech.bare(one.transfer_fen)))
        rows.append(Row(tuple(cells)))
    return Table(tuple(columns), tuple(rows))


def _paths(content: SheetContent, speech: Speech) -> list[Block]:
    say = speech.words.say
    if not content.arrivals:
        return [Paragraph(say("disputes.no_path"))]
    blocks: list[Block] = [Paragraph(say("disputes.moved_hint"), "quiet")]
    for arrival in content.arrivals:
        blocks += _arrival(arrival, speech)
    if content.left_out_fen:
        blocks.append(
            Paragraph(say("disputes.left_out", amount=speech.amount(content.left_out_fen)), "quiet")
        )
    return blocks


def _arrival(arrival: SheetArrival, speech: Speech) -> list[Block]:
    say = speech.words.say
    title = say(
        "disputes.arrival", time=instant_text(arrival.booked_at), amount=speech.amount(arrival.counted_fen)
    )
    blocks: list[Block] = [Heading(title, 2)]
    blocks += [_path(path, speech) for path in arrival.paths]
    if arrival.path_count > len(arrival.paths):
        more = say("disputes.paths_more", count=arrival.path_count, shown=len(arrival.paths))
        blocks.append(Paragraph(more, "quiet"))
    return blocks


def _balance_before(step: SheetStep, speech: Speech) -> Cell:
    """What the trace knows of a balance is not the balance: where it is not known, no figure that looks exact."""
    if step.balance_before_fen is None:
        return Cell("–")
    if not step.balance_known:
        return Cell("", speech.words.say("disputes.balance_unknown"))
    return Cell(speech.bare(step.balance_before_fen))


def _path(path: SheetPath, speech: Speech) -> Block:
    say = speech.words.say
    rows: list[Row] = []
    for step in path.steps:
        document = say("report.document", document=step.document_no) if step.document_no else ""
        text = " · ".join(part for part in (step.purpose_text, document) if part)
        rows.append(
            row(
                instant_text(step.booked_at),
                Cell(*speech.payee(step.from_account)),
                Cell(*speech.payee(step.to_account)),
                _balance_before(step, speech),
                speech.bare(step.transfer_fen),
                speech.bare(step.moved_fen),
                Cell(text, say("report.serial", id=step.transfer_id)),
            )
        )
    columns = (
        Column(say("disputes.time"), "left", "17mm"),
        Column(say("disputes.payer"), "left", "1fr"),
        Column(say("disputes.payee"), "left", "1fr"),
        Column(speech.titled("disputes.balance_before"), "right", "auto"),
        Column(speech.titled("disputes.transfer_amount"), "right", "auto"),
        Column(speech.titled("disputes.moved"), "right", "auto"),
        Column(say("disputes.remark"), "left", "1fr"),
    )
    return Table(columns, tuple(rows))
