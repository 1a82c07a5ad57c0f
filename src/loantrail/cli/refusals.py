"""`loantrail refusals`: what was not accepted, and what to do about it."""

from __future__ import annotations

import getpass
import json
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table

from loantrail.clock import BUSINESS_ZONE, now
from loantrail.errors import InputError
from loantrail.ledger.pairs.booking import settle
from loantrail.ledger.quarantine import store as quarantine
from loantrail.ledger.quarantine.replaying import Replay, correct, editable_record, find, replay
from loantrail.ledger.quarantine.store import StoredRefusal, type_of_connection
from loantrail.postgres.connection import database

_STATES = ("open", "corrected", "replayed", "dismissed")
_SHOWN_BYTES = 2000


@click.group(name="refusals")
def command() -> None:
    """Rows that an import refused: kept with their bytes until somebody settles them."""


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


@command.command("list")
@click.option("--state", type=click.Choice(_STATES), default="open", show_default=True)
@click.option("--all", "every", is_flag=True, help="Of every state.")
@click.option("--reason", help="Only of this reason.")
@click.option("--file", "source_file", help="Only of this source file.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each.")
def list_command(
    state: str, every: bool, reason: str | None, source_file: str | None, limit: int, as_json: bool
) -> None:
    """List refusals by file and row."""
    with database() as books, books.connection() as connection:
        found = quarantine.list_refusals(connection, None if every else state, reason, source_file, limit)
        counts = quarantine.count_refusals(connection)
    if as_json:
        for one in found:
            click.echo(json.dumps(_as_json(one), ensure_ascii=False))
        return
    console = Console()
    table = Table(title="Refusals", title_justify="left")
    for heading in ("id", "file", "row", "record", "field", "reason", "state"):
        table.add_column(heading, justify="right" if heading == "row" else "left", overflow="fold")
    for one in found:
        table.add_row(
            one.refusal_id[:10],
            one.source_file,
            str(one.position),
            one.record_type or "file",
            one.field,
            one.reason,
            one.state,
        )
    console.print(table)
    for counted_state, counted_reason, count in counts:
        console.print(f"{counted_state}: {counted_reason} {count:,}", markup=False, highlight=False)


@command.command()
@click.argument("refusal_id")
def show(refusal_id: str) -> None:
    """Show one refusal whole: reason, original bytes, fields. The beginning of the id is enough."""
    with database() as books, books.connection() as connection:
        one = find(connection, refusal_id)
    click.echo(f"{one.refusal_id}  {one.state}")
    click.echo(f"{one.source_file}, row {one.position}, {one.record_type or 'whole file'}")
    click.echo(f"{one.reason}: {one.message}")
    click.echo(f"refused {one.created_at.astimezone(BUSINESS_ZONE):%Y-%m-%d %H:%M:%S}")
    if one.changed_at is not None:
        note = f": {one.note}" if one.note else ""
        click.echo(
            f"changed {one.changed_at.astimezone(BUSINESS_ZONE):%Y-%m-%d %H:%M:%S} by {one.changed_by}{note}"
        )
    text = one.original[:_SHOWN_BYTES].decode("utf-8", errors="backslashreplace")
    click.echo(f"original ({len(one.original):,} bytes):\n{text}")
    record = editable_record(one)
    if record:
        click.echo("fields (amounts in fen):")
        for name, value in record.items():
            click.echo(f"  {name} = {value}")


@command.command("correct")
@click.argument("refusal_id")
@click.option(
    "--set",
    "changes",
    multiple=True,
    required=True,
    metavar="FIELD=VALUE",
    help="New value of a field, amounts in fen; an empty value clears it. May be repeated.",
)
@click.option("--note", help="Why.")
@click.option("--replay", "at_once", is_flag=True, help="Replay it at once.")
def correct_command(refusal_id: str, changes: tuple[str, ...], note: str | None, at_once: bool) -> None:
    """Set fields of a refused record; the original bytes stay."""
    wanted: dict[str, str] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--set {change!r} is not FIELD=VALUE")
        wanted[name] = value
    with database() as books, books.connection() as connection:
        one = find(connection, refusal_id)
        correct(connection, one, wanted, _user(), note)
        connection.commit()
        if at_once:
            _report(_replay(connection, [find(connection, one.refusal_id)]))
        else:
            click.echo(
                f"{one.refusal_id[:10]} is corrected; `loantrail refusals replay {one.refusal_id[:10]}` takes it in"
            )


@command.command("replay")
@click.argument("refusal_ids", nargs=-1)
@click.option(
    "--all", "every", is_flag=True, help="All open and corrected ones of records that could be read."
)
@click.option("--reason", help="With --all: only of this reason.")
def replay_command(refusal_ids: Sequence[str], every: bool, reason: str | None) -> None:
    """Try refused records again, corrected ones as they are now."""
    if every == bool(refusal_ids):
        raise click.UsageError("give ids, or --all")
    with database() as books, books.connection() as connection:
        if every:
            found = [
                one
                for state in ("open", "corrected")
                for one in quarantine.list_refusals(connection, state, reason, None, 1_000_000)
                if one.record_type
            ]
        else:
            found = [find(connection, start) for start in refusal_ids]
        _report(_replay(connection, found))


@command.command()
@click.argument("refusal_ids", nargs=-1, required=True)
@click.option("--note", required=True, help="Why it is not needed.")
def dismiss(refusal_ids: Sequence[str], note: str) -> None:
    """Settle refusals without taking them in. They stay, with the note."""
    with database() as books, books.connection() as connection:
        found = [find(connection, start) for start in refusal_ids]
        settled = [one for one in found if one.state in ("replayed", "dismissed")]
        if settled:
            raise InputError(
                f"the refusal {settled[0].refusal_id[:10]} is {settled[0].state} already",
                remedy="Leave it out",
            )
        quarantine.set_state(connection, [one.refusal_id for one in found], "dismissed", now(), _user(), note)
    click.echo(f"{len(found)} dismissed")


def _replay(connection: type_of_connection, found: Sequence[StoredRefusal]) -> list[Replay]:
    results = replay(connection, found, _user())
    settle(connection)
    return results


def _report(results: Sequence[Replay]) -> None:
    for result in results:
        told = f": {result.reason}: {result.message}" if result.outcome == "refused" else ""
        click.echo(f"{result.refusal_id[:10]} {result.outcome}{told}")
    accepted = sum(result.outcome == "accepted" for result in results)
    click.echo(f"{accepted} of {len(results)} accepted")


def _as_json(one: StoredRefusal) -> dict[str, object]:
    return {
        "refusal_id": one.refusal_id,
        "source_file": one.source_file,
        "position": one.position,
        "record_type": one.record_type,
        "field": one.field,
        "reason": one.reason,
        "message": one.message,
        "state": one.state,
        "record": one.corrected or one.record,
        "original": one.original.decode("utf-8", errors="backslashreplace"),
    }
