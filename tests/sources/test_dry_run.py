"""`loantrail import --dry-run`: what it writes, what it refuses, how it ends."""

from __future__ import annotations

import csv
import datetime
import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from loantrail.cli.import_ import command
from loantrail.ledger.model import STATEMENT_LINE
from loantrail.sources.columns import polars_schema

FIRST_THIRTEEN = [
    "source_file", "position", "booked_at", "sequence", "account", "direction", "amount_fen", "currency",
    "counterparty_account", "counterparty_name", "purpose_text", "balance_fen", "reverses",
]  # fmt: skip
HEADER = "booked_at,account,direction,amount_fen,currency,balance_fen,purpose_text"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["--dry-run", "--out", "out", *arguments])


def summary(*arguments: str) -> dict[str, object]:
    return json.loads(check("--json", *arguments).stdout)


def refused(folder: Path) -> list[tuple[str, int, str, str]]:
    with (folder / "out" / "refused.csv").open(encoding="utf-8") as stream:
        return [
            (row["source_file"], int(row["position"]), row["field"], row["reason"])
            for row in csv.DictReader(stream)
        ]


def test_a_good_file_becomes_rows_with_the_agreed_columns(folder: Path) -> None:
    (folder / "statement.csv").write_text(
        f"{HEADER}\n2024-03-05 10:00:00,622202,credit,100000,CNY,100000,工资\n2024-03-05 11:00:00,622202,debit,1,CNY,99999,\n"
    )
    result = check("statement.csv")
    assert result.exit_code == 0, result.output
    rows = pl.read_parquet(folder / "out" / "rows.parquet")
    assert rows.columns[:13] == FIRST_THIRTEEN
    assert dict(rows.schema) == polars_schema(STATEMENT_LINE)
    assert rows["booked_at"][0] == datetime.datetime(2024, 3, 5, 2, tzinfo=datetime.UTC)
    assert rows.select(
        "source_file", "position", "direction", "amount_fen", "balance_fen", "purpose_text"
    ).rows() == [
        ("statement.csv", 1, "credit", 100000, 100000, "工资"),
        ("statement.csv", 2, "debit", 1, 99999, None),
    ]
    assert refused(folder) == []
    assert (
        (folder / "out" / "refused.csv").read_text().startswith("source_file,position,field,reason,message\n")
    )
    assert "statement_line" in result.stdout
    assert "reconciled" in result.stdout


def test_every_bad_row_is_named_and_the_rest_is_kept(folder: Path) -> None:
    good = "2024-03-05 10:00:00,622202,credit,500,CNY,,x"
    bad = {
        "2024-02-30 10:00:00,622202,credit,500,CNY,,x": ("booked_at", "date_impossible"),
        "2024-03-05 10:00:00,,credit,500,CNY,,x": ("account", "account_missing"),
        "2024-03-05 10:00:00,622202,up,500,CNY,,x": ("direction", "choice_unknown"),
        "2024-03-05 10:00:00,622202,credit,0,CNY,,x": ("amount_fen", "amount_not_positive"),
        "2024-03-05 10:00:00,622202,credit,-500,CNY,,x": ("amount_fen", "amount_not_positive"),
        "2024-03-05 10:00:00,622202,credit,4611686018427387904,CNY,,x": ("amount_fen", "amount_too_large"),
        "2024-03-05 10:00:00,622202,credit,99999999999999999999999,CNY,,x": (
            "amount_fen",
            "amount_too_large",
        ),
        "2024-03-05 10:00:00,622202,credit,1.5,CNY,,x": ("amount_fen", "amount_finer_than_minor_unit"),
        "2024-03-05 10:00:00,622202,credit,500,ABC,,x": ("currency", "currency_unknown"),
        "2024-03-05 10:00:00,622202,credit,500,CNY": ("balance_fen", "fields_too_few"),
    }
    lines = [HEADER]
    for line in bad:
        lines += [line, good]
    (folder / "mixed.csv").write_text("\n".join(lines))
    result = check("mixed.csv")
    assert result.exit_code == 0
    expected = [("mixed.csv", 2 * index + 1, *reason) for index, reason in enumerate(bad.values())]
    assert refused(folder) == expected
    assert pl.read_parquet(folder / "out" / "rows.parquet").height == len(bad)
    assert check("--strict", "mixed.csv").exit_code == 3


