"""`loantrail users`: the first administrators, who there is, keys of systems, and help for who is locked out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from loantrail.clock import BUSINESS_ZONE, now
from loantrail.errors import InputError
from loantrail.identity.abilities import KEY_ABILITIES, Role
from loantrail.identity.beginning import FIRST

if TYPE_CHECKING:
    import datetime

    from loantrail.identity.workflow import Person

_LIST_LIMIT: Final = 200
_ABILITIES: Final = sorted(ability.value for ability in KEY_ABILITIES)


@click.group(name="users")
def command() -> None:
    """Who may sign in.

    Persons and roles are made on the page, by a system and a security administrator together. These commands are for whoever
    runs the server: they ask for no sign-in and are recorded under LOANTRAIL_OPERATOR.
    """


@command.command("begin")
@click.option(
    "--system", default=FIRST[Role.SYSTEM_ADMINISTRATOR][0], show_default=True, help="Sign-in name."
)
@click.option(
    "--security", default=FIRST[Role.SECURITY_ADMINISTRATOR][0], show_default=True, help="Sign-in name."
)
@click.option("--audit", default=FIRST[Role.AUDIT_ADMINISTRATOR][0], show_default=True, help="Sign-in name.")
@click.option(
    "--read-passwords",
    is_flag=True,
    help="Read the three passwords from standard input, a line each, in place of making them.",
)
def begin_command(system: str, security: str, audit: str, read_passwords: bool) -> None:
    """Make the first system, security and audit administrator, three persons.

    Prints a password for each, which must be changed at the first sign-in. Hand each to its own person.
    """
    from loantrail.identity.beginning import begin
    from loantrail.postgres.connection import database
    from loantrail.settings import read_settings

    wanted = {
        role: (person_id, FIRST[role][1])
        for role, person_id in (
            (Role.SYSTEM_ADMINISTRATOR, system),
            (Role.SECURITY_ADMINISTRATOR, security),
            (Role.AUDIT_ADMINISTRATOR, audit),
        )
    }
    given: dict[Role, str] = {}
    if read_passwords:
        lines = [line.rstrip("\r\n") for line in sys.stdin.readlines()]
        if len(lines) < len(wanted) or not all(lines[: len(wanted)]):
            raise InputError(
                "standard input does not hold three passwords",
                remedy="Write one line each for the system, security and audit administrator",
            )
        given = dict(zip(wanted, lines, strict=False))
    with database() as books, books.connection() as connection:
        made = begin(connection, wanted, given, read_settings().operator, now())
    for role, (person_id, _) in wanted.items():
        password = "" if role in given else f"  {made[role]}"
        click.echo(f"{role.value:<24}{person_id:<16}{password}".rstrip())
    click.echo("each changes the password at the first sign-in and sets up a second factor")


@command.command("list")
@click.option("--all", "every", is_flag=True, help="Those who left, too.")
def list_command(every: bool) -> None:
    """List persons with their roles in force."""
    from loantrail.identity import store_people
    from loantrail.identity.answers import is_in_force
    from loantrail.identity.workflow import State
    from loantrail.postgres.connection import database

    at = now()
    with database() as books, books.connection() as connection:
        offset, total = 0, 1
        while offset < total:
            found, total = store_people.page(connection, "", None, None, "", at, offset, _LIST_LIMIT)
            held = store_people.assignments(connection, [one.person_id for one in found])
            for person in found:
                if person.state is State.LEFT and not every:
                    continue
                roles = ", ".join(
                    one.role.value + (f" ({one.unit_id})" if one.unit_id else "")
                    for one in held
                    if one.person_id == person.person_id and is_in_force(one, at)
                )
                click.echo(f"{person.person_id:<16}{person.name}  {_state(person, at)}{roles}")
            offset += _LIST_LIMIT
    if not total:
        click.echo("nobody may sign in yet: loantrail users begin")


def _state(person: Person, at: datetime.datetime) -> str:
    if person.state != "active":
        return f"[{person.state.value}] "
    return "[locked out] " if person.locked_until is not None and person.locked_until > at else ""


@command.command("unlock")
@click.argument("person")
def unlock_command(person: str) -> None:
    """End the lock-out of PERSON before its time."""
    from loantrail.identity.beginning import unlock
    from loantrail.postgres.connection import database
    from loantrail.settings import read_settings

    with database() as books, books.connection() as connection:
        unlock(connection, person, read_settings().operator)
    click.echo(f"{person} may try again")


@command.command("reset")
@click.argument("person")
def reset_command(person: str) -> None:
    """Give PERSON a fresh one-time password and take the second factor away.

    For when no two administrators can sign in any more; else they do it on the page.
    """
    from loantrail.identity.beginning import reset
    from loantrail.postgres.connection import database
    from loantrail.settings import read_settings

    with database() as books, books.connection() as connection:
        password = reset(connection, person, read_settings().operator, now())
    click.echo(password)


@command.command("key")
@click.argument("name")
@click.option(
    "--ability",
    "abilities",
    multiple=True,
    required=True,
    type=click.Choice(_ABILITIES),
    help="What it may do.",
)
@click.option("--unit", help="The unit with all below it; left out: the whole bank.")
@click.option(
    "--days", type=click.IntRange(1, 3660), default=365, show_default=True, help="How long it holds."
)
def key_command(name: str, abilities: tuple[str, ...], unit: str | None, days: int) -> None:
    """Make a key for the system NAME and print it, this once.

    The system sends it as the header `Authorization: Bearer KEY`.
    """
    from loantrail.identity.beginning import key
    from loantrail.postgres.connection import database
    from loantrail.settings import read_settings

    with database() as books, books.connection() as connection:
        key_id, secret = key(
            connection, name, sorted(set(abilities)), unit, days, read_settings().operator, now()
        )
    click.echo(secret)
    click.echo(f"key {key_id} of {name}: for {', '.join(sorted(set(abilities)))}, {days} days", err=True)


@command.command("keys")
def keys_command() -> None:
    """List keys of systems, without their secrets."""
    from loantrail.identity import store_keys
    from loantrail.postgres.connection import database

    with database() as books, books.connection() as connection:
        found = store_keys.keys(connection)
    for one in found:
        until = one.expires_at.astimezone(BUSINESS_ZONE)
        state = (
            "ended" if one.ended_at else "expired" if one.expires_at <= now() else f"until {until:%Y-%m-%d}"
        )
        click.echo(
            f"{one.key_id}  {one.name}  {', '.join(one.abilities)}  {one.unit_id or 'whole bank'}  {state}"
        )
    if not found:
        click.echo("there is no key")


@command.command("end-key")
@click.argument("key_id")
def end_key_command(key_id: str) -> None:
    """End the key of that id: it is good for nothing from now on."""
    from loantrail.identity.beginning import end_key
    from loantrail.postgres.connection import database
    from loantrail.settings import read_settings

    with database() as books, books.connection() as connection:
        if not end_key(connection, key_id, read_settings().operator, now()):
            raise InputError(f"there is no key {key_id}", remedy="See which there are: loantrail users keys")
    click.echo(f"key {key_id} has ended")
