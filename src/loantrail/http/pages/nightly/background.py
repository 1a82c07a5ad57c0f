"""Runs a business date from the page, in the background, one at a time."""

from __future__ import annotations

import datetime
import logging
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

from psycopg import Connection

from loantrail.errors import InputError, LoantrailError, unforeseen
from loantrail.http.connections import Connections
from loantrail.nightly.running import run_night
from loantrail.postgres.connection import Database

_LOG = logging.getLogger(__name__)


class _Lent:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def connect(self) -> AbstractContextManager[Connection[Any]]:
        return self._connections.session()


class BackgroundNights:
    """What this server runs of nightly deliveries. A run that is broken off with it goes on when it is run again."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._guard = threading.Lock()
        self.running: datetime.date | None = None
        self.problems: dict[datetime.date, str] = {}
        """Date -> why its last run broke off."""

    def begin(self, root: Path, day: datetime.date, *, again: bool, accepted: Sequence[str]) -> None:
        """Run a date. InputError while another one is at work."""
        with self._guard:
            if self.running is not None:
                raise InputError(f"{self.running} is being run", remedy="Wait until it has ended")
            self.running = day
            self.problems.pop(day, None)
        threading.Thread(
            target=self._run, args=(root, day, again, tuple(accepted)), name="nightly", daemon=True
        ).start()

    def _run(self, root: Path, day: datetime.date, again: bool, accepted: tuple[str, ...]) -> None:
        try:
            # Of a database a run uses `connect` alone.
            books = cast(Database, _Lent(self._connections))
            run_night(books, root, day, again=again, accepted=accepted)
        except LoantrailError as problem:
            self.problems[day] = str(problem)
        except Exception as problem:
            _LOG.exception("the business date %s failed", day, exc_info=problem)
            self.problems[day] = unforeseen(problem)
        finally:
            self.running = None
