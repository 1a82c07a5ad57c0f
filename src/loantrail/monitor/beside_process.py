"""The other end of `monitor.beside`: does what it is told, one after the other, until nobody tells it more.

    python -P -m loantrail.monitor.beside_process

The first line of its input names the database; each further one is a work, and is answered by one line.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
import threading
from dataclasses import replace
from typing import Any, Final

from loantrail.collecting import collect_seldom
from loantrail.errors import LoantrailError, in_one_line, unforeseen
from loantrail.monitor.beside import MAKE_RUNS, PAIR
from loantrail.monitor.leading import Connecting
from loantrail.operating.logs import set_up_logs
from loantrail.postgres.connection import Database
from loantrail.postgres.failures import PASSING
from loantrail.settings import read_settings
from loantrail.tracing.retrace import Retracing

NICENESS: Final = 10
_LOG = logging.getLogger("loantrail.monitor.beside_process")  # where it runs, `__name__` is `__main__`


def main() -> int:
    """Work until the input ends; with it ends the process, whatever it is at."""
    collect_seldom()
    os.nice(NICENESS)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever else is printed here is no answer
    asked: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()
    first = sys.stdin.readline()
    if not first:
        return 0
    told: dict[str, str] = json.loads(first)
    threading.Thread(target=_listen, args=(asked,), name="life", daemon=True).start()
    settings = replace(read_settings(), log_format=told["log_format"], log_level=told["log_level"])
    set_up_logs(settings, "beside", production=False)
    sessions = Connecting(Database(told["url"]))
    while True:
        answers.write(json.dumps(_answered(sessions, asked.get())) + "\n")
        answers.flush()


def _listen(asked: queue.SimpleQueue[dict[str, str]]) -> None:
    for line in sys.stdin:
        asked.put(json.loads(line))
    # What is under way is rolled back by the database, and is still to be done for who asks next.
    os._exit(0)


def _answered(sessions: Connecting, question: dict[str, str]) -> dict[str, Any]:
    try:
        if question["do"] == PAIR:
            _pair(sessions)
            return {}
        assert question["do"] == MAKE_RUNS
        return {"made": _make_runs(sessions)}
    except PASSING as problem:
        # The session was ended, the server is away or full, or others stood in the way: no defect.
        _LOG.warning("%s failed; it is tried again: %s", question["do"], in_one_line(problem))
        if isinstance(problem, LoantrailError):
            return {"problem": problem.problem, "remedy": problem.remedy}
        return {"problem": in_one_line(problem), "remedy": "It is tried again"}
    except LoantrailError as problem:
        return {"problem": problem.problem, "remedy": problem.remedy}
    except Exception as problem:
        _LOG.exception("%s failed", question["do"])
        return {"problem": unforeseen(problem), "remedy": "The log tells more; it is tried again"}


def _pair(sessions: Connecting) -> None:
    from loantrail.ledger.pairs.booking import settle

    with sessions.session() as connection:
        settle(connection)


def _make_runs(sessions: Connecting) -> bool:
    with sessions.session() as connection:
        return Retracing(sessions).turn(connection)


if __name__ == "__main__":
    sys.exit(main())
