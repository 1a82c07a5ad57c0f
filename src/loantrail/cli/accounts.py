"""`loantrail accounts`: two numbers that are one account, merged and taken apart again."""

from __future__ import annotations

import click

from loantrail.clock import BUSINESS_ZONE
from loantrail.errors import InputError


@click.group(name="accounts")
def command() -> None:
    """Accounts that turned out to be one."""


@command.command("merge")
@click.argument("account")
@click.argument("into")
@click.option("--reason", required=True, help="Why the two are one account.")
def merge_command(account: str, into: str, reason: str) -> None:
    """From now on ACCOUNT is INTO: what names ACCOUNT, now and later, means INTO. No statement line is rewritten."""
    from loantrail.ids import new_id
    from loantrail.ledger.merges.acts import Merge, merge
    from loantrail.postgres.connection import database
    from loantrail.settings import read_settings
    from loantrail.tracing.store_evaluation import request

    asked = Merge(account, into, reason, read_settings().operator, new_id())
    with database() as books, books.connect() as connection:
        acted = merge(connection, asked, request)
    if acted.new:
        click.echo(f"account {account} is account {into} now; merge {acted.row['merge_id']}")
        _say_what_follows()
    else:
        click.echo(f"account {account} was merged into {into} before: nothing changed")


@command.command("unmerge")
@click.argument("account")
@click.option("--reason", required=True, help="Why the two are not one account after all.")
def unmerge_command(account: str, reason: str) -> None:
    """Take the merge of ACCOUNT into another back."""
    from loantrail.ledger.merges import store
    from loantrail.ledger.merges.acts import withdraw
    from loantrail.postgres.connection import database
    from loantrail.settings import read_settings
    from loantrail.tracing.store_evaluation import request

    with database() as books, books.connect() as connection:
        standing = store.standing_of(connection, account)
        if standing is None:
            raise InputError(
                f"account {account} is not merged into another",
                remedy="See which are: loantrail accounts merges",
            )
        acted = withdraw(connection, standing["merge_id"], reason, read_settings().operator, request)
    if acted is not None and acted.new:
        click.echo(f"account {account} stands for itself again")
        _say_what_follows()
    else:
        click.echo(
            f"account {account} was taken out of {standing['into_account']} meanwhile: nothing changed"
        )


@command.command("merges")
@click.option("--all", "every", is_flag=True, help="Those that were taken back, too.")
def merges_command(every: bool) -> None:
    """List the accounts that were merged into others, the newest first."""
    from loantrail.ledger.merges import store
    from loantrail.postgres.connection import database

    with database() as books, books.connection() as connection:
        rows = store.newest(connection, standing=not every)
    for row in rows:
        made = row["made_at"].astimezone(BUSINESS_ZONE)
        click.echo(
            f"{row['from_account']} -> {row['into_account']}  {made:%Y-%m-%d %H:%M}  {row['made_by']}: {row['reason']}"
        )
        if row["withdrawn_at"] is not None:
            ended = row["withdrawn_at"].astimezone(BUSINESS_ZONE)
            click.echo(
                f"  taken back {ended:%Y-%m-%d %H:%M}  {row['withdrawn_by']}: {row['withdrawn_reason']}"
            )
    if not rows:
        click.echo("no account is merged into another")


def _say_what_follows() -> None:
    click.echo("the loans are traced again by the server, or now by: loantrail trace --database")