def test_a_file_that_cannot_be_used_costs_none_of_the_others(folder: Path) -> None:
    good = f"{HEADER}\n2024-03-05 10:00:00,622202,credit,500,CNY,,x\n"
    (folder / "good.csv").write_text(good)
    (folder / "empty.csv").write_bytes(b"")
    (folder / "header.csv").write_text(f"{HEADER}\n")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20)
    (folder / "latin.csv").write_bytes(f"{HEADER}\n".encode() + b"\xe9\xe8\xff\xff,\xff\n" * 30)
    complete = folder / "whole.parquet"
    pl.read_csv(folder / "good.csv").write_parquet(complete)
    (folder / "cut.parquet").write_bytes(complete.read_bytes()[:300])
    complete.unlink()
    result = check(".")
    assert result.exit_code == 1
    assert pl.read_parquet(folder / "out" / "rows.parquet")["source_file"].to_list() == ["good.csv"]
    assert {file for file, _, _, _ in refused(folder)} == {
        "empty.csv", "header.csv", "photo.jpg", "latin.csv", "cut.parquet",
    }  # fmt: skip
    for told in (
        "empty.csv: the file is empty",
        "header.csv: the file has a header and no record",
        "photo.jpg",
        "cut.parquet: the Parquet file is damaged",
    ):
        assert told in result.stderr


def test_it_speaks_chinese_where_the_environment_does(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "statement.csv").write_text(
        f"{HEADER}\n2024-03-05 10:00:00,622202,credit,100000,CNY,100000,工资\n"
        "2024-03-05 11:00:00,622202,debit,1,CNY,99990,\n2024-03-05 12:00:00,622202,debit,much,CNY,,\n"
    )
    (folder / "empty.csv").touch()
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    chinese = check("statement.csv", "empty.csv")
    rows = [line.split() for line in chinese.stdout.replace("│", "").splitlines()]
    assert ["流水", "3", "2", "0", "1"] in rows
    assert ["合计", "3", "2", "0", "1"] in rows
    assert ["金额不是数字", "1"] in rows
    assert ["有差异", "1"] in rows
    assert "622202：从 statement.csv 第 2 行起：余额 99990 分，应为 99999 分\n" in chinese.stdout
    assert "loantrail: empty.csv：文件是空的" in chinese.stderr
    # The frames of a table close under each other.
    tables = [line for line in chinese.stdout.splitlines() if line[:1] in ("│", "┃")]
    assert len({cell_len(line) for line in tables[:3]}) == 1
    english = check("--english", "statement.csv", "empty.csv")
    assert "Checked, written to out" in english.stdout
    assert "loantrail: empty.csv: the file is empty" in english.stderr


def test_a_path_that_does_not_exist_is_an_error(folder: Path) -> None:
    result = check("nowhere.csv")
    assert result.exit_code != 0
    assert "nowhere.csv" in str(result.exception)


def test_the_same_row_twice_is_accepted_once_and_another_content_under_its_key_is_refused(
    folder: Path,
) -> None:
    (folder / "organisation_unit.csv").write_text(
        "unit_id,name,kind\n1,总行,head_office\n2,分行,branch\n1,总行,head_office\n2,支行,sub_branch\n"
    )
    found = summary("organisation_unit.csv")
    assert found["accepted"] == {"organisation_unit": 2}
    assert found["duplicate"] == {"organisation_unit": 1}
    assert refused(folder) == [("organisation_unit.csv", 4, "unit_id", "same_key_other_content")]
    assert pl.read_parquet(folder / "out" / "organisation_unit.parquet")["name"].to_list() == ["总行", "分行"]


def test_lines_that_two_exports_share_are_counted_once(folder: Path) -> None:
    def lines(*days: int) -> str:
        return f"{HEADER},reference\n" + "".join(
            f"2024-03-{day:02},622202,credit,{day}00,CNY,,x,R{day}\n" for day in days
        )

    def unreferenced(*amounts: int) -> str:
        return f"{HEADER}\n" + "".join(f"2024-03-01,A,credit,{amount},CNY,,x\n" for amount in amounts)

    (folder / "a.csv").write_text(lines(1, 2, 3))
    (folder / "b.csv").write_text(lines(2, 3, 4))
    # without a reference two equal lines of one file are two; the same two in another file are the same two
    (folder / "c.csv").write_text(unreferenced(700, 700))
    (folder / "d.csv").write_text(unreferenced(700, 700, 800))
    found = summary("a.csv", "b.csv", "c.csv", "d.csv")
    assert found["read"] == {"statement_line": 11}
    assert found["accepted"] == {"statement_line": 7}
    assert found["duplicate"] == {"statement_line": 4}
    assert pl.read_parquet(folder / "out" / "rows.parquet")["amount_fen"].to_list() == [
        100, 200, 300, 400, 700, 700, 800,
    ]  # fmt: skip


def test_a_file_given_twice_under_two_names_is_counted_once(folder: Path) -> None:
    content = f"{HEADER}\n2024-03-05 10:00:00,622202,credit,500,CNY,,x\n"
    (folder / "a.csv").write_text(content)
    (folder / "b.csv").write_text(content)
    found = summary("a.csv", "b.csv", "a.csv")
    assert (found["accepted"], found["duplicate"]) == ({"statement_line": 1}, {"statement_line": 1})


