"""Signing in by name, password and code: what lets somebody in, what does not, and what is told. Over HTTP and a real database."""

from __future__ import annotations

import datetime
import itertools
import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.identity.bank import DAY, HOUR, MINUTE, give, write_person
from tests.identity.conftest import KEPT, PASSWORD, SHIPPED, Browser, Time, sign_in, write_password

from loantrail.clock import monotonic_seconds
from loantrail.identity import passwords, second_factor, signing
from loantrail.identity.abilities import Role
from loantrail.identity.secret_key import installation_key
from loantrail.postgres.connection import type_of_connection

pytestmark = pytest.mark.database
WRONG = "Weiwei-2026-no!"


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


REFUSED = (401, "sign_in_refused")


def test_the_right_password_opens_the_page(browser: Browser) -> None:
    client = browser()
    assert client.get("/me").status_code == 401

    answer = sign_in(client, "E2")

    assert answer.status_code == 201
    assert answer.json()["name"] == "李行长"
    me = client.get("/me").json()
    assert me == answer.json()
    assert [one["role"] for one in me["roles"]] == ["branch_manager"]
    assert (me["way"], me["reach"], me["units"], me["unit_name"]) == (
        "password",
        "units",
        ["1001"],
        "甲一支行",
    )
    assert not me["must_change_password"]
    assert not me["demo"]


def test_the_cookie_is_for_this_site_alone_and_hidden_from_scripts(browser: Browser) -> None:
    plain = sign_in(browser(), "E1").headers["set-cookie"]
    name, rest = re.fullmatch(r"(\S+)=\S+; (.+)", plain).groups()  # type: ignore[union-attr]  it fits
    assert name == "loantrail"
    assert sorted(rest.split("; ")) == ["HttpOnly", "Path=/", "SameSite=strict"]


def test_by_https_the_cookie_belongs_to_this_host_and_to_https(browser: Browser) -> None:
    client = browser()
    client.headers["X-Forwarded-Proto"] = "https"

    cookie = sign_in(client, "E1").headers["set-cookie"]

    assert cookie.startswith("__Host-loantrail=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_a_proxy_that_does_not_say_https_is_helped_by_the_public_address(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_PUBLIC_URL", "https://loantrail.bank.example")
    assert sign_in(browser(), "E1").headers["set-cookie"].startswith("__Host-loantrail=")


def test_no_refusal_tells_what_was_wrong(browser: Browser, bank: type_of_connection) -> None:
    bank.execute("UPDATE identity.person SET state = 'suspended' WHERE person_id = 'E2'")
    bank.execute("UPDATE identity.person SET state = 'left' WHERE person_id = 'E3'")
    bank.execute("UPDATE identity.person SET password_hash = NULL WHERE person_id = 'E4'")
    tries = [
        ("E1", WRONG),
        ("nobody", WRONG),
        ("E2", PASSWORD),
        ("E3", PASSWORD),
        ("E4", PASSWORD),
        ("名字", WRONG),
    ]

    answers = [sign_in(browser(), person, password) for person, password in tries]

    assert {refusal(answer) for answer in answers} == {REFUSED}
    assert len({answer.text for answer in answers}) == 1
    assert not any("set-cookie" in answer.headers for answer in answers)


