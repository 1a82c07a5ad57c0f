"""One loan's trace in plain words, Chinese and English: for the screen and for print. Pure.

Suspected, never found. An amount stands here only when the statement or a lead holds it; bounds are named only where
they are proven. Lines that are small beside the loan are left to the statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from loantrail.tracing.verdict_words import (
    ENGLISH_HELD,
    ENGLISH_LOST,
    ENGLISH_PATTERN,
    ENGLISH_USE,
    HELD,
    LOST,
    PATTERN,
    POOLS,
    USE,
    chinese_list,
    chinese_money,
    english_list,
    english_money,
    share_text,
)

NAMED_MAX: Final = 3
"""Suspected uses, or patterns, that are named one by one; the rest are counted."""
SMALL_PERMILLE: Final = 10
"""What no lead speaks of is left to the statement below this part of the loan."""
UNSEEN_PERMILLE: Final = 200
"""From this part of the loan on, money lost from sight, or held by others than the borrower without evidence, calls
for attention by itself."""


class Level(StrEnum):
    """How much the trace asks of its reader."""

    SUSPECTED = "suspected"
    ATTENTION = "attention"
    CLEAR = "clear"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the use-of-proceeds statement, amounts in fen; the bounds are None until they are computed."""

    use: str
    line_group: str
    amount_fen: int
    least_fen: int | None = None
    most_fen: int | None = None
    proven: bool | None = None


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One lead: its pattern, the use it speaks of (empty for none), and how much of the loan, in fen."""

    pattern: str
    destination_class: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """The same statement in both languages."""

    level: Level
    chinese: str
    english: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the trace of one loan says, the most important sentence first behind the opening."""

    level: Level
    sentences: tuple[Sentence, ...]

    @property
    def chinese(self) -> str:
        """All sentences in Chinese."""
        return "".join(sentence.chinese for sentence in self.sentences)

    @property
    def english(self) -> str:
        """All sentences in English."""
        return " ".join(sentence.english for sentence in self.sentences)


def verdict(
    disbursed_fen: int,
    lines: Sequence[Line] | None,
    leads: Sequence[Suspicion] = (),
    seen_fen: int = 0,
    currency: str = "CNY",
    warned: bool = False,
) -> Verdict:
    """The verdict on one loan.

    `disbursed_fen`: what was paid out, 0 when nothing was. `lines`: the statement, None when the loan was not traced.
    `seen_fen`: what was followed to a final use. `warned`: the loan has a warning that is not settled, which may rest
    on what is no lead of the trace.
    """
    if disbursed_fen <= 0:
        return _alone(
            "这笔贷款没有放款记录，没有资金可以追踪。",
            "No disbursement of this loan is on record, so there is no money to follow.",
        )
    if not lines:
        return _alone(
            f"放款 {chinese_money(disbursed_fen, currency)}，尚未追踪，资金去向还不知道。",
            f"{english_money(disbursed_fen, currency)} was paid out and has not been followed yet.",
        )
    spoken_of = {lead.destination_class for lead in leads if lead.destination_class}
    forbidden = sorted(
        (line for line in lines if line.line_group == "prohibited" and line.amount_fen > 0),
        key=lambda line: (-line.amount_fen, line.use),
    )
    suspected = [line for line in forbidden if line.use in spoken_of]
    covered = {line.use for line in suspected}
    further = [lead for lead in leads if lead.destination_class not in covered]
    amounts = {line.use: line.amount_fen for line in lines}
    sentences = [
        _opening(disbursed_fen, amounts.get("held_by_borrower", 0), seen_fen, currency),
        *_suspected(suspected, currency),
        *_further(further, bool(suspected), currency),
        *_restricted(
            [
                line
                for line in forbidden
                if line.use not in spoken_of and not _is_small(line.amount_fen, disbursed_fen)
            ],
            currency,
        ),
        *_lost(amounts, disbursed_fen, currency),
        *_held(amounts, disbursed_fen, currency),
    ]
    if not leads and warned:
        sentences.append(
            Sentence(
                Level.ATTENTION,
                "资金追踪未发现疑似线索，但有预警。",
                "The trace gives no leads, but the loan has a warning.",
            )
        )
    elif not leads:
        sentences.append(Sentence(Level.CLEAR, "资金追踪未发现疑似线索。", "The trace gives no leads."))
    level = next(
        (
            level
            for level in (Level.SUSPECTED, Level.ATTENTION)
            if any(one.level is level for one in sentences)
        ),
        Level.CLEAR,
    )
    return Verdict(level, tuple(sentences))


