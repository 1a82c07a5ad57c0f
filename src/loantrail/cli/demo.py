"""`loantrail demo`: build the demo bank; evaluate what was found against what is known of it."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from loantrail.money import yuan_text


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """A synthetic bank with planted, known misuse."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@command.command("generate")
@click.option("--size", type=click.Choice(("small", "medium", "large")), default="small", show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder to write."
)
def generate_command(size: str, seed: int, out: Path) -> None:
    """Write the demo bank's files: about 50,000, 1 million or 10 million transactions."""
    from loantrail.demo.generate import generate

    console = Console(stderr=True)
    with console.status("people and accounts") as status:
        summary = generate(size, seed, out, status.update)
    rows = (
        ("transactions", f"{summary.transactions:,}"),
        ("statement lines", f"{summary.statement_lines:,}"),
        ("accounts", f"{summary.accounts:,}"),
        ("parties", f"{summary.parties:,}"),
        ("loans", f"{summary.loans:,}"),
        ("disbursed", f"{yuan_text(summary.disbursed_fen)} CNY"),
        ("written to", str(out)),
    )
    for name, value in rows:
        click.echo(f"{name:<16} {value:>24}")
