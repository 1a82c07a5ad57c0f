"""`loantrail restore`: a back-up into an empty database, verified."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from loantrail.cli.speech import speaks_chinese

if TYPE_CHECKING:
    from loantrail.operating.archive import Manifest

_WHOLE: Final = (
    "The file is whole: a back-up of {at} by Loantrail {software}, {rows} rows of {tables} tables at version {version}",
    "文件完整：{at} 由贷迹 {software} 备份，{tables} 张表共 {rows} 行，版本 {version}",
)
_DONE: Final = (
    "Restored in {seconds} s; every table holds what it held ({rows} rows, hashes compared)",
    "已恢复，用时 {seconds} 秒；每张表都与备份时一致（共 {rows} 行，已比对散列值）",
)
_UPGRADED: Final = ("Brought on to version {version}", "已升级到版本 {version}")
_ROLES: Final = (
    "Made the roles {roles}, without a password: give them one where the server asks for it",
    "已建立数据库角色 {roles}，没有密码：服务器要求时请自行设置",
)


@click.command(name="restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--sha256", default="", help="Of the file, as `loantrail backup` told it: another file is refused."
)
@click.option(
    "--check", "only_check", is_flag=True, help="Only see whether the file is whole; touch no database."
)
def command(file: Path, sha256: str, only_check: bool) -> None:
    """Restore FILE into an empty database, compare every table with what was backed up, and bring it to this version.

    Everything or nothing: a file that is not whole is refused before anything is touched.
    """
    from loantrail.operating.archive import read_archive
    from loantrail.operating.restoring import restore
    from loantrail.postgres.connection import database
    from loantrail.settings import read_settings

    settings = read_settings()
    chinese = int(speaks_chinese(os.environ))
    archive = read_archive(file, sha256)
    click.echo(_told(_WHOLE[chinese], archive.manifest))
    if only_check:
        return
    with database(settings, migrated=False) as books:
        done = restore(books, archive, settings)
    click.echo(_DONE[chinese].format(seconds=f"{done.seconds:.1f}", rows=f"{done.manifest.rows:,}"))
    if done.upgraded:
        click.echo(_UPGRADED[chinese].format(version=done.upgraded[-1]))
    if done.roles_made:
        click.echo(_ROLES[chinese].format(roles=", ".join(done.roles_made)))


def _told(words: str, manifest: Manifest) -> str:
    return words.format(
        at=manifest.made_at,
        software=manifest.software_version,
        rows=f"{manifest.rows:,}",
        tables=len(manifest.tables),
        version=manifest.schema_version,
    )
