"""`loantrail warnings`: tell the configured channels of warnings; try a channel."""

from __future__ import annotations

import sys

import click

from loantrail.early_warning.sending import configured_channels, notify, send_due
from loantrail.errors import ConfigurationError
from loantrail.postgres.connection import database


@click.group()
def command() -> None:
    """Mail and webhooks of the early warnings. `loantrail serve` sends by itself."""


@command.command("send")
def send_command() -> None:
    """Send what is due now, once. A channel that is new begins with the warnings after this."""
    channels = configured_channels()
    if not channels:
        raise ConfigurationError(
            "no channel is configured", remedy="Set LOANTRAIL_CHANNELS to a file of channels"
        )
    with database() as books, books.connect() as connection:
        sent, failed = send_due(connection, channels)
    click.echo(f"{sent} sent, {failed} failed")
    if failed:
        sys.exit(1)


@command.command("test")
@click.argument("name")
def test_command(name: str) -> None:
    """Send a trial message to the channel NAME."""
    found = next((channel for channel in configured_channels() if channel.name == name), None)
    if found is None:
        raise ConfigurationError(f"there is no channel {name}", remedy="Name one of the file of channels")
    if not found.url:
        raise ConfigurationError(f"the variable {found.url_from} is not set", remedy="Set it to the address")
    problem = notify(found.url, "Loantrail 贷迹", "这是一条测试消息。This is a trial message.")
    if problem:
        raise ConfigurationError(f"the message was not sent: {problem}", remedy="Check the address")
    click.echo("sent")
