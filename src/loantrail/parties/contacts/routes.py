"""The contact log of one customer: read, and written on."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, Field

from loantrail.destinations.routes import WRITTEN, RequestKey, Wanted
from loantrail.http.access import Acting, Reading, Recording, Seeing, allowed
from loantrail.http.connections import Lending
from loantrail.http.pages.model import Answer
from loantrail.http.problems import WRITE_STATUSES, NotFound, conflicting, once, problem_responses
from loantrail.identity.abilities import Ability
from loantrail.parties.contacts import acting, store
from loantrail.parties.contacts.model import Contact, ContactWay, Note

router = APIRouter(tags=["customers"])

PartyId = Annotated[
    str,
    Path(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$", description="Customer number 客户号."),
]
WRITERS: Final = (Ability.ACT_ON_WARNINGS, Ability.ACT_ON_CHECKS, Ability.MAKE_DISPUTES)
"""Whose work it is to speak with customers; who only reads or examines writes nothing here."""
_STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WRITE_STATUSES)
_LINE: Final = r"^[^\x00-\x1f\x7f]*$"
_WORDS: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


class ContactEntry(Answer):
    """Who spoke with the customer, when, how, what was said, and what is to follow."""

    contact_id: str
    party_id: str
    loan_id: str | None = Field(description="The loan that it was about, where it was about one.")
    way: ContactWay
    happened_at: datetime.datetime
    spoke_with: str = Field(description="Whom of the customer's people; empty where that was not said.")
    said: str
    next_step: str
    next_on: datetime.date | None
    corrects: str | None = Field(description="The entry that this one takes the place of.")
    corrected_by: str | None = Field(description="The entry that took the place of this one.")
    maker: str
    maker_name: str
    made_at: datetime.datetime


class ContactLog(Answer):
    """The latest contact first."""

    items: list[ContactEntry]
    total_count: int
    offset: int
    limit: int


class WantedContact(Wanted):
    way: ContactWay
    happened_at: AwareDatetime
    spoke_with: str = Field("", max_length=100, pattern=_LINE)
    said: str = Field(min_length=1, max_length=4000, pattern=WRITTEN)
    next_step: str = Field("", max_length=1000, pattern=_WORDS)
    next_on: datetime.date | None = None
    loan_id: str | None = Field(None, min_length=1, max_length=128, pattern=_LINE)
    corrects: str | None = Field(None, pattern=r"^[0-9a-f]{32}$")
    request_key: RequestKey


@router.get(
    "/customers/{party_id}/contacts",
    dependencies=[allowed(Ability.READ_LOANS)],
    responses=problem_responses(
        HTTPStatus.NOT_FOUND,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)
def contact_log(
    connection: Reading,
    party_id: PartyId,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ContactLog:
    """What was said with a customer."""
    if not store.is_party(connection, party_id):
        raise no_customer(party_id)
    entries, total = store.of_party(connection, party_id, offset, limit)
    return ContactLog(items=[_entry(one) for one in entries], total_count=total, offset=offset, limit=limit)


@router.post(
    "/customers/{party_id}/contacts",
    dependencies=[allowed(*WRITERS)],
    responses={**once(ContactEntry), **_STATUSES},
    status_code=HTTPStatus.CREATED,
)
def enter_contact(
    connections: Lending,
    by: Acting,
    record: Recording,
    seeing: Seeing,
    party_id: PartyId,
    wanted: WantedContact,
    response: Response,
) -> ContactEntry:
    """Enter what was said with a customer. An entry is never changed; a later one may correct it."""
    if wanted.loan_id is not None:
        seeing("loan_id", wanted.loan_id)
    note = acting.tidied(
        Note(
            party_id=party_id,
            loan_id=wanted.loan_id,
            way=wanted.way,
            happened_at=wanted.happened_at,
            spoke_with=wanted.spoke_with,
            said=wanted.said,
            next_step=wanted.next_step,
            next_on=wanted.next_on,
            corrects=wanted.corrects,
            by=by,
            request_key=wanted.request_key,
        )
    )
    with connections.connection() as connection:
        if not store.is_party(connection, party_id):
            raise no_customer(party_id)
        try:
            entry, new = acting.enter(connection, note)
        except (acting.KeyUsed, acting.CorrectedAlready) as refused:
            raise conflicting(refused) from refused
        except acting.EntryMissing as missing:
            raise NotFound(missing.problem, missing.remedy) from missing
        if new:
            record(
                connection,
                "contact.enter",
                "customer",
                party_id,
                after=wanted.model_dump(mode="json", exclude={"request_key"}),
            )
    if not new:
        response.status_code = HTTPStatus.OK
    return _entry(entry)


def no_customer(party_id: str) -> NotFound:
    """The answer to a request about a customer that the books do not have."""
    return NotFound(f"There is no customer {party_id}", remedy="Search the list of customers")


def _entry(contact: Contact) -> ContactEntry:
    note = contact.note
    return ContactEntry(
        contact_id=contact.contact_id,
        party_id=note.party_id,
        loan_id=note.loan_id,
        way=note.way,
        happened_at=note.happened_at,
        spoke_with=note.spoke_with,
        said=note.said,
        next_step=note.next_step,
        next_on=note.next_on,
        corrects=note.corrects,
        corrected_by=contact.corrected_by,
        maker=note.by,
        maker_name=contact.maker_name,
        made_at=contact.made_at,
    )
