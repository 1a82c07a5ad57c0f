"""A proposal that a second person decides."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from loantrail.ids import content_hash


class State(StrEnum):
    """Where a proposal stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Refusal(StrEnum):
    """Why a proposal cannot be decided now."""

    DECIDED = "decided"
    EXPIRED = "expired"
    MAKER_IS_CHECKER = "maker_is_checker"
    NOT_THE_MAKER = "not_the_maker"
    CONTENT_CHANGED = "content_changed"


@dataclass(frozen=True, slots=True)
class Described:
    """What a proposal would do, for who decides it: its titles, and what it changes from and to."""

    subject: str
    title_chinese: str
    title_english: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A proposal as it stands. `content_hash` is the SHA-256 of `content`: what is approved is what was proposed."""

    request_id: str
    kind: str
    subject: str
    title_chinese: str
    title_english: str
    content: Mapping[str, Any]
    content_hash: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reason: str
    maker: str
    made_at: datetime.datetime
    expires_at: datetime.datetime
    unit_id: str | None
    state: State
    checker: str | None
    decided_at: datetime.datetime | None
    decision_reason: str | None
    result: Mapping[str, Any] | None
    maker_name: str = ""
    """As the books of the bank name them; empty where they do not."""
    checker_name: str = ""


def hash_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of a content in its canonical form, in hexadecimal digits."""
    return content_hash(
        (json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(),)
    )
