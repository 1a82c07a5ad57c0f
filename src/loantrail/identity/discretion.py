"""What is left of an answer for somebody who may not know who stands beyond the first payee. Pure.

Account numbers become their first and last digits with a mark that is the same wherever the same account stands, so that a page can
still draw and unfold a graph; names become their beginning. Of a movement between two accounts that are kept secret only class,
date and amount stay.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from pydantic import BaseModel

MARK: Final = "·"
"""Stands in no account number; what holds it is a masked one."""
MASKED: Final = re.compile(rf"[^\s{MARK}]{{0,8}}\*\*\*\*[^\s{MARK}]{{0,8}}{MARK}[0-9a-f]{{8}}")
_ENDS: Final = 4
_WORDED: Final = frozenset(
    ("purpose_text", "document_no", "evidence", "voucher", "reference", "counterparty_name")
)
"""What a bank writes beside a payment; it often names somebody."""
_SHORTEST_IN_TEXT: Final = 2
"""Characters that a name must have to be looked for inside of texts."""
_STANDS_ALONE: Final = 8
"""Characters of an account number from which on it is looked for anywhere. A shorter one (a bank's own accounts) stands by chance
inside of amounts, identifiers and fractions of a second: it counts where no letter or digit is beside it."""
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?")
_AMOUNT: Final = re.compile(r"-?\d+")


def masked_account(account: str, key: bytes) -> str:
    """`6222****1234·0a1b2c3d`: the mark after the dot is a keyed hash, so that numbers cannot be tried out."""
    mark = hmac.new(key, account.encode(), hashlib.sha256).hexdigest()[:8]
    if len(account) <= 2 * _ENDS:
        return f"{account[:1]}****{MARK}{mark}"
    return f"{account[:_ENDS]}****{account[-_ENDS:]}{MARK}{mark}"


def masked_name(name: str) -> str:
    """`张**` of a short name, `贝利****` of a long one."""
    return f"{name[:1]}**" if len(name) <= _ENDS else f"{name[:2]}****"


def masked_identifier(number: str) -> str:
    """Of an identity or telephone number the first and last four characters, as far as at least half stays hidden."""
    shown = min(_ENDS, len(number) // 4)
    hidden = "*" * (len(number) - 2 * shown)
    return f"{number[:shown]}{hidden}{number[len(number) - shown :]}"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What to hide: account -> what is shown for it; names; movements between two hidden accounts."""

    accounts: Mapping[str, str] = field(default_factory=dict[str, str])
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    transfers: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        return not (self.accounts or self.names or self.transfers)

    def in_texts(self) -> re.Pattern[str] | None:
        """Finds the accounts and names inside of texts, longer ones first."""
        words = [*self.accounts, *(name for name in self.names if len(name) >= _SHORTEST_IN_TEXT)]
        if not words:
            return None
        return re.compile("|".join(map(self._found_by, sorted(words, key=len, reverse=True))))

    def _found_by(self, word: str) -> str:
        if word in self.accounts and len(word) < _STANDS_ALONE:
            return rf"(?<![0-9A-Za-z]){re.escape(word)}(?![0-9A-Za-z])"
        return re.escape(word)


def secrets_of(
    accounts: Iterable[str],
    names: Iterable[str],
    known_names: Iterable[str],
    transfers: Iterable[str],
    key: bytes,
) -> Secrets:
    """Secrets of these accounts and names, those left out that somebody in reach carries too (`known_names`)."""
    known = set(known_names)
    return Secrets(
        {account: masked_account(account, key) for account in accounts},
        {name: masked_name(name) for name in names if name and name not in known},
        frozenset(transfers),
    )


def redacted(value: Any, secrets: Secrets) -> Any:
    """The same value (JSON, pydantic models, dataclasses, nested) with the secrets masked in every text of it; moments, dates and
    amounts (`…_fen`) stay as they are, whatever digits they have."""
    if secrets.is_empty:
        return value
    return _Redaction(secrets, secrets.in_texts()).of(value)


def accounts_in(value: Any, found: set[str]) -> None:
    """Collect what stands in an answer under a name that ends in `account`."""
    if isinstance(value, Mapping):
        for name, inner in cast("Mapping[str, Any]", value).items():
            if isinstance(inner, str):
                if name.endswith("account") and inner:
                    found.add(inner)
            else:
                accounts_in(inner, found)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            accounts_in(inner, found)


@dataclass(frozen=True, slots=True)
class _Redaction:
    secrets: Secrets
    words: re.Pattern[str] | None

    def of(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, BaseModel):
            fields = {name: getattr(value, name) for name in type(value).model_fields}
            return value.model_copy(update=self._fields(fields))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value) if one.init}
            return dataclasses.replace(value, **self._fields(fields))
        if isinstance(value, Mapping):
            return self._fields(dict(cast("Mapping[str, Any]", value)))
        if isinstance(value, tuple):
            return tuple(self.of(one) for one in cast("tuple[Any, ...]", value))
        if isinstance(value, list):
            return [self.of(one) for one in cast("list[Any]", value)]
        return value

    def _fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        hidden = str(fields.get("transfer_id", "")).replace("-", "") in self.secrets.transfers
        return {
            self._text(name): None
            if hidden and name in _WORDED and isinstance(inner, str)
            else inner
            if name.endswith("_fen") and isinstance(inner, str) and _AMOUNT.fullmatch(inner)
            else self.of(inner)
            for name, inner in fields.items()
        }

    def _text(self, text: str) -> str:
        if _MOMENT.fullmatch(text):
            return text
        whole = self.secrets.accounts.get(text) or self.secrets.names.get(text)
        if whole is not None:
            return whole
        if self.words is None or len(text) < _SHORTEST_IN_TEXT:
            return text
        return self.words.sub(self._masked, text)

    def _masked(self, found: re.Match[str]) -> str:
        return self.secrets.accounts.get(found[0]) or self.secrets.names[found[0]]


def unmasked(text: str, secrets: Secrets) -> str:
    """A text in which masked accounts are put back; for what a page sends of what it was shown."""
    back = {shown: account for account, shown in secrets.accounts.items()}
    return MASKED.sub(lambda found: back.get(found[0], found[0]), text)
