"""Signing in at the bank's own server, a real one: the good way, and every answer that must not be believed."""

from __future__ import annotations

import json
import re
import time as system_time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from tests.identity.conftest import Browser, sign_in
from tests.identity.openid_server import CLIENT_ID, CLIENT_SECRET, Key, running

from loantrail.identity import routes_openid
from loantrail.identity.decide import is_local_path
from loantrail.identity.openid import OpenidClient
from loantrail.postgres.connection import type_of_connection
from loantrail.settings import Settings

pytestmark = pytest.mark.database
RETURN = "/api/v1/sign-in/openid/return"
Change = Callable[[dict[str, Any]], str]
"""Claims of the server's own ID token -> the ID token that arrives in its place."""


@pytest.fixture(scope="module")
def key() -> Key:
    return Key("of the bank")


@pytest.fixture(scope="module")
def issuer(served: tuple[str, str], key: Key) -> Iterator[str]:
    """The bank's sign-in server, which sends people back to the application."""
    with running(served[1] + RETURN, key) as at:
        yield at


@dataclass
class OnTheWay(httpx.HTTPTransport):
    """Between the application and the server: hands everything on, but for an ID token that a test changes."""

    change: Change | None = None
    asked: list[httpx.Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = super().handle_request(request)
        if self.change is None or not request.url.path.endswith("/token"):
            return answer
        answer.read()
        body = json.loads(answer.content)
        claims = jwt.decode(body["id_token"], options={"verify_signature": False})
        body["id_token"] = self.change(claims)
        return httpx.Response(200, json=body)


@pytest.fixture
def way() -> OnTheWay:
    return OnTheWay()


@pytest.fixture(autouse=True)
def _set_up(
    issuer: str, way: OnTheWay, bank: type_of_connection, time: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The application knows the server; 李行长 is known there as subject-E2. The clock is the server's own."""
    from loantrail import clock

    clock.set_clock(None)
    monkeypatch.setenv("LOANTRAIL_OPENID_ISSUER", issuer)
    monkeypatch.setenv("LOANTRAIL_OPENID_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("LOANTRAIL_OPENID_CLIENT_SECRET", CLIENT_SECRET)
    clients: dict[Settings, OpenidClient] = {}

    def client_of(settings: Settings) -> OpenidClient:
        return clients.setdefault(settings, OpenidClient(settings, way))

    monkeypatch.setattr(routes_openid, "client_of", client_of)
    bank.execute("UPDATE identity.person SET openid_subject = 'subject-E2' WHERE person_id = 'E2'")


def there(client: httpx.Client, subject: str, return_to: str = "/loans?unit=1001") -> str:
    """Go to the server and sign in there as `subject`: the address that it sends the browser back to."""
    answer = client.get("/sign-in/openid", params={"return_to": return_to})
    assert answer.status_code == 303
    while answer.is_redirect:
        target = str(answer.url.join(answer.headers["location"]))
        if urlsplit(target).path == RETURN:
            return target
        answer = client.get(target)
        form = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
        if form is not None:
            fields = {"prompt": "login", "login": subject, "password": "any"}
            answer = client.post(str(answer.url.join(form.group(1))), data=fields)
    raise AssertionError(f"the server answered {answer.status_code}: {answer.text[:500]}")


def signs_in(client: httpx.Client, subject: str, return_to: str = "/loans?unit=1001") -> httpx.Response:
    return client.get(there(client, subject, return_to))


def who(client: httpx.Client) -> str | None:
    answer = client.get("/me")
    return answer.json()["person_id"] if answer.status_code == 200 else None


def refused(answer: httpx.Response, problem: str, client: httpx.Client) -> None:
    """The answer is a page that says why in two languages, and nobody is signed in."""
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert problem in answer.text
    assert re.search("[\u4e00-\u9fff]{6}", answer.text.replace("返回登录页", ""))
    assert "loantrail=" not in answer.headers.get("set-cookie", "").replace("loantrail-openid=", "")
    assert who(client) is None


def test_who_signs_in_there_is_signed_in_here(browser: Browser, way: OnTheWay) -> None:
    client = browser()
    assert client.get("/sign-in/choices").json()["openid"]

    answer = signs_in(client, "subject-E2")

    assert answer.status_code == 200
    assert 'http-equiv="refresh" content="0;url=/loans?unit=1001"' in answer.text
    assert "<script" not in answer.text
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("loantrail="))
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
    assert who(client) == "E2"
    me = client.get("/me").json()
    assert (me["way"], me["needs_second_factor"], me["must_change_password"]) == ("openid", False, False)
    exchange = next(one for one in way.asked if one.url.path.endswith("/token"))
    assert "code_verifier=" in exchange.content.decode()
    assert CLIENT_SECRET not in exchange.content.decode()


def test_what_is_asked_there_cannot_be_guessed_or_used_again(browser: Browser) -> None:
    asked = [parse_qs(urlsplit(browser().get("/sign-in/openid").headers["location"]).query) for _ in range(2)]
    for one in asked:
        assert one["response_type"] == ["code"]
        assert one["code_challenge_method"] == ["S256"]
        assert one["redirect_uri"][0].endswith(RETURN)
        assert one["scope"] == ["openid"]
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
        assert len(asked[0][name][0]) >= 24


def test_the_state_goes_along_in_a_cookie_for_the_way_back_alone(browser: Browser) -> None:
    cookie = browser().get("/sign-in/openid").headers["set-cookie"]
    assert {"HttpOnly", "Path=/api/v1/sign-in/openid", "SameSite=lax", "Max-Age=600"} <= set(
        cookie.split("; ")
    )


def test_somebody_whom_nobody_made_here_is_told_so(browser: Browser) -> None:
    client = browser()
    answer = signs_in(client, "subject-E9")
    refused(answer, "no access to this system", client)
    assert "尚未开通本系统" in answer.text


@pytest.mark.parametrize("state", ["suspended", "left"])
def test_somebody_who_was_removed_here_is_not_let_in_from_there(
    browser: Browser, bank: type_of_connection, state: str
) -> None:
    bank.execute("UPDATE identity.person SET state = %s WHERE person_id = 'E2'", (state,))
    client = browser()
    refused(signs_in(client, "subject-E2"), "no access to this system", client)


def test_an_answer_is_taken_once(browser: Browser) -> None:
    client = browser()
    back = there(client, "subject-E2")
    state = client.cookies["loantrail-openid"]
    assert client.get(back).status_code == 200

    again = browser()
    again.cookies.set("loantrail-openid", state)

    refused(again.get(back), "finished before", again)


def test_an_answer_belongs_to_the_browser_that_asked(browser: Browser) -> None:
    """Else somebody could have another sign in as them (login CSRF)."""
    attacker, victim = browser(), browser()
    back = there(attacker, "subject-E2")
    refused(victim.get(back), "in this browser", victim)

    victim.get("/sign-in/openid")
    refused(victim.get(back), "in this browser", victim)


def test_a_state_that_was_made_up_is_refused(browser: Browser) -> None:
    client = browser()
    client.cookies.set("loantrail-openid", "made-up")
    refused(client.get("/sign-in/openid/return?code=x&state=made-up"), "finished before", client)
    refused(client.get("/sign-in/openid/return?code=x"), "in this browser", client)
    refused(client.get("/sign-in/openid/return"), "let nobody in", client)
    denied = client.get("/sign-in/openid/return?error=access_denied%3Cscript%3E&state=made-up")
    refused(denied, "access_denied&lt;script&gt;", client)


def test_a_code_of_another_is_not_exchanged(browser: Browser) -> None:
    """A code stolen from somebody else does not fit this browser's own verifier (PKCE)."""
    victim, attacker = browser(), browser()
    stolen = parse_qs(urlsplit(there(victim, "subject-E2")).query)["code"][0]
    own = parse_qs(urlsplit(there(attacker, "subject-E9")).query)["state"][0]

    answer = attacker.get("/sign-in/openid/return", params={"code": stolen, "state": own})

    refused(answer, "the sign-in server refused: invalid_grant", attacker)


def test_an_attempt_that_takes_too_long_is_over(browser: Browser, bank: type_of_connection) -> None:
    client = browser()
    back = there(client, "subject-E2")
    bank.execute("UPDATE identity.openid_attempt SET made_at = made_at - interval '11 minutes'")
    refused(client.get(back), "took too long", client)


BANK_KEYS: list[tuple[str, Callable[[Key, dict[str, Any]], str], str]] = [
    ("another key", lambda key, claims: Key(key.key_id).sign(claims), "cannot be trusted"),
    ("a key that is unknown", lambda _, claims: Key("other").sign(claims), "does not have"),
    ("no signature", lambda _, claims: jwt.encode(claims, "", "none"), "not allowed"),
    (
        "the client's secret",
        lambda key, claims: jwt.encode(claims, CLIENT_SECRET, "HS256", {"kid": key.key_id}),
        "not allowed",
    ),
    ("changed after it was signed", lambda key, claims: _tampered(key.sign(claims)), "cannot be trusted"),
    ("no token", lambda _, claims: "x.y.z", "cannot be trusted"),
    ("another nonce", lambda key, claims: key.sign({**claims, "nonce": "other"}), "another sign-in"),
    ("no nonce", lambda key, claims: key.sign(_without(claims, "nonce")), "another sign-in"),
    ("another system", lambda key, claims: key.sign({**claims, "aud": "payroll"}), "another system"),
    (
        "several systems and not for us",
        lambda key, claims: key.sign({**claims, "aud": [CLIENT_ID, "payroll"], "azp": "payroll"}),
        "another system",
    ),
    ("several systems", lambda key, claims: key.sign({**claims, "aud": [CLIENT_ID, "p"]}), "another system"),
    ("another server", lambda key, claims: key.sign({**claims, "iss": "https://x"}), "cannot be trusted"),
    (
        "expired",
        lambda key, claims: key.sign({**claims, "exp": _now() - 61, "iat": _now() - 90}),
        "has expired",
    ),
    ("no end", lambda key, claims: key.sign(_without(claims, "exp")), "cannot be trusted"),
    ("from tomorrow", lambda key, claims: key.sign({**claims, "iat": _now() + 86_400}), "cannot be trusted"),
    ("nobody", lambda key, claims: key.sign(_without(claims, "sub")), "cannot be trusted"),
    ("no text as subject", lambda key, claims: key.sign({**claims, "sub": 7}), "cannot be trusted"),
    ("another subject", lambda key, claims: key.sign({**claims, "sub": "subject-E9"}), "no access"),
]


def _without(claims: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in claims.items() if key != name}


def _now() -> int:
    return int(system_time.time())


def _tampered(token: str) -> str:
    head, body, signature = token.split(".")
    return ".".join((head, body[:-2] + ("A" if body[-2] != "A" else "B") + body[-1], signature))


@pytest.mark.parametrize(("_name", "change", "problem"), BANK_KEYS, ids=[one[0] for one in BANK_KEYS])
def test_an_id_token_that_must_not_be_believed(
    browser: Browser,
    way: OnTheWay,
    key: Key,
    _name: str,
    change: Callable[[Key, dict[str, Any]], str],
    problem: str,
) -> None:
    way.change = lambda claims: change(key, claims)
    client = browser()
    refused(signs_in(client, "subject-E2"), problem, client)


def test_a_token_signed_anew_by_the_servers_own_key_is_believed(
    browser: Browser, way: OnTheWay, key: Key
) -> None:
    """What the cases above rest on: but for what each changes, such a token is good."""
    way.change = key.sign
    client = browser()
    assert signs_in(client, "subject-E2").status_code == 200
    assert who(client) == "E2"


def test_a_claim_that_the_bank_chooses_is_the_sign_in_name(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_OPENID_CLAIM", "staff_number")
    client = browser()
    signs_in(client, "subject-E3")
    assert who(client) == "E3"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "/a\nb"]
)
def test_nobody_is_sent_on_to_another_site(browser: Browser, target: str) -> None:
    assert not is_local_path(target)
    answer = signs_in(browser(), "subject-E2", target)
    assert 'content="0;url=/"' in answer.text


def test_a_path_of_the_page_is_written_safely(browser: Browser) -> None:
    answer = signs_in(browser(), "subject-E2", '/loans?search="><script>x</script>')
    assert "<script" not in answer.text


def test_a_server_that_calls_itself_otherwise_is_not_used(
    browser: Browser, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_OPENID_ISSUER", issuer.replace("127.0.0.1", "localhost"))
    answer = browser().get("/sign-in/openid")
    assert answer.status_code == 503
    assert "calls itself" in answer.text
    assert "自称" in answer.text


def test_without_the_server_one_still_signs_in_by_password(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_OPENID_ISSUER", "http://127.0.0.1:9")
    client = browser()
    assert client.get("/sign-in/openid").status_code == 503
    assert sign_in(client, "E2").status_code == 201


def test_where_no_server_is_set_up_there_is_no_way_to_it(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOANTRAIL_OPENID_ISSUER")
    client = browser()
    assert not client.get("/sign-in/choices").json()["openid"]
    assert client.get("/sign-in/openid").status_code == 404
    assert client.get("/sign-in/openid/return?code=x&state=y").status_code == 404


def test_a_server_reached_over_a_network_without_https_is_not_used(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_OPENID_ISSUER", "http://sso.bank.example")
    answer = browser().get("/sign-in/openid")
    assert answer.status_code >= 500
    assert "https" in answer.text
