"""The parts of a printed dispute sheet that follow its paths."""

from __future__ import annotations

from loantrail.disputes.sheet import Correction, SheetContent, Window
from loantrail.reports.document import Block, Cell, Column, Heading, Paragraph, Row, Table, facts, row
from loantrail.reports.speech import Speech, instant_text


def window_blocks(window: Window, speech: Speech) -> list[Block]:
    """One account: its balances and sums, and what came in."""
    say = speech.words.say
    title = " ".join(part for part in speech.payee(window.account) if part)
    unknown = [*window.reasons, *(["pooled account"] if window.pooled else [])]
    rows = [
        row(
            Cell(
                say(
                    "disputes.window_time",
                    **{"from": instant_text(window.starts_at), "to": instant_text(window.ends_at)},
                ),
                "；".join(speech.words.name("dispute_reason", reason) for reason in unknown),
            ),
            speech.bare(window.balance_before_fen),
            Cell(speech.bare(window.inflow_fen), say("disputes.entries", count=window.inflow_count)),
            speech.bare(window.this_loan_inflow_fen),
            Cell(speech.bare(window.outflow_fen), say("disputes.entries", count=window.outflow_count)),
            speech.bare(window.balance_after_fen),
        )
    ]
    columns = (
        Column(say("disputes.time"), "left", "1fr"),
        Column(speech.titled("disputes.before"), "right", "auto"),
        Column(speech.titled("disputes.inflows"), "right", "auto"),
        Column(say("disputes.of_this_loan"), "right", "auto"),
        Column(speech.titled("disputes.outflows"), "right", "auto"),
        Column(speech.titled("disputes.after"), "right", "auto"),
    )
    blocks: list[Block] = [Heading(title, 2), Table(columns, tuple(rows)), _inflows(window, speech)]
    if window.inflow_count > len(window.inflows):
        text = say("disputes.inflows_listed", shown=len(window.inflows), count=window.inflow_count)
        blocks.append(Paragraph(text, "quiet"))
    return blocks


def _inflows(window: Window, speech: Speech) -> Block:
    say = speech.words.say
    columns = (
        Column(say("disputes.time"), "left", "30mm"),
        Column(say("disputes.from"), "left", "1.2fr"),
        Column(speech.titled("disputes.inflows"), "right", "auto"),
        Column(say("disputes.of_this_loan"), "right", "auto"),
        Column(say("disputes.of_any_loan"), "right", "auto"),
        Column(say("disputes.remark"), "left", "1fr"),
    )
    rows = tuple(
        row(
            instant_text(one.booked_at),
            Cell(*speech.payee(one.from_account)),
            speech.bare(one.amount_fen),
            speech.bare(one.this_loan_fen),
            speech.bare(one.any_loan_fen),
            Cell(one.purpose_text or "", say("report.serial", id=one.transfer_id)),
        )
        for one in window.inflows
    )
    return Table(columns, rows)


def likenesses_block(content: SheetContent, speech: Speech) -> Block:
    """Other money of the same amount or day."""
    say = speech.words.say
    if not content.likenesses:
        return Paragraph(say("disputes.likenesses_none"))
    columns = (
        Column(say("disputes.kind"), "left", "auto"),
        Column(say("disputes.time"), "left", "17mm"),
        Column(say("disputes.payer"), "left", "1fr"),
        Column(say("disputes.payee"), "left", "1fr"),
        Column(speech.titled("disputes.transfer_amount"), "right", "auto"),
        Column(say("disputes.of_this_loan"), "right", "auto"),
        Column(say("disputes.remark"), "left", "1fr"),
    )
    rows = tuple(
        row(
            say(f"disputes.{one.kind}"),
            instant_text(one.booked_at),
            Cell(*speech.payee(one.from_account)),
            Cell(*speech.payee(one.to_account)),
            speech.bare(one.amount_fen),
            speech.bare(one.this_loan_fen),
            Cell(
                one.purpose_text or "",
                f"{say('disputes.against')} {one.payment_id}" if one.payment_id else "",
            ),
        )
        for one in content.likenesses
    )
    return Table(columns, rows)