def test_running_balances_that_do_not_add_up_are_reported_where_they_start(folder: Path) -> None:
    (folder / "s.csv").write_text(
        f"{HEADER}\n"
        "2024-03-05 10:00:00,A,credit,500,CNY,500,x\n2024-03-05 10:00:01,A,debit,100,CNY,350,x\n"
        "2024-03-05 10:00:02,A,debit,50,CNY,300,x\n2024-03-05 10:00:00,B,credit,500,CNY,900,x\n"
        "2024-03-05 10:00:02,B,debit,50,CNY,850,x\n2024-03-05 10:00:00,C,credit,500,CNY,,x\n"
    )
    found = summary("s.csv")
    assert (found["accounts_reconciled"], found["differences"], found["accounts_without_balances"]) == (
        1,
        1,
        1,
    )
    report = pl.read_csv(folder / "out" / "reconciliation.csv")
    assert report.filter(state="differs").select("account", "first_position", "expected_fen", "actual_fen").row(0) == (
        "A", 2, 400, 350,
    )  # fmt: skip


def test_what_a_dry_run_writes_can_be_read_again_and_two_runs_are_equal(folder: Path) -> None:
    (folder / "s.csv").write_text(f"{HEADER}\n2024-03-05 10:00:00,A,credit,500,CNY,500,甲\n")
    check("s.csv")
    first = (folder / "out" / "rows.parquet").read_bytes()
    check("s.csv")
    assert (folder / "out" / "rows.parquet").read_bytes() == first
    (folder / "out").rename(folder / "kept")
    assert check("kept/rows.parquet").exit_code == 0
    assert (folder / "out" / "rows.parquet").read_bytes() == first
    with_input = CliRunner().invoke(command, ["--dry-run", "--out", "kept", "kept/rows.parquet"])
    assert "write over" in str(with_input.exception)
    assert (folder / "kept" / "rows.parquet").read_bytes() == first


def test_an_output_folder_that_cannot_be_written_is_said(folder: Path) -> None:
    (folder / "s.csv").write_text(f"{HEADER}\n2024-03-05 10:00:00,A,credit,500,CNY,500,甲\n")
    (folder / "file").write_text("")
    result = CliRunner().invoke(command, ["--dry-run", "--out", "file/out", "s.csv"])
    assert "cannot be written" in str(result.exception)


def test_naive_times_take_the_zone_of_the_command_line(folder: Path) -> None:
    (folder / "s.csv").write_text(f"{HEADER}\n2024-03-05 10:00:00,A,credit,500,CNY,500,甲\n")
    check("--zone", "Europe/Prague", "s.csv")
    assert pl.read_parquet(folder / "out" / "rows.parquet")["booked_at"].dt.hour().to_list() == [9]
    assert "no time zone called Mars" in str(check("--zone", "Mars", "s.csv").exception)


@pytest.mark.heavy
def test_a_line_of_two_gigabytes_is_refused_in_bounded_memory(folder: Path) -> None:
    import resource

    path = folder / "huge.csv"
    with path.open("wb") as stream:
        stream.write(f"{HEADER}\n2024-03-05,A,credit,500,CNY,,x\n2024-03-05,A,credit,500,CNY,,".encode())
        stream.seek(2 * 2**30, 1)
        stream.write(b"\n2024-03-06,A,credit,600,CNY,,x\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert check("huge.csv").exit_code == 0
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mib < 400
    assert refused(folder) == [("huge.csv", 2, "purpose_text", "line_too_long")]
    assert pl.read_parquet(folder / "out" / "rows.parquet").select("position", "amount_fen").rows() == [
        (1, 500),
        (3, 600),
    ]


def test_files_that_others_refer_to_are_read_first(folder: Path) -> None:
    (folder / "a.csv").write_text(f"{HEADER}\n2024-03-05 10:00:00,A,credit,500,CNY,500,甲\n")
    (folder / "b.csv").write_text("account,party_id\nA,P1\n")
    (folder / "c.csv").write_text("party_id,unit_id,kind,name\nP1,1,company,甲\n")
    (folder / "d.csv").write_text("unit_id,name,kind\n1,总行,head_office\n")
    from loantrail.sources.files import Opened, open_files

    found = [file.source.path.name for file in open_files([folder]) if isinstance(file, Opened)]
    assert found == ["d.csv", "c.csv", "b.csv", "a.csv"]


def test_a_reference_used_twice_is_refused_unless_the_balances_prove_both_lines(folder: Path) -> None:
    header = f"{HEADER},reference\n"
    (folder / "proven.csv").write_text(
        f"{header}2024-03-05 09:00:00,A,credit,500,CNY,500,x,R0\n2024-03-05 10:00:00,A,debit,100,CNY,400,x,R1\n"
        "2024-03-05 10:00:00,A,debit,3,CNY,397,fee,R1\n"
    )
    (folder / "unproven.csv").write_text(
        f"{header}2024-03-05 10:00:00,B,debit,100,CNY,,x,R1\n2024-03-05 10:00:00,B,debit,3,CNY,,fee,R1\n"
    )
    assert summary("proven.csv", "unproven.csv")["accepted"] == {"statement_line": 4}
    assert refused(folder) == [("unproven.csv", 2, "reference", "same_key_other_content")]
