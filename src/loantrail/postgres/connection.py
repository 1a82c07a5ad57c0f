"""Connections to the database: the embedded server's, or those of the one that LOANTRAIL_DATABASE_URL names.

    with database() as books, books.connection() as connection:
        connection.execute("SELECT ...")

Errors of the server come as DatabaseUnavailable or StorageExhausted, each with what to do.
"""

from __future__ import annotations

import select
import urllib.parse
import weakref
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any, Final

import psycopg
import psycopg.conninfo
from psycopg import sql
from psycopg_pool import ConnectionPool, PoolTimeout

from loantrail import clock
from loantrail.errors import ConfigurationError, DatabaseUnavailable
from loantrail.ids import new_id
from loantrail.postgres.attach import Hold, holding
from loantrail.postgres.failures import GENERAL_REMEDY, NO_SUCH_DATABASE, database_failures, translated
from loantrail.postgres.layout import DATABASE_NAME, PORT, ROLE_NAME, WEB_ROLE_NAME, Layout, Status
from loantrail.postgres.migrate import current_version, upgrade, versions
from loantrail.settings import Settings, read_settings

CONNECT_SECONDS: Final = 10
RESTART_PATIENCE_SECONDS: Final = 60.0
"""How long a connection is tried again while the embedded server comes back."""
OLDEST_SERVER: Final = 150000
UNASKED_SECONDS: Final = 5.0
"""So long after its last use a connection is lent without asking the server."""
WEB_REMEDY: Final = "Correct LOANTRAIL_WEB_DATABASE_URL, or the server's pg_hba.conf"

NAME_OF_PROCESS: Final = "^loantrail [0-9a-f]{32}$"
"""The name of the sessions of one process, unless the bank's address of the database gives another: a regular expression."""

type_of_connection = psycopg.Connection[tuple[Any, ...]]
_used: Final[weakref.WeakKeyDictionary[type_of_connection, float]] = weakref.WeakKeyDictionary()
"""When connections were given back last."""


@cache
def _process_name() -> str:
    return f"loantrail {new_id()}"


class Database:
    """A way to one database. `hold` keeps the embedded server up; None for an external one."""

    def __init__(self, url: str, hold: Hold | None = None, web_url: str = "") -> None:
        self._hold = hold
        self._url = url
        self._web_url = web_url
        try:
            given = psycopg.conninfo.conninfo_to_dict(url) if url else {}
        except psycopg.ProgrammingError as problem:
            raise ConfigurationError(
                f"LOANTRAIL_DATABASE_URL cannot be read: {' '.join(str(problem).split())}",
                remedy="Write it as postgresql://user:password@host:5432/database",
            ) from None
        defaults = {"connect_timeout": CONNECT_SECONDS, "application_name": _process_name()}
        self._options = {name: value for name, value in defaults.items() if name not in given}

    @property
    def embedded(self) -> bool:
        return self._hold is not None

    def url(self) -> str:
        """Connection address, for psycopg and libpq programs. Starts the embedded server when it rests."""
        if self._hold is not None:
            return embedded_url(self._hold.ensure_running())
        return self._url

    def web_url(self) -> str:
        """The address by which the web application signs in: it sees what is in the reach of the person whom it names."""
        if self._web_url:
            return self._web_url
        url = self.url()
        given = {
            name: value
            for name, value in psycopg.conninfo.conninfo_to_dict(url).items()
            if name != "password" and value is not None
        }
        return psycopg.conninfo.make_conninfo("", **given | {"user": WEB_ROLE_NAME})

    def check_web_role(self) -> None:
        """Sign in as the web application does. DatabaseUnavailable where that is refused; raises as `check_role_of_pages`."""
        try:
            with Database(self.web_url()).connect() as connection:
                check_role_of_pages(connection)
        except DatabaseUnavailable as problem:
            raise DatabaseUnavailable(problem.problem, remedy=WEB_REMEDY) from problem

    def connect(self) -> type_of_connection:
        """A new connection, in UTC. The caller closes it."""
        limit = clock.monotonic_seconds() + RESTART_PATIENCE_SECONDS
        while True:
            connection: type_of_connection | None = None
            try:
                connection = psycopg.connect(self.url(), **self._options)  # pyright: ignore[reportArgumentType]  libpq's own words
                _set_up(connection)
            except psycopg.OperationalError as problem:
                if connection is not None:
                    connection.close()  # its server was being stopped as it answered
                if self._hold is None or clock.monotonic_seconds() > limit:
                    raise translated(problem) from problem
                if problem.sqlstate == NO_SUCH_DATABASE or "does not exist" in str(problem):
                    _create_database(self._hold.ensure_running())
                else:
                    clock.sleep(0.05)  # killed or recovering: its supervisor brings it back
            else:
                return connection

    @contextmanager
    def connection(self) -> Generator[type_of_connection]:
        """A connection that commits when the block ends, rolls back on an error, and closes."""
        with database_failures(), self.connect() as connection:
            yield connection

    @contextmanager
    def pool(
        self, least: int = 1, most: int = 8, wait_seconds: float = 30.0, *, web: bool = False
    ) -> Generator[Pool]:
        """Connections kept open for a server process; lost ones are made again. `web`: of the web application's role;
        raises as `check_web_role`."""
        self.connect().close()  # makes the first failure a clear one, and a fresh server's database
        if web:
            self.check_web_role()
        with ConnectionPool[type_of_connection](
            self.web_url if web else self.url,
            kwargs=self._options,
            min_size=least,
            max_size=most,
            timeout=wait_seconds,
            configure=configure,
            check=check_idle,
            open=True,
            name="loantrail",
        ) as connections:
            yield Pool(connections)


