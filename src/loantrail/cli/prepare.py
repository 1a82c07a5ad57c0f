"""`loantrail prepare`: compile the kernels once, during set-up."""

from __future__ import annotations

import importlib

import click

from loantrail import clock


@click.command(name="prepare")
def command() -> None:
    """Compile the kernels once and keep the machine code on disk, so that no later start waits for it."""
    begun = clock.monotonic_seconds()
    # Imported here, so that `loantrail prepare --help` does not wait for the compiler.
    tracing = importlib.import_module("loantrail.tracing.trace")
    tracing.warm_up()
    importlib.import_module("loantrail.tracing.bounds").warm_up()
    importlib.import_module("loantrail.tracing.live_snapshot").warm_up()
    importlib.import_module("loantrail.signals.counting").warm_up()
    click.echo(f"The kernels are ready ({clock.monotonic_seconds() - begun:.1f} s).")
