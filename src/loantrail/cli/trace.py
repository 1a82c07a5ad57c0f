"""`loantrail trace`: follow disbursed money, files in and files out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click
import polars as pl

from loantrail.cli.speech import (
    Language,
    columns_of,
    english_option,
    in_columns,
    in_language,
    language_of,
    named,
)
from loantrail.cli.trace_words import sentence
from loantrail.money import yuan_text
from loantrail.sources.model import Refusal
from loantrail.tracing.api import CONVENTIONS, TraceResult, trace
from loantrail.tracing.outputs import write_trace

_FILE = click.Path(path_type=Path, dir_okay=False)
SHOWN_PROBLEMS = 5


def show_problems(problems: Iterable[Refusal], language: Language, where: Path | None = None) -> None:
    """The first few problems, each with its place, and how many of each kind there are."""
    listed = sorted(problems, key=lambda item: (item.source_file, item.position, item.field))
    if not listed:
        return
    for item in listed[:SHOWN_PROBLEMS]:
        told = f"{item.source_file}, row {item.position}, field {item.field}: {item.message}"
        click.echo(in_language(told, language), err=True)
    counts = sentence("comma", language).join(
        f"{named('refusal_reason', reason, language)} {count}"
        for reason, count in sorted(Counter(i.reason for i in listed).items())
    )
    key = "problem" if len(listed) == 1 else "problems"
    line = sentence(key, language, count=len(listed), counts=counts)
    click.echo(line + (sentence("all_in", language, where=where) if where else ""), err=True)


@click.command(
    "trace",
    help="Follow the money of every loan from account to account and write hops.parquet, positions.parquet, "
    "statement.parquet and refused.csv.",
)
@click.option("--transactions", type=_FILE, help="Two-sided transfers, CSV or Parquet.")
@click.option("--disbursements", type=_FILE, help="Which transaction pays out which loan.")
@click.option("--balances", type=_FILE, help="Balances before the first row; else they are inferred.")
@click.option("--orders", type=_FILE, help="Entrusted-payment orders.")
@click.option("--accounts", type=_FILE, help="Names, owners and classes of accounts.")
@click.option("--convention", type=click.Choice(CONVENTIONS), default="fifo", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to.")
@click.option("--database", "over_database", is_flag=True, help="Trace the imported books instead of files.")
@click.option("--strict", is_flag=True, help="Exit with status 3 when any row was refused.")
@english_option
def command(
    transactions: Path | None,
    disbursements: Path | None,
    balances: Path | None,
    orders: Path | None,
    accounts: Path | None,
    convention: str,
    out: Path | None,
    over_database: bool,
    strict: bool,
    english: bool,
) -> None:
    """Run the trace and say what was found."""
    language = language_of(os.environ, english=english)
    if over_database:
        if transactions or disbursements or balances or orders or accounts or out:
            raise click.UsageError("--database traces the imported books; it goes with --convention alone")
        _trace_database(convention, language)
        return
    if transactions is None or disbursements is None or out is None:
        raise click.UsageError("give --transactions, --disbursements and --out, or --database")
    result = trace(transactions, disbursements, balances, convention, orders=orders, accounts=accounts)
    paths = write_trace(result, out)
    _summary(result, language)
    listed = sentence("comma", language).join(str(path) for path in paths)
    click.echo(sentence("written", language, paths=listed))
    show_problems(result.problems, language, out / "refused.csv")
    if strict and result.problems:
        raise click.exceptions.Exit(3)


def _trace_database(convention: str, language: Language) -> None:
    from loantrail.postgres.connection import database
    from loantrail.tracing.database import trace_books

    def say(text: str) -> None:
        click.echo(in_language(text, language), err=True)

    with database() as books, books.connect() as connection:
        found = trace_books(connection, convention, say)
    click.echo(
        sentence(
            "traced_books",
            language,
            convention=named("convention", found.convention, language),
            loans=found.loans,
            hops=found.hops,
            leads=len(found.leads),
        )
    )
    for loan, problem in found.unlinked.select("loan_id", "problem").iter_rows():
        why = sentence(problem, language)
        click.echo(sentence("unlinked", language, loan=loan, problem=why), err=True)
    for problem in found.problems[:SHOWN_PROBLEMS]:
        say(problem)


def _summary(result: TraceResult, language: Language) -> None:
    click.echo(
        sentence(
            "traced_files",
            language,
            convention=named("convention", result.convention, language),
            opening=named("opening", result.opening, language),
            loans=result.statement["loan_id"].n_unique(),
            hops=len(result.hops),
        )
    )
    totals = (
        result.statement.group_by("use")
        .agg(pl.col("amount_fen").sum())
        .sort(["amount_fen", "use"], descending=[True, False])
    )
    uses = [named("use", use, language) for use in totals["use"]]
    width = max((columns_of(use) for use in uses), default=0)
    for use, amount in zip(uses, totals["amount_fen"], strict=True):
        click.echo(f"  {in_columns(use, width)}  {yuan_text(amount):>24}")
