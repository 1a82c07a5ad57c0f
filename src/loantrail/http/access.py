"""Who may ask what. Every route declares it: `allowed(Ability...)`, `signed_in()` or `public(why)`; a test walks all routes
and fails for one that declares nothing.

Three questions are answered before a route runs: is somebody signed in; may they do this kind of thing; is what the address names
within their reach. What is out of reach is answered like what is not there. What a route reads by `Reading` is
within reach by row-level security of the database besides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency
from psycopg import Connection
from starlette.concurrency import run_in_threadpool

from loantrail import clock
from loantrail.audit import store as audit
from loantrail.audit.model import Entry, Outcome
from loantrail.audit.store import now_us
from loantrail.http.connections import Connections, Lending
from loantrail.http.pages.store import read_one_state
from loantrail.http.problems import NotAllowed, NotFound, NotSignedIn
from loantrail.identity import store_session
from loantrail.identity.abilities import Ability
from loantrail.identity.model import Signed
from loantrail.identity.store_reach import OBJECTS, Kind, bind, is_there
from loantrail.postgres.sessions import reading_session

COOKIE: Final = "loantrail"
SECURE_COOKIE: Final = "__Host-loantrail"
"""The cookie's name where the page is reached by https; a browser takes that name from no other host and path."""
BEARER: Final = "Bearer "
AUTHORIZATION: Final = "Authorization"
_WHY_NOT: Final = "Ask the administrator for a role that may, or somebody who holds one"


PROTECTED: Final = frozenset(
    (
        Ability.READ_LOANS,
        Ability.READ_WARNINGS,
        Ability.READ_SUSPICIONS,
        Ability.READ_AUDIT,
        Ability.READ_PEOPLE,
    )
)
"""What reads by these abilities show is protected: every access leaves an entry in the audit log."""


class Rule:
    """What a route declares. `abilities`: any of them suffices; none: whoever is signed in. `why`: what makes it public."""

    def __init__(
        self,
        abilities: frozenset[Ability],
        why: str = "",
        half_way: bool = False,
        *,
        protected: bool = False,
    ) -> None:
        self.abilities = abilities
        self.protected = protected or bool(abilities & PROTECTED)
        self.why = why
        self.half_way = half_way

    @property
    def is_public(self) -> bool:
        return bool(self.why)

    def __call__(self, request: Request, connections: Lending) -> Signed | None:
        if self.is_public:
            return None
        person = signed_of(request, connections)
        if not self.half_way:
            _whole(person)
        try:
            if self.abilities and not self.abilities & person.abilities:
                raise NotAllowed("your roles do not allow this", remedy=_WHY_NOT)
            for name, value in request.path_params.items():
                kind = OBJECTS.get(name)
                if kind is not None:
                    within_reach(request, connections, person, kind, str(value))
        except (NotAllowed, NotFound):
            _note_access(request, connections, person, Outcome.REFUSED)
            raise
        if self.protected and request.method in READS:
            _note_access(request, connections, person, Outcome.DONE)
        return person


def allowed(*abilities: Ability, protected: bool = False) -> Dependency:
    """For `dependencies=[...]` of a route: who asks must have one of these abilities, and reach what the address names.
    `protected`: each access goes on record, though what these abilities show mostly is not protected."""
    return Depends(Rule(frozenset(abilities), protected=protected))


def signed_in(*, half_way: bool = False, protected: bool = False) -> Dependency:
    """Whoever is signed in. `half_way`: also while a password is to be changed or a second factor still to be given.
    `protected`: what is shown names customers, so that each access goes on record."""
    return Depends(Rule(frozenset(), half_way=half_way, protected=protected))


def public(why: str) -> Dependency:
    """Anybody, for this reason."""
    return Depends(Rule(frozenset(), why=why))


def rule_of(dependant: Any) -> list[Rule]:
    """The rules that a route declares (`APIRoute.dependant`): one, where it is well declared."""
    return [one.call for one in dependant.dependencies if isinstance(one.call, Rule)]


# Who asks ----------------------------------------------------------------------------------------------------


