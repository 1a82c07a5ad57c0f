"""Signing in and out, and who is signed in."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from loantrail import clock
from loantrail.audit import store as audit
from loantrail.audit.model import Entry, Outcome
from loantrail.destinations.routes import Wanted
from loantrail.http.access import COOKIE, SECURE_COOKIE, Person, public, signed_in
from loantrail.http.connections import Lending
from loantrail.http.problems import WRITE_STATUSES, NotSignedIn, TooManyTries, problem_responses
from loantrail.identity import signing, store, store_people, store_session, store_sign_in
from loantrail.identity.abilities import Role
from loantrail.identity.answers import DemoPerson, Me, PersonName, SignInChoices, role_word
from loantrail.identity.changes import PERSON_PATTERN, PLAIN
from loantrail.identity.limits import limits_at
from loantrail.identity.model import Signed
from loantrail.settings import read_settings

router = APIRouter(tags=["sign-in"])

Password = Annotated[str, Field(min_length=1, max_length=256)]
Code = Annotated[
    str,
    Field(
        max_length=20, pattern=r"^[0-9A-Za-z -]*$", description="Of the authenticator, or a recovery code."
    ),
]
_STATUSES: Final = problem_responses(HTTPStatus.TOO_MANY_REQUESTS, *WRITE_STATUSES)
READ_STATUSES: Final = problem_responses(
    HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE
)


class WantedByPassword(Wanted):
    """Sign in by name, password and, where one is set up, a code."""

    way: Literal["password"]
    person_id: str = Field(min_length=1, max_length=64, pattern=PLAIN, description="The sign-in name.")
    password: Password
    code: Code = ""


class WantedByDemo(Wanted):
    """Be one of the demo bank's persons; elsewhere refused."""

    way: Literal["demo"]
    person_id: str = Field(max_length=64, pattern=PERSON_PATTERN)


WantedSession = Annotated[WantedByPassword | WantedByDemo, Field(discriminator="way")]


def noting(request: Request) -> signing.Note:
    """What keeps the acts of this request in the audit log, where nobody need be signed in."""

    def note(connection: store_people.Database, action: str, person: str, done: bool) -> None:
        entry = Entry(
            at_us=audit.now_us(),
            person=person,
            action=action,
            object_kind="person",
            object_id=person,
            request_id=str(getattr(request.state, "request_id", "")),
            address=address_of(request),
            outcome=Outcome.DONE if done else Outcome.REFUSED,
        )
        audit.append(connection, [entry])

    return note


Noting = Annotated[signing.Note, Depends(noting)]
"""For routes that change something for who is not signed in yet, or no longer."""


@router.get(
    "/sign-in/choices",
    dependencies=[public("the sign-in page shows them before anybody is signed in")],
    responses=READ_STATUSES,
)
def sign_in_choices(connections: Lending) -> SignInChoices:
    """How one can sign in here, and whom the demo bank offers."""
    with connections.connection() as connection:
        bank = store.bank_name(connection)
        bank = bank.removesuffix("总行") or bank
        demo = {row["role"]: row for row in store.demo_persons(connection)}
    return SignInChoices(
        bank_name=bank,
        openid=bool(read_settings().openid_issuer),
        demo=[
            DemoPerson(
                person_id=demo[role]["person_id"],
                name=demo[role]["name"],
                unit_name=demo[role]["unit_name"],
                role=role_word(role),
            )
            for role in Role
            if role in demo
        ],
    )


@router.post(
    "/session",
    dependencies=[public("it is how one signs in")],
    responses=_STATUSES,
    status_code=HTTPStatus.CREATED,
)
def sign_in(
    connections: Lending, note: Noting, request: Request, response: Response, wanted: WantedSession
) -> Me:
    """Sign in: sets the session's cookie. Every refusal has the same words, whatever was wrong; 401 with the code
    `second_factor_needed` asks for the code of the second factor."""
    address, agent = address_of(request), request.headers.get("user-agent", "")
    try:
        if isinstance(wanted, WantedByDemo):
            done = signing.sign_in_demo(connections, wanted.person_id, address, agent, note)
        else:
            done = signing.sign_in(
                connections, wanted.person_id, wanted.password, wanted.code, address, agent, note
            )
    except (signing.SignInRefused, signing.SecondFactorNeeded) as refused:
        raise not_signed_in(refused) from refused
    except signing.TooManyFailures as refused:
        raise TooManyTries(refused.problem, refused.remedy, refused.wait_seconds) from refused
    end_presented(connections, request, note)
    set_cookie(request, response, done.token)
    with connections.connection() as connection:
        person = store_session.signed_of_session(connection, done.token, address, clock.now())
        if person is None:  # suspended at this very moment
            raise NotSignedIn("nobody is signed in", remedy="Sign in again")
        return me_of(connection, person)