def test_a_name_that_nobody_has_costs_as_much_as_a_wrong_password(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[bool] = []
    verify, hashed = passwords._hasher.verify, passwords._hasher.hash

    class Counting:
        def verify(self, kept: str, password: str) -> bool:
            compared.append(kept == KEPT)
            return verify(kept, password)

        hash = staticmethod(hashed)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    passwords._nobody()

    sign_in(browser(), "E1", WRONG)
    sign_in(browser(), "nobody", WRONG)

    assert compared == [True, False]


def test_five_failures_lock_out_even_with_the_right_password(browser: Browser, time: Time) -> None:
    client = browser()
    for _ in range(5):
        assert refusal(sign_in(client, "E1", WRONG)) == REFUSED

    locked = sign_in(client, "E1")
    assert refusal(locked) == REFUSED
    assert locked.text == sign_in(client, "nobody").text
    assert sign_in(client, "E2").status_code == 201

    time.later(30 * MINUTE - datetime.timedelta(seconds=1))
    assert refusal(sign_in(client, "E1")) == REFUSED
    time.later(datetime.timedelta(seconds=1))
    assert sign_in(client, "E1").status_code == 201


def test_a_sign_in_that_goes_well_forgets_the_failures_before(browser: Browser) -> None:
    client = browser()
    for _ in range(3):
        for _ in range(4):
            sign_in(client, "E1", WRONG)
        assert sign_in(client, "E1").status_code == 201


def test_failures_long_ago_do_not_count(browser: Browser, time: Time) -> None:
    client = browser()
    for _ in range(9):
        sign_in(client, "E1", WRONG)
        time.later(31 * MINUTE)
    assert sign_in(client, "E1").status_code == 201


def test_guesses_at_the_same_moment_do_not_share_one_count(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    is_right = passwords.is_right

    def counting(kept: str | None, password: str) -> bool:
        compared.extend([password] if kept else [])
        return is_right(kept, password)

    monkeypatch.setattr(passwords, "is_right", counting)
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda n: sign_in(browser(), "E1", f"{WRONG}{n}"), range(24)))

    assert {refusal(answer) for answer in answers} == {REFUSED}
    assert len(compared) == 5


def test_one_address_that_guesses_names_is_slowed_down(browser: Browser) -> None:
    client = browser()
    for _ in range(59):
        signing._throttle.failed("127.0.0.1", monotonic_seconds(), 60, 600)
    assert refusal(sign_in(client, "N1")) == REFUSED

    answer = sign_in(client, "N2")

    assert refusal(answer) == (429, "too_many_tries")
    assert 0 < int(answer.headers["retry-after"]) <= 10
    assert answer.json()["detail_chinese"]


def test_a_session_ends_by_resting_and_by_its_hours(browser: Browser, time: Time) -> None:
    client = browser()
    sign_in(client, "E1")
    time.later(16 * MINUTE)
    assert refusal(client.get("/me")) == (401, "signed_out")

    sign_in(client, "E1")
    for _ in range(42):
        time.later(14 * MINUTE)
        assert client.get("/me").status_code == 200
    time.later(12 * MINUTE)
    assert refusal(client.get("/me")) == (401, "signed_out")


def test_signing_out_ends_the_session_itself(browser: Browser) -> None:
    client, thief = browser(), browser()
    sign_in(client, "E1")
    thief.cookies.set("loantrail", client.cookies["loantrail"])
    assert thief.get("/me").status_code == 200

    answer = client.delete("/session")

    assert answer.status_code == 204
    assert 'loantrail=""' in answer.headers["set-cookie"]
    assert thief.get("/me").status_code == 401
    assert client.delete("/session").status_code == 204


def test_a_token_brought_along_is_never_taken_over(browser: Browser) -> None:
    client = browser()
    client.cookies.set("loantrail", "chosen-by-somebody-else", domain="127.0.0.1")

    answer = sign_in(client, "E1")

    assert "chosen-by-somebody-else" not in answer.headers["set-cookie"]
    forged = browser()
    forged.cookies.set("loantrail", "chosen-by-somebody-else")
    assert forged.get("/me").status_code == 401


def test_who_signs_in_anew_leaves_no_session_behind(browser: Browser, bank: type_of_connection) -> None:
    client = browser()
    sign_in(client, "E1")
    before = client.cookies["loantrail"]
    sign_in(client, "E2")

    thief = browser()
    thief.cookies.set("loantrail", before)
    assert thief.get("/me").status_code == 401
    assert client.get("/me").json()["person_id"] == "E2"


@pytest.mark.parametrize("state", ["suspended", "left"])
def test_a_person_removed_while_signed_in_is_refused_at_the_next_request(
    browser: Browser, bank: type_of_connection, state: str
) -> None:
    client = browser()
    sign_in(client, "E1")
    assert client.get("/me").status_code == 200

    bank.execute("UPDATE identity.person SET state = %s WHERE person_id = 'E1'", (state,))

    assert refusal(client.get("/me")) == (401, "signed_out")
    assert refusal(sign_in(client, "E1")) == REFUSED


def test_nobody_is_a_demo_person_in_a_banks_own_database(browser: Browser) -> None:
    client = browser()
    assert client.get("/sign-in/choices").json()["demo"] == []
    assert refusal(client.post("/session", json={"way": "demo", "person_id": "E1"})) == REFUSED


