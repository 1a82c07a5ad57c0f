"""People at work on the contact log. The caller commits."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Final

from loantrail.clock import business_date, now
from loantrail.errors import InputError, Place
from loantrail.ids import new_id
from loantrail.parties.contacts import store
from loantrail.parties.contacts.model import Contact, Note

AHEAD: Final = datetime.timedelta(minutes=5)
"""Clocks differ: what happened so little in the future is taken as now."""


class KeyUsed(InputError):
    """The request key belongs to another entry."""

    code = "key_used"

    def __init__(self) -> None:
        super().__init__(
            "the request key was used for something else", Place(field="request_key"), "Make a fresh one"
        )


class CorrectedAlready(InputError):
    """Another entry took the place of the one that is to be corrected."""

    code = "corrected_already"

    def __init__(self) -> None:
        super().__init__(
            "the entry was corrected already", Place(field="corrects"), "Open the contact log again"
        )


class EntryMissing(InputError):
    """There is no such entry about this customer."""

    code = "not_found"

    def __init__(self, contact_id: str) -> None:
        super().__init__(f"the contact log has no entry {contact_id}", remedy="Open the contact log again")


def enter(connection: store.Database, note: Note) -> tuple[Contact, bool]:
    """Enter a note: `(it, whether it is new)`. The same request twice is one.

    Raises KeyUsed, CorrectedAlready, EntryMissing, and InputError for what happens later than now, for a next step in the past
    or without words, and for a loan of somebody else.
    """
    store.lock(connection, note.party_id)
    before = store.by_request(connection, note.request_key)
    if before is not None:
        if before.note != note:
            raise KeyUsed
        return before, False
    _refuse_unfit(connection, note)
    return store.insert(connection, new_id(), note, now()), True


def _refuse_unfit(connection: store.Database, note: Note) -> None:
    present = now()
    if note.happened_at > present + AHEAD:
        raise InputError(
            "the contact lies in the future", Place(field="happened_at"), "Give the time at which it was"
        )
    if note.next_on is not None and not note.next_step:
        raise InputError(
            "a date is given and no next step", Place(field="next_step"), "Say what is to be done by then"
        )
    if note.next_on is not None and note.next_on < business_date(note.happened_at):
        raise InputError("the next step lies before the contact", Place(field="next_on"), "Give a later date")
    if note.loan_id is not None and not store.is_loan_of(connection, note.loan_id, note.party_id):
        raise InputError(
            f"loan {note.loan_id} is none of this customer",
            Place(field="loan_id"),
            "Choose a loan of this customer, or none",
        )
    if note.corrects is not None:
        corrected = store.one(connection, note.corrects)
        if corrected is None or corrected.note.party_id != note.party_id:
            raise EntryMissing(note.corrects)
        if corrected.corrected_by is not None:
            raise CorrectedAlready


def tidied(note: Note) -> Note:
    """The note without blanks at the ends of its texts."""
    return replace(
        note, said=note.said.strip(), next_step=note.next_step.strip(), spoke_with=note.spoke_with.strip()
    )
