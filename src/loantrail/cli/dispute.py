"""`loantrail dispute`: make a dispute sheet, write it to a file, compute it again."""

from __future__ import annotations

import json
from pathlib import Path

import click

from loantrail.errors import InputError

SHOWN_DIFFERENCES = 200


@click.group(name="dispute")
def command() -> None:
    """Dispute sheets: everything that an amount of a trace rests on."""


@command.command("make")
@click.argument("loan")
@click.argument("use")
@click.option("--transaction", help="One transaction of the line; else the whole line.")
@click.option("--amount-fen", type=click.IntRange(min=1), help="An amount of it, in fen; else all.")
@click.option("--by", default="", help="Who makes it.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it too: .json or .pdf."
)
@click.option("--language", type=click.Choice(("zh", "en")), default="zh", show_default=True)
def make_command(
    loan: str,
    use: str,
    transaction: str | None,
    amount_fen: int | None,
    by: str,
    out: Path | None,
    language: str,
) -> None:
    """Make the sheet of USE in the statement of LOAN, and keep it. The same sheet is made once."""
    from loantrail.disputes.composing import Wanted
    from loantrail.disputes.making import make_sheet
    from loantrail.postgres.connection import database

    _check_suffix(out)
    with database() as books, books.connect() as connection:
        sheet = make_sheet(connection, Wanted(loan, use, transaction, amount_fen), by)
    click.echo(f"{sheet.number}  {sheet.sheet_id}  SHA-256 {sheet.sha256}")
    if out:
        _write(sheet, out, language)


@command.command("export")
@click.argument("sheet")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File: .json or .pdf."
)
@click.option("--language", type=click.Choice(("zh", "en")), default="zh", show_default=True)
def export_command(sheet: str, out: Path, language: str) -> None:
    """Write the stored SHEET (number or id) to a file."""
    from loantrail.disputes import store
    from loantrail.disputes.making import sheet_of
    from loantrail.postgres.connection import database

    _check_suffix(out)
    with database() as books, books.connect() as connection:
        row = store.find(connection, sheet)
    if row is None:
        raise InputError(f"there is no dispute sheet {sheet}", remedy="Give its number or its id")
    _write(sheet_of(row), out, language)


@command.command("verify")
@click.argument("sheet")
def verify_command(sheet: str) -> None:
    """Compute SHEET (number, id, or the path of a JSON file) again from the books as they were.

    Ends with 0 when every figure is the same, with 1 when any differs.
    """
    from loantrail.disputes.verifying import verify
    from loantrail.postgres.connection import database

    with database() as books, books.connect() as connection:
        found = verify(connection, sheet)
    if found.identical:
        click.echo("identical: computed again, every figure, reason and version is the same")
    elif found.same_figures:
        click.echo("every figure and reason is the same; what it was computed with differs")
    else:
        click.echo("DIFFERS")
    if not found.intact:
        click.echo("the content does not have the fingerprint that it states: it was altered")
    if found.stored is False:
        click.echo("the stored sheet of that id says something else: this is not the sheet that was made")
    if found.stored is None:
        click.echo("no stored sheet has that id")
    for changed, text in (
        (found.data_changed, "the data differ: other lines, pairings, order or opening balances"),
        (
            found.judgement_changed,
            "the judgement of the same facts differs: uses, ends, sides or related parties",
        ),
        (found.rules_changed, "the rules differ: parameters or dictionaries"),
        (found.software_changed, "the software is another version"),
    ):
        if changed:
            click.echo(text)
    for one in found.differences[:SHOWN_DIFFERENCES]:
        click.echo(f"  {one.field}: stated {_shown(one.stated)}, computed {_shown(one.found)}")
    more = len(found.differences) - SHOWN_DIFFERENCES
    if more > 0:
        click.echo(f"  and {more} more")
    if not found.same_figures:
        raise click.exceptions.Exit(1)


def _shown(value: str | None) -> str:
    return "nothing" if value is None else value


def _check_suffix(out: Path | None) -> None:
    if out is not None and out.suffix not in (".json", ".pdf"):
        raise click.UsageError("the file must end in .json or .pdf")


def _write(sheet: object, out: Path, language: str) -> None:
    from loantrail.disputes.sheet import Sheet
    from loantrail.tracing.outputs import write_whole

    assert isinstance(sheet, Sheet)
    if out.suffix == ".json":
        text = json.dumps(sheet.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"
        content = text.encode()
    else:
        from loantrail.disputes.printing import sheet_document
        from loantrail.reports.typeset import pdf

        content = pdf(sheet_document(sheet, language), sheet.made_at)
    write_whole(out, lambda part: part.write_bytes(content))
    click.echo(f"written: {out}")
