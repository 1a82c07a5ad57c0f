"""Intake of two processes over one database, and commits that break off or wait when a test wants it."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from loantrail.audit.store import append
from loantrail.monitor import committing
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.leading import Connecting
from loantrail.monitor.writing import Writer
from loantrail.postgres.connection import Database

PATIENCE_SECONDS = 20.0
Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Process:
    """What takes in lines in one process."""

    writer: Writer
    deciding: Deciding


def another_process(database_url: str) -> Process:
    deciding = Deciding(Connecting(Database(database_url)))
    deciding.want()
    deciding.wait()
    assert deciding.is_ready
    return Process(Writer(Connecting(Database(database_url)), lambda _rows: None, deciding), deciding)


class Commits:
    """What is done before the last statements of a group, by the thread that commits it, with the connection."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.before: dict[str, Callable[[Connection], object]] = {}
        monkeypatch.setattr(committing.audit, "append", self._append)

    def _append(self, connection: Connection, *told: Any) -> Any:
        self.before.get(threading.current_thread().name, lambda _connection: None)(connection)
        return append(connection, *told)


def end_session(asked: Connection, process_id: int) -> None:
    """As an administrator does, or a server that is put in the place of another."""
    asked.execute("SELECT pg_terminate_backend(%s, 10000)", (process_id,))


def cut(connection: Connection) -> None:
    """Lose what the server says from now on; it goes on with what it was asked."""
    own = socket.socket(fileno=os.dup(connection.fileno()))
    own.shutdown(socket.SHUT_RDWR)
    own.close()


def commits_wait(asked: Connection, table: str, condition: str = "true") -> None:
    """From now on a commit that entered such a row takes until `commits_go_on`."""
    asked.execute("CREATE TABLE public.paused AS SELECT true AS waits")
    asked.execute(
        f"""
        CREATE FUNCTION public.pause() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
            WHILE (SELECT waits FROM public.paused) LOOP PERFORM pg_sleep(0.01); END LOOP;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER pause AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION public.pause()
        """.encode()
    )


def commits_go_on(asked: Connection) -> None:
    asked.execute("UPDATE public.paused SET waits = false")


def wait_for_commit(asked: Connection, process_id: int) -> None:
    """Until that session is at a commit that waits."""
    wait_for(
        lambda: (
            asked.execute(
                "SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'", (process_id,)
            ).fetchone()
            is not None
        )
    )


def wait_for_lock(asked: Connection) -> None:
    """Until a session of this database waits for another."""
    query = (
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1"
    )
    wait_for(lambda: asked.execute(query).fetchone() is not None)


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)
