"""Files handed over through the page: looked at, imported in the background, corrected row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from psycopg_pool import ConnectionPool

from loantrail import clock
from loantrail.http.pages.imports.model import ImportOptions, Stage
from loantrail.http.pages.imports.running import BackgroundImports
from loantrail.http.pages.imports.uploads import Uploads, safe_name
from loantrail.postgres.connection import Pool, configure, type_of_connection
from loantrail.tracing.retrace import Retracing

HEADER = "account,booked_at,direction,amount_fen,currency,counterparty_account,purpose_text,balance_fen\n"
GOOD = "6201,2025-03-01 10:00:00,credit,100000,CNY,6299,货款,100000\n6201,2025-03-02 10:00:00,debit,30000,CNY,6202,房租,70000\n"
BAD = "6201,2025-03-03 10:00:00,debit,一百,CNY,6202,水费,\n"
UNITS = "unit_id,name,kind\nU1,听松街支行,sub_branch\nU2,望潮路支行,sub_branch\n"
CSRF = {"sec-fetch-site": "same-origin"}


def put(client: httpx.Client, import_id: str, name: str, content: bytes) -> httpx.Response:
    return client.put(
        f"/api/v1/imports/{import_id}/files/{name}",
        content=content,
        headers={"content-type": "application/octet-stream", **CSRF},
    )


def begun(client: httpx.Client, **files: str) -> str:
    import_id = str(client.post("/api/v1/imports", json={}).json()["import_id"])
    for name, text in files.items():
        assert put(client, import_id, f"{name}.csv", text.encode()).status_code == 200
    return import_id


def rested(client: httpx.Client, import_id: str) -> dict[str, Any]:
    """The import when nothing works on it any more."""
    for _ in range(600):
        found = client.get(f"/api/v1/imports/{import_id}").json()
        if not found["waiting"] and found["stage"] not in ("checking", "importing"):
            return found
        clock.sleep(0.05)
    raise AssertionError("it never ended")


def imported(client: httpx.Client, **files: str) -> dict[str, Any]:
    import_id = begun(client, **files)
    assert client.post(f"/api/v1/imports/{import_id}/start", json={}).status_code == 202
    return rested(client, import_id)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("三月流水.csv", "三月流水.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\流水.xlsx", "流水.xlsx"),
        (".hidden", "hidden"),
        ("..", "file"),
        ("a<b>|c.csv", "a_b_c.csv"),
        ("长" * 300 + ".csv", "长" * 78 + ".csv"),
    ],
)
def test_a_file_keeps_its_name_as_far_as_that_is_safe(given: str, kept: str) -> None:
    assert safe_name(given) == kept


@pytest.mark.database
def test_a_look_at_the_files_says_what_would_be_refused_and_writes_nothing(own_client: httpx.Client) -> None:
    import_id = begun(own_client, lines=HEADER + GOOD + BAD, letter="Dear bank,\n")
    assert (
        own_client.post(
            f"/api/v1/imports/{import_id}/check", json={"format": "", "mapping": "", "account": ""}
        ).status_code
        == 202
    )

    found = rested(own_client, import_id)

    assert found["stage"] == "checked"
    lines, letter = (file["check"] for file in found["files"])
    assert (lines["format"], lines["refused"]) == ("loantrail", {"amount_not_a_number": 1})
    assert lines["records"] == [{"record_type": "statement_line", "read": 3, "accepted": 2, "duplicate": 0}]
    assert (lines["refused_rows"][0]["position"], lines["refused_rows"][0]["field"]) == (3, "amount_fen")
    assert lines["refused_rows"][0]["message_chinese"].startswith("金额（amount_fen）为“")
    assert letter["format"] is None
    assert letter["problem"]
    assert letter["problem_chinese"].startswith("不认识这种格式。试过 iso20022")
    assert own_client.get("/api/v1/import-runs").json()["total_count"] == 0


@pytest.mark.database
def test_an_import_runs_in_the_background_and_says_what_came_of_each_file(own_client: httpx.Client) -> None:
    found = imported(own_client, lines=HEADER + GOOD + BAD, letter="Dear bank,\n")

    assert found["stage"] == "finished"
    lines, letter = found["files"]
    assert [lines[key] for key in ("state", "rows_read", "rows_accepted", "rows_refused")] == [
        "finished",
        3,
        2,
        1,
    ]
    assert lines["refused"] == {"amount_not_a_number": 1}
    assert lines["bytes_done"] == lines["size_bytes"]
    assert letter["state"] == "failed"
    assert found["totals"]["accounts_reconciled"] == 1
    run = own_client.get("/api/v1/import-runs").json()["items"][0]
    assert (run["state"], run["files"][0]["name"]) == ("finished", lines["book_name"])


@pytest.mark.database
def test_an_import_that_ends_while_it_is_asked_about_is_not_told_as_it_stood_before(
    own_client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = begun(own_client, lines=HEADER + GOOD)
    asked = BackgroundImports.asked

    def ends_now(background: BackgroundImports, import_id: str) -> None:
        while asked(background, import_id) is not None:
            clock.sleep(0.02)

    monkeypatch.setattr(BackgroundImports, "asked", ends_now)
    found = own_client.post(f"/api/v1/imports/{import_id}/start", json={}).json()

    assert (found["stage"], found["files"][0]["state"], found["files"][0]["rows_accepted"]) == (
        "finished",
        "finished",
        2,
    )


@pytest.mark.database
def test_the_same_content_under_another_name_is_told_and_books_nothing_twice(
    own_client: httpx.Client,
) -> None:
    imported(own_client, lines=HEADER + GOOD)
    found = imported(own_client, again=HEADER + GOOD)

    assert found["files"][0]["imported_before_at"]
    assert (found["files"][0]["rows_accepted"], found["files"][0]["rows_duplicate"]) == (0, 2)


@pytest.mark.database
def test_a_finished_import_takes_no_more_files_and_can_be_cleared_away(own_client: httpx.Client) -> None:
    found = imported(own_client, lines=HEADER + GOOD)
    address = f"/api/v1/imports/{found['import_id']}"

    assert put(own_client, found["import_id"], "more.csv", b"x").status_code == 422
    assert own_client.post(f"{address}/start", json={}).status_code == 422
    assert own_client.delete(address, headers=CSRF).status_code == 204
    assert own_client.get(address).status_code == 404
    assert own_client.get("/api/v1/import-runs").json()["total_count"] == 1


@pytest.mark.database
def test_uploads_are_for_the_server_alone_to_read(own_client: httpx.Client, _own_home: None) -> None:
    import os

    import_id = begun(own_client, lines=HEADER)
    folder = Path(os.environ["LOANTRAIL_HOME"]) / "uploads" / import_id
    assert oct((folder / "files" / "lines.csv").stat().st_mode & 0o777) == "0o600"
    assert oct(folder.stat().st_mode & 0o777) == "0o700"


@pytest.mark.database
def test_an_import_whose_server_ended_is_interrupted_and_goes_on(tmp_path: Path, database_url: str) -> None:
    uploads = Uploads(tmp_path)
    note = uploads.make()
    folder = uploads.folder(note.import_id)
    (folder / "files" / "lines.csv").write_text(HEADER + GOOD)
    from loantrail.http.pages.imports.model import UploadedFile

    file = UploadedFile(name="lines.csv", size_bytes=10, sha256="0")
    uploads.write(
        note.model_copy(update={"files": [file], "stage": Stage.IMPORTING, "started_at": clock.now()})
    )

    assert (uploads.read(note.import_id).stage, uploads.read(note.import_id).interrupted_in) == (
        Stage.INTERRUPTED,
        Stage.IMPORTING,
    )
    with ConnectionPool[type_of_connection](
        database_url, min_size=1, configure=configure, open=True
    ) as connections:
        pool = Pool(connections)
        background = BackgroundImports(uploads, pool, Retracing(pool))
        background.begin(note.import_id, Stage.IMPORTING, ImportOptions(format="", mapping="", account=""))
        for _ in range(600):
            if background.asked(note.import_id) is None:
                break
            clock.sleep(0.05)
    ended = uploads.read(note.import_id)
    assert (ended.stage, ended.totals and ended.totals.records[0].accepted) == (Stage.FINISHED, 2)


@pytest.mark.database
def test_a_refused_row_is_shown_with_its_bytes_and_its_cells(own_client: httpx.Client) -> None:
    imported(own_client, lines=HEADER + GOOD + BAD)

    listed = own_client.get("/api/v1/refusals").json()
    assert listed["counts"] == [
        {"state": "open", "reason": "amount_not_a_number", "record_type": "statement_line", "count": 1}
    ]
    one = own_client.get(f"/api/v1/refusals/{listed['items'][0]['refusal_id']}").json()
    assert bytes.fromhex(one["hexadecimal"]).decode() in BAD
    assert (one["encoding"], one["told_by"], one["field"]) == ("utf-8", "row", "amount_fen")
    cells = {field["name"]: field["value"] for field in one["fields"]}
    assert (cells["amount_fen"], cells["purpose_text"]) == ("一百", "水费")


@pytest.mark.database
def test_a_corrected_row_goes_into_the_books_at_once(own_client: httpx.Client) -> None:
    imported(own_client, lines=HEADER + GOOD + BAD)
    one = own_client.get("/api/v1/refusals").json()["items"][0]["refusal_id"]
    cells = {
        field["name"]: field["value"] for field in own_client.get(f"/api/v1/refusals/{one}").json()["fields"]
    }

    still = own_client.post(
        f"/api/v1/refusals/{one}/correction", json={"changes": {**cells, "amount_fen": "-5"}, "note": ""}
    ).json()
    done = own_client.post(
        f"/api/v1/refusals/{one}/correction", json={"changes": {"amount_fen": "10000"}, "note": "电话核实"}
    ).json()

    assert (still["replayed"]["outcome"], still["replayed"]["reason"]) == ("refused", "amount_not_positive")
    assert done["replayed"]["outcome"] == "accepted"
    assert (done["refusal"]["state"], done["refusal"]["note"]) == ("replayed", "电话核实")
    again = own_client.post("/api/v1/refusal-replays", json={"refusal_ids": [one]})
    assert (again.status_code, again.json()["code"]) == (422, "input")


@pytest.mark.database
def test_dismissed_rows_stay_with_the_reason(own_client: httpx.Client) -> None:
    imported(own_client, lines=HEADER + GOOD + BAD)
    one = own_client.get("/api/v1/refusals").json()["items"][0]["refusal_id"]

    assert (
        own_client.post("/api/v1/refusal-dismissals", json={"refusal_ids": [one], "note": " "}).status_code
        == 422
    )
    own_client.post("/api/v1/refusal-dismissals", json={"refusal_ids": [one], "note": "测试数据"})

    found = own_client.get("/api/v1/refusals", params={"state": "dismissed", "search": "lines"}).json()
    assert [(row["refusal_id"], row["note"]) for row in found["items"]] == [(one, "测试数据")]
    assert own_client.get("/api/v1/refusals").json()["items"] == []


@pytest.mark.database
def test_balances_that_do_not_add_up_name_the_line_where_it_starts(own_client: httpx.Client) -> None:
    imported(own_client, lines=HEADER + GOOD.replace("70000", "69000"))

    found = own_client.get("/api/v1/reconciliations").json()
    assert found["counts"] == {"differs": 1}
    one = found["items"][0]
    assert (one["account"], one["first_position"], one["expected_fen"], one["actual_fen"]) == (
        "6201",
        2,
        "70000",
        "69000",
    )


@pytest.mark.database
def test_lines_between_our_accounts_without_partner_are_listed(own_client: httpx.Client) -> None:
    def line(account: str, other: str, direction: str, amount: int, hour: int) -> str:
        return f"{account},2025-03-01 {hour}:00:00,{direction},{amount},CNY,{other},往来,\n"

    ours = line("6201", "6202", "debit", 500, 10) + line("6202", "6201", "credit", 500, 11)
    alone = line("6201", "6202", "debit", 700, 12)
    torn = "".join(line("6201", "6202", "debit", 900, hour) for hour in (13, 14)) + line(
        "6202", "6201", "credit", 900, 15
    )
    imported(own_client, lines=HEADER + ours + alone + torn)

    unpaired = own_client.get("/api/v1/unpaired").json()
    assert sorted(row["amount_fen"] for row in unpaired["items"] if not row["ambiguous"]) == ["700"]
    groups = own_client.get("/api/v1/ambiguous").json()
    assert groups["total_count"] == 1
    assert sorted(row["direction"] for row in groups["items"][0]["lines"]) == ["credit", "debit", "debit"]
    assert own_client.get("/api/v1/unpaired", params={"account": "nobody"}).json()["total_count"] == 0


@pytest.mark.database
def test_the_page_of_data_says_where_data_come_from_and_how_fresh_each_kind_is(
    own_client: httpx.Client,
) -> None:
    empty = own_client.get("/api/v1/data-sources").json()
    assert (empty["sources"], empty["data_date"], empty["stale"]) == ([], None, False)
    assert {one["delivered_at"] for one in empty["records"]} == {None}
    imported(own_client, organisation_unit=UNITS, lines=HEADER + GOOD + BAD)

    told = own_client.get("/api/v1/data-sources").json()

    sources = {one["source"]: one for one in told["sources"]}
    ours = sources["loantrail"]
    assert (ours["rows_accepted"], ours["rows_refused"]) == (4, 1)
    records = {one["record_type"]: one for one in told["records"]}
    units, lines = records["organisation_unit"], records["statement_line"]
    assert (units["source"], units["rows_accepted"], units["rows_refused"]) == ("loantrail", 2, 0)
    assert (lines["rows_accepted"], lines["rows_refused"]) == (2, 1)
    assert units["delivered_at"] is not None and units["name"].endswith("organisation_unit.csv")
    assert records["invoice"]["delivered_at"] is None
