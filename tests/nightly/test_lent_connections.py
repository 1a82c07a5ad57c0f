"""A server lends connections that never close: a run gives its right up all the same."""

from __future__ import annotations

from typing import Any, cast

import pytest
from tests.nightly.bank import DAY, NEXT, Bank
from tests.nightly.conftest import Books

from loantrail.errors import DatabaseUnavailable, InputError
from loantrail.nightly import running
from loantrail.postgres.connection import Database, Pool

pytestmark = pytest.mark.database


class Lent:
    """What the page gives a run: sessions of a pool in the place of connections."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def connect(self) -> Any:
        return self._pool.session()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "KILLED_RUN_PATIENCE_SECONDS", 1.0)


def test_after_a_run_over_a_pool_others_may_run(books: Books, bank: Bank, monkeypatch: pytest.MonkeyPatch):
    with Database(books.url).pool(3) as pool:
        lent = cast(Database, Lent(pool))

        def night(day: Any) -> str:
            return running.run_night(lent, bank.root, day, traces=False).state

        # held
        assert night(DAY) == "held"
        assert books.night(DAY).state == "held"
        # failed, with the connection in a transaction that failed
        bank.deliver(DAY)

        def fails(work: Any, *_: object, **__: object) -> None:
            work.notes.execute("SELECT 1")
            raise InputError("the disk is full")

        with monkeypatch.context() as broken:
            broken.setattr(running, "_take_in", fails)
            with pytest.raises(InputError):
                night(DAY)
        with monkeypatch.context() as broken:
            broken.setattr(running, "_take_in", lambda work, *_, **__: work.notes.execute("SELECT 1 / 0"))
            with pytest.raises(Exception, match="division by zero"):
                night(DAY)
        assert books.night(DAY).state == "complete"
        # known, complete, and a second time over the pool
        assert night(DAY) == "known"
        bank.deliver(NEXT)
        assert night(NEXT) == "complete"
        assert books.night(NEXT).state == "known"


def test_a_run_that_works_keeps_others_out(books: Books, bank: Bank, monkeypatch: pytest.MonkeyPatch):
    bank.deliver(DAY)

    def meets(*_: object, **__: object) -> None:
        with pytest.raises(DatabaseUnavailable, match="another nightly run"):
            books.night(DAY)

    monkeypatch.setattr(running, "_take_in", meets)
    assert books.night(DAY).state == "complete"
