"""`loantrail import`: read files of any known format, into the books or, with --dry-run, into plain files."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from loantrail.cli.import_words import sentence
from loantrail.cli.speech import Language, english_option, language_of, named, told
from loantrail.sources.dry_run import Outcome, dry_run, record_types_in_order
from loantrail.sources.files import Opened, Unusable, open_files

REFUSED_STATUS = 3
"""Exit status of --strict when something was refused."""
SHOWN_DIFFERENCES = 10


@click.command(name="import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Parse and check only; needs no database.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the results of a dry run: rows.parquet, refused.csv, ...",
)
@click.option(
    "--mapping", type=click.Path(path_type=Path), help="Mapping file (YAML), or name of a shipped one."
)
@click.option("--format", "format_name", help="Name of the adapter to use, instead of recognising it.")
@click.option("--zone", help="Zone of times without offset, e.g. Asia/Shanghai.")
@click.option("--account", help="Account of lines whose file does not name it.")
@click.option(
    "--default",
    "defaults",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Value of a field that the files do not hold, e.g. unit_id=0101. May be repeated.",
)
@click.option("--strict", is_flag=True, help=f"Exit with status {REFUSED_STATUS} if any row was refused.")
@click.option("--json", "as_json", is_flag=True, help="Print the closing table as one line of JSON.")
@english_option
def command(
    paths: tuple[Path, ...],
    is_dry_run: bool,
    out: Path | None,
    mapping: Path | None,
    format_name: str | None,
    zone: str | None,
    account: str | None,
    defaults: tuple[str, ...],
    strict: bool,
    as_json: bool,
    english: bool,
) -> None:
    """Read files and folders of any known format.

    Exit status: 0 when every file could be read, even if rows were refused; 1 when a file could not be used (the
    others are processed all the same); 3 with --strict when a row was refused.
    """
    if is_dry_run and out is None:
        raise click.UsageError("--dry-run needs --out DIR")
    if out is not None and not is_dry_run:
        raise click.UsageError("--out belongs to --dry-run")
    language = language_of(os.environ, english=english)
    options = _options(mapping, format_name, zone, account, defaults)
    files = list(open_files(paths, options))
    with _progress(files, language) as on_progress:
        outcome = _import(files, on_progress) if out is None else dry_run(files, out, on_progress)
    if as_json:
        of_books = {} if is_dry_run else {"new_accounts": outcome.new_accounts}
        click.echo(json.dumps(_as_json(outcome) | of_books, ensure_ascii=False))
    else:
        _print(outcome, out, language)
    for failure in outcome.unusable:
        click.echo(f"loantrail: {told(failure.problem, language)}", err=True)
    if outcome.unusable:
        sys.exit(1)
    if strict and outcome.refused_total:
        sys.exit(REFUSED_STATUS)


def _import(files: Sequence[Opened | Unusable], on_progress: Callable[[str, int], None]) -> Outcome:
    from loantrail.ledger.importing import import_files
    from loantrail.postgres.connection import database
    from loantrail.tracing import store_evaluation

    with database() as books:
        outcome = import_files(files, on_progress, books)
        if outcome.accepted.total():
            # Whoever serves the page traces anew; `loantrail trace --database` does it here.
            with books.connection() as connection:
                store_evaluation.request_for_records(connection)
    return outcome


def _options(
    mapping: Path | None,
    format_name: str | None,
    zone: str | None,
    account: str | None,
    defaults: Sequence[str],
) -> dict[str, str]:
    given = {
        "mapping": str(mapping) if mapping else None,
        "format": format_name,
        "zone": zone,
        "account": account,
    }
    options = {key: value for key, value in given.items() if value is not None}
    for default in defaults:
        field, equals, value = default.partition("=")
        if not equals or not field:
            raise click.UsageError(f"--default {default!r} is not FIELD=VALUE")
        options[f"default.{field}"] = value
    return options


@contextmanager
def _progress(
    files: Sequence[Opened | Unusable], language: Language
) -> Generator[Callable[[str, int], None]]:
    """A bar on the error stream over the bytes of all files."""
    total = sum(file.bytes_total for file in files if isinstance(file, Opened))
    done: dict[str, int] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(sentence("reading", language), total=total)

        def on_progress(name: str, bytes_read: int) -> None:
            done[name] = max(done.get(name, 0), bytes_read)
            bar.update(task, completed=sum(done.values()), description=name[-40:])

        yield on_progress


def _print(outcome: Outcome, out: Path | None, language: Language) -> None:
    def word(key: str, **values: object) -> str:
        return sentence(key, language, **values)

    console = Console()
    table = Table(title=word("imported") if out is None else word("checked", out=out), title_justify="left")
    table.add_column(word("records"))
    for heading in ("read", "accepted", "duplicate", "refused"):
        table.add_column(word(heading), justify="right")
    for name in record_types_in_order(outcome):
        read, accepted, duplicate = outcome.read[name], outcome.accepted[name], outcome.duplicate[name]
        counts = (read, accepted, duplicate, read - accepted - duplicate)
        table.add_row(named("record_type", name, language), *(f"{number:,}" for number in counts))
    totals = [sum(counter.values()) for counter in (outcome.read, outcome.accepted, outcome.duplicate)]
    table.add_section()
    table.add_row(word("all"), *(f"{number:,}" for number in (*totals, outcome.refused_total)))
    console.print(table)

    if outcome.refused:
        reasons = Table(title=word("by_reason"), title_justify="left")
        reasons.add_column(word("reason"))
        reasons.add_column(word("rows"), justify="right")
        for reason, count in sorted(outcome.refused.items(), key=lambda item: (-item[1], item[0])):
            reasons.add_row(named("refusal_reason", reason, language), f"{count:,}")
        console.print(reasons)

    if outcome.new_accounts:
        console.print(word("opened", count=outcome.new_accounts), highlight=False, soft_wrap=True)

    balances = Table(title=word("balances"), title_justify="left")
    balances.add_column(word("accounts"))
    balances.add_column(word("number"), justify="right")
    balances.add_row(word("reconciled"), f"{outcome.accounts_reconciled:,}")
    balances.add_row(word("differing"), f"{len(outcome.differences):,}")
    balances.add_row(word("without"), f"{outcome.accounts_without_balances:,}")
    console.print(balances)
    for difference in outcome.differences[:SHOWN_DIFFERENCES]:
        line = word(
            "difference",
            account=difference["account"],
            file=difference["first_source_file"],
            row=difference["first_position"],
            actual=difference["actual_fen"],
            expected=difference["expected_fen"],
        )
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if len(outcome.differences) > SHOWN_DIFFERENCES:
        console.print(word("more", count=len(outcome.differences) - SHOWN_DIFFERENCES))


def _as_json(outcome: Outcome) -> dict[str, object]:
    def met(counts: Counter[str]) -> dict[str, int]:
        return {name: count for name, count in counts.items() if count}

    return {
        "read": met(outcome.read),
        "accepted": met(outcome.accepted),
        "duplicate": met(outcome.duplicate),
        "refused": met(outcome.refused),
        "accounts_reconciled": outcome.accounts_reconciled,
        "accounts_without_balances": outcome.accounts_without_balances,
        "differences": len(outcome.differences),
        "unusable": [failure.name for failure in outcome.unusable],
    }
