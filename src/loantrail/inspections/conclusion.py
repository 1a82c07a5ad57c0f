"""The conclusion of a check as it is proposed, in both languages: from the statement, the judgements and the papers. Pure.

Every figure stands in the statement or in the papers. It is a proposal: the person who submits may write something else.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loantrail.inspections.decide import NOT_SEEN, proposal, unjudged
from loantrail.inspections.model import NOT_USED, Conclusion, Judged, Line, LineJudgement, Paper, Policy
from loantrail.tracing.verdict_words import (
    chinese_list,
    chinese_money,
    english_list,
    english_money,
    share_text,
)

Naming = Callable[[str], str]

CONCLUSION: Final[dict[Conclusion, tuple[str, str]]] = {
    Conclusion.AS_AGREED: ("符合约定用途", "used as agreed"),
    Conclusion.PARTLY_AS_AGREED: ("部分不符合约定用途", "partly not used as agreed"),
    Conclusion.NOT_AS_AGREED: ("不符合约定用途", "not used as agreed"),
    Conclusion.UNDETERMINED: ("暂不能认定", "cannot be determined yet"),
}
PAPER: Final[dict[Paper, tuple[str, str]]] = {
    Paper.CONTRACT: ("合同", "contract"),
    Paper.INVOICE: ("发票", "invoice"),
    Paper.RECEIPT: ("收据", "receipt"),
    Paper.BANK_STATEMENT: ("他行流水", "statement of the other bank"),
    Paper.PHOTO: ("照片", "photo"),
    Paper.OTHER: ("其他材料", "other paper"),
}
_PARTS: Final = (
    ("documented", "有据用途", "Documented uses"),
    ("restricted", "受限用途", "Restricted uses"),
    ("debt", "偿还债务", "Debt repaid"),
    ("held", "由他人持有、无贸易依据", "Held by others without trade evidence"),
    ("other", "其他", "Other"),
    ("not_seen", "未看到去向", "Not seen"),
    ("unused", "尚未使用", "Not used yet"),
)
_SAID: Final = (
    (LineJudgement.GENUINE, "属实", "genuine"),
    (
        LineJudgement.NOT_GENUINE,
        "不属实（一人确认的疑似）",
        "not genuine (a suspicion that one person confirms)",
    ),
    (LineJudgement.MORE_PAPERS, "待补材料", "waiting for papers"),
)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a conclusion is composed from. `lacks`: use -> paper -> fen that it is missing for; `chinese`, `english`: the word
    of a use."""

    lines: Sequence[Line]
    judgements: Mapping[str, Judged]
    lacks: Mapping[str, Mapping[Paper, int]]
    seen_fen: int
    data_date: datetime.date | None
    currency: str
    chinese: Naming
    english: Naming


@dataclass(frozen=True, slots=True)
class Composed:
    """The proposal in words. `open_uses`: lines that nobody has judged yet."""

    conclusion: Conclusion
    chinese: str
    english: str
    open_uses: tuple[str, ...]


def compose(basis: Basis, policy: Policy) -> Composed:
    """The proposed conclusion."""
    proposed = proposal(basis.lines, basis.judgements, policy)
    left = unjudged(basis.lines, basis.judgements, policy)
    chinese = [
        _opening_chinese(basis),
        *_parts(basis, chinese=True),
        *_judged(basis, left, chinese=True),
        _papers(basis, chinese=True),
        f"建议结论：{CONCLUSION[proposed][0]}。",
    ]
    english = [
        _opening_english(basis),
        *_parts(basis, chinese=False),
        *_judged(basis, left, chinese=False),
        _papers(basis, chinese=False),
        f"Proposed conclusion: {CONCLUSION[proposed][1]}.",
    ]
    return Composed(
        conclusion=proposed,
        chinese="".join(part for part in chinese if part),
        english=" ".join(part for part in english if part),
        open_uses=tuple(line.use for line in left),
    )


def _whole(basis: Basis) -> int:
    return sum(line.amount_fen for line in basis.lines)


def _opening_chinese(basis: Basis) -> str:
    whole = _whole(basis)
    day = f"数据截至 {basis.data_date.isoformat()}，" if basis.data_date else ""
    share = share_text(basis.seen_fen, whole) if whole else "0%"
    return f"发放 {chinese_money(whole, basis.currency)}；{day}{share} 已追踪到最终用途。"


