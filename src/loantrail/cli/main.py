"""`loantrail`: one command, its sub-commands loaded only when called, so that each starts fast."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final

import click

from loantrail.cli.speech import language_of, told
from loantrail.collecting import collect_seldom
from loantrail.errors import LoantrailError

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "import": ("loantrail.cli.import_", "Read files of any known format into the books."),
    "pair": ("loantrail.cli.pair", "Pair one-sided statement lines into two-sided transfers."),
    "accounts": ("loantrail.cli.accounts", "Merge accounts that turned out to be one."),
    "refusals": ("loantrail.cli.refusals", "List, correct and replay refused rows."),
    "trace": ("loantrail.cli.trace", "Follow disbursed money, files in and files out or over the database."),
    "rebuild": (
        "loantrail.cli.rebuild",
        "Compute trace, signals and hits anew and compare them with what stands.",
    ),
    "bounds": ("loantrail.cli.bounds", "Least and most that can have reached a set of destinations."),
    "report": ("loantrail.cli.report", "Write the fund-flow report of a loan as PDF or spreadsheet."),
    "dispute": ("loantrail.cli.dispute", "Make, export and verify dispute sheets."),
    "demo": ("loantrail.cli.demo", "Build the demo bank, evaluate findings against its known truth."),
    "nightly": ("loantrail.cli.nightly", "Take in the bank's nightly files of a business date."),
    "monitor": ("loantrail.cli.monitor", "Take in dropped files and Kafka messages while they come."),
    "warnings": ("loantrail.cli.warnings", "Tell mail and webhooks of warnings, or try a channel."),
    "checks": ("loantrail.cli.checks", "Make the loan checks that are due."),
    "audit": ("loantrail.cli.audit", "Verify the audit log, write its head for keeping elsewhere."),
    "serve": ("loantrail.cli.serve", "Serve the web page and its HTTP interface."),
    "users": (
        "loantrail.cli.users",
        "Make the first administrators and keys of systems; help who is locked out.",
    ),
    "database": ("loantrail.cli.database", "Start, stop, migrate and inspect the database."),
    "backup": ("loantrail.cli.backup", "Write the whole database into one file."),
    "restore": ("loantrail.cli.restore", "Restore a back-up into an empty database and verify it."),
    "doctor": ("loantrail.cli.doctor", "Examine this installation and say what to do."),
    "configuration": ("loantrail.cli.configuration", "Print what is set, and by what."),
    "prepare": ("loantrail.cli.prepare", "Compile the kernels once, during set-up."),
}
"""Name -> (module holding `command`, one line of help)."""


class LazyGroup(click.Group):
    """A group that imports a sub-command's module when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        return module.command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup)
@click.version_option(package_name="loantrail")
def group() -> None:
    """Loantrail (贷迹): where the money of every loan went."""


def main() -> None:
    """Run the command line; every LoantrailError becomes one clear line and its exit status."""
    collect_seldom()
    try:
        # A command that leaves with a status is not raised on here: click returns the status.
        status = group.main(standalone_mode=False)
        if isinstance(status, int):
            sys.exit(status)
    except click.Abort:
        click.echo("已停止" if language_of(os.environ) == "zh" else "stopped", err=True)
        sys.exit(130)
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except LoantrailError as problem:
        click.echo(f"loantrail: {told(problem, language_of(os.environ))}", err=True)
        sys.exit(problem.exit_status)
