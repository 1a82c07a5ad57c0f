"""What `loantrail audit` prints, in English and Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from loantrail.cli.speech import Language, phrase

if TYPE_CHECKING:
    from loantrail.audit.model import Break

_SENTENCES: Final = {
    "so_far": ("whole up to entry {count:,}", "第 {count:,} 条及以前完好"),
    "whole": (
        "The log is whole: {entries:,} entries in {batches:,} batches, {seconds} s ({rate:,} a second).",
        "日志完好：{entries:,} 条，{batches:,} 批，用时 {seconds} 秒（每秒 {rate:,} 条）。",
    ),
    "head": ("Head: {algorithm} {head}", "链头：{algorithm} {head}"),
    "anchored": (
        "It agrees with {count:,} head(s) kept elsewhere.",
        "与另行保存的 {count:,} 个链头一致。",
    ),
    "not_anchored": (
        "No head kept elsewhere was given: a tail that was cut off would not be seen (--anchor).",
        "未提供另行保存的链头：日志末尾若被截去，此次验证看不出来（--anchor）。",
    ),
    "whole_before": ("{count:,} entries before it are whole.", "此前 {count:,} 条完好。"),
    "missing": (
        "Entry {entry:,} is missing: number {expected} was expected, {found} found.",
        "缺少第 {entry:,} 条：应为 {expected}，实为 {found}。",
    ),
    "repeated": (
        "Entry {entry:,} should not be: number {expected} was expected, {found} found.",
        "第 {entry:,} 条不应存在：应为 {expected}，实为 {found}。",
    ),
    "batch": (
        "Entry {entry:,} is broken: its batch should be {expected}, found: {found}.",
        "第 {entry:,} 条异常：所在批次应为 {expected}，实为：{found}。",
    ),
    "algorithm": (
        "Entry {entry:,} is broken: its batch {batch} names the algorithm {found}, which the log does not use.",
        "第 {entry:,} 条异常：批次 {batch} 注明的算法 {found} 不是本日志所用算法。",
    ),
    "hash": (
        "Entry {entry:,} is broken: its content, its place or the header of its batch {batch} was changed. Hash recomputed "
        "{expected}, stored {found}.",
        "第 {entry:,} 条异常：其内容、位置或批次 {batch} 的批头被改动。重算散列 {expected}，所存散列 {found}。",
    ),
    "column": (
        "Entry {entry:,} is broken: the column {column} says {found}, its content says {expected}.",
        "第 {entry:,} 条异常：列 {column} 为 {found}，内容为 {expected}。",
    ),
    "head_differs": (
        "Entry {entry:,} is broken: it is the last of batch {batch}, which holds another hash. Recomputed {expected}, stored "
        "{found}.",
        "第 {entry:,} 条异常：它是批次 {batch} 的最后一条，批次所存散列不同。重算 {expected}，所存 {found}。",
    ),
    "cut": (
        "Entry {entry:,} is missing: a head kept elsewhere names entry {expected}, the log ends with {found}. What was cut off "
        "or written anew lies after entry {trusted}.",
        "缺少第 {entry:,} 条：另行保存的链头指向第 {expected} 条，日志止于第 {found} 条。被截去或重写之处在第 {trusted} 条之后。",
    ),
    "anchor": (
        "Entry {entry:,} is broken: a head kept elsewhere holds another hash. The chain was written anew somewhere between entries "
        "{since:,} and {entry:,}. Kept {expected}, found {found}.",
        "第 {entry:,} 条异常：另行保存的链头散列不同，第 {since:,} 条至第 {entry:,} 条之间的链被重写。保存的为 {expected}，"
        "现为 {found}。",
    ),
    "nothing": ("nothing", "无"),
}


def sentence(name: str, language: Language, **values: str | int) -> str:
    return phrase(_SENTENCES, name, language, **values)


def break_text(broken: Break, language: Language) -> str:
    """The first broken entry and what differs."""
    nothing = sentence("nothing", language)
    name = "head_differs" if broken.fault.value == "head" else broken.fault.value
    return sentence(
        name,
        language,
        entry=broken.entry_no,
        batch=broken.batch_no,
        expected=broken.expected or nothing,
        found=broken.found or nothing,
        column=broken.column,
        since=broken.since,
        trusted=broken.since - 1,
    )
