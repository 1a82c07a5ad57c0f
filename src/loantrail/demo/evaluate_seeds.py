"""The warnings of several demo banks, made with different seeds, against what is known of them: one report in English or
Chinese. Evaluations in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl
from rich.cells import cell_len

from loantrail.demo.evaluate_warnings import PRECISION_BAR_PPM, RECALL_BAR_PPM, WarningEvaluation
from loantrail.tracing.verdict_words import PATTERN

Language = Literal["en", "zh"]
Row = tuple[str, ...]

LOOK_ALIKE_WORDS: Final = {
    "money_market_sweep": "货币基金自动申赎",
    "wallet_top_up": "钱包充值",
    "group_cash_pool": "集团资金池",
    "owner_card_till": "老板个人卡收付",
    "refund": "退货款",
    "payroll_several_banks": "多家银行代发工资",
    "common_payee": "多人付同一车商",
    "round_sums": "整数金额付款",
}
_WORDS: Final = {
    "title": ("Warnings of the demo bank, {size}, seeds {seeds}", "演示银行预警评估：{size}，种子 {seeds}"),
    "patterns": (
        "By pattern (found of planted; delay from the planted act to the booking that warns)",
        "按模式（找到/埋入；时滞：埋入行为到触发预警的记账）",
    ),
    "alike": ("Honest look-alikes with a warning (warned of all)", "诚实的相似行为（被预警/全部）"),
    "levels": ("Warnings by level (true of all)", "按级别（属实/全部）"),
    "bars": ("Bars", "指标"),
    "pattern": ("pattern", "模式"),
    "look_alike": ("look-alike", "相似行为"),
    "level": ("level", "级别"),
    "seed": ("seed {}", "种子 {}"),
    "all": ("all", "合计"),
    "recall": ("recall", "召回率"),
    "hits": ("hits", "命中"),
    "true": ("true", "属实"),
    "precision": ("precision", "准确率"),
    "median": ("median delay", "时滞中位数"),
    "longest": ("longest", "最长时滞"),
    "limit": ("limit", "要求"),
    "recall_bar": ("recall over the planted patterns", "对埋入模式的召回率"),
    "precision_bar": ("precision of warnings", "预警准确率"),
    "threads_bar": ("new warnings for each 1,000 loans a month", "每千笔贷款每月新增预警"),
    "severe_bar": ("of them orange or red", "其中橙色和红色"),
    "planted": ("one warning for each loan with planted misuse", "埋入违规的贷款每笔一条预警"),
    "severe_true": ("orange or red warnings that are true", "属实的橙色和红色预警"),
    "least": ("at least {}", "不低于 {}"),
    "most": ("at most {}", "不超过 {}"),
    "passes": ("passes", "达标"),
    "fails": ("FAILS", "未达标"),
    "delay": ("{} d {} h", "{} 天 {} 小时"),
    "red": ("red", "红色"),
    "orange": ("orange", "橙色"),
    "yellow": ("yellow", "黄色"),
    "blue": ("blue", "蓝色"),
}


@dataclass(frozen=True, slots=True)
class SeedEvaluation:
    """The warnings of one bank."""

    seed: int
    warnings: WarningEvaluation


def all_pass(found: Sequence[SeedEvaluation]) -> bool:
    """Whether every bank meets every bar."""
    return all(one.warnings.passes for one in found)


def seeds_text(size: str, found: Sequence[SeedEvaluation], language: Language) -> str:
    """The banks side by side and together: by pattern, look-alike and level, and the bars. Shares are rounded down."""

    def word(name: str) -> str:
        return _WORDS[name][language == "zh"]

    seeds = [word("seed").format(one.seed) for one in found]
    comma = "、" if language == "zh" else ", "
    blocks = [
        [word("title").format(size=size, seeds=comma.join(str(one.seed) for one in found))],
        [word("patterns"), *_patterns(found, seeds, language)],
        [word("alike"), *_side_by_side(found, seeds, "look_alikes", ("warned", "loans"), language)],
        [word("levels"), *_side_by_side(found, seeds, "levels", ("true_threads", "threads"), language)],
        [word("bars"), *_bars(found, seeds, language)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks)


def _together(found: Sequence[SeedEvaluation], table: str) -> pl.DataFrame:
    """The tables of all banks below each other, with `seed`."""
    parts: list[pl.DataFrame] = [
        getattr(one.warnings, table).with_columns(seed=pl.lit(one.seed)) for one in found
    ]
    return pl.concat(parts)


def _patterns(found: Sequence[SeedEvaluation], seeds: Sequence[str], language: Language) -> list[str]:
    def word(name: str) -> str:
        return _WORDS[name][language == "zh"]

    rows = _together(found, "patterns")
    delays = _together(found, "delays")
    lines: list[Row] = [
        (word("pattern"), *seeds, *(word(name) for name in ("recall", "hits", "true", "precision", "median", "longest")))
    ]  # fmt: skip
    for pattern in [*rows["pattern"].unique(maintain_order=True), None]:
        mine = rows if pattern is None else rows.filter(pl.col("pattern") == pattern)
        hours = (delays if pattern is None else delays.filter(pl.col("pattern") == pattern))["hours"]
        sums = {name: int(mine[name].sum()) for name in ("planted", "found", "hits", "true_hits")}
        cells: list[str] = []
        for one in found:
            own = mine.filter(pl.col("seed") == one.seed)
            cells.append(_of(int(own["found"].sum()), int(own["planted"].sum())))
        median, longest = hours.median(), hours.max()
        lines.append(
            (
                word("all") if pattern is None else _name(pattern, PATTERN, language),
                *cells,
                _percent(sums["found"], sums["planted"]),
                str(sums["hits"]),
                str(sums["true_hits"]),
                _percent(sums["true_hits"], sums["hits"]),
                _delay(median, word("delay")),
                _delay(longest, word("delay")),
            )
        )
    return _lined(lines)


def _side_by_side(
    found: Sequence[SeedEvaluation],
    seeds: Sequence[str],
    table: Literal["look_alikes", "levels"],
    columns: tuple[str, str],
    language: Language,
) -> list[str]:
    key = "look_alike" if table == "look_alikes" else "level"
    words = LOOK_ALIKE_WORDS if table == "look_alikes" else {}
    rows = _together(found, table)
    part, whole = columns
    lines: list[Row] = [(_WORDS[key][language == "zh"], *seeds, _WORDS["all"][language == "zh"])]
    for name in rows[key].unique(maintain_order=True):
        mine = rows.filter(pl.col(key) == name)
        cells = [
            _of(int(own[part].sum()), int(own[whole].sum()))
            for own in (mine.filter(pl.col("seed") == one.seed) for one in found)
        ]
        shown = _name(name, words, language) if words else _WORDS[name][language == "zh"]
        lines.append((shown, *cells, _of(int(mine[part].sum()), int(mine[whole].sum()))))
    return _lined(lines)


def _bars(found: Sequence[SeedEvaluation], seeds: Sequence[str], language: Language) -> list[str]:
    def word(name: str) -> str:
        return _WORDS[name][language == "zh"]

    budget = found[0].warnings.budget
    parts = [one.warnings for one in found]
    shares = [(one.recall_ppm or 0, one.precision_ppm or 0) for one in parts]
    bars: list[tuple[str, list[str], str, bool]] = [
        (
            "recall_bar",
            [_percent(recall, 1_000_000) for recall, _ in shares],
            word("least").format(_percent(RECALL_BAR_PPM, 1_000_000)),
            all(recall >= RECALL_BAR_PPM for recall, _ in shares),
        ),
        (
            "precision_bar",
            [_percent(precision, 1_000_000) for _, precision in shares],
            word("least").format(_percent(PRECISION_BAR_PPM, 1_000_000)),
            all(precision >= PRECISION_BAR_PPM for _, precision in shares),
        ),
        (
            "threads_bar",
            [_rate(one.threads_milli) for one in parts],
            word("most").format(budget.threads),
            all(one.threads_milli <= budget.threads * 1000 for one in parts),
        ),
        (
            "severe_bar",
            [_rate(one.severe_milli) for one in parts],
            word("most").format(budget.severe),
            all(one.severe_milli <= budget.severe * 1000 for one in parts),
        ),
    ]
    lines: list[Row] = [("", *seeds, word("limit"), "")]
    lines += [
        (word(name), *values, limit, word("passes" if passes else "fails"))
        for name, values, limit, passes in bars
    ]
    lines.append((word("planted"), *(_rate(one.planted_milli) for one in parts), "", ""))
    lines.append((word("severe_true"), *(_rate(one.severe_true_milli) for one in parts), "", ""))
    return _lined(lines)


def _name(code: str, words: dict[str, str], language: Language) -> str:
    return f"{code} {words[code]}" if language == "zh" and code in words else code


def _of(part: int, whole: int) -> str:
    return f"{part}/{whole}"


def _percent(part: int, whole: int) -> str:
    if not whole:
        return "-"
    permille = part * 1000 // whole
    return f"{permille // 10}.{permille % 10}%"


def _rate(milli: int) -> str:
    return f"{milli // 1000}.{milli // 100 % 10}"


def _delay(hours: object, words: str) -> str:
    return words.format(int(hours) // 24, int(hours) % 24) if isinstance(hours, int | float) else "-"


def _lined(rows: Sequence[Row]) -> list[str]:
    widths = [max(cell_len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines: list[str] = []
    for row in rows:
        cells = [
            cell + " " * (width - cell_len(cell)) if place == 0 else " " * (width - cell_len(cell)) + cell
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines
