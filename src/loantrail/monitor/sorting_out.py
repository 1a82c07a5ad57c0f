"""What becomes of lines where some are known, or equal, or have the key of another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loantrail.ledger import intake, store_entering
from loantrail.ledger.store_entering import Database
from loantrail.monitor.lines import proven
from loantrail.monitor.model import Line


@dataclass(frozen=True, slots=True)
class SortedOut:
    """Rows are places in the lines that were given; of equal lines (key and content) the first stands for all."""

    first_of: Sequence[int]
    """For each row, the one that stands for it."""
    new: dict[int, str]
    """Rows to be entered, and the key of each: one of its own where only balances tell it from another."""
    there: dict[int, str]
    """Rows that are in the books, and their ids."""
    refused: Sequence[int]
    """Rows whose key is that of a line with another content."""


def sort_out(connection: Database, lines: Sequence[Line], sequence_of: Callable[[Line], int]) -> SortedOut:
    """Looks the keys up."""
    first_of_content: dict[tuple[str, str], int] = {}
    first_of_key: dict[str, int] = {}
    for row, line in enumerate(lines):
        first_of_content.setdefault((line.source_key, line.content_hash), row)
        first_of_key.setdefault(line.source_key, row)
    firsts = list(first_of_content.values())
    known = _known_keys(connection, list(first_of_key))
    suspects = [
        row
        for row in firsts
        if known.get(lines[row].source_key, lines[row].content_hash) != lines[row].content_hash
        or first_of_key[lines[row].source_key] != row
    ]
    repeats = {row: intake.repeat_key(lines[row].source_key, lines[row].content_hash) for row in suspects}
    known_repeats = _known_keys(connection, list(repeats.values()))
    are_proven = _proven(lines, suspects, sequence_of)
    new: dict[int, str] = {}
    there: dict[int, str] = {}
    refused: list[int] = []
    for row in firsts:
        line = lines[row]
        if known.get(line.source_key) == line.content_hash:
            there[row] = line.source_key
        elif row not in repeats:
            new[row] = line.source_key
        elif repeats[row] in known_repeats:
            there[row] = repeats[row]
        elif row in are_proven:
            new[row] = repeats[row]
        else:
            refused.append(row)
    first_of = [first_of_content[line.source_key, line.content_hash] for line in lines]
    return SortedOut(first_of, new, there, refused)


def _known_keys(connection: Database, keys: Sequence[str]) -> dict[str, str]:
    if not keys:
        return {}
    rows = store_entering.ask_known_keys(connection, keys).fetchall()
    return {key.hex: content.hex for key, content in rows}


def _proven(lines: Sequence[Line], suspects: Sequence[int], sequence_of: Callable[[Line], int]) -> set[int]:
    """Of these rows, those that the running balances of their own delivery prove."""
    found: set[int] = set()
    for delivery in sorted({lines[row].delivery for row in suspects}):
        own = [row for row, line in enumerate(lines) if line.delivery == delivery]
        flags = proven([lines[row] for row in own], [sequence_of(lines[row]) for row in own])
        found |= {row for row, flag in zip(own, flags, strict=True) if flag}
    return found