def signed_of(request: Request, connections: Connections, *, anew: bool = False) -> Signed:
    """Who sends this request, found once for each (`anew`: look again); NotSignedIn where nobody is signed in."""
    known: Signed | None = getattr(request.state, "signed", None)
    if known is not None and not anew:
        return known
    address = request.client.host if request.client else ""
    given = request.headers.get(AUTHORIZATION, "")
    token = request.cookies.get(SECURE_COOKIE) or request.cookies.get(COOKIE) or ""
    person: Signed | None = None
    if given.startswith(BEARER):
        # A key is one question; systems ask all day.
        with reading_session(connections) as connection:
            key = given.removeprefix(BEARER).strip()
            person = store_session.signed_of_key(connection, key, address, clock.now())
    elif token:
        # In a pipeline, the beginning of the transaction travels with its first question.
        with connections.session() as connection, connection.pipeline():
            person = store_session.signed_of_session(connection, token, address, clock.now())
            connection.commit()
    if person is None:
        raise _nobody(given, token)
    request.state.signed = person
    return person


def _nobody(given: str, token: str) -> NotSignedIn:
    """Why nobody is known by what was sent, and what a person and a system do about it."""
    if given.startswith(BEARER):
        return NotSignedIn(
            "the key is not known, or it has ended",
            remedy="Send one that holds as `Authorization: Bearer KEY`: `loantrail users key` makes it",
        )
    if token:
        return NotSignedIn("the session has ended", remedy="Sign in again")
    return NotSignedIn(
        "nobody is signed in",
        remedy="Sign in; a system sends its key as `Authorization: Bearer KEY`, which `loantrail users key` makes",
    )


def _whole(person: Signed) -> None:
    if person.must_change_password:
        raise PasswordToChange("the password must be changed first", remedy="Choose a new password")
    if person.needs_second_factor:
        raise SecondFactorMissing("the second factor is missing", remedy="Set the second factor up")


class PasswordToChange(NotAllowed):
    """Signed in with a password that somebody else chose, or that is too old."""

    code = "password_to_change"


class SecondFactorMissing(NotAllowed):
    """This person's role wants a second factor."""

    code = "second_factor_missing"


async def _person(request: Request, connections: Lending) -> Signed:
    known: Signed | None = getattr(request.state, "signed", None)
    return known or await run_in_threadpool(signed_of, request, connections)


Person = Annotated[Signed, Depends(_person)]
"""Who is signed in."""


async def _acting(person: Person) -> str:
    return person.acting


Acting = Annotated[str, Depends(_acting)]
"""The name that a write of this person is recorded under."""


def demand(person: Signed, ability: Ability) -> None:
    """NotAllowed unless this person has the ability: for a route whose acts need different ones."""
    if not person.may(ability):
        raise NotAllowed("your roles do not allow this", remedy=_WHY_NOT)


# What stays on record -----------------------------------------------------------------------------------------


READS: Final = frozenset(("GET", "HEAD"))
_UUID: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
QUERY_MOST: Final = 1_000
"""Characters of the question that an entry keeps."""
AS_SENT: Final = "loantrail.query_as_sent"
"""Where in the scope the question stands as it was sent, beside the one with the masked accounts put back."""


def query_as_sent(request: Request) -> str:
    """The question as it was sent, percent-encoded: accounts that the page was shown masked are masked."""
    return request.scope.get(AS_SENT, request.scope["query_string"]).decode("latin-1")


def _entry(request: Request, person: Signed, action: str, **rest: Any) -> Entry:
    return Entry(
        at_us=now_us(),
        person=person.acting,
        action=action,
        acting_for=", ".join(person.standing_in_for) or None,
        request_id=str(getattr(request.state, "request_id", "")),
        address=person.address,
        **rest,
    )


def _note_access(request: Request, connections: Connections, person: Signed, outcome: Outcome) -> None:
    """An entry of what was asked for, before it is answered."""
    template = str(getattr(request.scope.get("route"), "path", request.url.path))
    named = [(name, str(value)) for name, value in request.path_params.items() if name in OBJECTS]
    kind, key = named[-1] if named else ("", "")
    question = {"route": template}
    if query := query_as_sent(request):
        question["query"] = query[:QUERY_MOST]
    action = "data.read" if request.method in READS else "data.write"
    entry = _entry(
        request,
        person,
        action,
        object_kind=kind.removesuffix("_id"),
        object_id=key,
        after=question,
        outcome=outcome,
    )
    with connections.connection() as connection:
        audit.append(connection, [entry])