class Pool:
    """Lends connections of a pool, with the product's errors."""

    def __init__(self, connections: ConnectionPool[type_of_connection]) -> None:
        self._connections = connections

    def counts(self) -> dict[str, int]:
        """Connections `kept`, `idle` among them, and requests `waiting` for one."""
        told = self._connections.get_stats()
        return {
            "kept": told.get("pool_size", 0),
            "idle": told.get("pool_available", 0),
            "waiting": told.get("requests_waiting", 0),
        }

    @contextmanager
    def connection(self) -> Generator[type_of_connection]:
        """A connection for one piece of work: commits when the block ends, rolls back on an error."""
        with ExitStack() as held:
            yield self._begun(held)

    def _begun(self, held: ExitStack) -> type_of_connection:
        """A connection with its transaction begun, both until `held` ends. One that the server closed before anything was asked of it
        is given up, and another lent: none of the work was done on it."""
        others = self._connections.max_size
        while True:
            lent: type_of_connection | None = None
            try:
                with ExitStack() as tried:
                    lent = tried.enter_context(self._lent())
                    tried.enter_context(lent.transaction())
                    held.enter_context(tried.pop_all())
                    return lent
            except DatabaseUnavailable:
                if lent is None or not others:
                    raise
                others -= 1

    @contextmanager
    def session(self) -> Generator[type_of_connection]:
        """A connection for work that commits and rolls back by itself; what it left open is rolled back."""
        with self._lent() as lent:
            try:
                yield lent
            finally:
                if not lent.closed:
                    lent.rollback()

    @contextmanager
    def _lent(self) -> Generator[type_of_connection]:
        with database_failures():
            try:
                lent = self._connections.getconn()
            except PoolTimeout as problem:
                raise DatabaseUnavailable(
                    "no connection to the database became free in time", remedy=GENERAL_REMEDY
                ) from problem
            try:
                yield lent
            finally:
                _used[lent] = clock.monotonic_seconds()
                self._connections.putconn(lent)


def check_idle(connection: type_of_connection) -> None:
    """Raises where the server has gone. Between two uses nothing comes from a server that is well: only where something did, or the
    other end may be lost without a word, it is asked."""
    last, now = _used.get(connection, 0.0), clock.monotonic_seconds()
    looking = select.poll()
    looking.register(connection.fileno(), select.POLLIN)
    if looking.poll(0) or now - last > UNASKED_SECONDS:
        ConnectionPool.check_connection(connection)


