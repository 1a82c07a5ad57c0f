"""Examines the database: whether it answers, its tables' version, its clock, the web application's role, what ran last."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

from loantrail import clock
from loantrail.errors import LoantrailError
from loantrail.operating import store
from loantrail.operating.model import Finding, Level
from loantrail.postgres.connection import OLDEST_SERVER, Database
from loantrail.postgres.layout import WEB_ROLE_NAME
from loantrail.postgres.migrate import current_version, versions
from loantrail.tracing import store_evaluation

if TYPE_CHECKING:
    from psycopg import Connection

CLOCK_WARNING_SECONDS: Final = 1.0
CLOCK_PROBLEM_SECONDS: Final = 30.0
"""So far apart, sessions and second factors of one clock fail by the other."""
STALE_DAYS: Final = 4
"""A long weekend passes without deliveries."""
NAMED_MOST: Final = 3


def examine_database(books: Database) -> list[Finding]:
    """All findings about one database; one alone where it cannot be reached. Changes nothing."""
    try:
        with books.connect() as connection:
            found = examine_connected(connection, books)
            connection.rollback()
            return found
    except LoantrailError as problem:
        return [Finding("database", Level.PROBLEM, problem.problem, problem.remedy)]


def examine_connected(connection: Connection[Any], books: Database) -> list[Finding]:
    """As `examine_database`, over a connection of it."""
    tables = _tables(connection, books)
    found = [_server(connection, books), tables, _clock(connection)]
    if current_version(connection) == versions()[-1]:
        found += [
            _owner_role(connection),
            _web_role(connection, books),
            *_trace(connection),
            *_night(connection),
            *_messages(connection),
        ]
    return found


def _server(connection: Connection[Any], books: Database) -> Finding:
    number = connection.info.server_version
    said = f"PostgreSQL {number // 10000}.{number % 10000} answers"
    if number < OLDEST_SERVER:
        return Finding("database", Level.PROBLEM, said, "Loantrail needs PostgreSQL 15 or newer")
    size = store.size_bytes(connection)
    if books.embedded:
        return Finding("database", Level.OK, f"{said} (embedded, {size / 2**30:.2f} GiB)")
    return Finding("database", Level.OK, f"{said} (your own, {size / 2**30:.2f} GiB)")


def _tables(connection: Connection[Any], books: Database) -> Finding:
    found, known = current_version(connection), versions()
    if found == known[-1]:
        return Finding("tables", Level.OK, f"the tables have the version of this software: {found}")
    if found is None:
        return Finding(
            "tables",
            Level.PROBLEM,
            "the database has no tables yet",
            "Run `loantrail database migrate`",
        )
    if found in known and books.embedded:
        return Finding(
            "tables",
            Level.WARNING,
            f"the tables have version {found}, the next command brings them to {known[-1]}",
            "Back up before that: `loantrail backup FILE`",
        )
    if found in known:
        return Finding(
            "tables",
            Level.PROBLEM,
            f"the tables have version {found}, this software has {known[-1]}",
            "Back up, then run `loantrail database migrate`",
        )
    return Finding(
        "tables",
        Level.PROBLEM,
        f"the tables have version {found}, which this software does not know",
        "Install the newer release of the software that made them",
    )


def _clock(connection: Connection[Any]) -> Finding:
    begun = clock.now()
    server = store.moment(connection)
    apart = abs((server - (begun + (clock.now() - begun) / 2)).total_seconds())
    said = f"this machine's clock and the database's are {apart:.1f} s apart"
    remedy = "Have both machines follow the same time server (chrony, systemd-timesyncd)"
    if apart >= CLOCK_PROBLEM_SECONDS:
        return Finding("clock", Level.PROBLEM, said, remedy)
    if apart >= CLOCK_WARNING_SECONDS:
        return Finding("clock", Level.WARNING, said, remedy)
    return Finding("clock", Level.OK, said)


def _owner_role(connection: Connection[Any]) -> Finding:
    name = connection.info.user
    rights = store.rights_of(connection, name)
    if rights is not None and not (rights.superuser or rights.passes_row_security):
        return Finding(
            "owner_role",
            Level.PROBLEM,
            f"the role {name} is subject to row-level security, so it could not take in data",
            f'Have a superuser of the server run: ALTER ROLE "{name}" BYPASSRLS',
        )
    return Finding("owner_role", Level.OK, f"the role {name} sees all rows and can take in data")


def _web_role(connection: Connection[Any], books: Database) -> Finding:
    rights = store.rights_of(connection, WEB_ROLE_NAME)
    if rights is None:
        return Finding(
            "web_role",
            Level.PROBLEM,
            f"the role {WEB_ROLE_NAME} is missing",
            "Have a superuser make it: CREATE ROLE loantrail_web LOGIN NOINHERIT, then migrate again",
        )
    too_much = [
        word
        for word, has in (
            ("SUPERUSER", rights.superuser),
            ("BYPASSRLS", rights.passes_row_security),
            ("CREATEROLE", rights.makes_roles),
            ("CREATEDB", rights.makes_databases),
        )
        if has
    ]
    if too_much:
        return Finding(
            "web_role",
            Level.PROBLEM,
            f"the role {WEB_ROLE_NAME} may too much: {', '.join(too_much)}",
            f"Take it away: ALTER ROLE {WEB_ROLE_NAME} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB",
        )
    if rights.member_of or rights.owns:
        return Finding(
            "web_role",
            Level.PROBLEM,
            f"the role {WEB_ROLE_NAME} owns {rights.owns} things and is a member of {len(rights.member_of)} roles",
            "Give them to the tables' owner (REASSIGN OWNED) and revoke the memberships",
        )
    unprotected = store.open_tables(connection, WEB_ROLE_NAME)
    if unprotected:
        named = ", ".join(unprotected[:NAMED_MOST])
        return Finding(
            "web_role",
            Level.PROBLEM,
            f"{len(unprotected)} tables can be read by {WEB_ROLE_NAME} without row-level security: {named}",
            f"Revoke them (REVOKE ALL ON TABLE … FROM {WEB_ROLE_NAME}) and tell the maintainers",
        )
    try:
        books.check_web_role()
    except LoantrailError as problem:
        return Finding("web_role", Level.PROBLEM, problem.problem, problem.remedy)
    return Finding(
        "web_role", Level.OK, f"the role {WEB_ROLE_NAME} signs in, owns nothing and passes no row security"
    )


def _trace(connection: Connection[Any]) -> list[Finding]:
    run = store.last_trace(connection)
    if run is None:
        return [
            Finding(
                "last_run",
                Level.WARNING,
                "nothing has been traced yet",
                "Import the books, then run: loantrail trace --database",
            )
        ]
    evaluation = store_evaluation.state(connection)
    found = [
        Finding(
            "last_run",
            Level.OK,
            f"the last run over the books is of {run['created_at'].astimezone(clock.BUSINESS_ZONE):%Y-%m-%d %H:%M} (Beijing time), {run['loan_count']} loans",
        )
    ]
    if evaluation["failed"] > evaluation["evaluated"]:
        found = [
            Finding(
                "last_run",
                Level.PROBLEM,
                f"the last run over the books failed: {evaluation['problem']}",
                "Mend its cause, then have it tried again on the page or by: loantrail trace --database",
            )
        ]
    return [*found, _freshness(run["data_date"])]


def _freshness(day: datetime.date | None) -> Finding:
    if day is None:
        return Finding("freshness", Level.OK, "the last run does not say up to which day its data reach")
    days = (clock.business_date(clock.now()) - day).days
    said = f"the data reach up to {day}, {days} days ago"
    if days > STALE_DAYS:
        return Finding(
            "freshness", Level.WARNING, said, "See whether deliveries come, and whether a run took them in"
        )
    return Finding("freshness", Level.OK, said)


def _night(connection: Connection[Any]) -> list[Finding]:
    night = store.last_night(connection)
    if night is None:
        return []
    day = night["business_date"]
    if night["state"] in ("held", "failed"):
        return [
            Finding(
                "last_night",
                Level.PROBLEM,
                f"the business date {day} was held back"
                if night["state"] == "held"
                else f"the business date {day} broke off: {night['problem']}",
                f"See its alarms on the page, then run: loantrail nightly {day}",
            )
        ]
    if night["critical_alarm_count"]:
        return [
            Finding(
                "last_night",
                Level.WARNING,
                f"the business date {day} has {night['critical_alarm_count']} critical alarms that nobody took up",
                "See them on the page",
            )
        ]
    if night["state"] == "running":
        return [Finding("last_night", Level.OK, f"the business date {day} is being taken in")]
    return [Finding("last_night", Level.OK, f"the business date {day} is in the books")]


def _messages(connection: Connection[Any]) -> list[Finding]:
    return [
        Finding(
            "messages",
            Level.WARNING,
            f"messages of the channel {row['name']} could not leave: {row['problem']}",
            "Correct its address; `loantrail warnings` tries a channel",
        )
        for row in store.failing_channels(connection)
    ]
