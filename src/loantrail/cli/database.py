"""`loantrail database`: start, stop, migrate and inspect the database."""

from __future__ import annotations

import os

import click

from loantrail.errors import ConfigurationError, DatabaseUnavailable
from loantrail.postgres.attach import holding, stop_server, supervisor_alive
from loantrail.postgres.connection import Database, database
from loantrail.postgres.layout import Layout, lock_holders, read_status
from loantrail.postgres.migrate import current_version, upgrade, versions
from loantrail.settings import Settings, read_settings


@click.group(name="database")
def command() -> None:
    """Start, stop, migrate and inspect the database.

    The embedded one starts by itself when a command needs it and stops when none has used it for 30 seconds
    (LOANTRAIL_DATABASE_GRACE_SECONDS). LOANTRAIL_DATABASE_URL selects a server of your own instead.
    """


@command.command()
def start() -> None:
    """Start the embedded database, make or update its tables, and keep it running until `stop`."""
    settings = _embedded_settings("started")
    layout = Layout(settings.home)
    with database(settings) as books, holding(layout, settings.database_grace_seconds) as hold:
        status = hold.ensure_running()
        layout.keep.write_text(status.mark)
        url = books.url()
    click.echo(f"The database runs until `loantrail database stop` (server process {status.server}).")
    click.echo(url)


@command.command()
@click.option(
    "--force", is_flag=True, help="Stop it although commands use it; what they did not commit is lost."
)
def stop(force: bool) -> None:
    """Stop the embedded database."""
    layout = Layout(_embedded_settings("stopped").home)
    users = _users(layout)
    if users and not force:
        raise DatabaseUnavailable(
            f"the database is in use by {'process' if len(users) == 1 else 'processes'} "
            + ", ".join(str(user) for user in users),
            remedy="Wait for them to end, or give --force (what they did not commit is rolled back)",
        )
    layout.keep.unlink(missing_ok=True)
    click.echo("The database is stopped." if stop_server(layout) else "The database was not running.")


@command.command()
def status() -> None:
    """Show where the database is, whether it runs, who uses it, and the version of its tables."""
    settings = read_settings()
    for name, value in _external_rows(settings) if settings.database_url else _embedded_rows(settings):
        click.echo(f"{name:<24}{value}")


@command.command()
def migrate() -> None:
    """Bring the tables to the version of this software."""
    settings = read_settings()
    with database(settings, migrated=False) as books, books.connection() as connection:
        done = upgrade(connection)
    for name in done:
        click.echo(f"done: {name}")
    newest = versions()[-1] if versions() else "none"
    click.echo(
        f"The tables have version {newest}." if done else f"Nothing to do: the tables have version {newest}."
    )


@command.command()
def url() -> None:
    """Print the database's address for psql and other programs; starts the embedded one.

    A program given this address does not hold the embedded database: run `loantrail database start` first.
    """
    with database(migrated=False) as books, books.connection():
        click.echo(books.url())


def _embedded_settings(what: str) -> Settings:
    settings = read_settings()
    if settings.database_url:
        raise ConfigurationError(
            f"LOANTRAIL_DATABASE_URL names a server of your own, which is not {what} from here",
            remedy="Use that server's own means, or unset the variable",
        )
    return settings


def _users(layout: Layout) -> list[int]:
    return [holder for holder in lock_holders(layout.use_lock) if holder != os.getpid()]


def _embedded_rows(settings: Settings) -> list[tuple[str, str]]:
    layout = Layout(settings.home)
    rows = [("database", "embedded"), ("folder", str(layout.folder))]
    alive, said = supervisor_alive(layout), read_status(layout)
    state = said.state if alive and said else "stopped"
    if not alive and not (layout.data / "PG_VERSION").exists():
        state = "not made yet: the first command that needs it makes it"
    rows.append(("state", state))
    if alive and said:
        rows += [
            ("server process", str(said.server or "none")),
            ("supervisor process", str(said.supervisor)),
            ("runs as", said.server_user),
            ("socket", said.socket_folder),
            ("restarts after a crash", str(said.restarts)),
            ("in use by processes", ", ".join(str(user) for user in _users(layout)) or "none"),
            ("stops", _when_it_stops(layout, said.mark, settings)),
        ]
        if said.state == "running":
            with database(settings, migrated=False) as books:
                rows += _server_rows(books)
    elif said and said.state == "failed":
        rows += [("last failure", said.problem), ("what to do", said.remedy)]
    rows += [("server log", str(layout.server_log)), ("supervisor log", str(layout.supervisor_log))]
    return rows


def _when_it_stops(layout: Layout, mark: str, settings: Settings) -> str:
    if layout.keep.exists() and layout.keep.read_text() == mark:
        return "at `loantrail database stop`"
    return f"{settings.database_grace_seconds:g} s after its last use"


def _external_rows(settings: Settings) -> list[tuple[str, str]]:
    with database(settings, migrated=False) as books:
        return [("database", "your own (LOANTRAIL_DATABASE_URL)"), *_server_rows(books)]


def _server_rows(books: Database) -> list[tuple[str, str]]:
    with books.connection() as connection:
        number, name = connection.info.server_version, connection.info.dbname
        found, known = current_version(connection), versions()
    newest = known[-1] if known else "none"
    tables = found or "none"
    if tables != newest:
        tables += f" (this software has {newest}: run `loantrail database migrate`)"
    return [
        ("server version", f"PostgreSQL {number // 10000}.{number % 10000}"),
        ("database name", name),
        ("version of the tables", tables),
    ]
