"""`loantrail doctor` finds that this installation's key does not open the second factors of the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.operating.test_doctor import one
from tests.signing_in import write_person

from loantrail.identity.second_factor import sealed
from loantrail.identity.secret_key import installation_key
from loantrail.operating.examining_secrets import examine_second_factors
from loantrail.operating.model import Level
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.settings import Settings


@pytest.mark.database
def test_a_key_that_does_not_open_second_factors_is_a_problem(
    connection: type_of_connection, database_url: str, tmp_path: Path
) -> None:
    books = Database(database_url)
    settings = Settings(tmp_path, "", 1.0, secret_key="k" * 32)
    assert examine_second_factors(books, settings) is None, "nobody has one"
    sealed_here = sealed("JBSWY3DPEHPK3PXP", "P1", installation_key(settings))
    write_person(connection, "P1")
    connection.execute(
        "UPDATE identity.person SET second_factor_on = true, second_factor_secret = %s WHERE person_id = 'P1'",
        (sealed_here,),
    )
    connection.commit()

    opened = examine_second_factors(books, settings)
    other = examine_second_factors(books, replace(settings, secret_key="o" * 32))
    lost = examine_second_factors(books, replace(settings, secret_key=""))

    assert opened is not None and one([opened], "second_factors").level is Level.OK
    assert other is not None and one([other], "second_factors").level is Level.PROBLEM
    assert "does not open 1 of 1" in other.message
    assert lost is not None and lost.level is Level.PROBLEM
    assert "secret.key" in lost.remedy
    assert not (tmp_path / "secret.key").exists(), "looking makes no key"
