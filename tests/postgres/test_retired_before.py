"""Versions of rules that one person retired, before it took two, are still there after the upgrade."""

from __future__ import annotations

import psycopg
import pytest
from alembic import command
from alembic.config import Config

from loantrail.postgres import migrate
from loantrail.postgres.connection import type_of_connection
from loantrail.rules import acting, store
from loantrail.rules.model import State

pytestmark = pytest.mark.database
BEFORE = "0027_messages_in_reach"
CODE = "AUTONOMOUS_LIMIT_CONSUMER"


def test_what_one_person_retired_before_stays_retired(connection: type_of_connection) -> None:
    acting.enter_shipped(connection)
    connection.commit()
    configuration = Config()
    configuration.set_main_option("script_location", str(migrate.FOLDER))
    configuration.set_main_option("path_separator", "os")
    with migrate._as_sqlalchemy(connection) as bound:  # pyright: ignore[reportPrivateUsage]
        configuration.attributes["connection"] = bound
        command.downgrade(configuration, BEFORE)
    alone = "UPDATE rules.rule_version SET state = 'retired', retired_on = '2026-01-01', retired_by = 'S9' WHERE code = %s"
    connection.execute(alone, (CODE,))
    connection.commit()

    assert migrate.upgrade(connection) == [one for one in migrate.versions() if one > BEFORE]

    (version,) = store.versions_of(connection, CODE)
    assert (version.state, version.retired_by, version.retirement_proposed_by) == (State.RETIRED, "S9", None)
    seen = connection.execute(
        "SELECT has_table_privilege('loantrail_web', 'published.rule_version', 'SELECT'), "
        "count(retirement_reason) FROM published.rule_version"
    ).fetchone()
    assert seen == (True, 0)
    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(alone, ("AUTONOMOUS_LIMIT_PERSONAL_BUSINESS",))
