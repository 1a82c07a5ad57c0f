"""`loantrail audit`: verify the chain of the audit log, write its head for keeping elsewhere."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from loantrail.cli.audit_words import break_text, sentence
from loantrail.cli.speech import Language, english_option, language_of
from loantrail.errors import FileUnreadable, Place

if TYPE_CHECKING:
    from loantrail.audit.model import Verdict

BROKEN: Final = 1
TOLD_ENTRIES: Final = 1_000_000


@click.group("audit")
def command() -> None:
    """Verify the audit log, write its head for keeping elsewhere."""


@command.command("verify")
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File of heads that was kept elsewhere; may be given several times.",
)
@click.option("--no-entry", is_flag=True, help="Leave no entry of the verification in the log.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@english_option
def verify_log(anchors: tuple[Path, ...], no_entry: bool, as_json: bool, english: bool) -> None:
    """Recompute the chain from its first entry and name the first broken one.

    A tail that was cut off, and a chain that was written anew, are consistent in themselves: only a head that was kept elsewhere
    (--anchor) tells.

    Exit status: 0 the log is whole; 1 it is not, or could not be verified.
    """
    language = language_of(os.environ, english=english)
    from loantrail.audit.heads import read_heads
    from loantrail.audit.verifying import record, verify
    from loantrail.clock import monotonic_seconds
    from loantrail.postgres.connection import database
    from loantrail.settings import read_settings

    heads = [head for path in anchors for head in read_heads(path)]
    with database() as books, books.connect() as connection:
        begun = monotonic_seconds()
        verdict = verify(connection, heads, lambda entry_no: _tell(entry_no, language))
        taken_seconds = monotonic_seconds() - begun
        if not no_entry:
            with connection.transaction():
                record(connection, verdict, read_settings().operator)
    if as_json:
        click.echo(
            json.dumps(asdict(verdict) | {"whole": verdict.is_whole, "seconds": round(taken_seconds, 3)})
        )
    else:
        _print(verdict, taken_seconds, language)
    if not verdict.is_whole:
        sys.exit(BROKEN)


@command.command("head")
@click.option(
    "--output", type=click.Path(path_type=Path), help="File that a line is added to; else it is printed."
)
def write_head(output: Path | None) -> None:
    """Write where the chain ends, as one line of JSON. Keep it where nobody who can write the database can write."""
    from loantrail import clock
    from loantrail.audit.heads import head_line
    from loantrail.audit.store import last_head
    from loantrail.postgres.connection import database

    with database() as books, books.connection() as connection:
        line = head_line(last_head(connection), clock.now())
    if output is None:
        click.echo(line)
        return
    try:
        with output.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as problem:
        raise FileUnreadable(
            f"the head cannot be written: {problem.strerror or problem}",
            Place(str(output)),
            "Choose another file",
        ) from problem


def _tell(entry_no: int, language: Language) -> None:
    if entry_no % TOLD_ENTRIES == 0:
        click.echo(sentence("so_far", language, count=entry_no), err=True)


def _print(verdict: Verdict, taken_seconds: float, language: Language) -> None:
    broken = verdict.broken
    if broken is not None:
        click.echo(break_text(broken, language))
        click.echo(sentence("whole_before", language, count=verdict.entry_count))
        return
    rate = round(verdict.entry_count / taken_seconds) if taken_seconds else 0
    values = {"entries": verdict.entry_count, "batches": verdict.batch_count}
    click.echo(sentence("whole", language, **values, seconds=f"{taken_seconds:.1f}", rate=rate))
    if verdict.head.entry_no:
        click.echo(sentence("head", language, algorithm=verdict.head.algorithm, head=verdict.head.head))
    if verdict.anchors:
        click.echo(sentence("anchored", language, count=verdict.anchors))
    else:
        click.echo(sentence("not_anchored", language))
