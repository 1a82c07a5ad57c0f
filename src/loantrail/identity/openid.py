"""Signing in at the bank's own server: OpenID Connect, authorization code flow with PKCE, state and nonce.

Sources: OpenID Connect Core 1.0 (3.1 code flow, 3.1.3.7 validation of the ID token), Discovery 1.0; RFC 7636 (PKCE, S256).
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
import jwt

from loantrail import clock
from loantrail.errors import ConfigurationError, LoantrailError
from loantrail.identity import store_openid, store_people, store_session
from loantrail.identity.decide import is_local_path
from loantrail.identity.signing import Note
from loantrail.identity.workflow import Person, State
from loantrail.ids import secret_token
from loantrail.settings import Settings

if TYPE_CHECKING:
    from loantrail.http.connections import Connections

SCOPE: Final = "openid"
ANSWER_SECONDS: Final = 10.0
KEPT_SECONDS: Final = 3600.0
"""How long what the server says of itself and its keys is kept; a key that is not among them is asked for at once."""
ASKED_AGAIN_SECONDS: Final = 60.0
"""Unknown keys make us ask at most so often."""
ATTEMPT: Final = datetime.timedelta(minutes=10)
"""How long somebody may take to sign in there."""
LEEWAY: Final = datetime.timedelta(seconds=60)
"""How far the two clocks may differ."""
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a public key alone: with a shared secret who can check could also forge."""
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
"""Where an answer passes no network, https is not asked for."""
_LARGEST_ANSWER: Final = 1_000_000
_RETRY: Final = "Sign in again; if it stays, tell the system administrator"


class OpenidRefused(LoantrailError):
    """Somebody came back from the bank's server and is not let in."""

    code = "openid_refused"


class PersonUnknown(OpenidRefused):
    """The bank's server knows this person; here nobody made one."""

    code = "person_unknown"


class OpenidUnavailable(LoantrailError):
    """The bank's server cannot be reached, or does not speak OpenID Connect."""

    code = "openid_unavailable"


@dataclass(frozen=True, slots=True)
class Server:
    """What is used of the bank's server, as it says itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    basic: bool
    """Whether the client's secret goes in a header; else in the body."""
    algorithms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser goes, and what it must bring back by a cookie."""

    address: str
    state: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who signed in there."""

    token: str
    person_id: str
    return_to: str


