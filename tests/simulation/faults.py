"""A connection to a real database on which things go wrong when a plan says so."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Any

import psycopg
from psycopg import sql

from loantrail.postgres.connection import configure


class Fault(StrEnum):
    """What goes wrong, at a statement or at the commit that comes next."""

    LOST_BEFORE = "lost before"
    """The connection dies; what was sent never arrives."""
    LOST_AFTER = "lost after"
    """What was sent is done, and the connection dies before the answer: a commit is durable, and nobody knows."""
    DISK_FULL = "disk full"
    COLLISION = "collision"
    """The database ends the transaction in favour of another one."""


SQLSTATES = {Fault.DISK_FULL: "53100", Fault.COLLISION: "40P01"}
ERRORS = {
    Fault.DISK_FULL: psycopg.errors.DiskFull("could not extend file: No space left on device"),
    Fault.COLLISION: psycopg.errors.SerializationFailure("could not serialize access"),
}


class Plan:
    """The fault that is next: after so many statements, or at the commit that is then next."""

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.statements_left = 0
        self.at_commit = False
        self.happened: list[str] = []

    def arm(self, fault: Fault, statements: int, *, at_commit: bool) -> None:
        self.fault, self.statements_left, self.at_commit = fault, statements, at_commit

    def disarm(self) -> None:
        self.fault = None

    def at_statement(self) -> Fault | None:
        if self.fault is None or self.at_commit:
            return None
        self.statements_left -= 1
        return self._strike("statement") if self.statements_left < 0 else None

    def at_the_commit(self) -> Fault | None:
        return self._strike("commit") if self.fault is not None and self.at_commit else None

    def _strike(self, where: str) -> Fault:
        assert self.fault is not None
        fault, self.fault = self.fault, None
        self.happened.append(f"{fault} at a {where}")
        return fault


class FaultyConnection(psycopg.Connection[Any]):
    """Statements and commits meet the faults of `plan`; everything else is the real thing."""

    plan: Plan

    def commit(self) -> None:
        fault = self.plan.at_the_commit()
        if fault is None:
            super().commit()
            return
        if fault is Fault.LOST_AFTER:
            super().commit()
        if fault in SQLSTATES:
            super().rollback()
            raise ERRORS[fault]
        self.die()

    def die(self) -> None:
        self.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")


class FaultyCursor(psycopg.Cursor[Any]):
    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        return self._met(lambda: psycopg.Cursor.execute(self, query, params, **options))

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        self._met(lambda: psycopg.Cursor.executemany(self, query, params_seq, **options))

    def copy(self, statement: Any, params: Any = None, **options: Any) -> AbstractContextManager[Any]:
        # What is copied ends with the block: a fault is met when it begins.
        self._met(lambda: None)
        return super().copy(statement, params, **options)

    def _met(self, work: Callable[[], Any]) -> Any:
        connection = self.connection
        assert isinstance(connection, FaultyConnection)
        fault = connection.plan.at_statement()
        if fault is None:
            return work()
        if fault in SQLSTATES:
            # The server says it, so that its transaction is as broken as the real thing would leave it.
            failing = sql.SQL("DO $$ BEGIN RAISE EXCEPTION 'planned' USING ERRCODE = {}; END $$").format(
                sql.Literal(SQLSTATES[fault])
            )
            return psycopg.Cursor.execute(self, failing)
        if fault is Fault.LOST_AFTER:
            work()
        return connection.die()


def connect(url: str, plan: Plan) -> FaultyConnection:
    connection = FaultyConnection.connect(url, cursor_factory=FaultyCursor)
    assert isinstance(connection, FaultyConnection)
    connection.plan = Plan()
    configure(connection)
    connection.plan = plan
    return connection
