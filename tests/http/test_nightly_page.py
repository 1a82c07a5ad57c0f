"""Nightly deliveries on the page: what came, what was wrong with it, who has seen it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.nightly.bank import Bank

from loantrail import clock
from loantrail.http.pages.nightly.background import BackgroundNights
from loantrail.nightly.running import run_night
from loantrail.postgres.connection import Database

DAY = "2026-03-31"


def run_to_its_end(client: httpx.Client, **asked: object) -> dict[str, Any]:
    """The date after a run of it that was begun from the page."""
    begun = client.post(f"/api/v1/nightly/{DAY}/run", json=asked)
    assert begun.status_code == 202, begun.text
    for _ in range(400):
        found = client.get(f"/api/v1/nightly/{DAY}").json()
        if not found["running"]:
            return found
        clock.sleep(0.05)
    raise AssertionError("it never ended")


@pytest.mark.database
def test_a_folder_without_its_flag_is_held_back_and_an_officer_says_what_about_it(
    own_client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_NIGHTLY", str(tmp_path))
    (tmp_path / "20260331").mkdir()

    found = run_to_its_end(own_client)

    assert (found["state"], found["run_problem"], found["ledger"]) == ("held", None, [])
    alarm = next(one for one in found["alarms"] if one["code"] == "flag_missing")
    assert "READY" in alarm["words_chinese"]
    assert alarm["holds_back"]
    address = f"/api/v1/nightly/alarms/{alarm['alarm_id']}/acknowledgement"
    assert own_client.post(address, json={"note": " "}).status_code == 422
    seen = own_client.post(address, json={"note": "已请科技部重传"}).json()
    assert (seen["state"], seen["changed_by"], seen["note"]) == ("acknowledged", "operator", "已请科技部重传")
    assert own_client.post(address, json={"note": "再次"}).status_code == 422
    overview = own_client.get("/api/v1/nightly").json()
    assert [(row["business_date"], row["state"]) for row in overview["items"]] == [(DAY, "held")]
    assert overview["data_date"] is None


@pytest.mark.database
def test_folders_that_were_never_run_are_listed_as_waiting(
    own_client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_NIGHTLY", str(tmp_path))
    (tmp_path / "20260331").mkdir()
    (tmp_path / "20260331" / "READY").touch()

    assert own_client.get("/api/v1/nightly").json()["waiting"] == [DAY]
    assert own_client.get(f"/api/v1/nightly/{DAY}").json()["state"] == "waiting"
    assert own_client.get("/api/v1/nightly/2026-03-30").status_code == 404


@pytest.mark.database
def test_only_alarms_that_a_person_may_judge_can_be_let_pass(
    own_client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_NIGHTLY", str(tmp_path))
    (tmp_path / "20260331").mkdir()

    refused = own_client.post(f"/api/v1/nightly/{DAY}/run", json={"accepted": ["row_count_differs"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "input")
    monkeypatch.delenv("LOANTRAIL_NIGHTLY")
    assert own_client.post(f"/api/v1/nightly/{DAY}/run", json={}).status_code == 404


@pytest.mark.database
def test_a_date_in_the_books_says_so_after_an_attempt_that_was_held_back_and_takes_corrected_files(
    own_client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_NIGHTLY", str(tmp_path))
    day = datetime.date.fromisoformat(DAY)

    bank = Bank(tmp_path)
    assert own_client.get("/api/v1/nightly").json()["items"] == []
    bank.deliver(day)
    first = run_to_its_end(own_client)
    assert (first["state"], first["loaded_at"] is not None, first["files_attempt"]) == ("complete", True, 1)

    bank.parties[0]["name"] = "更正公司"
    bank.deliver(day)
    held = run_to_its_end(own_client)
    assert (held["state"], held["run_problem"]) == ("held", None)
    assert (held["loaded_at"], held["files_attempt"]) == (first["loaded_at"], 1)
    assert {one["state"] for one in held["files"]} == {"taken"}
    assert next(one for one in held["files"] if one["file"] == "party.parquet")["rows_new"] == 3
    assert [one["code"] for one in held["alarms"] if one["state"] == "open" and one["holds_back"]] == [
        "changed_after_load"
    ]
    assert all(one["remedy_chinese"] and one["remedy_english"] for one in held["alarms"])
    [row] = own_client.get("/api/v1/nightly").json()["items"]
    assert (row["state"], row["loaded_at"] is not None, row["file_count"]) == (
        "held",
        True,
        len(held["files"]),
    )
    assert (row["lines_accepted"], row["records_changed"]) == (6, 0)

    corrected = run_to_its_end(own_client, again=held["loaded_at"] is not None)
    assert (corrected["state"], corrected["run_problem"], corrected["files_attempt"]) == ("complete", None, 3)
    [row] = own_client.get("/api/v1/nightly").json()["items"]
    assert (row["state"], row["lines_accepted"], row["records_changed"]) == ("complete", 6, 1)


@pytest.mark.database
def test_a_run_that_ends_while_its_date_is_read_is_not_shown_as_it_stood_before(
    own_client: httpx.Client, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_NIGHTLY", str(tmp_path))
    day = datetime.date.fromisoformat(DAY)
    bank = Bank(tmp_path)
    bank.deliver(day)

    def ends_now(_background: BackgroundNights) -> None:
        run_night(Database(database_url), tmp_path, day)

    monkeypatch.setattr(BackgroundNights, "running", property(ends_now, lambda *_: None), raising=False)
    found = own_client.get(f"/api/v1/nightly/{DAY}").json()

    assert (found["running"], found["state"]) == (False, "complete")
