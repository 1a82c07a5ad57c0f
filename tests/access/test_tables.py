"""What belongs to a unit, a loan, a customer or an account stands behind row-level security, and the web application owns nothing."""

from __future__ import annotations

import psycopg
import pytest

pytestmark = pytest.mark.database

BELONGING = ("unit_id", "loan_id", "party_id", "account")
NOT_READ_BY_PAGES = {
    "live.judged_loan": "numbers of loans that live lines changed",
    "ledger.merged_account": "which account stands for which; names nobody",
}
"""Tables with such a column that need no policy, and why."""
PAST_SECURITY = {"published.seen_transfer", "published.transfer"}
"""Views that read past it: the first says for itself what is in reach, the second is not granted to the web application."""


def test_every_table_that_belongs_to_somebody_is_protected(
    connection: psycopg.Connection[tuple[str, ...]],
) -> None:
    rows = connection.execute(
        """
        SELECT DISTINCT n.nspname || '.' || c.relname
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attname = ANY(%s)
          AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'identity')
          AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
          AND has_table_privilege('loantrail_web', c.oid, 'SELECT')
        """,
        (list(BELONGING),),
    ).fetchall()
    open_tables = {row[0] for row in rows} - NOT_READ_BY_PAGES.keys()
    assert open_tables == set(), "protect it by access.protect(...) in its migration"


def test_the_web_application_owns_nothing_and_passes_no_policy(
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    owned = connection.execute(
        "SELECT count(*) FROM pg_class WHERE relowner = 'loantrail_web'::regrole"
    ).fetchone()
    assert owned == (0,)
    role = connection.execute(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'loantrail_web'"
    ).fetchone()
    assert role == (False, False, False, False)


def test_the_web_application_writes_no_books(connection: psycopg.Connection[tuple[str, ...]]) -> None:
    rows = connection.execute(
        """
        SELECT n.nspname || '.' || c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
          AND (has_table_privilege('loantrail_web', c.oid, 'UPDATE') OR has_table_privilege('loantrail_web', c.oid, 'DELETE')
               OR has_table_privilege('loantrail_web', c.oid, 'TRUNCATE'))
        """
    ).fetchall()
    assert rows == []


def test_people_and_their_secrets_are_closed_to_the_web_application(
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    for table in ("person", "session", "api_key", "openid_attempt"):
        seen = connection.execute(
            "SELECT has_table_privilege('loantrail_web', %s, 'SELECT')", (f"identity.{table}",)
        ).fetchone()
        assert seen == (False,), table


def test_views_ask_as_who_reads_them(connection: psycopg.Connection[tuple[str, ...]]) -> None:
    rows = connection.execute(
        """
        SELECT n.nspname || '.' || c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind = 'v' AND n.nspname = 'published'
          AND NOT coalesce(c.reloptions::text[] && ARRAY['security_invoker=true', 'security_invoker=on'], false)
        """
    ).fetchall()
    assert {row[0] for row in rows} == PAST_SECURITY
    granted = connection.execute(
        "SELECT has_table_privilege('loantrail_web', 'published.transfer', 'SELECT')"
    )
    assert granted.fetchone() == (False,)


def test_where_nobody_is_named_nothing_is_seen(connection: psycopg.Connection[tuple[int]]) -> None:
    connection.execute(
        "INSERT INTO parties.organisation_unit (unit_id, name, kind) VALUES ('U', 'U', 'branch')"
    )
    connection.execute(
        "INSERT INTO parties.party (party_id, unit_id, kind, name) VALUES ('P', 'U', 'company', 'N')"
    )
    connection.execute("SET LOCAL ROLE loantrail_web")
    assert connection.execute("SELECT count(*) FROM published.party").fetchone() == (0,)
    connection.execute(
        "SELECT set_config('loantrail.reach', 'units', true), set_config('loantrail.units', '{U}', true)"
    )
    assert connection.execute("SELECT count(*) FROM published.party").fetchone() == (1,)
