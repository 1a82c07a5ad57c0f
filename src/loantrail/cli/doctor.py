"""`loantrail doctor`: looks whether the installation is well, and says what to do where it is not."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Final

import click

from loantrail.cli.speech import columns_of, speaks_chinese
from loantrail.operating.model import Finding, Level, worst

_LEVELS: Final = {Level.OK: "正常", Level.WARNING: "注意", Level.PROBLEM: "问题"}
_COLOURS: Final = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red"}
_CHECKS: Final = {
    "python": ("Python", "Python"),
    "packages": ("packages", "软件包"),
    "page": ("web page", "网页"),
    "fonts": ("fonts", "字体"),
    "settings": ("settings", "配置"),
    "home": ("folder of data", "数据文件夹"),
    "secret_key": ("secret key", "密钥"),
    "disk": ("disk", "磁盘"),
    "database": ("database", "数据库"),
    "tables": ("tables", "数据库表"),
    "clock": ("clock", "时钟"),
    "owner_role": ("owner role", "属主角色"),
    "web_role": ("web role", "网页角色"),
    "second_factors": ("second factors", "第二验证因素"),
    "last_run": ("last run", "最近一次追踪"),
    "freshness": ("data", "数据时效"),
    "last_night": ("nightly date", "最近业务日期"),
    "messages": ("messages", "预警消息"),
    "supervisor": ("keeper", "看护进程"),
    "nightly": ("nightly files", "夜间文件"),
    "channels": ("channels", "外发渠道"),
}


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
def command(as_json: bool) -> None:
    """Examine this installation: software, settings, folders, database, what ran last.

    Changes nothing. Exit status: 0 no problem (warnings may be there); 1 a problem.
    """
    from loantrail.operating.examination import examine

    findings = examine(os.environ)
    if as_json:
        click.echo(json.dumps(_as_data(findings), ensure_ascii=False, indent=2))
    else:
        _tell(findings, chinese=speaks_chinese(os.environ))
    if worst(findings) is Level.PROBLEM:
        sys.exit(1)


def _as_data(findings: Sequence[Finding]) -> dict[str, object]:
    return {
        "level": worst(findings).value,
        "findings": [
            {
                "check": one.check,
                "level": one.level.value,
                "message": one.message,
                "message_chinese": _chinese(one.message),
                "remedy": one.remedy,
                "remedy_chinese": _chinese(one.remedy),
            }
            for one in findings
        ],
    }


def _tell(findings: Sequence[Finding], *, chinese: bool) -> None:
    names = {one.check: _CHECKS[one.check][1 if chinese else 0] for one in findings}
    width = max(columns_of(name) for name in names.values())
    for one in findings:
        word = _LEVELS[one.level] if chinese else one.level.value
        name = names[one.check]
        start = click.style(word, fg=_COLOURS[one.level]) + " " * (9 - columns_of(word))
        message = (_chinese(one.message) if chinese else None) or one.message
        click.echo(f"{start}{name}{' ' * (width - columns_of(name))}  {message}")
        remedy = (_chinese(one.remedy) if chinese else None) or one.remedy
        if remedy:
            click.echo(f"{' ' * (11 + width)}→ {remedy}")
    counts = {level: sum(1 for one in findings if one.level is level) for level in Level}
    click.echo()
    if chinese:
        click.echo("，".join(f"{_LEVELS[level]} {count} 项" for level, count in counts.items()))
    else:
        click.echo(", ".join(f"{count} {level.value}" for level, count in counts.items()))


def _chinese(text: str) -> str | None:
    # The catalogue takes a moment to read, and English needs none of it.
    from loantrail.wording import in_chinese

    return in_chinese(text) if text else None
