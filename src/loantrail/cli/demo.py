"""`loantrail demo`: build the demo bank; evaluate what was found against what is known of it."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console

from loantrail.cli.speech import Language, english_option, language_of
from loantrail.money import yuan_text

if TYPE_CHECKING:
    from loantrail.demo.running import Tell, Told

SIZES = ("small", "medium", "large")
MOST_SEED: Final = 2**31 - 1
BARS_FAIL: Final = 1
_size = click.option("--size", type=click.Choice(SIZES), default="small", show_default=True)
_seed = click.option("--seed", type=click.IntRange(0, MOST_SEED), default=1, show_default=True)


@click.group(invoke_without_command=True)
@_size
@_seed
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port of the page; default: a free one from 8321."
)
@click.option("--serve/--no-serve", "serves", default=True, help="Serve the page at the end.")
@click.option("--open/--no-open", "opens", default=True, help="Open a browser, where there is one.")
@english_option
@click.pass_context
def command(
    context: click.Context, size: str, seed: int, port: int | None, serves: bool, opens: bool, english: bool
) -> None:
    """Build a synthetic bank with planted misuse, trace it, say what was found and show the page."""
    if context.invoked_subcommand is not None:
        return
    from loantrail.cli.demo_words import address_words
    from loantrail.demo.running import demo_settings, open_demo_bank, serve_demo

    language = language_of(os.environ, english=english)
    with open_demo_bank(size, seed, _teller(language)) as books:
        if serves:
            home = demo_settings(size, seed).home
            serve_demo(books, home, port, opens, lambda address: click.echo(address_words(address, language)))


def _teller(language: Language, *, err: bool = False) -> Tell:
    """Prints what is told of a bank's making."""
    from loantrail.cli.demo_words import told_words

    def tell(told: Told) -> None:
        for line in told_words(told, language):
            click.echo(line, err=err)

    return tell


def _seeds(_context: click.Context, _parameter: click.Parameter, text: str | None) -> tuple[int, ...]:
    """Numbers with commas between them; none for no text."""
    if not text:
        return ()
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if not part.isdecimal() or int(part) > MOST_SEED:
            raise click.BadParameter(
                f"{part!r} is no seed; give whole numbers from 0 to {MOST_SEED}, as 1,2,3"
            )
    return tuple(dict.fromkeys(int(part) for part in parts))


@command.command("evaluate")
@_size
@_seed
@click.option(
    "--seeds",
    callback=_seeds,
    help="Several banks, their seeds with commas between them: the warnings of all side by side.",
)
@english_option
def evaluate_command(size: str, seed: int, seeds: tuple[int, ...], english: bool) -> None:
    """Compare what the product found in the demo bank with what is known of it.

    Exit status of --seeds: 0 every bank meets the bars of the warnings; 1 one does not.
    """
    from loantrail.demo.evaluate import as_text
    from loantrail.demo.evaluate_seeds import SeedEvaluation, all_pass, seeds_text
    from loantrail.demo.running import evaluate_demo_bank

    language = language_of(os.environ, english=english)
    tell = _teller(language, err=True)
    if not seeds:
        evaluation = evaluate_demo_bank(size, seed, tell)
        warnings = evaluation.warnings
        if language == "en" or warnings is None:
            click.echo(as_text(evaluation))
        else:
            click.echo(as_text(replace(evaluation, warnings=None)))
            click.echo("\n" + seeds_text(size, [SeedEvaluation(seed, warnings)], language))
        return
    found: list[SeedEvaluation] = []
    for each in seeds:
        warnings = evaluate_demo_bank(size, each, tell).warnings
        if warnings is not None:
            found.append(SeedEvaluation(each, warnings))
    click.echo(seeds_text(size, found, language))
    if not all_pass(found):
        sys.exit(BARS_FAIL)


@command.command("generate")
@_size
@_seed
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


@command.command("deliver")
@_size
@_seed
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of all dates."
)
@click.option(
    "--nights",
    type=click.IntRange(1, 60),
    default=3,
    show_default=True,
    help="How many last days to deliver.",
)
def deliver_command(size: str, seed: int, out: Path, nights: int) -> None:
    """Write the demo bank as nightly folders: all of it up to a day, then what each further day changed.

    The last days on which the bank has statement lines. Read them with `loantrail nightly DATE --from FOLDER`, oldest
    first, in a database of their own (LOANTRAIL_HOME).
    """
    import tempfile

    from loantrail.demo.generate import generate
    from loantrail.nightly.delivering import deliver, last_days

    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder, console.status("people and accounts") as status:
        generate(size, seed, Path(folder), status.update)
        status.update("nightly folders")
        made = deliver(Path(folder), out, last_days(Path(folder), nights))
    for one in made:
        click.echo(f"loantrail nightly {one.name} --from {out}")
