"""`loantrail trace`: follow disbursed money, files in and files out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click

from loantrail.money import yuan_text
from loantrail.sources.model import Refusal
from loantrail.tracing.api import CONVENTIONS, TraceResult, trace
from loantrail.tracing.outputs import write_trace

_FILE = click.Path(path_type=Path, dir_okay=False)
SHOWN_PROBLEMS = 5


def show_problems(problems: Iterable[Refusal], where: Path | None = None) -> None:
    """The first few problems, each with its place, and how many of each kind there are."""
    listed = list(problems)
    if not listed:
        return
    for item in listed[:SHOWN_PROBLEMS]:
        click.echo(f"{item.source_file}, row {item.position}, field {item.field}: {item.message}", err=True)
    counts = ", ".join(
        f"{reason} {count}" for reason, count in sorted(Counter(i.reason for i in listed).items())
    )
    more = f"; all of them in {where}" if where else ""
    click.echo(f"{len(listed)} rows with problems: {counts}{more}", err=True)


@click.command(
    "trace",
    help="Follow the money of every loan from account to account and write hops.parquet, positions.parquet, "
    "statement.parquet and refused.csv.",
)
@click.option("--transactions", type=_FILE, required=True, help="Two-sided transfers, CSV or Parquet.")
@click.option("--disbursements", type=_FILE, required=True, help="Which transaction pays out which loan.")
@click.option("--balances", type=_FILE, help="Balances before the first row; else they are inferred.")
@click.option("--orders", type=_FILE, help="Entrusted-payment orders.")
@click.option("--accounts", type=_FILE, help="Names, owners and classes of accounts.")
@click.option("--convention", type=click.Choice(CONVENTIONS), default="fifo", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to."
)
@click.option("--strict", is_flag=True, help="Exit with status 3 when any row was refused.")
def command(
    transactions: Path,
    disbursements: Path,
    balances: Path | None,
    orders: Path | None,
    accounts: Path | None,
    convention: str,
    out: Path,
    strict: bool,
) -> None:
    """Run the trace and say what was found."""
    result = trace(transactions, disbursements, balances, convention, orders=orders, accounts=accounts)
    paths = write_trace(result, out)
    _summary(result)
    click.echo("written: " + ", ".join(str(path) for path in paths))
    show_problems(result.problems, out / "refused.csv")
    if strict and result.problems:
        raise click.exceptions.Exit(3)


def _summary(result: TraceResult) -> None:
    loans = result.statement["loan_id"].n_unique()
    click.echo(
        f"convention: {result.convention}; opening: {result.opening}; loans: {loans}; hops: {len(result.hops)}"
    )
    totals = result.statement.group_by("use").sum().sort("amount_fen", descending=True)
    width = max((len(use) for use in totals["use"]), default=0)
    for use, amount in totals.select("use", "amount_fen").iter_rows():
        click.echo(f"  {use:<{width}}  {yuan_text(amount):>24}")