def voucher_blocks(content: SheetContent, speech: Speech) -> list[Block]:
    """Orders, invoices, payees of the contract, document numbers."""
    say = speech.words.say
    found = content.vouchers
    groups: list[tuple[str, list[str]]] = [
        (
            "disputes.orders",
            [
                say(
                    "disputes.order_line",
                    id=one.order_id,
                    payee=one.payee_name or say("disputes.unnamed"),
                    account=one.payee_account,
                    amount=speech.amount(one.amount_fen),
                    document=one.document_no or say("report.none"),
                )
                + (f" · {say('disputes.order_hit')}" if one.is_payee else "")
                for one in found.orders
            ],
        ),
        (
            "disputes.invoices",
            [
                say(
                    "disputes.invoice_line",
                    id=one.invoice_id,
                    seller=one.seller_name,
                    buyer=one.buyer_name,
                    date=one.issued_on.isoformat(),
                    amount=speech.amount(one.amount_fen),
                    tax=speech.amount(one.tax_fen),
                    state=speech.words.name("invoice_state", one.state),
                )
                for one in found.invoices
            ],
        ),
        (
            "disputes.contract_payees",
            [" ".join(part for part in (one.name, one.account) if part) for one in found.contract_payees],
        ),
        ("disputes.documents", list(found.document_numbers)),
    ]
    pairs = [(say(key), "\n".join(texts)) for key, texts in groups if texts]
    if not pairs:
        return [Paragraph(say("disputes.vouchers_none"))]
    return [facts(pairs, [label for label, _ in pairs])]


def not_seen_blocks(content: SheetContent, speech: Speech) -> list[Block]:
    """Accounts that the books do not show."""
    say = speech.words.say
    if not content.not_seen:
        return [Paragraph(say("disputes.not_seen_none"))]
    columns = (
        Column("", "left", "28mm"),
        Column(say("disputes.account"), "left", "1fr"),
        Column(say("disputes.because"), "left", "1.2fr"),
    )
    rows = tuple(
        row(
            say("disputes.on_the_way" if one.on_the_way else "disputes.elsewhere"),
            Cell(*speech.payee(one.account)),
            "；".join(speech.words.name("dispute_reason", reason) for reason in one.reasons),
        )
        for one in content.not_seen
    )
    more = content.not_seen_elsewhere_count - sum(not one.on_the_way for one in content.not_seen)
    blocks: list[Block] = [Table(columns, rows)]
    if more > 0:
        blocks.append(Paragraph(say("disputes.elsewhere_more", count=more), "quiet"))
    return blocks


def _correction(found: Correction | None, speech: Speech) -> str:
    if found is None:
        return ""
    return speech.words.say(
        "disputes.correction_line",
        who=found.made_by,
        time=instant_text(found.made_at),
        use=speech.words.name("use", found.destination_class),
        reason=found.reason,
    )


def classes_block(content: SheetContent, speech: Speech) -> Block:
    """Class, basis, what was seen, confidence and correction of each payee on the way."""
    say, name = speech.words.say, speech.words.name
    columns = (
        Column(say("disputes.payee"), "left", "1.2fr"),
        Column(say("disputes.class"), "left", "1fr"),
        Column(say("disputes.basis"), "left", "auto"),
        Column(say("disputes.seen"), "left", "1.2fr"),
        Column(say("disputes.confidence"), "right", "auto"),
    )
    rows: list[Row] = []
    for one in content.classes:
        rows.append(
            row(
                Cell(speech.payee(one.to_account)[0], one.transfer_id),
                name("use", one.destination_class),
                name("basis", one.basis),
                speech.words.clue(one.evidence) if one.evidence else "–",
                f"{one.confidence_permille // 10}.{one.confidence_permille % 10}%",
            )
        )
        corrected = _correction(one.correction, speech)
        if corrected:
            rows.append(row(f"{say('disputes.correction')}：{corrected}", kind="detail"))
    return Table(columns, tuple(rows))


def versions_blocks(content: SheetContent, speech: Speech) -> list[Block]:
    """Data, rules, software."""
    say, name = speech.words.say, speech.words.name
    versions = content.versions
    pairs = [
        (
            say("disputes.data_date"),
            versions.data_date.isoformat() if versions.data_date else say("disputes.unknown"),
        ),
        (say("disputes.convention"), name("convention", versions.convention)),
        (say("disputes.opening"), name("opening", versions.opening)),
        (say("disputes.software"), versions.software_version),
        (say("disputes.data_version"), versions.data_version),
        (say("disputes.last_arrival"), str(versions.last_arrival)),
        (say("disputes.read_at"), instant_text(versions.read_at)),
        (say("disputes.run"), versions.run_id),
        (say("disputes.data_hash"), versions.data_sha256),
        (say("disputes.judgement_hash"), versions.judgement_sha256),
        (say("disputes.rules_hash"), versions.rules_sha256),
    ]
    wide = [label for label, value in pairs if len(value) >= 24]
    files = Table(
        (Column(say("disputes.file"), "left", "1fr"), Column("SHA-256", "left", "1.6fr")),
        tuple(row(file, sha256) for file, sha256 in sorted(versions.rules.items())),
    )
    return [facts(pairs, wide), Heading(say("disputes.rule_files", count=len(versions.rules)), 2), files]
