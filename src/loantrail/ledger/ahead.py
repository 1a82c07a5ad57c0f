"""Reads on while the database works: an iterator run by a thread, a little ahead of who takes from it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
AHEAD: Final = 2
"""Items that wait at most."""
_PATIENCE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class _One(Generic[Item]):
    item: Item


@dataclass(frozen=True, slots=True)
class _End:
    failure: BaseException | None


@contextmanager
def ahead(items: Iterable[Item]) -> Generator[Iterator[Item]]:
    """The same items in the same order; what the iterator raises is raised where its item would have come. Leaving the
    block ends the thread."""
    waiting: queue.Queue[_One[Item] | _End] = queue.Queue(AHEAD)
    stopped = threading.Event()

    def put(thing: _One[Item] | _End) -> None:
        while not stopped.is_set():
            try:
                waiting.put(thing, timeout=_PATIENCE_SECONDS)
            except queue.Full:
                continue
            return

    def run() -> None:
        failure: BaseException | None = None
        try:
            for item in items:
                put(_One(item))
                if stopped.is_set():
                    return
        except BaseException as problem:
            failure = problem
        put(_End(failure))

    def taken() -> Iterator[Item]:
        while True:
            thing = waiting.get()
            if isinstance(thing, _One):
                yield thing.item
                continue
            if thing.failure is not None:
                raise thing.failure
            return

    thread = threading.Thread(target=run, name="loantrail-reading", daemon=True)
    thread.start()
    try:
        yield taken()
    finally:
        stopped.set()
        thread.join()
