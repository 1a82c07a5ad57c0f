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
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

from loantrail.errors import LoantrailError, Stopping

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
        _told(process, {"url": self._url()})
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
                _close_pipes(self._process)
                self._process = None
            process = self._process = self._process or self._started()
            try:
                _told(process, question)
                assert process.stdout is not None
                line = process.stdout.readline()
            except OSError:
                line = ""
            if not line:
                self._process = None
                status = process.wait()
                _close_pipes(process)
                if self._is_closed:
                    raise _stopping()
                raise BesideEnded(
                    f"the process for {question['do']} ended with status {status}",
                    remedy="Its log tells why; it is tried again",
                )
        answer: dict[str, Any] = json.loads(line)
        if "problem" in answer:
            self.end()  # the next one asks for the database anew
            raise BesideEnded(answer["problem"], remedy=answer["remedy"])
        return answer

    def close(self) -> None:
        """Let it go for good."""
        self._is_closed = True
        self.end()

    def end(self) -> None:
        """Let it go; the next question starts another one."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(OSError):
            assert process.stdin is not None
            process.stdin.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with self._turn:  # who asked it has read its end by now
            if self._process is process:
                self._process = None
            _close_pipes(process)


def _stopping() -> Stopping:
    return Stopping("this process is being stopped", remedy="The next one goes on with what is left")


def _close_pipes(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # what was still to be sent has no reader
                pipe.close()


def _told(process: subprocess.Popen[str], content: Mapping[str, str]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(content) + "\n")
    process.stdin.flush()
