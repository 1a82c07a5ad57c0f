"""`loantrail pair`: from one-sided statement lines to two-sided transfers, files in and files out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from loantrail.cli.speech import Language, english_option, language_of, named, phrase
from loantrail.ledger.pair_files import PairSummary, pair_files
from loantrail.ledger.pairing import PairingParameters

_DEFAULTS = PairingParameters()
_SENTENCES: Final = {
    "title": ("Paired lines", "配对结果"),
    "lines": ("lines", "流水"),
    "transfers": ("transfers", "转账"),
    "paired": ("  paired by {basis}", "  配对依据：{basis}"),
    "unpaired": ("  without partner", "  没有对方流水"),
    "ambiguous": ("ambiguous lines (ambiguous.csv)", "有歧义的流水（ambiguous.csv）"),
    "problems": ("problems (problems.csv)", "有问题的行（problems.csv）"),
    "disbursements": ("disbursements found", "已找到的放款"),
    "of": ("{found:,} of {all:,}", "{found:,} / {all:,}"),
}


@click.command()
@click.option(
    "--rows",
    type=click.Path(path_type=Path),
    required=True,
    help="Statement lines: rows.parquet as `loantrail import --dry-run` writes it, or the same columns as CSV.",
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the results."
)
@click.option(
    "--disbursements",
    type=click.Path(path_type=Path),
    help="Loans paid out (loan_id, account, amount_fen, booked_at; optional currency, reference): their lines are "
    "looked up and disbursements.parquet (loan_id, transaction_id) is written for `loantrail trace`.",
)
@click.option(
    "--window-days",
    type=click.IntRange(0, 60),
    default=_DEFAULTS.window_days,
    show_default=True,
    help="Working days by which a credit may follow its debit.",
)
@click.option(
    "--reference-window-days",
    type=click.IntRange(0, 250),
    default=_DEFAULTS.reference_window_days,
    show_default=True,
    help="The same where both lines carry the same reference.",
)
@english_option
def command(
    rows: Path,
    out: Path,
    disbursements: Path | None,
    window_days: int,
    reference_window_days: int,
    english: bool,
) -> None:
    """Pair the two lines that one transfer leaves in two statements.

    Writes transactions.parquet (for `loantrail trace`), pairs.parquet, unpaired.parquet, ambiguous.csv and
    problems.csv. Accounts that have lines are ours; every other one is outside.
    """
    parameters = PairingParameters(
        window_days=window_days,
        reference_window_days=reference_window_days,
    )
    summary = pair_files(rows, out, disbursements, parameters)
    Console(stderr=True).print(_table(summary, language_of(os.environ, english=english)))
    click.echo(str(out / "transactions.parquet"))


def _table(summary: PairSummary, language: Language) -> Table:
    def word(key: str, **values: object) -> str:
        return phrase(_SENTENCES, key, language, **values)

    table = Table(title=word("title"), show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row(word("lines"), f"{summary.line_count:,}")
    table.add_row(word("transfers"), f"{summary.transfer_count:,}")
    for basis, count in summary.by_basis.items():
        table.add_row(word("paired", basis=named("pairing_basis", basis, language)), f"{count:,}")
    table.add_row(word("unpaired"), f"{summary.unpaired_count:,}")
    table.add_row(word("ambiguous"), f"{summary.ambiguous_count:,}")
    table.add_row(word("problems"), f"{summary.problem_count:,}")
    if summary.disbursement_count:
        found = word("of", found=summary.linked_count, all=summary.disbursement_count)
        table.add_row(word("disbursements"), found)
    return table
