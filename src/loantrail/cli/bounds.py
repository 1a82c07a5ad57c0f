"""`loantrail bounds`: the least and the most that can have reached a set of accounts."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec

from loantrail.cli.speech import english_option, language_of
from loantrail.cli.trace import show_problems
from loantrail.tracing.api import bounds

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    "bounds",
    help="Least and most of a loan, or of several together, that can have reached the destinations, whichever "
    "counting rule one takes. Prints one line of JSON.",
)
@click.option("--transactions", type=_FILE, required=True, help="Two-sided transfers, CSV or Parquet.")
@click.option("--disbursements", type=_FILE, required=True, help="Which transaction pays out which loan.")
@click.option("--balances", type=_FILE, help="Balances before the first row; else nothing is proven.")
@click.option("--accounts", type=_FILE, help="Names, owners and classes of accounts.")
@click.option("--loans", required=True, help="Loan ids, separated by commas: bounds of their total.")
@click.option("--destinations", type=_FILE, required=True, help="Accounts (column account): arrival counts.")
@click.option("--outside", is_flag=True, help="Count money that leaves for the outside world too.")
@click.option("--strict", is_flag=True, help="Exit with status 3 when any row was refused.")
@english_option
def command(
    transactions: Path,
    disbursements: Path,
    balances: Path | None,
    accounts: Path | None,
    loans: str,
    destinations: Path,
    outside: bool,
    strict: bool,
    english: bool,
) -> None:
    """Compute the bounds and print them."""
    wanted = [loan.strip() for loan in loans.split(",") if loan.strip()]
    if not wanted:
        raise click.BadParameter("name at least one loan", param_hint="--loans")
    found = bounds(
        transactions,
        disbursements,
        balances,
        loans=wanted,
        destinations=destinations,
        accounts=accounts,
        outside=outside,
    )
    line = {
        "loans": found.loans,
        "disbursed_fen": found.disbursed_fen,
        "least_fen": found.least_fen,
        "most_fen": found.most_fen,
        "proven": found.proven,
        "opening": found.opening,
        "outer": found.outer,
    }
    click.echo(msgspec.json.encode(line).decode())
    show_problems(found.problems, language_of(os.environ, english=english))
    if strict and found.problems:
        raise click.exceptions.Exit(3)
