"""`loantrail backup`: one file with the whole database in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import click

from loantrail.cli.speech import speaks_chinese

_ENGLISH: Final = (
    "{path}: {rows} rows of {tables} tables at version {version}, {size} MiB, in {seconds} s\n"
    "SHA-256 {sha256}\n"
    "It holds the whole database, passwords' hashes and personal data among it: keep it closed. Not in it: the secret key of "
    "second factors, files that were handed over on the page, and the settings (docs/operating/backup.md)."
)
_CHINESE: Final = (
    "{path}：{tables} 张表共 {rows} 行，版本 {version}，{size} MiB，用时 {seconds} 秒\n"
    "SHA-256 {sha256}\n"
    "其中有整个数据库，包括密码散列和个人信息，请妥善保管。不含：第二验证因素的密钥、页面上传的文件、配置"
    "（见 docs/operating/backup.md）。"
)


@click.command(name="backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Tell of it as JSON.")
def command(file: Path, as_json: bool) -> None:
    """Write the whole database into FILE, while others go on working with it.

    FILE must not be there yet. Restore it by `loantrail restore FILE`.
    """
    from loantrail.operating.backing_up import back_up
    from loantrail.postgres.connection import database
    from loantrail.settings import read_settings

    settings = read_settings()
    with database(settings, migrated=False) as books:
        made = back_up(books, file, settings)
    told = {
        "path": str(file),
        "rows": made.manifest.rows,
        "tables": len(made.manifest.tables),
        "version": made.manifest.schema_version,
        "size_bytes": made.size_bytes,
        "sha256": made.sha256,
        "seconds": round(made.seconds, 1),
    }
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    words = _CHINESE if speaks_chinese(os.environ) else _ENGLISH
    size = f"{made.size_bytes / 2**20:.1f}"
    click.echo(words.format(**{**told, "rows": f"{made.manifest.rows:,}", "size": size}))
