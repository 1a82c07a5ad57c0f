"""`loantrail refusals`: list, show, correct, replay, dismiss."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.ledger.test_importing import PARTY, UNIT, Books

from loantrail.cli.refusals import command
from loantrail.errors import InputError

pytestmark = pytest.mark.database


@pytest.fixture
def books(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", database_url)
    found = Books(database_url, tmp_path)
    wrong = {**PARTY, "identity_number": "91110000600037341M"}
    found.take(found.records("organisation_unit", UNIT), found.records("party", wrong))
    return found


@pytest.fixture
def refusals(books: Books) -> Callable[..., Result]:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(command, list(arguments), catch_exceptions=False)

    return run


def test_a_refusal_is_listed_shown_corrected_and_replayed(books: Books, refusals: Callable[..., Result]):
    [one] = [json.loads(line) for line in refusals("list", "--json").output.splitlines()]
    assert (one["reason"], one["position"], one["record"]["party_id"]) == ("identity_number_invalid", 1, "P1")
    assert "identity_number_invalid" in refusals("list").output
    start = one["refusal_id"][:9]
    shown = refusals("show", start).output
    assert "91110000600037341M" in shown
    assert "0 of 1 accepted" in refusals("replay", start).output
    assert books.ask("SELECT count(*) FROM parties.party") == [(0,)]
    changed = refusals("correct", start, "--set", "identity_number=91110000600037341L", "--replay")
    assert "1 of 1 accepted" in changed.output
    assert books.ask("SELECT party_id FROM parties.party") == [("P1",)]
    assert refusals("list", "--json").output == ""
    with pytest.raises(InputError, match="replayed already"):
        refusals("dismiss", start, "--note", "too late")


def test_a_dismissed_refusal_stays_with_its_note(books: Books, refusals: Callable[..., Result]):
    [one] = [json.loads(line) for line in refusals("list", "--json").output.splitlines()]
    refusals("dismiss", one["refusal_id"], "--note", "entered by hand")
    assert books.ask("SELECT state, note FROM ledger.refusal") == [("dismissed", "entered by hand")]


def test_unknown_ids_and_fields_are_clear_errors(refusals: Callable[..., Result]):
    with pytest.raises(InputError, match="no refusal"):
        refusals("show", "zz")
    [one] = [json.loads(line) for line in refusals("list", "--json").output.splitlines()]
    with pytest.raises(InputError, match="has no field colour"):
        refusals("correct", one["refusal_id"], "--set", "colour=red")