async def _noting_access(request: Request, connections: Lending, person: Person) -> Callable[[], None]:
    return lambda: _note_access(request, connections, person, Outcome.DONE)


NotingAccess = Annotated[Callable[[], None], Depends(_noting_access)]
"""For routes of which only some answers show protected data: called before such an answer, it leaves the entry of the access."""


class Recorder:
    """Writes what a person did into the audit log, in the transaction that does it: call it last, before the commit."""

    def __init__(self, request: Request, person: Signed) -> None:
        self._request, self._person = request, person

    def __call__(
        self,
        connection: Connection[Any],
        action: str,
        object_kind: str,
        object_id: str,
        *,
        before: object = None,
        after: object = None,
        why: str = "",
        unit_id: str | None = None,
    ) -> None:
        """`action` is noun and verb (`warning.dispose`). `before` and `after` hold no secret."""
        told = {"before": before, "after": after, "why": why, "unit_id": unit_id}
        audit.append(connection, [self.entry(action, object_kind, object_id, **told)])

    def entry(self, action: str, object_kind: str, object_id: str, **told: Any) -> Entry:
        """The entry, for who writes it in another place than this request; `told` as `__call__` takes it."""
        return _entry(
            self._request, self._person, action, object_kind=object_kind, object_id=object_id, **told
        )


async def recording(request: Request, person: Person) -> Recorder:
    """What writes the audit entry of this request."""
    return Recorder(request, person)


Recording = Annotated[Recorder, Depends(recording)]
"""For routes that change something."""


# What they reach ---------------------------------------------------------------------------------------------


def web_connections(request: Request) -> Connections:
    """Connections of the web application's own role, under row-level security."""
    return request.app.state.web_connections


Within = Annotated[Connections, Depends(web_connections)]
"""The same, for routes that ask what somebody else sees."""


@contextmanager
def reading_as(connections: Connections, person: Signed) -> Generator[Connection[Any]]:
    """A read-only transaction that sees one state of what is in this person's reach."""
    with connections.connection() as connection:
        read_one_state(connection)
        bind(connection, person)
        yield connection


def within_reach(request: Request, connections: Connections, person: Signed, kind: Kind, key: str) -> None:
    """NotFound where this person reaches no such thing, whether there is one or not. What may have been replaced since the page
    was opened is left to the route where there is none at all: it knows what took its place."""
    if kind.by_uuid and not _is_uuid(key):
        return
    with reading_as(web_connections(request), person) as connection:
        if is_there(connection, kind, key):
            return
    if kind.may_be_replaced:
        with connections.connection() as connection:
            if not is_there(connection, kind, key):
                return
    raise NotFound(kind.missing.format(key), kind.remedy)


def _is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


def _reading(request: Request, person: Person) -> Generator[Connection[Any]]:
    with reading_as(web_connections(request), person) as connection:
        yield connection


# Given back before the answer leaves: who looks through it for third parties takes one too, and would wait for this one.
Reading = Annotated[Connection[Any], Depends(_reading, scope="function")]
"""A read-only transaction that sees one state of what is in the reach of who asks, until the route has its answer."""


class Opens:
    """Opens, each time, what `Reading` is: for routes that first ask what this server is at. Its one state of the database has
    to be taken after that, or what ended in between is told as over and as it stood before."""

    def __init__(self, request: Request, person: Person) -> None:
        self._connections, self._person = web_connections(request), person

    def __call__(self) -> AbstractContextManager[Connection[Any]]:
        return reading_as(self._connections, self._person)


async def _opening(request: Request, person: Person) -> Opens:
    return Opens(request, person)


Opening = Annotated[Opens, Depends(_opening)]


class Seen:
    """Asks for things that a body names whether they are in reach: call it with the parameter's name and the key."""

    def __init__(self, request: Request, connections: Connections, person: Signed) -> None:
        self._request, self._connections, self._person = request, connections, person

    def __call__(self, name: str, key: str) -> None:
        """NotFound where the thing is out of reach."""
        within_reach(self._request, self._connections, self._person, OBJECTS[name], key)


async def _seeing(request: Request, connections: Lending, person: Person) -> Seen:
    return Seen(request, connections, person)


Seeing = Annotated[Seen, Depends(_seeing)]
"""For routes whose body names things."""