def _alone(chinese: str, english: str) -> Verdict:
    return Verdict(Level.UNKNOWN, (Sentence(Level.UNKNOWN, chinese, english),))


def _opening(disbursed_fen: int, idle_fen: int, seen_fen: int, currency: str) -> Sentence:
    chinese, english = chinese_money(disbursed_fen, currency), english_money(disbursed_fen, currency)
    if idle_fen >= disbursed_fen:
        return Sentence(
            Level.CLEAR,
            f"放款 {chinese}，全部仍在借款人账户，尚未使用。",
            f"{english} was paid out; all of it is still in the borrower's accounts, unused.",
        )
    if seen_fen >= disbursed_fen:
        return Sentence(
            Level.CLEAR,
            f"放款 {chinese}，已全部追踪到最终用途。",
            f"{english} was paid out; all of it was followed to a final use.",
        )
    if seen_fen <= 0:
        return Sentence(
            Level.CLEAR,
            f"放款 {chinese}，尚未追踪到任何最终用途。",
            f"{english} was paid out; none of it was followed to a final use.",
        )
    share = share_text(seen_fen, disbursed_fen)
    return Sentence(
        Level.CLEAR,
        f"放款 {chinese}，已追踪到最终用途 {share}。",
        f"{english} was paid out; {share} of it was followed to a final use.",
    )


def _suspected(lines: Sequence[Line], currency: str) -> list[Sentence]:
    if not lines:
        return []
    named, rest = lines[:NAMED_MAX], lines[NAMED_MAX:]
    chinese = [
        f"{chinese_money(line.amount_fen, currency)}疑似{USE[line.use]}{_bound_chinese(line, currency)}"
        for line in named
    ]
    english = [
        f"{english_money(line.amount_fen, currency)} {'is suspected ' if first else ''}to have "
        f"{ENGLISH_USE[line.use]}{_bound_english(line, currency)}"
        for first, line in zip([True, *[False] * len(named)], named, strict=False)
    ]
    if rest:
        rest_fen = sum(line.amount_fen for line in rest)
        chinese.append(f"另有 {len(rest)} 项疑似违规用途共 {chinese_money(rest_fen, currency)}")
        others = "one other forbidden use" if len(rest) == 1 else f"{len(rest)} other forbidden uses"
        english.append(f"{english_money(rest_fen, currency)} to have gone to {others}")
    return [
        Sentence(
            Level.SUSPECTED,
            f"其中 {'，'.join(chinese)}，请核实凭证。",
            f"Of it, {english_list(english)}: please check the vouchers.",
        )
    ]


def _bound_chinese(line: Line, currency: str) -> str:
    if not line.proven or line.least_fen is None:
        return ""
    if line.least_fen == line.most_fen:
        return "（无论如何计算都是此数）"
    if line.least_fen == 0:
        return "（换一种计算方法可能没有）"
    return f"（无论如何计算至少 {chinese_money(line.least_fen, currency)}）"


def _bound_english(line: Line, currency: str) -> str:
    if not line.proven or line.least_fen is None:
        return ""
    if line.least_fen == line.most_fen:
        return " (exactly that, however one counts)"
    if line.least_fen == 0:
        return " (counted another way it may be nothing)"
    return f" (at least {english_money(line.least_fen, currency)} however one counts)"