def check_role_of_pages(connection: type_of_connection) -> None:
    """ConfigurationError where the server takes this connection for another role than the one whose rights the tables know, or lets
    that role pass row-level security: the owner's address would open every loan to everybody. The server is asked, for a pooler or
    the options of an address may put another role in the place of who signed in."""
    row = connection.execute(
        "SELECT rolname, rolsuper OR rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user"
    ).fetchone()
    assert row is not None
    name, passes = row
    if name != WEB_ROLE_NAME:
        raise ConfigurationError(
            f"the web application reads as {name}, not as {WEB_ROLE_NAME}: what a person may see would not be held back by row-level "
            "security",
            remedy=WEB_REMEDY,
        )
    if passes:
        raise ConfigurationError(
            f"the role {name} passes row-level security: what a person may see would not be held back",
            remedy=f'Have a superuser of the server run: ALTER ROLE "{name}" NOSUPERUSER NOBYPASSRLS',
        )


def configure(connection: type_of_connection) -> None:
    """What every connection is set to."""
    with database_failures():
        _set_up(connection)


def _set_up(connection: type_of_connection) -> None:
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def embedded_url(status: Status, name: str = DATABASE_NAME) -> str:
    """Address of a database of the embedded server."""
    where = urllib.parse.quote(status.socket_folder, safe="")
    return f"postgresql://{ROLE_NAME}@/{name}?host={where}&port={PORT}"


def _create_database(status: Status) -> None:
    try:
        with psycopg.connect(embedded_url(status, "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE_NAME)))
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation, psycopg.errors.ObjectInUse):
        return  # another command was quicker, or is making it: the next try finds it


def with_password(url: str, password: str) -> str:
    """The address with the password, unless it holds one or none is given."""
    try:
        given = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return url  # `Database` tells why it cannot be read
    return (
        psycopg.conninfo.make_conninfo(url, password=password)
        if password and "password" not in given
        else url
    )


def address_and_password(url: str) -> tuple[str, dict[str, str]]:
    """The address without its password, and the environment that gives it to a program of PostgreSQL: arguments of programs
    can be seen by every user of the machine."""
    given = psycopg.conninfo.conninfo_to_dict(url)
    password = given.pop("password", None)
    told = {name: value for name, value in given.items() if value is not None}
    return psycopg.conninfo.make_conninfo("", **told), {} if password is None else {
        "PGPASSWORD": str(password)
    }


@contextmanager
def database(settings: Settings | None = None, migrated: bool = True) -> Generator[Database]:
    """The database of these settings (by default the environment's), held until the block ends.

    With `migrated` the embedded database's tables are brought up to date; an external one's must be already,
    which its operator does by `loantrail database migrate`.
    """
    settings = settings or read_settings()
    if settings.database_url:
        books = Database(
            with_password(settings.database_url, settings.database_password),
            web_url=settings.web_database_url,
        )
        if migrated:
            _check_external(books)
        yield books
        return
    with holding(Layout(settings.home), settings.database_grace_seconds) as hold:
        books = Database("", hold)
        if migrated:
            with books.connection() as connection:
                upgrade(connection)
        yield books


def _check_external(books: Database) -> None:
    with books.connection() as connection:
        if connection.info.server_version < OLDEST_SERVER:
            raise DatabaseUnavailable(
                f"the server is PostgreSQL {connection.info.server_version // 10000}",
                remedy="Loantrail needs PostgreSQL 15 or newer",
            )
        role = connection.execute(
            "SELECT rolname, rolsuper OR rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user"
        ).fetchone()
        if role is not None and not role[1]:
            raise DatabaseUnavailable(
                f"the role {role[0]} is subject to row-level security, so it could not take in data",
                remedy=f'Have a superuser of the server run: ALTER ROLE "{role[0]}" BYPASSRLS',
            )
        found, needed = current_version(connection), versions()
    if needed and found != needed[-1]:
        raise DatabaseUnavailable(
            f"the database's tables have version {found or 'none'}, this software needs {needed[-1]}",
            remedy="Run `loantrail database migrate`",
        )