def test_a_demo_person_signs_in_by_one_click_and_nobody_else(
    browser: Browser, bank: type_of_connection
) -> None:
    bank.execute("INSERT INTO identity.demo_person VALUES ('branch_manager', 'E2')")
    client = browser()
    [offered] = client.get("/sign-in/choices").json()["demo"]
    assert (offered["person_id"], offered["name"], offered["unit_name"]) == ("E2", "李行长", "甲一支行")
    assert offered["role"]["chinese"] == "行长"
    assert offered["role"]["question_chinese"].endswith("？")

    assert client.post("/session", json={"way": "demo", "person_id": "E2"}).status_code == 201
    assert client.get("/me").json()["demo"]
    assert refusal(client.post("/session", json={"way": "demo", "person_id": "E1"})) == REFUSED


def test_the_choices_name_the_bank_and_nobody_of_it(browser: Browser) -> None:
    assert browser().get("/sign-in/choices").json() == {"bank_name": "总行", "openid": False, "demo": []}


# Passwords ----------------------------------------------------------------------------------------------------


def change(client: httpx.Client, new: str, present: str = PASSWORD) -> httpx.Response:
    return client.post("/me/password", json={"present_password": present, "new_password": new})


GOOD = "Xiangjiao-Shu-7"


def test_a_password_that_somebody_else_chose_is_changed_before_anything_else(
    browser: Browser, bank: type_of_connection
) -> None:
    bank.execute("UPDATE identity.person SET must_change_password = true WHERE person_id = 'E1'")
    client = browser()
    assert sign_in(client, "E1").json()["must_change_password"]
    assert refusal(client.get("/organisation")) == (403, "password_to_change")

    assert change(client, GOOD).status_code == 204

    assert client.get("/organisation").status_code == 200
    assert refusal(sign_in(browser(), "E1")) == REFUSED
    assert sign_in(browser(), "E1", GOOD).status_code == 201


def test_a_password_that_was_given_is_used_within_a_week(
    browser: Browser, bank: type_of_connection, time: Time
) -> None:
    bank.execute(
        "UPDATE identity.person SET must_change_password = true, password_changed_at = %s WHERE person_id = 'E1'",
        (time.at,),
    )
    time.later(7 * DAY)
    assert sign_in(browser(), "E1").status_code == 201
    time.later(MINUTE)
    assert refusal(sign_in(browser(), "E1")) == REFUSED


def test_a_new_password_ends_the_other_sessions(browser: Browser) -> None:
    here, elsewhere = browser(), browser()
    sign_in(here, "E1")
    sign_in(elsewhere, "E1")

    change(here, GOOD)

    assert here.get("/me").status_code == 200
    assert elsewhere.get("/me").status_code == 401


def test_who_finds_an_open_page_does_not_guess_the_password_there(browser: Browser) -> None:
    client = browser()
    sign_in(client, "E1")
    for _ in range(5):
        assert change(client, GOOD, WRONG).status_code == 403
    assert change(client, GOOD).status_code == 403
    assert refusal(sign_in(browser(), "E1")) == REFUSED


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        ("Short-1", "fewer than 12 characters"),
        ("x" * 300 + "A1-", "more than 256 characters"),
        ("onlysmallletters", "fewer than 3 kinds"),
        ("nospecials12345", "fewer than 3 kinds"),
        ("E10000-Abcdefg-李行长", "your name"),
        ("PassW0rd2026!!", "commonest"),
        ("Admin@123456789", "commonest"),
        ("Qwertyuiop-123", "commonest"),
        ("1qaz2WSX3edc", "commonest"),
        ("Aa1-Aa1-Aa1-", "commonest"),
        ("P@ssw0rdP@ssw0rd1", "commonest"),
    ],
)
def test_a_password_that_is_too_easy_is_not_taken(browser: Browser, new: str, problem: str) -> None:
    client = browser()
    sign_in(client, "E2")

    answer = change(client, new)

    assert refusal(answer) == (422, "password_refused")
    assert problem in answer.json()["detail"]
    assert answer.json()["detail_chinese"]
    assert sign_in(browser(), "E2").status_code == 201