@router.delete(
    "/session",
    dependencies=[public("to end a session that there is not changes nothing")],
    status_code=HTTPStatus.NO_CONTENT,
    responses=problem_responses(*WRITE_STATUSES),
)
def sign_out(connections: Lending, note: Noting, request: Request) -> Response:
    """End the session whose cookie this is, and take the cookie away."""
    end_presented(connections, request, note)
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    for name, secure in ((COOKIE, False), (SECURE_COOKIE, True)):
        if name in request.cookies:
            response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")
    return response


@router.get("/me", dependencies=[signed_in(half_way=True)], responses=READ_STATUSES)
def me(connections: Lending, person: Person) -> Me:
    """Who is signed in, what they may do, and what they still have to: change the password, set up a second factor."""
    with connections.connection() as connection:
        return me_of(connection, person)


def me_of(connection: store_people.Database, person: Signed) -> Me:
    """The answer about a signed-in person or system."""
    now = clock.now()
    limits = limits_at(connection, now)
    kept = store_people.person(connection, person.person_id)
    held = store_session.held(connection, person.person_id, now)
    session = next(
        (
            one
            for one in store_session.sessions(connection, person.person_id, now - limits.idle, now)
            if one["session_id"] == person.session_id
        ),
        None,
    )
    own = {one.role for one in held if one.person_id == person.person_id}
    away = [store_people.person(connection, person_id) for person_id in person.standing_in_for]
    return Me(
        person_id=person.person_id,
        name=person.name,
        staff_id=person.staff_id,
        acting=person.acting,
        unit_id=person.unit_id,
        unit_name=None if person.unit_id is None else store_people.unit_name(connection, person.unit_id),
        roles=[role_word(role) for role in Role if role in own],
        abilities=sorted(person.abilities),
        reach=person.reach.kind,
        units=list(person.reach.units),
        standing_in_for=[PersonName(person_id=one.person_id, name=one.name) for one in away if one],
        is_system=kept is None,
        way="" if session is None else session["way"],
        session_id=person.session_id,
        must_change_password=person.must_change_password,
        needs_second_factor=person.needs_second_factor,
        has_password=kept is not None and kept.has_password,
        second_factor_on=kept is not None and kept.second_factor_on,
        recovery_codes_left=store_sign_in.recovery_codes_left(connection, person.person_id),
        idle_minutes=int(limits.idle.total_seconds() // 60),
        expires_at=None if session is None else session["expires_at"],
        demo=bool(store.demo_persons(connection)),
    )


# Cookies and addresses ----------------------------------------------------------------------------------------


def not_signed_in(refused: signing.SignInRefused | signing.SecondFactorNeeded) -> NotSignedIn:
    """401 with the words and the code of a refusal."""
    made = NotSignedIn(refused.problem, remedy=refused.remedy)
    made.code = refused.code
    return made


def address_of(request: Request) -> str:
    """The network address that a request comes from; behind a proxy on this machine, the one that it names."""
    return request.client.host if request.client else ""


def is_https(request: Request) -> bool:
    """Whether the browser reaches the page by https, be it by a proxy that does not say so."""
    return request.url.scheme == "https" or read_settings().public_url.startswith("https://")


def set_cookie(request: Request, response: Response, token: str) -> None:
    """Give the browser its session: sent to this site alone, never to scripts, gone when the browser closes."""
    secure = is_https(request)
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE, token, path="/", secure=secure, httponly=True, samesite="strict"
    )


def end_presented(connections: Lending, request: Request, note: signing.Note) -> None:
    """End the session whose cookie came with the request, if it stands: who signs in anew or out leaves none behind."""
    tokens = [request.cookies[name] for name in (SECURE_COOKIE, COOKIE) if request.cookies.get(name)]
    if not tokens:
        return
    with connections.connection() as connection:
        ended = [store_session.end_session_of(connection, token, clock.now()) for token in tokens]
        for person in filter(None, ended):
            note(connection, "session.end", person, True)