def _further(leads: Sequence[Suspicion], after_others: bool, currency: str) -> list[Sentence]:
    if not leads:
        return []
    largest: dict[str, list[int]] = {}
    for lead in leads:
        largest.setdefault(lead.pattern, []).append(lead.amount_fen)
    patterns = sorted(largest, key=lambda pattern: (-max(largest[pattern]), pattern))
    chinese: list[str] = []
    english: list[str] = []
    for pattern in patterns[:NAMED_MAX]:
        fen, count = max(largest[pattern]), len(largest[pattern])
        chinese_words, english_words = PATTERN[pattern], ENGLISH_PATTERN[pattern]
        if count == 1:
            chinese.append(f"{chinese_words}（涉及 {chinese_money(fen, currency)}）")
            english.append(f"{english_words} ({english_money(fen, currency)})")
        else:
            chinese.append(f"{chinese_words} {count} 条（最大 {chinese_money(fen, currency)}）")
            english.append(f"{english_words} ({count} times, the largest {english_money(fen, currency)})")
    rest = len(patterns) - NAMED_MAX
    if rest > 0:
        chinese.append(f"其他 {rest} 类")
        english.append("one other kind" if rest == 1 else f"{rest} other kinds")
    opening = "另有疑似线索" if after_others else "有疑似线索"
    several = len(leads) > 1
    subject = "leads point" if several else "lead points"
    overlap = several or after_others
    return [
        Sentence(
            Level.ATTENTION,
            f"{opening}：{chinese_list(chinese)}{'；线索可能指向同一笔钱，金额不相加' if overlap else ''}。",
            f"{len(leads) if several else 'One'} {'further ' if after_others else ''}{subject} to "
            f"{english_list(english)}{'; leads may speak of the same money' if overlap else ''}.",
        )
    ]


def _restricted(lines: Sequence[Line], currency: str) -> list[Sentence]:
    if not lines:
        return []
    named, rest = lines[:NAMED_MAX], lines[NAMED_MAX:]
    chinese = [f"{chinese_money(line.amount_fen, currency)}{USE[line.use]}" for line in named]
    english = [f"{english_money(line.amount_fen, currency)} has {ENGLISH_USE[line.use]}" for line in named]
    if rest:
        rest_fen = sum(line.amount_fen for line in rest)
        chinese.append(f"{chinese_money(rest_fen, currency)}用于另外 {len(rest)} 项受限用途")
        uses = "one other restricted use" if len(rest) == 1 else f"{len(rest)} other restricted uses"
        english.append(f"{english_money(rest_fen, currency)} has gone to {uses}")
    several = len(lines) > 1
    return [
        Sentence(
            Level.CLEAR,
            f"{'，'.join(chinese)}：多数产品限制此类用途，目前没有达到线索标准。",
            f"{english_list(english)}: most products restrict {'such uses' if several else 'such a use'}; "
            "there is no lead so far.",
        )
    ]


def _is_small(fen: int, disbursed_fen: int) -> bool:
    return fen * 1000 < disbursed_fen * SMALL_PERMILLE


def _lost(amounts: dict[str, int], disbursed_fen: int, currency: str) -> list[Sentence]:
    gone = {use: amounts.get(use, 0) for use in LOST}
    gone["pools"] = sum(amounts.get(use, 0) for use in POOLS)
    lost = {use: fen for use, fen in gone.items() if fen > 0 and not _is_small(fen, disbursed_fen)}
    if not lost:
        return []
    words, english_words = (
        LOST | {"pools": "进入支付机构等汇集账户"},
        ENGLISH_LOST | {"pools": "went into pooled accounts such as payment institutions'"},
    )
    much = sum(gone.values()) * 1000 >= disbursed_fen * UNSEEN_PERMILLE
    order = sorted(lost, key=lambda use: (-lost[use], use))
    return [
        Sentence(
            Level.ATTENTION if much else Level.CLEAR,
            f"{'、'.join(f'{chinese_money(lost[use], currency)}{words[use]}' for use in order)}，之后本行看不见。",
            f"{english_list([f'{english_money(lost[use], currency)} {english_words[use]}' for use in order])}: "
            "from there on this bank cannot see it.",
        )
    ]


def _held(amounts: dict[str, int], disbursed_fen: int, currency: str) -> list[Sentence]:
    if amounts.get("held_by_borrower", 0) >= disbursed_fen:
        return []  # the opening said so
    held = {
        use: amounts[use]
        for use in HELD
        if amounts.get(use, 0) > 0 and not _is_small(amounts[use], disbursed_fen)
    }
    if not held:
        return []
    order = sorted(held, key=lambda use: (-held[use], use))
    elsewhere_fen = sum(fen for use, fen in held.items() if use != "held_by_borrower")
    much = elsewhere_fen * 1000 >= disbursed_fen * UNSEEN_PERMILLE
    return [
        Sentence(
            Level.ATTENTION if much else Level.CLEAR,
            f"尚未到最终用途的：{'、'.join(f'{HELD[use]} {chinese_money(held[use], currency)}' for use in order)}。",
            f"Not at a final use yet: "
            f"{english_list([f'{english_money(held[use], currency)} {ENGLISH_HELD[use]}' for use in order])}.",
        )
    ]