def _opening_english(basis: Basis) -> str:
    whole = _whole(basis)
    day = f"by {basis.data_date.isoformat()} " if basis.data_date else ""
    share = share_text(basis.seen_fen, whole) if whole else "0%"
    return f"{english_money(whole, basis.currency)} was paid out; {day}{share} of it was followed to a final use."


def _part_of(line: Line) -> str:
    if line.use in NOT_USED:
        return "unused"
    if line.use in NOT_SEEN:
        return "not_seen"
    if line.restricted:
        return "restricted"
    return line.group if line.group in ("documented", "debt", "held") else "other"


def _parts(basis: Basis, *, chinese: bool) -> list[str]:
    money = chinese_money if chinese else english_money
    said: list[str] = []
    for part, in_chinese, in_english in _PARTS:
        lines = sorted(
            (line for line in basis.lines if line.amount_fen > 0 and _part_of(line) == part),
            key=lambda line: (-line.amount_fen, line.use),
        )
        if not lines:
            continue
        total = money(sum(line.amount_fen for line in lines), basis.currency)
        if len(lines) == 1:
            # What the part is called says it already.
            inside = "" if part in ("unused", "held") else _name(basis, lines[0].use, chinese=chinese)
        else:
            each = [
                f"{_name(basis, line.use, chinese=chinese)} {money(line.amount_fen, basis.currency)}"
                for line in lines
            ]
            inside = chinese_list(each) if chinese else english_list(each)
        if chinese:
            said.append(f"{in_chinese} {total}（{inside}）。" if inside else f"{in_chinese} {total}。")
        else:
            said.append(f"{in_english}: {total} ({inside})." if inside else f"{in_english}: {total}.")
    return said


def _name(basis: Basis, use: str, *, chinese: bool) -> str:
    """A use as it stands inside a sentence."""
    if chinese:
        return basis.chinese(use)
    name = basis.english(use)
    return name[:1].lower() + name[1:]


def _judged(basis: Basis, left: Sequence[Line], *, chinese: bool) -> list[str]:
    money = chinese_money if chinese else english_money
    colon, semicolon = ("：", "；") if chinese else (": ", "; ")
    waiting = {line.use for line in left}
    clauses: list[str] = []
    for judgement, in_chinese, in_english in _SAID:
        lines = [
            line
            for line in basis.lines
            if line.wants_judgement
            and line.use not in waiting
            and basis.judgements[line.use].judgement is judgement
        ]
        if not lines:
            continue
        total = money(sum(line.amount_fen for line in lines), basis.currency)
        why = semicolon.join(
            f"{_name(basis, line.use, chinese=chinese)}{colon}{basis.judgements[line.use].reason}"
            for line in lines
            if basis.judgements[line.use].reason
        )
        if chinese:
            clauses.append(f"{in_chinese} {len(lines)} 项 {total}" + (f"（{why}）" if why else ""))
        else:
            clauses.append(f"{len(lines)} {in_english}, {total}" + (f" ({why})" if why else ""))
    if waiting:
        clauses.append(f"未判断 {len(waiting)} 项" if chinese else f"{len(waiting)} not judged yet")
    if not clauses:
        return []
    said = semicolon.join(clauses)
    return [f"逐项核查：{said}。" if chinese else f"Line by line: {said}."]


def _papers(basis: Basis, *, chinese: bool) -> str:
    missing: dict[Paper, int] = {}
    for papers in basis.lacks.values():
        for paper, fen in papers.items():
            missing[paper] = missing.get(paper, 0) + fen
    if not missing:
        return "" if not any(line.wants_judgement for line in basis.lines) else _complete(chinese=chinese)
    if chinese:
        said = [f"{PAPER[paper][0]} {chinese_money(fen, basis.currency)}" for paper, fen in missing.items()]
        return f"凭证尚缺：{chinese_list(said)}。"
    said = [f"{PAPER[paper][1]} for {english_money(fen, basis.currency)}" for paper, fen in missing.items()]
    return f"Papers missing: {english_list(said)}."


def _complete(*, chinese: bool) -> str:
    return "应有凭证齐全。" if chinese else "All papers asked for are there."
