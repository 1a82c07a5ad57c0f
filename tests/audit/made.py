"""A log in memory, made as the product makes it, that a test can tamper with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from loantrail.audit.chain import COLUMNS, Walk, link
from loantrail.audit.model import Batch, Entry, Head, Outcome, Verdict
from loantrail.ids import seeded_random

AT_US = 1_790_000_000_000_000


@dataclass
class Row:
    """An entry as it is stored: the bytes, their hash, and the columns by which it is found."""

    content: bytes
    hash: bytes
    columns: dict[str, Any]


@dataclass
class Log:
    """What stands in the two tables, and the head that was anchored when the last entry was written."""

    rows: list[Row] = field(default_factory=list[Row])
    batches: list[Batch] = field(default_factory=list[Batch])
    head: Head = field(default_factory=Head)

    def append(self, entries: Sequence[Entry], algorithm: str = "sha256") -> None:
        batch, linked = link(entries, self.head, algorithm, AT_US + self.head.entry_no)
        self.batches.append(batch)
        self.rows.extend(row_of(text.encode(), digest) for text, digest in linked)
        self.head = Head(batch.batch_no, batch.last_entry_no, algorithm, batch.head.hex(), batch.made_at_us)

    def copy(self) -> Log:
        return Log(
            [replace(row, columns=dict(row.columns)) for row in self.rows], list(self.batches), self.head
        )

    def verified(self, anchors: Sequence[Head] = (), piece: int = 1_000_000) -> Verdict:
        """What the walk finds, when the tables are read in pieces of so many entry numbers, as the database reads them."""
        walk = Walk(anchors)
        rows = sorted(self.rows, key=lambda row: row.columns["entry_no"])
        batches = sorted(self.batches, key=lambda one: (one.first_entry_no, one.batch_no))
        numbers = [row.columns["entry_no"] for row in rows] + [one.first_entry_no for one in batches]
        low = min(numbers, default=1)
        while low <= max(numbers, default=0):
            high = max(low, 1) + piece - 1
            walk.take(
                [one for one in batches if low <= one.first_entry_no <= high],
                [
                    (row.content, row.hash, *(row.columns[name] for name in COLUMNS))
                    for row in rows
                    if low <= row.columns["entry_no"] <= high
                ],
            )
            low = min((number for number in numbers if number > high), default=high + 1)
        return walk.finish()


def row_of(content: bytes, digest: bytes) -> Row:
    """A row with the columns that the database makes of its content."""
    known = json.loads(content)
    return Row(content, digest, {name: known[name] for name in COLUMNS})


def entry(number: int = 1, **known: Any) -> Entry:
    """A warning that S1 closed after reading the invoice."""
    values: dict[str, Any] = {
        "at_us": AT_US + number,
        "person": "S1",
        "action": "warning.dispose",
        "object_kind": "warning",
        "object_id": f"W{number}",
        "before": {"state": "open"},
        "after": {"state": "closed", "reason": "已核对发票"},
        "why": "资金用于采购，“合同”与发票一致",
        "request_id": f"{number:032x}",
        "address": "10.0.0.1",
        "unit_id": "U1",
        "outcome": Outcome.DONE,
    }
    return Entry(**(values | known))


def a_log(seed: int, batches: int = 12, algorithms: Sequence[str] = ("sha256", "sm3")) -> Log:
    """Batches of one to six entries by different people, of both algorithms."""
    random = seeded_random(seed)
    log = Log()
    for _ in range(batches):
        entries = [
            entry(
                log.head.entry_no + number,
                person=random.choice(("S1", "S2", "key:k1")),
                action=random.choice(("loan.read", "warning.dispose", "list.approve")),
                acting_for=random.choice((None, "S3")),
                unit_id=random.choice((None, "U1", "U2")),
                outcome=random.choice(tuple(Outcome)),
                before=random.choice((None, 1, {"a": [1, 2.5, None, True]})),
            )
            for number in range(1, random.randint(1, 6) + 1)
        ]
        log.append(entries, random.choice(tuple(algorithms)))
    return log
