"""Parameters, jobs, health and settings over HTTP; and that the page has words for all that they name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import httpx
import psycopg
import pytest
import yaml
from tests.signing_in import AS, write_person

from loantrail.http.approving import KINDS
from loantrail.http.pages.administration.model import JobName
from loantrail.identity.abilities import KEY_ABILITIES, Ability, Role
from loantrail.parameters import UNITS, shipped_parameters
from loantrail.policy import words

pytestmark = pytest.mark.database

WEB = Path(__file__).resolve().parents[2] / "web" / "src"
WORDS = Path(words.__file__).with_name("parameter_words.yaml")


def read(client: httpx.Client, path: str, person: str = "operator") -> httpx.Response:
    return client.get(f"/api/v1/{path}", headers={AS: person})


def test_a_parameter_is_told_with_its_periods_and_basis(client: httpx.Client) -> None:
    items = {one["name"]: one for one in read(client, "parameters").json()["items"]}
    told = items["autonomous_up_to_consumer_loan_fen"]

    assert set(items) == set(shipped_parameters().names)
    assert (told["group"], told["unit"]) == ("payment_mode", "fen")
    assert [(one["number"], one["effective_from"], one["effective_to"]) for one in told["periods"]][-2:] == [
        ("30000000", "2024-07-01", "2025-03-20"),
        ("50000000", "2025-03-21", None),
    ]
    assert [one["in_force"] for one in told["periods"]][-2:] == [False, True]


def test_every_parameter_and_basis_has_its_chinese_and_no_more() -> None:
    told = yaml.safe_load(WORDS.read_text("utf-8"))
    book = shipped_parameters()
    bases = {one.legal_basis for name in book.names for one in book.periods(name)}

    assert set(told["meanings"]) == set(book.names)
    english = {basis for basis in bases if re.search("[a-z]{4}", basis)}
    assert set(told["bases"]) == english


def test_jobs_are_told_to_who_runs_the_system_and_not_to_who_works_with_customers(
    own_client: httpx.Client, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        write_person(connection, "it", [Role.IT_OPERATOR])
        write_person(connection, "manager", [Role.RELATIONSHIP_MANAGER])
        connection.execute(
            "UPDATE tracing.evaluation SET requested = 1, failed = 1, failed_at = now(), problem = 'the disk is full'"
        )

    answer = read(own_client, "system/jobs", "it").json()
    jobs = {one["name"]: one for one in answer["jobs"]}

    assert (jobs["evaluation"]["state"], jobs["evaluation"]["problem"]) == ("failed", "the disk is full")
    assert jobs["live"]["state"] == "resting"
    assert answer["database_bytes"] > 0
    for path in ("system/jobs", "system/examination", "system/settings"):
        assert read(own_client, path, "manager").status_code == 403, path


def test_an_examination_names_the_worst_first(client: httpx.Client) -> None:
    answer = read(client, "system/examination").json()
    levels = [one["level"] for one in answer["findings"]]

    assert levels == sorted(levels, key=["problem", "warning", "ok"].index)
    assert answer["worst"] == levels[0]


def test_settings_hide_their_secrets(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANTRAIL_OPENID_CLIENT_SECRET", "a-secret-of-ours")

    answer = read(client, "system/settings")

    assert "a-secret-of-ours" not in answer.text
    found = {one["name"]: one for one in answer.json()}["openid_client_secret"]
    assert (found["value"], found["source"]) == ("***", "environment")


LISTS: list[tuple[str, list[str]]] = [
    ("ability", list(Ability)),
    ("role", list(Role)),
    ("reach", ["bank", "units", "none"]),
    ("sign_in_way", ["password", "openid", "demo"]),
    ("person_state", ["active", "suspended", "left"]),
    (
        "approval_kind",
        [*KINDS, "warning_lowering", "warning_finding", "list_entry", "rule_version", "rule_retirement"],
    ),
    ("approval_state", ["waiting", "approved", "refused", "withdrawn"]),
    ("job", list(get_args(JobName))),
    ("job_state", ["resting", "waiting", "running", "failed"]),
    (
        "parameter_unit",
        [unit for unit in UNITS if unit not in ("fen", "usd_cent", "ppm", "permille", "count", "classes")],
    ),
    ("parameter_group", sorted({group for group, _ in words.meanings().values()})),
]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_has_a_word_for_everything_that_is_named(language: str) -> None:
    texts: dict[str, str] = {}
    for file in (WEB / "i18n" / language).glob("*.json"):
        texts |= json.loads(file.read_text("utf-8"))
    missing = [
        f"{name}.{value}" for name, values in LISTS for value in values if f"{name}.{value}" not in texts
    ]
    assert missing == []


def test_the_page_offers_for_a_key_what_a_key_may_have() -> None:
    text = (WEB / "administration" / "Keys.tsx").read_text("utf-8")
    offered = re.search(r"const ABILITIES = \[(.*?)\]", text)
    assert offered is not None
    assert set(re.findall(r'"(\w+)"', offered[1])) == {str(one) for one in KEY_ABILITIES}
