"""Groups that are committed while another one is being judged: its guests.

Who judges a group holds the writer's lock of the database, so that nobody else commits lines until it ends. Its guests come in under that
lock, in transactions of their own: groups of nothing but lines that can say nothing of any loan, even if all accounts of the lines
that are being judged did concern one. They commute with it. A guest is never in the way of its host: it gives up where it would
have to wait, and the host does not end before it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loantrail.monitor.bystanders import View


class Unwelcome(Exception):
    """A guest that would have to wait, or may say something of a loan after all. Nothing of it is in the books."""


@dataclass(frozen=True, slots=True)
class Host:
    """Who judges a group, and what its guests are let in by."""

    tells: View
    """Tells of lines whether they may come in."""
    session: int
    """The session of the database that holds the writer's lock: who has it no longer is no host."""


class Hosting:
    """One host and one guest at a time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._host: Host | None = None
        self._has_guest = False

    @property
    def is_open(self) -> bool:
        """Whether guests may come in."""
        return self._host is not None

    @contextmanager
    def open(self, host: Host | None) -> Generator[None]:
        """Guests may come in while the block lasts; it ends when the last one has left. None: none may."""
        with self._changed:
            self._host = host
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._host = None
                self._changed.wait_for(lambda: not self._has_guest)

    @contextmanager
    def come_in(self) -> Generator[Host | None]:
        """Be a guest for the length of the block, where there is a host."""
        with self._changed:
            host = self._host
            self._has_guest = host is not None
        try:
            yield host
        finally:
            with self._changed:
                self._has_guest = False
                self._changed.notify_all()

    def wait(self, is_free: Callable[[], bool]) -> None:
        """Until there is a host, or `is_free`; `wake` has it asked again."""
        with self._changed:
            self._changed.wait_for(lambda: self._host is not None or is_free())

    def wake(self) -> None:
        """Something changed that somebody may wait for."""
        with self._changed:
            self._changed.notify_all()
