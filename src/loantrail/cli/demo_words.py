"""What `loantrail demo` prints, in English and Chinese."""

from __future__ import annotations

from typing import Final

import polars as pl

from loantrail.cli.speech import Language, columns_of, in_columns, in_language, named, phrase
from loantrail.demo.generate import Summary
from loantrail.demo.running import Making, Reading, Ready, Step, Told
from loantrail.money import yuan_text
from loantrail.sources.dry_run import Outcome
from loantrail.tracing.database import Found
from loantrail.tracing.statement import PROHIBITED

SHOWN_LOANS: Final = 3
_SIZES: Final = {"small": ("small", "小型"), "medium": ("medium", "中型"), "large": ("large", "大型")}
_SENTENCES: Final = {
    "making": ("Making the demo bank ({size}, seed {seed})", "生成演示银行（{size}，种子 {seed}）"),
    "made": (
        "  {transactions:,} transactions, {accounts:,} accounts, {loans:,} loans, {amount} yuan paid out",
        "  交易 {transactions:,} 笔，账户 {accounts:,} 个，贷款 {loans:,} 笔，放款 {amount} 元",
    ),
    "reading": ("Reading its files into the database", "把文件读入数据库"),
    "read": (
        "  {accepted:,} records accepted, {known:,} known already, {refused:,} refused; {reconciled:,} accounts reconciled, "
        "{differing:,} with a difference",
        "  已收 {accepted:,} 条记录，已有 {known:,} 条，拒收 {refused:,} 条；余额核对：{reconciled:,} 个账户一致，"
        "{differing:,} 个有差异",
    ),
    "followed": (
        "Followed {amount} yuan of {loans:,} loans in {hops:,} movements:",
        "已跟踪 {loans:,} 笔贷款的 {amount} 元，共 {hops:,} 步资金流动：",
    ),
    "loan": ("{count:>7} loan", "{count:>7} 笔"),
    "loans": ("{count:>7} loans", "{count:>7} 笔"),
    "restricted": ("  <- restricted", "  ← 受限用途"),
    "leads": (
        "Leads (suspected, 疑似): {count:,} on {loans:,} loans",
        "线索（疑似）：{count:,} 条，涉及 {loans:,} 笔贷款",
    ),
    "lead": ("  {loan}  {pattern}: {explanation}", "  {loan}  {pattern}：{explanation}"),
    "ready": ("Ready after {seconds:.0f} s", "准备就绪，用时 {seconds:.0f} 秒"),
    "page": ("The page is at {address} (Ctrl+C stops it)", "网页地址：{address}（按 Ctrl+C 停止）"),
}
_LEAST_USE_COLUMNS: Final = 24
_AMOUNT_COLUMNS: Final = 22


def address_words(address: str, language: Language) -> str:
    """Where the page is."""
    return phrase(_SENTENCES, "page", language, address=address)


def told_words(told: Told, language: Language) -> list[str]:
    """The lines on one thing that is told of a bank's making."""
    match told:
        case Making():
            size = phrase(_SIZES, told.size, language)
            return [phrase(_SENTENCES, "making", language, size=size, seed=told.seed)]
        case Summary():
            return [_made(told, language)]
        case Reading():
            return [phrase(_SENTENCES, "reading", language)]
        case Outcome():
            return [_read(told, language)]
        case Step():
            return [f"  {in_language(told.sentence, language)}"]
        case Found():
            return [*_followed(told, language), *_leads(told, language)]
        case Ready():
            return [phrase(_SENTENCES, "ready", language, seconds=told.seconds)]


def _made(summary: Summary, language: Language) -> str:
    return phrase(
        _SENTENCES,
        "made",
        language,
        transactions=summary.transactions,
        accounts=summary.accounts,
        loans=summary.loans,
        amount=yuan_text(summary.disbursed_fen),
    )


def _read(outcome: Outcome, language: Language) -> str:
    return phrase(
        _SENTENCES,
        "read",
        language,
        accepted=outcome.accepted.total(),
        known=outcome.duplicate.total(),
        refused=outcome.refused_total,
        reconciled=outcome.accounts_reconciled,
        differing=len(outcome.differences),
    )


def _followed(found: Found, language: Language) -> list[str]:
    """What the money was used for, the largest first."""
    total = yuan_text(int(found.statement["amount_fen"].sum()))
    lines = [phrase(_SENTENCES, "followed", language, amount=total, loans=found.loans, hops=found.hops)]
    by_use = (
        found.statement.group_by("use")
        .agg(pl.col("amount_fen").sum(), pl.col("loan_id").n_unique().alias("loans"))
        .sort("amount_fen", "use", descending=[True, False])
    )
    names = {use: named("use", use, language) for use in by_use["use"]}
    width = max((_LEAST_USE_COLUMNS, *(columns_of(name) for name in names.values())))
    for use, amount, loans in by_use.iter_rows():
        count = phrase(_SENTENCES, "loan" if loans == 1 else "loans", language, count=loans)
        mark = phrase(_SENTENCES, "restricted", language) if use in PROHIBITED else ""
        lines.append(f"  {in_columns(names[use], width)}{yuan_text(amount):>{_AMOUNT_COLUMNS}}{count}{mark}")
    return lines


def _leads(found: Found, language: Language) -> list[str]:
    """How many there are, and those of the largest amounts."""
    leads = found.leads
    lines = [
        phrase(_SENTENCES, "leads", language, count=len(leads), loans=leads["loan_id"].n_unique()),
    ]
    explanation = "explanation_chinese" if language == "zh" else "explanation"
    largest = leads.sort("amount_fen", descending=True).head(SHOWN_LOANS)
    for loan, pattern, why in largest.select("loan_id", "pattern", explanation).iter_rows():
        name = named("pattern", pattern, language)
        lines.append(phrase(_SENTENCES, "lead", language, loan=loan, pattern=name, explanation=why))
    return lines