class OpenidClient:
    """This installation as a client of the bank's server. Threads may share it."""

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
        if not settings.openid_client_id:
            raise ConfigurationError(
                "LOANTRAIL_OPENID_CLIENT_ID is not set", remedy="Set it to the name that the server gave"
            )
        where = urlsplit(settings.openid_issuer)
        if where.scheme != "https" and where.hostname not in LOOPBACK:
            raise ConfigurationError(
                "the sign-in server is not reached by https",
                remedy="Set LOANTRAIL_OPENID_ISSUER to its https address",
            )
        self._settings = settings
        self._transport = transport
        self._guard = threading.Lock()
        self._server: tuple[Server, float] | None = None
        self._keys: tuple[jwt.PyJWKSet, float] | None = None

    # What the server says of itself --------------------------------------------------------------------------

    def server(self) -> Server:
        """The server's own description, kept for an hour. OpenidUnavailable when it cannot be used."""
        with self._guard:
            now = clock.monotonic_seconds()
            if self._server is None or now - self._server[1] > KEPT_SECONDS:
                self._server = (self._discovered(), now)
            return self._server[0]

    def _discovered(self) -> Server:
        issuer = self._settings.openid_issuer
        found = self._json("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        # Discovery 4.3: another issuer's description would let that one speak for it.
        if found.get("issuer") != issuer:
            raise OpenidUnavailable(
                f"the sign-in server calls itself {str(found.get('issuer'))[:200]!r}, not {issuer!r}",
                remedy="Set LOANTRAIL_OPENID_ISSUER to exactly what the server calls itself",
            )
        try:
            ways = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
            offered = found.get("id_token_signing_alg_values_supported", ["RS256"])
            return Server(
                issuer=issuer,
                authorization_endpoint=str(found["authorization_endpoint"]),
                token_endpoint=str(found["token_endpoint"]),
                jwks_uri=str(found["jwks_uri"]),
                basic="client_secret_basic" in ways or "client_secret_post" not in ways,
                algorithms=tuple(one for one in ALGORITHMS if one in offered),
            )
        except (KeyError, TypeError):
            raise OpenidUnavailable(
                "the sign-in server's description lacks an address", remedy="Check LOANTRAIL_OPENID_ISSUER"
            ) from None

    def _key(self, server: Server, key_id: str | None) -> jwt.PyJWK:
        """The server's key of that id. A server changes its keys: an unknown one is looked for anew."""
        with self._guard:
            now = clock.monotonic_seconds()
            if self._keys is None or now - self._keys[1] > KEPT_SECONDS:
                self._keys = (self._read_keys(server), now)
            found = _among(self._keys[0], key_id)
            if found is None and now - self._keys[1] > ASKED_AGAIN_SECONDS:
                self._keys = (self._read_keys(server), now)
                found = _among(self._keys[0], key_id)
        if found is None:
            raise _refused("the answer is signed by a key that the sign-in server does not have")
        return found

    def _read_keys(self, server: Server) -> jwt.PyJWKSet:
        try:
            return jwt.PyJWKSet.from_dict(dict(self._json("GET", server.jwks_uri)))
        except jwt.PyJWTError:
            raise OpenidUnavailable(
                "the sign-in server's keys cannot be read", remedy="Tell whoever runs it"
            ) from None

    def _json(self, method: str, address: str, **sent: Any) -> Mapping[str, Any]:
        try:
            with httpx.Client(
                timeout=ANSWER_SECONDS, transport=self._transport, follow_redirects=False
            ) as client:
                answer = client.request(method, address, headers={"Accept": "application/json"}, **sent)
            if len(answer.content) > _LARGEST_ANSWER:
                raise ValueError("too large")
            content = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as problem:
            raise OpenidUnavailable(
                f"the sign-in server does not answer as it should ({type(problem).__name__})",
                remedy="Try again; if it stays, check LOANTRAIL_OPENID_ISSUER and the way there",
            ) from None
        if not isinstance(content, dict):
            raise OpenidUnavailable("the sign-in server's answer is no object", remedy="Tell whoever runs it")
        if answer.status_code >= 400:
            raise _refused(
                f"the sign-in server refused: {str(content.get('error', answer.status_code))[:100]}"
            )
        return content

    # There and back ------------------------------------------------------------------------------------------

    def depart(self, connections: Connections, redirect_uri: str, return_to: str) -> Departure:
        """Begin: remember what was asked, and say where to go."""
        server = self.server()
        state, nonce, verifier = secret_token(), secret_token(), secret_token() + secret_token()
        now = clock.now()
        with connections.connection() as connection:
            store_openid.forget_attempts(connection, now - ATTEMPT)
            store_openid.keep_attempt(
                connection,
                store_session.secret_hash(state),
                nonce,
                verifier,
                return_to if is_local_path(return_to) else "/",
                now,
            )
        asked = {
            "response_type": "code",
            "client_id": self._settings.openid_client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in server.authorization_endpoint else "?"
        return Departure(f"{server.authorization_endpoint}{joint}{urlencode(asked)}", state)

    def arrive(
        self,
        connections: Connections,
        redirect_uri: str,
        code: str,
        state: str,
        kept_state: str,
        address: str,
        agent: str,
        note: Note,
    ) -> Arrival:
        """Who comes back with `state` and `code`; `kept_state`: of the browser's cookie. Begins a session.

        OpenidRefused says why not (PersonUnknown: nobody made this person here), OpenidUnavailable that the server cannot
        be asked. An attempt is used up whatever comes of it.
        """
        now = clock.now()
        if not state or not hmac.compare_digest(state.encode(), kept_state.encode()):
            raise _refused("the answer does not belong to a sign-in that began in this browser")
        with connections.connection() as connection:
            attempt = store_openid.take_attempt(connection, store_session.secret_hash(state))
        if attempt is None or now - attempt.made_at > ATTEMPT:
            raise _refused("this sign-in was finished before, or took too long")
        claims = self._claims(self._exchanged(redirect_uri, code, attempt.code_verifier), attempt.nonce)
        with connections.connection() as connection:
            person = self._person(connection, claims)
            if person is None or person.state is not State.ACTIVE:
                raise PersonUnknown(
                    "the bank's sign-in server knows you, but you have no access to this system",
                    remedy="Ask the system administrator to have it set up",
                )
            token = store_session.begin_session(
                connection, person.person_id, "openid", False, address, agent, now
            )
            note(connection, "session.begin", person.staff_id or person.person_id, True)
        return Arrival(token, person.person_id, attempt.return_to)

    def _exchanged(self, redirect_uri: str, code: str, verifier: str) -> str:
        """The ID token for a code."""
        server, settings = self.server(), self._settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        sent: dict[str, Any] = {"data": form}
        if settings.openid_client_secret and server.basic:
            # RFC 6749, 2.3.1: both parts are form-encoded first.
            sent["auth"] = (
                urlencode({"": settings.openid_client_id})[1:],
                urlencode({"": settings.openid_client_secret})[1:],
            )
        else:
            form["client_id"] = settings.openid_client_id
            if settings.openid_client_secret:
                form["client_secret"] = settings.openid_client_secret
        token = self._json("POST", server.token_endpoint, **sent).get("id_token")
        if not isinstance(token, str):
            raise _refused("the sign-in server's answer holds no ID token")
        return token

    def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        """What the ID token says, after all that Core 3.1.3.7 has checked; else OpenidRefused."""
        server, client = self.server(), self._settings.openid_client_id
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in server.algorithms:
                raise _refused("the answer is signed in a way that is not allowed")
            key = self._key(server, header.get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[str(header["alg"])],
                audience=client,
                issuer=server.issuer,
                leeway=LEEWAY,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.ExpiredSignatureError:
            raise _refused("the answer of the sign-in server has expired") from None
        except jwt.InvalidAudienceError:
            raise _refused("the answer of the sign-in server is for another system") from None
        except jwt.PyJWTError as problem:
            raise _refused(
                f"the answer of the sign-in server cannot be trusted ({type(problem).__name__})"
            ) from None
        audience = claims["aud"]
        several = isinstance(audience, list) and len(audience) > 1
        if (several or "azp" in claims) and claims.get("azp") != client:
            raise _refused("the answer of the sign-in server is for another system")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise _refused("the answer of the sign-in server is for another sign-in")
        return claims

    def _person(self, connection: store_people.Database, claims: Mapping[str, Any]) -> Person | None:
        """`sub` is looked up among the subjects kept with persons; any other claim is the sign-in name itself."""
        claim = self._settings.openid_claim
        value = claims.get(claim)
        if not isinstance(value, str) or not value or "\x00" in value:
            return None
        if claim == "sub":
            return store_people.person_of_subject(connection, value)
        return store_people.person(connection, value)


def challenge_of(verifier: str) -> str:
    """What is sent ahead of a verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _among(keys: jwt.PyJWKSet, key_id: str | None) -> jwt.PyJWK | None:
    usable = [one for one in keys.keys if one.public_key_use in (None, "sig")]
    if key_id is None:
        return usable[0] if len(usable) == 1 else None
    return next((one for one in usable if one.key_id == key_id), None)


def _refused(problem: str) -> OpenidRefused:
    return OpenidRefused(problem, remedy=_RETRY)