def test_earlier_passwords_are_not_taken_again(browser: Browser) -> None:
    client = browser()
    sign_in(client, "E1")
    used = [PASSWORD, *(f"Xiangjiao-Shu-{number}" for number in range(5))]
    for present, new in itertools.pairwise(used):
        assert change(client, new, present).status_code == 204

    for earlier in used[1:]:
        assert refusal(change(client, earlier, used[-1])) == (422, "password_refused")
    assert change(client, used[0], used[-1]).status_code == 204  # the sixth before is free again


def test_a_password_kept_at_another_cost_is_hashed_anew_when_it_is_next_used(
    browser: Browser, bank: type_of_connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_hasher", SHIPPED)

    assert sign_in(browser(), "E1").status_code == 201

    row = bank.execute("SELECT password_hash FROM identity.person WHERE person_id = 'E1'").fetchone()
    assert row is not None
    assert row[0].startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert sign_in(browser(), "E1").status_code == 201
    assert refusal(sign_in(browser(), "E1", WRONG)) == REFUSED


# The second factor --------------------------------------------------------------------------------------------


def code_of(secret: str, time: Time) -> str:
    return second_factor.TOTP(secret).generate_otp(second_factor.step_of(time.at))


def enrol(client: httpx.Client, time: Time) -> tuple[str, list[str]]:
    """`(secret, recovery codes)` of a person who is signed in with that client."""
    made = client.post("/me/second-factor").json()
    assert made["address"].startswith("otpauth://totp/")
    assert made["secret"] in made["address"]
    answer = client.post("/me/second-factor/confirmation", json={"code": code_of(made["secret"], time)})
    assert answer.status_code == 200
    return made["secret"], answer.json()["codes"]


def test_with_a_second_factor_the_password_alone_lets_nobody_in(browser: Browser, time: Time) -> None:
    client = browser()
    sign_in(client, "E1")
    secret, _ = enrol(client, time)
    time.later(MINUTE)

    asked = sign_in(browser(), "E1")
    assert refusal(asked) == (401, "second_factor_needed")
    assert "set-cookie" not in asked.headers
    assert refusal(sign_in(browser(), "E1", code="000000")) == REFUSED
    assert refusal(sign_in(browser(), "E1", WRONG, code_of(secret, time))) == REFUSED
    assert sign_in(browser(), "E1", code=code_of(secret, time)).status_code == 201


def test_a_code_signs_in_once(browser: Browser, time: Time) -> None:
    client = browser()
    sign_in(client, "E1")
    secret, _ = enrol(client, time)
    assert refusal(sign_in(browser(), "E1", code=code_of(secret, time))) == REFUSED  # used to enrol
    time.later(MINUTE)
    code = code_of(secret, time)

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: sign_in(browser(), "E1", code=code), range(4)))

    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401]
    time.later(datetime.timedelta(seconds=30))
    assert refusal(sign_in(browser(), "E1", code=code)) == REFUSED


def test_a_code_counts_half_a_minute_around_its_own(browser: Browser, time: Time) -> None:
    client = browser()
    sign_in(client, "E1")
    secret, _ = enrol(client, time)
    time.later(10 * MINUTE)
    code = code_of(secret, time)
    time.later(datetime.timedelta(seconds=61))
    assert refusal(sign_in(browser(), "E1", code=code)) == REFUSED
    time.later(-datetime.timedelta(seconds=31))
    assert sign_in(browser(), "E1", code=code).status_code == 201


def test_wrong_codes_lock_out_as_wrong_passwords_do(browser: Browser, time: Time) -> None:
    client = browser()
    sign_in(client, "E1")
    secret, _ = enrol(client, time)
    time.later(MINUTE)
    for _ in range(3):
        assert refusal(sign_in(browser(), "E1")) == (401, "second_factor_needed")  # counts as no failure
    for number in range(5):
        assert refusal(sign_in(browser(), "E1", code=f"00000{number}")) == REFUSED
    assert refusal(sign_in(browser(), "E1", code=code_of(secret, time))) == REFUSED


