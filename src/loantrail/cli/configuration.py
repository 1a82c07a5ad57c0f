"""`loantrail configuration`: what is set, and by what."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import Final

import click

from loantrail.cli.speech import speaks_chinese
from loantrail.operating.effective import Shown, effective
from loantrail.settings import config_file, read_settings

_CHINESE: Final = {"default": "默认", "environment": "环境变量", "file": "文件", "not set": "未设置"}


@click.command(name="configuration")
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
def command(as_json: bool) -> None:
    """Print every setting as it is in force, with where it comes from; secrets are hidden.

    The environment (LOANTRAIL_...) goes before the file of settings, the file before what is shipped. The file is the one
    that LOANTRAIL_CONFIG names, else loantrail.toml in the home folder.
    """
    read_settings()  # what cannot be used is told before anything is printed
    found = effective()
    file = config_file()
    if as_json:
        shown = {"file": str(file) if file else None, "settings": [asdict(one) for one in found]}
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    chinese = speaks_chinese(os.environ)
    if chinese:
        click.echo(f"配置文件：{file or '无'}\n")
    else:
        click.echo(f"File of settings: {file or 'none'}\n")
    for one in found:
        value = one.value or _said("not set", chinese)
        click.echo(f"{one.name:<24}{value}  ({_from(one, chinese)})")
        click.echo(f"{'':<24}{one.meaning_chinese if chinese else one.meaning}")


def _said(word: str, chinese: bool) -> str:
    return _CHINESE[word] if chinese else word


def _from(one: Shown, chinese: bool) -> str:
    parts = [_said(one.source, chinese), one.place]
    if one.secret_file:
        parts.append(f"→ {one.secret_file}")
    return " ".join(part for part in parts if part)
