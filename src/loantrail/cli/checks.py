"""`loantrail checks`: make the loan checks that are due."""

from __future__ import annotations

import click

from loantrail.inspections.scheduling import schedule
from loantrail.policy.reading import parameters_in_force
from loantrail.postgres.connection import database


@click.group()
def command() -> None:
    """Checks of loans after they were paid out."""


@command.command("schedule")
def schedule_command() -> None:
    """Make the first checks that are missing and bring the others up to date, as every trace of the books does. The same
    again changes nothing."""
    with database() as books, books.connection() as connection:
        done = schedule(connection, parameters_in_force(connection))
    click.echo(
        f"{done.made} checks made, {done.taken_over} loans taken over without one, {done.handed_on} handed on to new lead "
        f"managers, {done.changed} with other figures than were submitted, {done.restored} with the submitted ones again"
    )
