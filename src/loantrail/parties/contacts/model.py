"""An entry of the contact log."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum


class ContactWay(StrEnum):
    """How the customer was reached."""

    VISIT = "visit"
    PHONE = "phone"
    MESSAGE = "message"
    MEETING = "meeting"
    LETTER = "letter"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wants to enter. `corrects`: the entry that this one takes the place of."""

    party_id: str
    loan_id: str | None
    way: ContactWay
    happened_at: datetime.datetime
    spoke_with: str
    said: str
    next_step: str
    next_on: datetime.date | None
    corrects: str | None
    by: str
    request_key: str


@dataclass(frozen=True, slots=True)
class Contact:
    """An entry as it stands. `corrected_by`: the entry that took its place; empty texts where nothing was said."""

    contact_id: str
    note: Note
    maker_name: str
    made_at: datetime.datetime
    corrected_by: str | None
