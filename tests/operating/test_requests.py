"""Every request has an id and is told of in one line, which names no person's loan, account or search."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.operating.asking import Failing, ask

from loantrail.errors import ConfigurationError
from loantrail.http.app import create_app
from loantrail.http.requests import HEADER, NO_ROUTE
from loantrail.identity.model import NOTHING, Signed
from loantrail.operating.logs import JsonLines, fields, set_up_logs
from loantrail.settings import read_settings

SEARCH = {"search": "张三 6222000000000001"}


class Kept(logging.Handler):
    """Keeps what is logged, as JSON lines."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self.setFormatter(JsonLines("test"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler, logger = Kept(), logging.getLogger("loantrail")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(before)


@pytest.fixture(scope="module")
def stopped() -> Failing:
    return Failing()


@pytest.fixture(scope="module")
def made(stopped: Failing) -> Any:
    return create_app(stopped, stopped)


@pytest.fixture
def database(stopped: Failing, monkeypatch: pytest.MonkeyPatch) -> Failing:
    """That of the application; how it fails is forgotten after the test."""
    monkeypatch.setattr(stopped, "problem", stopped.problem)
    return stopped


@pytest.fixture
def app(made: Any) -> Any:
    made.state.access_log = True
    return made


def access_lines(kept: Kept) -> list[dict[str, Any]]:
    return [line for line in kept.lines if line["logger"] == "loantrail.access"]


def test_a_request_has_an_id_that_the_answer_and_its_line_name(app: Any, kept: Kept) -> None:
    first, second = (ask(app, "GET", "/api/v1/health") for _ in range(2))

    ids = [first.headers[HEADER], second.headers[HEADER]]
    assert ids[0] != ids[1]
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)
    assert [line["request_id"] for line in access_lines(kept)] == ids


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("gateway-7f3a.20260301_17", True),
        ("short", False),
        ("a" * 65, False),
        ("two words of it", False),
        ('quote"injected', False),
        ("", False),
    ],
)
def test_an_id_of_a_gateway_is_taken_where_it_is_well_formed(
    app: Any, kept: Kept, given: str, taken: bool
) -> None:
    answer = ask(app, "GET", "/api/v1/health", headers={HEADER: given})
    assert (answer.headers[HEADER] == given) is taken
    assert access_lines(kept)[0]["request_id"] == answer.headers[HEADER]


def test_the_line_tells_the_template_and_nothing_that_was_asked_for(app: Any, kept: Kept) -> None:
    ask(app, "GET", "/api/v1/loans/JJ2025030001/statement/securities/evidence", params=SEARCH)
    ask(app, "GET", "/api/v1/loans", params=SEARCH)
    ask(app, "GET", "/accounts/6222000000000001", params=SEARCH)
    ask(app, "GET", "/api/v1/nothing/6222000000000001")
    ask(app, "GET", "/api/v1/loans/JJ2025030001", headers={"Host": "bank.example"})
    ask(app, "PUT", "/api/v1/loans/JJ2025030001", json={})

    told = [(line["method"], line["route"], line["status"]) for line in access_lines(kept)]
    assert told[0][:2] == ("GET", "/api/v1/loans/{loan_id}/statement/{use}/evidence")
    assert told[1][:2] == ("GET", "/api/v1/loans")
    assert told[2][:2] == ("GET", "/{path}")
    assert told[3] == ("GET", "/{path}", 404)
    assert told[4] == ("GET", NO_ROUTE, 421)
    assert told[5][2] == 405
    whole = json.dumps(kept.lines, ensure_ascii=False)
    for word in ("JJ2025030001", "6222000000000001", "张三", "search"):
        assert word not in whole
    assert all(line["duration_ms"] >= 0 and line["level"] == "info" for line in access_lines(kept))


def test_a_failure_that_nobody_foresaw_is_logged_with_the_id_and_without_the_address(
    app: Any, database: Failing, kept: Kept
) -> None:
    database.problem = ArithmeticError("boom")

    answer = ask(app, "GET", "/api/v1/health", headers={HEADER: "gateway-00000001"})
    shown = ask(app, "GET", "/api/v1/loans/JJ2025030001", headers={"Cookie": "loantrail=t"})

    assert (answer.status_code, shown.status_code) == (500, 500)
    failures = [line for line in kept.lines if line["logger"] == "loantrail.http.problems"]
    assert failures[0]["request_id"] == "gateway-00000001"
    assert failures[0]["message"] == "GET /api/v1/health failed"
    assert "ArithmeticError: boom" in failures[0]["exception"]
    assert failures[1]["message"] == "GET /api/v1/loans/{loan_id} failed"


def test_the_person_is_told_where_one_is_signed_in(
    app: Any, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = Signed("S0017", "王", "S0017", "01", frozenset(), frozenset(), NOTHING)

    def signed_of(request: Any, connections: Any) -> Signed:
        request.state.signed = person
        return person

    monkeypatch.setattr("loantrail.http.access.signed_of", signed_of)
    ask(app, "GET", "/api/v1/loans")
    ask(app, "GET", "/api/v1/health")
    assert [line["person"] for line in access_lines(kept)] == ["S0017", None]


def test_without_an_access_log_nothing_is_told(app: Any, kept: Kept) -> None:
    app.state.access_log = False
    ask(app, "GET", "/api/v1/health")
    assert access_lines(kept) == []


# The log -----------------------------------------------------------------------------------------------------


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    yield root
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def test_a_file_takes_one_object_a_line_and_is_opened_anew_when_it_was_moved_away(
    tmp_path: Path, root_logger: logging.Logger
) -> None:
    file = tmp_path / "loantrail.log"
    set_up_logs(read_settings({"LOANTRAIL_LOG_FILE": str(file)}), "reading", production=True)

    logging.getLogger("loantrail.x").info("zwei\nZeilen 贷", extra=fields(route="/r"))
    file.rename(tmp_path / "loantrail.log.1")
    logging.getLogger("loantrail.x").warning("danach")

    first = json.loads((tmp_path / "loantrail.log.1").read_text("utf-8"))
    second = json.loads(file.read_text("utf-8"))
    assert (first["message"], first["route"], first["process"]) == ("zwei\nZeilen 贷", "/r", "reading")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["time"])
    assert (second["level"], second["message"]) == ("warning", "danach")


def test_lines_for_people_are_no_json_and_the_level_is_kept(
    tmp_path: Path, root_logger: logging.Logger
) -> None:
    file = tmp_path / "log"
    environment = {"LOANTRAIL_LOG_FILE": str(file), "LOANTRAIL_LOG_LEVEL": "error"}
    set_up_logs(read_settings(environment), "all", production=False)
    logging.getLogger("loantrail.x").warning("too mild")
    logging.getLogger("loantrail.x").error("severe")
    assert re.fullmatch(r"[-\d]+ [\d:,]+ ERROR loantrail\.x: severe\n", file.read_text())


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path, root_logger: logging.Logger) -> None:
    settings = read_settings({"LOANTRAIL_LOG_FILE": str(tmp_path / "none" / "log")})
    with pytest.raises(ConfigurationError, match="the log cannot be written: No such file"):
        set_up_logs(settings, "all", production=True)
