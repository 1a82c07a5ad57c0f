"""One monitor is at work, any number stand by: a lock that the database holds for a session decides.

The one at work writes over the very session that holds the lock, so one that lost it cannot write any more. When its
process dies its session ends, and the next one that asks has the lock. When its process hangs, it does not say any more that it
goes on, and one that stands by ends the session.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

import psycopg

from loantrail.errors import LoantrailError
from loantrail.ledger.taking import KeysTaken
from loantrail.monitor import store
from loantrail.postgres.failures import PASSING

if TYPE_CHECKING:
    from psycopg import Connection

ASK_SECONDS: Final = 1.0
"""How often one that stands by asks for the lock."""
ALIVE_SECONDS: Final = 1.0
"""How often the one at work says that its process goes on, in a session of its own."""
REST_SECONDS: Final = 0.2
"""The pause when no source had anything."""


class Books(Protocol):
    """A way to the database, such as `loantrail.postgres.connection.Database`."""

    def connect(self) -> AbstractContextManager[Connection[Any]]: ...


class Source(Protocol):
    """Something that rows come from."""

    def begin(self, connection: Connection[Any]) -> None:
        """This process is the one at work now."""
        ...

    def step(self, connection: Connection[Any]) -> bool:
        """Take in what is there, if anything; whether there was. May commit."""
        ...

    def end(self) -> None:
        """This process is no longer at work; `begin` may follow."""
        ...


class Connecting:
    """Sessions of their own, for threads that work beside."""

    def __init__(self, books: Books) -> None:
        self._books = books

    @contextmanager
    def session(self) -> Generator[Connection[Any]]:
        with self._books.connect() as connection:
            yield connection
            if not connection.closed:
                connection.rollback()


def run_monitor(
    books: Books,
    sources: Sequence[Source],
    say: Callable[[str], None],
    stopping: threading.Event,
    follow: Callable[[Connection[Any]], None] = lambda _connection: None,
    on_lead: Callable[[], None] = lambda: None,
) -> None:
    """Stand by until this is the one at work, then let the sources take their turns, until `stopping`. One that stands by is
    asked every second to `follow` what the other one does; `on_lead` is called when this one begins."""
    while not stopping.is_set():
        try:
            with books.connect() as connection:
                if _lead(connection, say, stopping, follow):
                    with _living(books, connection):
                        on_lead()
                        _work(connection, sources, stopping)
        except PASSING as problem:
            _tell(say, f"the database cannot be used now, trying again: {problem}")
            stopping.wait(ASK_SECONDS)
        except KeysTaken:
            _tell(say, "others wrote the same lines for too long, trying again")
            stopping.wait(ASK_SECONDS)


def _tell(say: Callable[[str], None], message: str) -> None:
    """Say what the catalogue has Chinese words for."""
    say(message)


def _lead(
    connection: Connection[Any],
    say: Callable[[str], None],
    stopping: threading.Event,
    follow: Callable[[Connection[Any]], None],
) -> bool:
    told = False
    while not stopping.is_set():
        if store.try_to_lead(connection):
            _tell(say, "this monitor is at work")
            return True
        if not told:
            _tell(say, "another monitor is at work; this one stands by")
            told = True
        if _ended_one_that_hangs(connection, say):
            stopping.wait(REST_SECONDS)
            continue
        follow(connection)
        stopping.wait(ASK_SECONDS)
    return False


def _ended_one_that_hangs(connection: Connection[Any], say: Callable[[str], None]) -> bool:
    try:
        ended = store.end_one_that_hangs(connection)
    except psycopg.errors.InsufficientPrivilege:
        connection.rollback()
        _tell(
            say,
            "the monitor that was at work says nothing any more, and this one may not end its sessions: it signs in as another role",
        )
        return False
    if ended:
        _tell(say, "the monitor that was at work says nothing any more; its sessions are ended")
    return ended


@contextmanager
def _living(books: Books, leading: Connection[Any]) -> Generator[None]:
    """Those that stand by are told that this process goes on, whatever its sources are at."""
    is_over, session = threading.Event(), store.session_of(leading)
    leading.rollback()

    def live() -> None:
        while not is_over.is_set():
            # Without a word of it nobody is taken for hanging.
            with suppress(LoantrailError, psycopg.Error), books.connect() as connection:
                store.begin_to_live(connection, session)
                while not is_over.wait(ALIVE_SECONDS):
                    store.go_on_living(connection)
            is_over.wait(ALIVE_SECONDS)

    living = threading.Thread(target=live, name="living", daemon=True)
    living.start()
    try:
        yield
    finally:
        is_over.set()
        living.join(ALIVE_SECONDS)


def _work(connection: Connection[Any], sources: Sequence[Source], stopping: threading.Event) -> None:
    begun: list[Source] = []
    try:
        for source in sources:
            begun.append(source)
            source.begin(connection)
        while not stopping.is_set():
            busy = False
            for source in sources:
                busy = source.step(connection) or busy
            store.is_there(connection)
            if not busy:
                stopping.wait(REST_SECONDS)
        store.no_longer_leading(connection)
    finally:
        for source in begun:
            source.end()
