"""Prometheus is told how the server fares, on a port of its own, and no names."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.http.bank import write_books, write_trace
from tests.http.conftest import application, client_of

from loantrail import clock
from loantrail.errors import ConfigurationError
from loantrail.operating import metrics
from loantrail.operating.metrics_answer import answering, registry_of
from loantrail.postgres.connection import Database, type_of_connection

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def figures(address: str) -> Figures:
    """Every figure that is told: (name, labels) -> value."""
    answer = httpx.get(f"{address}/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def of(found: Figures, name: str, **labels: str) -> float | None:
    return found.get((name, tuple(sorted(labels.items()))))


@pytest.fixture
def told(database_url: str) -> Iterator[str]:
    """Address of the metrics of this test's database."""
    with answering(0, registry_of(Database(database_url), metrics.REGISTRY, None)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(autouse=True)
def asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loantrail.operating.metrics_answer.KEPT_SECONDS", 0.0)


@pytest.mark.database
def test_what_waits_and_what_ran_last_is_told(connection: type_of_connection, told: str) -> None:
    before = figures(told)
    write_books(connection)
    write_trace(connection)
    today = clock.business_date(clock.now())
    made_at = datetime.datetime(2026, 3, 1, 2, 0, tzinfo=datetime.UTC)
    connection.execute(
        "UPDATE tracing.run SET data_date = %s, created_at = %s",
        (today - datetime.timedelta(days=2), made_at),
    )
    connection.execute("UPDATE live.waiting SET line_count = 7, since = now() - interval '90 seconds'")
    connection.execute("UPDATE tracing.evaluation SET requested = 4, evaluated = 1")
    connection.commit()
    after = figures(told)
    connection.execute("UPDATE tracing.evaluation SET failed = 4, problem = 'p'")
    connection.commit()
    failed = figures(told)

    assert of(before, "loantrail_database_up") == 1
    assert of(before, "loantrail_queue", queue="untraced_lines") == 0
    assert of(before, "loantrail_job", job="trace", state="idle") == 1
    assert of(before, "loantrail_last_run_timestamp_seconds", run="trace") is None
    assert of(before, "loantrail_data_age_days") is None
    assert of(after, "loantrail_queue", queue="untraced_lines") == 7
    assert of(after, "loantrail_queue", queue="trace_requests") == 3
    assert of(after, "loantrail_live_untraced_seconds") == pytest.approx(90, abs=30)
    assert of(after, "loantrail_last_run_timestamp_seconds", run="trace") == made_at.timestamp()
    assert of(after, "loantrail_data_age_days") == 2
    assert of(after, "loantrail_job", job="trace", state="queued") == 1
    assert of(failed, "loantrail_job", job="trace", state="failed") == 1
    assert (of(after, "loantrail_database_bytes") or 0) > 1_000_000
    assert of(after, "loantrail_tables_current") == 1


@pytest.mark.database
def test_rows_that_come_in_live_are_counted_with_their_delay(
    database_url: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path))
    line = {
        "booked_at": "2026-03-01T10:15:00+08:00", "account": "6222000000000001", "direction": "debit",
        "amount_fen": 1250000, "reference": "A17",
    }  # fmt: skip
    with application(database_url) as address, client_of(address) as client:
        answers = [
            client.post("/api/v1/transactions", json=[line, {"account": "1"}]).json(),
            client.post("/api/v1/transactions", json=line).json(),
        ]
    assert [(one["accepted"], one["duplicate"], one["refused"]) for one in answers] == [(1, 0, 1), (0, 1, 0)]

    found = figures(told)
    for outcome in ("accepted", "duplicate", "refused"):
        assert of(found, "loantrail_live_rows_total", outcome=outcome) == 1
    assert of(found, "loantrail_queue", queue="refusals") == 1


def test_a_request_is_counted_by_the_template_of_its_route() -> None:
    def count(method: str) -> float:
        labels = {"method": method, "route": "/api/v1/loans/{loan_id}", "status": "404"}
        return metrics.REGISTRY.get_sample_value("loantrail_request_seconds_count", labels) or 0

    before = count("GET"), count("OTHER")
    metrics.observe_request("GET", "/api/v1/loans/{loan_id}", 404, 0.25, streamed=False)
    metrics.observe_request("BREW", "/api/v1/loans/{loan_id}", 404, 0.25, streamed=False)
    metrics.observe_request("GET", "/api/v1/loans/{loan_id}", 404, 900.0, streamed=True)
    assert (count("GET"), count("OTHER")) == (before[0] + 1, before[1] + 1)


def test_a_database_that_is_away_is_told_and_the_counts_of_requests_all_the_same() -> None:
    metrics.observe_request("GET", "/here", 200, 0.01, streamed=False)
    away = Database("postgresql://nobody@127.0.0.1:9/none?connect_timeout=2")
    with answering(0, registry_of(away, metrics.REGISTRY, None)) as port:
        found = figures(f"http://127.0.0.1:{port}")
    assert of(found, "loantrail_database_up") == 0
    assert of(found, "loantrail_request_seconds_count", method="GET", route="/here", status="200") == 1


@pytest.mark.database
def test_there_is_nothing_but_metrics_and_on_this_machine_alone(told: str) -> None:
    assert httpx.get(f"{told}/").status_code == 404
    assert httpx.get(f"{told}/api/v1/loans").status_code == 404


@pytest.mark.database
def test_a_port_that_is_taken_is_named(told: str, database_url: str) -> None:
    port = int(told.rpartition(":")[2])
    registry = registry_of(Database(database_url), None, None)
    with pytest.raises(ConfigurationError, match=f"port {port}"), answering(port, registry):
        pass


def test_pools_tell_how_they_fare() -> None:
    class Pool:
        def counts(self) -> dict[str, int]:
            return {"kept": 3, "idle": 1, "waiting": 2}

    with metrics.watching({"owner": Pool()}, lambda: {"rows": 11}):
        for _ in range(100):
            waits = metrics.REGISTRY.get_sample_value("loantrail_live_waiting", {"unit": "rows"})
            if waits == 11:
                break
            clock.sleep(0.02)
    assert waits == 11
    sample = metrics.REGISTRY.get_sample_value("loantrail_pool", {"role": "owner", "what": "waiting"})
    assert sample == 2


def test_processes_of_one_server_are_added_up(tmp_path: Path) -> None:
    count = (
        "from loantrail.operating.metrics import observe_request\n"
        "observe_request('GET', '/r', 200, 0.1, streamed=False)"
    )
    for _ in range(3):
        subprocess.run(
            [sys.executable, "-c", count],
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
            check=True,
        )
    away = Database("postgresql://nobody@127.0.0.1:9/none?connect_timeout=2")
    with answering(0, registry_of(away, None, tmp_path)) as port:
        found = figures(f"http://127.0.0.1:{port}")
    assert of(found, "loantrail_request_seconds_count", method="GET", route="/r", status="200") == 3
