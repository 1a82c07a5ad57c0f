"""A process beside this one that looks at all of the books: it pairs lines and makes runs, with low priority.

Both take all cores of a machine for seconds to minutes on the books of a bank. In the process that answers requests they would make
every line and every page wait for the interpreter and for the threads of the frames; here the system gives them what is left.

    with Beside(books.url) as beside:
        beside.pair()
        beside.make_runs()

The two ends speak lines of JSON over pipes. The other end (`beside_process`) ends with this process, however that ends.
"""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

from loantrail.errors import LoantrailError, Stopping
from loantrail.operating.logs import JsonLines

PAIR, MAKE_RUNS = "pair", "make_runs"
END_SECONDS: Final = 5.0
"""How long one may take to end by itself."""


class BesideEnded(LoantrailError):
    """The process that was to do it is gone, or could not do it."""

    code = "beside_ended"


class Beside:
    """Any thread may ask; what one kind of work is asked for is done one after the other, both kinds at the same time."""

    def __init__(self, url: Callable[[], str]) -> None:
        """`url`: of the database, as its owner, asked anew for each process."""
        self._url = url
        self._pairing = _Process(self._started)
        self._running = _Process(self._started)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pairing.close()
        self._running.close()

    def pair(self) -> None:
        """Pair the lines that wait (`ledger.pairs.booking.settle`). BesideEnded where that fails; Stopping where this is closed
        meanwhile."""
        self._pairing.ask({"do": PAIR})

    def make_runs(self) -> bool:
        """Make the runs that were asked for; what the last one left is kept (`tracing.kept_ground`). False where somebody else is at
        it; BesideEnded and Stopping as `pair`. The process ends afterwards: it gives back the memory of a whole bank."""
        try:
            return bool(self._running.ask({"do": MAKE_RUNS})["made"])
        finally:
            self._running.end()

    def _started(self) -> subprocess.Popen[str]:
        root = logging.getLogger()
        told = {
            "url": self._url(),
            "log_format": "json"
            if any(isinstance(one.formatter, JsonLines) for one in root.handlers)
            else "text",
            "log_level": logging.getLevelName(root.level).lower(),
        }
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "loantrail.monitor.beside_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            # Ctrl+C in a terminal reaches the whole group: this one ends with us.
            start_new_session=True,
        )
        # Not among the arguments, which every user of the machine may read.
        _told(process, told)
        return process


class _Process:
    """One at a time, started when it is asked."""

    def __init__(self, started: Callable[[], subprocess.Popen[str]]) -> None:
        self._started = started
        self._process: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()
        self._is_closed = False

    def ask(self, question: Mapping[str, str]) -> dict[str, Any]:
        """What it answers. BesideEnded where it does not, or says that it failed; Stopping where it was closed."""
        with self._turn:
            if self._is_closed:
                raise _stopping()
            if self._process is not None and self._process.poll() is not None:
                self._let_go()
            process = self._process = self._process or self._started()
            try:
                _told(process, question)
                assert process.stdout is not None
                answer: dict[str, Any] = json.loads(process.stdout.readline())
            except (OSError, ValueError):  # it ended, or what it says is no answer
                self._let_go()
                if self._is_closed:
                    raise _stopping() from None
                raise BesideEnded(
                    f"the process for {question['do']} ended with status {process.returncode}",
                    remedy="Its log tells why; it is tried again",
                ) from None
            if "problem" in answer:
                self._let_go()  # the next one asks for the database anew
                raise BesideEnded(answer["problem"], remedy=answer["remedy"])
            return answer

    def close(self) -> None:
        """Let it go for good, whatever it is at."""
        self._is_closed = True
        process = self._process
        if process is not None:
            assert process.stdin is not None
            with contextlib.suppress(OSError, ValueError):
                process.stdin.close()  # who waits for its answer reads the end of it
        self.end()

    def end(self) -> None:
        """Let it go when it has answered; the next question starts another one."""
        with self._turn:
            self._let_go()

    def _let_go(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(OSError):  # what was still to be sent has no reader
            process.stdin.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _stopping() -> Stopping:
    return Stopping("this process is being stopped", remedy="The next one goes on with what is left")


def _told(process: subprocess.Popen[str], content: Mapping[str, str]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(content) + "\n")
    process.stdin.flush()
