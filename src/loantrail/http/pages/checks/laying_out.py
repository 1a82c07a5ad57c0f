"""One check, laid out to be done: lines with what was judged and what is missing, vouchers, the proposed conclusion."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from loantrail.http.pages import store as pages
from loantrail.http.pages.checks.model import (
    CheckEntry,
    CheckLine,
    CheckMay,
    CheckSubmission,
    Difference,
    LineJudged,
    LinePayee,
    MissingPaper,
    VoucherLine,
    VoucherRow,
)
from loantrail.http.pages.model import Account
from loantrail.identity.abilities import Ability
from loantrail.identity.model import Signed
from loantrail.inspections.material import LoanMaterial
from loantrail.inspections.model import Check, CheckState, Line, Paper, Policy
from loantrail.inspections.papers import Payee, PayeePapers, lacking_fen, payee_id_of
from loantrail.inspections.workflow import makers, stale

PAYEES_SHOWN: Final = 8
NUMBERS_SHOWN: Final = 5

Names = Mapping[str, str]


def check_lines(
    connection: pages.Database, material: LoanMaterial, check: Check, policy: Policy, names: Names
) -> list[CheckLine]:
    """The lines of the statement, the largest first. Payees are named as far as who asks may know them."""
    if material.lines is None:
        return []
    shown = {use: [one.payee for one in papers[:PAYEES_SHOWN]] for use, papers in material.papers.items()}
    payees = _payee_names(connection, material, shown)
    grown = stale(check, material.lines, policy)
    return [_line(line, material, check, line.use in grown, payees, names) for line in material.lines]


def _payee_names(
    connection: pages.Database, material: LoanMaterial, shown: Mapping[str, Sequence[Payee]]
) -> dict[tuple[str, str], str | None]:
    """`(use, Payee.key)` -> name."""
    wanted = {(use, payee.key): payee.account for use, payees in shown.items() for payee in payees}
    transfers = pages.transfers(connection, {material.payments[use][key] for use, key in wanted})
    known = pages.account_names(connection, {account for account in wanted.values() if account})
    return {
        (use, key): known.get(account)
        or transfers.get(material.payments[use][key], {}).get("credit_name")
        or None
        for (use, key), account in wanted.items()
    }


def _line(
    line: Line,
    material: LoanMaterial,
    check: Check,
    grown: bool,
    payees: Mapping[tuple[str, str], str | None],
    names: Names,
) -> CheckLine:
    judged = check.judgements.get(line.use)
    papers = material.papers.get(line.use, ())
    return CheckLine(
        use=line.use,
        line_group=line.group,
        amount_fen=line.amount_fen,
        suspected=line.suspected,
        restricted=line.restricted,
        wants_judgement=line.wants_judgement,
        plain=line.plain,
        judged=LineJudged(
            judgement=judged.judgement,
            reason=judged.reason,
            amount_fen=judged.amount_fen,
            by=judged.by,
            by_name=names.get(judged.by, judged.by),
            at=judged.at,
        )
        if judged and line.wants_judgement
        else None,
        stale=grown,
        payees=[
            _payee(one, line.use, material, payees[line.use, one.payee.key]) for one in papers[:PAYEES_SHOWN]
        ],
        payee_count=len(papers),
        missing=_missing(lacking_fen(papers)),
        voucher_ids=list(dict.fromkeys(one.voucher_id for one in material.brought if one.use == line.use)),
    )


def _missing(lacks: Mapping[Paper, int]) -> list[MissingPaper]:
    return [MissingPaper(paper=paper, amount_fen=fen) for paper, fen in lacks.items()]


def _payee(papers: PayeePapers, use: str, material: LoanMaterial, name: str | None) -> LinePayee:
    account, key = papers.payee.account, papers.payee.key
    return LinePayee(
        payee_id=payee_id_of(material.loan_id, use, key),
        account=Account(account=account or None, name=name),
        amount_fen=papers.payee.amount_fen,
        transfer_id=material.payments[use][key],
        contracts=list(papers.contracts[:NUMBERS_SHOWN]),
        orders=list(papers.orders[:NUMBERS_SHOWN]),
        invoices=list(papers.invoices[:NUMBERS_SHOWN]),
        invoice_count=len(papers.invoices),
        invoiced_fen=papers.invoiced_fen,
        voucher_ids=list(papers.vouchers),
        missing=_missing({lack.paper: lack.amount_fen for lack in papers.lacks}),
    )


def vouchers(rows: Iterable[pages.Row], names: Names) -> list[VoucherRow]:
    """Vouchers with the names of who brought them."""
    return [
        VoucherRow(
            voucher_id=row["voucher_id"],
            check_id=row["check_id"],
            paper=row["paper"],
            name=row["name"],
            media_type=row["media_type"],
            size_bytes=row["size_bytes"],
            sha256=row["sha256"],
            uploaded_by=row["uploaded_by"],
            uploaded_by_name=names.get(row["uploaded_by"], row["uploaded_by"]),
            uploaded_at=row["uploaded_at"],
            withdrawn_by_name=names.get(row["withdrawn_by"], row["withdrawn_by"])
            if row["withdrawn_by"]
            else None,
            withdrawn_at=row["withdrawn_at"],
            withdrawn_reason=row["withdrawn_reason"],
            lines=[VoucherLine.model_validate(one) for one in row["lines"]],
        )
        for row in rows
    ]


def submission(timeline: Sequence[pages.Row], names: Names) -> CheckSubmission | None:
    """The last submission of a timeline, as it stands on it."""
    entry = next((one for one in reversed(timeline) if one["kind"] == "submitted"), None)
    if entry is None:
        return None
    data = entry["data"]
    composed = data["composed_chinese"] if data["language"] == "zh" else data["composed_english"]
    return CheckSubmission(
        conclusion=data["conclusion"],
        proposed=data["proposed"],
        reason=data["reason"],
        text=data["text"],
        language=data["language"],
        edited=data["text"] != composed,
        composed_chinese=data["composed_chinese"],
        composed_english=data["composed_english"],
        by=entry["by"],
        by_name=names.get(entry["by"], entry["by"]),
        at=entry["at"],
        data_date=datetime.date.fromisoformat(data["data_date"]) if data["data_date"] else None,
    )


def may(person: Signed, check: Check) -> CheckMay:
    """What a person may do about a check now."""
    working = check.state in (CheckState.OPEN, CheckState.TAKEN_OVER)
    submitted = check.state is CheckState.SUBMITTED
    reviews = person.may(Ability.REVIEW_CHECKS)
    made_it = submitted and person.acting in makers(check)
    return CheckMay(
        work=working and person.may(Ability.ACT_ON_CHECKS),
        review=reviews and not made_it and check.state in (CheckState.SUBMITTED, CheckState.CLOSED),
        assign=reviews and check.state in (CheckState.OPEN, CheckState.SUBMITTED),
        why_no_review="" if not submitted else "maker" if made_it else "" if reviews else "ability",
    )


def entries(timeline: Sequence[pages.Row], names: Names) -> list[CheckEntry]:
    """The timeline with names."""
    return [
        CheckEntry(
            version=one["version"],
            kind=one["kind"],
            at=one["at"],
            by=one["by"],
            by_name=names.get(one["by"], one["by"]),
            data=_told(one["kind"], one["data"], names),
        )
        for one in timeline
    ]


def _told(kind: str, data: dict[str, Any], names: Names) -> dict[str, Any]:
    """What a reader needs of an entry: the figures of a submission stand beside it."""
    if kind == "submitted":
        return {name: data[name] for name in ("conclusion", "proposed", "reason")}
    people = {f"{name}_name": names.get(data[name], data[name]) for name in ("to", "before") if name in data}
    return data | people


def people(check: Check, timeline: Sequence[pages.Row], brought: Iterable[pages.Row]) -> set[str]:
    """Everybody whose name a check shows."""
    return {
        *(one["by"] for one in timeline),
        *(one["data"].get(name, "") for one in timeline for name in ("to", "before")),
        *(one.by for one in check.judgements.values()),
        *(row["uploaded_by"] for row in brought),
        *(row["withdrawn_by"] or "" for row in brought),
    } - {""}


def difference_rows(check: Check) -> list[Difference]:
    """What the statement has more or less than what was submitted, the largest first."""
    return [
        Difference(use=use, amount_fen=fen)
        for use, fen in sorted(check.differences.items(), key=lambda item: (-abs(item[1]), item[0]))
    ]
