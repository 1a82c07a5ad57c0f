"""`loantrail monitor` as whoever starts it meets it."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.crash.streaming import end, said, start
from tests.monitor.rows import csv

from loantrail.cli.monitor import command
from loantrail.cli.speech import told
from loantrail.errors import ConfigurationError


def watching(
    database_url: str, tmp_path: Path, environment: dict[str, str]
) -> tuple[Path, subprocess.Popen[str]]:
    """A folder, and a monitor that watches it."""
    dropped = tmp_path / "dropped"
    dropped.mkdir()
    home = tmp_path / "home"
    return dropped, start(database_url, home, "monitor", "--watch", str(dropped), environment=environment)


@pytest.mark.parametrize(
    ("arguments", "problem", "chinese"),
    [
        (
            ("--topic", "core.lines", "--format", "json"),
            "--topic, --format belongs to --kafka, which is not given",
            "--topic, --format 须与 --kafka 一起使用，而没有给出 --kafka",
        ),
        (
            ("--kafka-setting", "a=b"),
            "--kafka-setting belongs to --kafka, which is not given",
            "--kafka-setting 须与 --kafka 一起使用，而没有给出 --kafka",
        ),
        (
            ("--kafka", "localhost:9", "--topic", "t", "--group", "g", "--mapping", "m.yaml"),
            "--mapping belongs to --watch, which is not given",
            "--mapping 须与 --watch 一起使用，而没有给出 --watch",
        ),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], problem: str, chinese: str
) -> None:
    other = () if "--kafka" in arguments else ("--watch", str(tmp_path))
    # Were it not refused, it should find no database.
    environment = {"LOANTRAIL_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}

    found = CliRunner().invoke(command, [*other, *arguments], env=environment).exception

    assert isinstance(found, ConfigurationError)
    assert found.problem == problem
    assert told(found, "zh").startswith(chinese)


@pytest.mark.database
@pytest.mark.parametrize(
    ("language", "at_work", "taken", "ends", "ended"),
    [
        (
            "C.UTF-8",
            "this monitor is at work",
            "a.csv: rows accepted 1, known already 0, refused 0; accounts opened that the books had no record of: 1; report: ",
            "this monitor was told to end",
            "this monitor has ended",
        ),
        (
            "zh_CN.UTF-8",
            "本监控程序开始工作",
            "a.csv：已收 1 行，已有 0 行，拒收 0 行；新开账上没有记录的账户 1 个；报告：",
            "监控程序收到结束指令",
            "监控程序已结束",
        ),
    ],
)
def test_what_the_monitor_does_is_said_in_the_language_of_the_environment(
    database_url: str,
    tmp_path: Path,
    language: str,
    at_work: str,
    taken: str,
    ends: str,
    ended: str,
) -> None:
    dropped, monitor = watching(database_url, tmp_path, {"LC_ALL": language, "PYTHONUTF8": "1"})
    try:
        said(monitor, at_work)
        (dropped / "a.csv").write_text(csv(1))
        (dropped / "a.csv.done").touch()
        assert said(monitor, "a.csv").strip() == f"{taken}{dropped}/done/a.csv.report.json"
        monitor.terminate()
        said(monitor, ends)
        said(monitor, ended)
        monitor.communicate(timeout=60)  # told once: a second time may meet a process that is ending
        assert monitor.returncode == 0
    finally:
        if monitor.poll() is None:
            end(monitor)


@pytest.mark.database
def test_a_line_that_cannot_be_printed_does_not_end_the_monitor(database_url: str, tmp_path: Path) -> None:
    dropped, monitor = watching(database_url, tmp_path, {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "gb2312"})

    def drop(name: str, number: int) -> None:
        (dropped / name).write_text(csv(number))
        (dropped / f"{name}.done").touch()

    try:
        said(monitor, "this monitor is at work")
        drop("喆.csv", 1)  # a name that GB 2312 does not have
        assert said(monitor, "csv").strip() == (
            "?.csv: rows accepted 1, known already 0, refused 0; accounts opened that the books had no record of: 1; "
            f"report: {dropped}/done/?.csv.report.json"
        )
        assert monitor.stdout is not None
        monitor.stdout.close()  # nobody reads any more
        for number, name in enumerate(("b.csv", "c.csv"), start=2):
            drop(name, number)
            limit = time.monotonic() + 30
            while not (dropped / "done" / name).exists():
                assert monitor.poll() is None
                assert time.monotonic() < limit, f"{name} is not taken"
                time.sleep(0.05)
    finally:
        monitor.send_signal(signal.SIGTERM)
        status = monitor.wait(60)
    assert status == 0
