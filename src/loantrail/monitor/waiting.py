"""Deliveries that wait to be written, and which of them may be written without being judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from loantrail.monitor.asked import Asked
from loantrail.monitor.lines import Read, apart, read_lines
from loantrail.monitor.model import Answered, Delivery, KeyReused

GROUP_ROWS: Final = 8_192
"""Rows that are committed together at most."""
IDLE_SECONDS: Final = 5.0
"""How long a thread that writes keeps its connection when nothing comes."""
Result = Answered | KeyReused


@dataclass(slots=True)
class Waiting:
    delivery: Delivery
    answer: Future[Result]
    since: float
    counts: bool = True
    """Whether its rows are among those that wait."""
    read: Read | None = None
    """Its lines, once they are read."""


def read_apart(group: Sequence[Waiting]) -> None:
    """Read the lines of those of which they are not read yet, together."""
    unread = [one for one in group if one.read is None]
    if not unread:
        return
    read = read_lines([one.delivery for one in unread])
    for one, own in zip(unread, apart(read, len(unread)), strict=True):
        one.read = own


def keys_of(group: Iterable[Waiting]) -> set[str]:
    """Idempotency keys of these."""
    return {one.delivery.key for one in group if one.delivery.key is not None}


def parted(
    group: Sequence[Waiting], lets_pass: Callable[[Asked], bool], keys: Set[str]
) -> tuple[list[Waiting], list[Waiting]]:
    """Those whose lines, which are read, all pass, and the others. Deliveries of one idempotency key stay together, and with those of
    `keys`, which do not pass."""
    passes = {id(one): one.read is not None and lets_pass(Asked.of_lines(one.read.lines)) for one in group}
    kept = keys | keys_of(one for one in group if not passes[id(one)])
    passing = [one for one in group if passes[id(one)] and one.delivery.key not in kept]
    passed = set(map(id, passing))
    return passing, [one for one in group if id(one) not in passed]
