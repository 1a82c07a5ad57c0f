"""What is known of payers and payees whatever a payment between them says, remembered by account: of a few payments most are between
accounts that were met before. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loantrail.destinations.kinds import BY_ACCOUNT_KIND, BY_PARTY_KIND, BY_SHAPE, NO_OPINION, Opinion
from loantrail.destinations.known import STRANGE, Account
from loantrail.destinations.model import BY_NAME, Basis
from loantrail.destinations.names import NAME_NOTHING, key_of_company, shape_of_name
from loantrail.destinations.plain import REMEMBERED_MOST
from loantrail.destinations.terms import best_term, normalised_text

if TYPE_CHECKING:
    from loantrail.destinations.dictionary import Dictionary
    from loantrail.destinations.known import Known

OUTSIDE: tuple[str | None, ...] = (None, "external")
"""Kinds of accounts that are not in this bank."""


@dataclass(frozen=True, slots=True)
class Payer:
    account: Account
    name: str | None
    """Normalised."""
    keys: tuple[str | None, str | None]
    """Party and company key, as documents name it."""
    has_documents: bool


@dataclass(frozen=True, slots=True)
class Payee:
    """An account under one name, and what each source says of it; NO_OPINION where one is silent."""

    account: Account
    name: str | None
    """Normalised."""
    shape: int
    keys: tuple[str | None, str | None, str | None]
    """Party, account and company key, as documents name it."""
    is_outside: bool
    given: Opinion
    kind: Opinion
    industry: Opinion
    watched: Opinion
    named: Opinion
    party: Opinion
    shaped: Opinion
    weighed: dict[tuple[object, ...], tuple[Opinion, Basis]] = field(
        default_factory=dict[tuple[object, ...], tuple[Opinion, Basis]], compare=False
    )
    """What came out beside what payments said (classify_few)."""


class Seen:
    """Payers and payees that were asked about. Not for several threads at once."""

    def __init__(self) -> None:
        self._payers: dict[str | None, Payer] = {}
        self._payees: dict[str | None, dict[str | None, Payee]] = {}
        self._count = 0
        self._dictionary: Dictionary | None = None

    def forget(self, accounts: Iterable[str]) -> None:
        """Something else is known of these accounts now."""
        for account in accounts:
            self._payers.pop(account, None)
            self._payees.pop(account, None)

    def read_by(self, dictionary: Dictionary) -> None:
        """What names and industries say is asked of this dictionary from now on."""
        if self._dictionary is not dictionary or self._count > REMEMBERED_MOST:
            self.__init__()
            self._dictionary = dictionary

    def payer(self, account: str | None, known: Known) -> Payer:
        """The account that pays, None for the outside world."""
        found = self._payers.get(account)
        if found is None:
            told = STRANGE if account is None else known.account(account)
            keys = told.owner, _key(told.name)
            name = None if told.name is None else normalised_text(told.name)
            found = self._payers[account] = Payer(told, name, keys, known.has_documents(keys))
            self._count += 1
        return found

    def payee(self, account: str | None, credit_name: str | None, known: Known) -> Payee:
        """The account that is paid, under the name that the payment gives."""
        names = self._payees.get(account)
        if names is None:
            names = self._payees[account] = {}
        found = names.get(credit_name)
        if found is None:
            found = names[credit_name] = self._told(account, credit_name, known)
            self._count += 1
        return found

    def _told(self, account: str | None, credit_name: str | None, known: Known) -> Payee:
        assert self._dictionary is not None
        told = STRANGE if account is None else known.account(account)
        called = credit_name or told.name
        name = None if called is None else normalised_text(called)
        shape = NAME_NOTHING if name is None else shape_of_name(name)
        return Payee(
            account=told,
            name=name,
            shape=shape,
            keys=(told.owner, account, _key(called)),
            is_outside=told.kind in OUTSIDE,
            given=_given(told.given_class),
            kind=BY_ACCOUNT_KIND.get(told.kind or "", NO_OPINION),
            industry=opinion_of(told.industry_code, self._dictionary, "industry"),
            watched=known.watched(account, name) or NO_OPINION,
            named=opinion_of(name, self._dictionary, "name"),
            party=BY_PARTY_KIND.get(told.owner_kind or "", NO_OPINION),
            shaped=BY_SHAPE.get(shape, NO_OPINION),
        )


def opinion_of(text: str | None, dictionary: Dictionary, kind: str, what: str | None = None) -> Opinion:
    """What the dictionary says of a normalised text; `what` says of what kind it is, where the kind has another name."""
    found = None if text is None else best_term(text, dictionary, kind)
    if found is None:
        return NO_OPINION
    return Opinion(found.class_code, found.confidence_permille, f"{what or kind} {found.term}")


def _key(name: str | None) -> str | None:
    return None if name is None else key_of_company(name)


def _given(class_name: str | None) -> Opinion:
    known = None if class_name is None else BY_NAME.get(class_name)
    return NO_OPINION if known is None else Opinion(known.code, 1000, f"account class {class_name}")
