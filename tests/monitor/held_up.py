"""Judging that goes on when a test lets it, and what is sent to a writer meanwhile."""

from __future__ import annotations

import json
import threading
from concurrent.futures import Future
from typing import Any

import pytest

from loantrail.monitor.judging import Judging
from loantrail.monitor.model import Answered
from loantrail.monitor.payload import JSON, read_payload
from loantrail.monitor.waiting import Result
from loantrail.monitor.writing import Writer


class JudgingTakesLong:
    """Judging goes on when a test lets it, or fails when a test has it fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has_begun, self.goes_on = threading.Event(), threading.Event()
        self.problem: Exception | None = None
        as_ever = Judging.judge

        def judge(judging: Judging, *told: Any) -> Any:
            self.has_begun.set()
            assert self.goes_on.wait(30)
            if self.problem is not None:
                raise self.problem
            return as_ever(judging, *told)

        monkeypatch.setattr(Judging, "judge", judge)


def send(writer: Writer, *rows: dict[str, Any]) -> Future[Result]:
    return writer.submit(read_payload(json.dumps(rows).encode(), JSON, "test"))


def decisions(answer: Future[Result]) -> list[str | None]:
    told = answer.result(30)
    assert isinstance(told, Answered)
    return [row.decision for row in told.rows]
