"""Alarms and the command line say their reasons in Chinese."""

from __future__ import annotations

import pytest

from loantrail.cli.speech import language_of, told
from loantrail.errors import InputError, LoantrailError
from loantrail.nightly.model import Alarm

REASONS = [
    (
        Alarm("manifest_unreadable", parameters={"problem": "manifest.json, field files: names no files"}),
        "清单无法使用：manifest.json，字段 files：没有列出文件",
        "The manifest cannot be used: manifest.json, field files: names no files",
    ),
    (
        Alarm("file_unreadable", "lines.csv", parameters={"problem": "the file has a header and no record"}),
        "lines.csv 无法读到结尾，可能只传了一半：文件只有表头，没有记录",
        "lines.csv cannot be read to its end, perhaps only half of it came: the file has a header and no record",
    ),
    (
        Alarm("run_failed", parameters={"problem": "words of another version"}),
        "处理中断：words of another version。再运行一次即可继续",
        "The run broke off: words of another version. Run it again to go on",
    ),
]


@pytest.mark.parametrize(("alarm", "chinese", "english"), REASONS)
def test_the_reason_inside_an_alarm_is_in_the_alarm_s_language(
    alarm: Alarm, chinese: str, english: str
) -> None:
    assert (alarm.words("zh"), alarm.words("en")) == (chinese, english)


MISSING = InputError("there is no loan A", remedy="Check the loan number")
LINES: list[tuple[LoantrailError, dict[str, str], str]] = [
    (MISSING, {"LANG": "zh_CN.UTF-8"}, "没有借据 A。请核对借据号 (input)"),
    (MISSING, {"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "there is no loan A. Check the loan number"),
    (
        MISSING,
        {"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8", "LC_ALL": ""},
        "没有借据 A。请核对借据号 (input)",
    ),
    (MISSING, {}, "there is no loan A. Check the loan number"),
    (InputError("words of a plug-in"), {"LANG": "zh_CN.UTF-8"}, "words of a plug-in"),
]


@pytest.mark.parametrize(("problem", "environment", "line"), LINES)
def test_the_command_line_speaks_the_language_of_its_environment(
    problem: LoantrailError, environment: dict[str, str], line: str
) -> None:
    assert told(problem, language_of(environment)) == line