def test_a_recovery_code_signs_in_once_without_the_telephone(browser: Browser, time: Time) -> None:
    client = browser()
    sign_in(client, "E1")
    _, codes = enrol(client, time)
    assert len(set(codes)) == 8

    answer = sign_in(browser(), "E1", code=codes[0].upper())

    assert answer.status_code == 201
    assert answer.json()["recovery_codes_left"] == 7
    assert refusal(sign_in(browser(), "E1", code=codes[0])) == REFUSED


def test_the_secret_lies_sealed_in_the_database(
    browser: Browser, bank: type_of_connection, time: Time
) -> None:
    client = browser()
    sign_in(client, "E1")
    secret, _ = enrol(client, time)

    row = bank.execute("SELECT second_factor_secret FROM identity.person WHERE person_id = 'E1'").fetchone()
    assert row is not None
    assert secret.encode() not in row[0]
    assert second_factor.unsealed(row[0], "E1", installation_key()) == secret
    # Put into another person's row it opens for nobody.
    bank.execute(
        "UPDATE identity.person SET second_factor_secret = %s, second_factor_on = true WHERE person_id = 'E2'",
        row,
    )
    assert sign_in(browser(), "E2", code=code_of(secret, time)).status_code == 500


def test_an_administrator_sets_a_second_factor_up_before_anything_else(
    browser: Browser, bank: type_of_connection, time: Time
) -> None:
    write_person(bank, "A1", "系统管理员")
    give(bank, "A1", Role.SYSTEM_ADMINISTRATOR)
    write_password(bank, "A1")
    client = browser()
    assert sign_in(client, "A1").json()["needs_second_factor"]
    assert refusal(client.get("/persons")) == (403, "second_factor_missing")

    enrol(client, time)

    assert client.get("/persons").status_code == 200


def test_a_wrong_code_turns_nothing_on(browser: Browser, time: Time) -> None:
    client = browser()
    sign_in(client, "E1")
    assert refusal(client.post("/me/second-factor/confirmation", json={"code": "123456"}))[0] == 409
    client.post("/me/second-factor")
    wrong = client.post("/me/second-factor/confirmation", json={"code": "123456"})
    assert refusal(wrong) == (409, "second_factor_refused")
    assert sign_in(browser(), "E1").status_code == 201


def test_the_second_factor_is_taken_away_by_a_code_of_it(browser: Browser, time: Time) -> None:
    client = browser()
    sign_in(client, "E1")
    secret, _ = enrol(client, time)
    assert client.post("/me/second-factor").status_code == 409
    time.later(MINUTE)
    assert client.post("/me/second-factor/removal", json={"code": "123456"}).status_code == 403

    assert client.post("/me/second-factor/removal", json={"code": code_of(secret, time)}).status_code == 204

    assert sign_in(browser(), "E1").status_code == 201


# One's own sessions -------------------------------------------------------------------------------------------


def test_one_sees_and_ends_ones_own_sessions_alone(browser: Browser, time: Time) -> None:
    here, there, other = browser(), browser(), browser()
    sign_in(here, "E1")
    time.later(MINUTE)
    sign_in(there, "E1")
    sign_in(other, "E2")
    found = here.get("/me/sessions").json()
    assert [one["present"] for one in found] in ([False, True], [True, False])
    foreign = other.get("/me/sessions").json()[0]["session_id"]
    elsewhere = next(one["session_id"] for one in found if not one["present"])

    assert here.delete(f"/me/sessions/{foreign}").status_code == 404
    assert here.delete(f"/me/sessions/{elsewhere}").status_code == 204

    assert [client.get("/me").status_code for client in (here, there, other)] == [200, 401, 200]


def test_all_ones_other_sessions_end_at_once(browser: Browser) -> None:
    here, there, other = browser(), browser(), browser()
    for client, person in ((here, "E1"), (there, "E1"), (other, "E2")):
        sign_in(client, person)

    assert here.delete("/me/sessions").status_code == 204

    assert [client.get("/me").status_code for client in (here, there, other)] == [200, 401, 200]


def test_a_session_lasts_a_working_day_at_most_whatever_the_password(browser: Browser, time: Time) -> None:
    client = browser()
    answer = sign_in(client, "E1").json()
    assert datetime.datetime.fromisoformat(answer["expires_at"]) == time.at + 10 * HOUR
    assert answer["idle_minutes"] == 15
    time.later(DAY)
    assert client.get("/me").status_code == 401
