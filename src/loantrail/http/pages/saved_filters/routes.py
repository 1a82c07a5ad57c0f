"""The filters that who asks keeps of a list."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query

from loantrail import clock
from loantrail.errors import LimitExceeded
from loantrail.http.access import Person, Recording, signed_in
from loantrail.http.connections import Connections, Lending
from loantrail.http.pages.routes import LIST_PROBLEMS
from loantrail.http.pages.saved_filters import store
from loantrail.http.pages.saved_filters.model import (
    KEPT_MAX,
    Name,
    Place,
    SavedFilter,
    SavedFilters,
    WantedFilter,
)
from loantrail.http.problems import WRITE_STATUSES, NotAllowed, problem_responses
from loantrail.identity.model import Signed

router = APIRouter()
_KEY: Final = "key:"


@router.get("/saved-filters", dependencies=[signed_in()], tags=["saved filters"], responses=LIST_PROBLEMS)
def saved_filters(connections: Lending, person: Person, place: Annotated[Place, Query()]) -> SavedFilters:
    """What the person keeps of a list."""
    return _kept(connections, person, place)


@router.put(
    "/saved-filters",
    dependencies=[signed_in()],
    tags=["saved filters"],
    responses=problem_responses(*WRITE_STATUSES),
)
def save_filter(
    connections: Lending, person: Person, record: Recording, wanted: WantedFilter
) -> SavedFilters:
    """Keep a filter; one of the same name is replaced."""
    if person.person_id.startswith(_KEY):
        raise NotAllowed("a system keeps no filters", remedy="Sign in as a person")
    with connections.connection() as connection:
        kept = store.keep(
            connection, person.person_id, wanted.place, wanted.name, wanted.text, clock.now(), KEPT_MAX
        )
        if kept:
            after = {"place": wanted.place, "name": wanted.name, "text": wanted.text}
            record(connection, "filter.save", "filter", wanted.name, after=after)
    if not kept:
        raise LimitExceeded(
            f"{KEPT_MAX} filters of this list are kept already", remedy="Delete one that is no longer needed"
        )
    return _kept(connections, person, wanted.place)


@router.delete(
    "/saved-filters",
    dependencies=[signed_in()],
    tags=["saved filters"],
    responses=problem_responses(*WRITE_STATUSES),
)
def delete_filter(
    connections: Lending,
    person: Person,
    record: Recording,
    place: Annotated[Place, Query()],
    name: Annotated[Name, Query()],
) -> SavedFilters:
    """Forget a filter; nothing happens where there is none of that name."""
    with connections.connection() as connection:
        store.forget(connection, person.person_id, place, name)
        record(connection, "filter.delete", "filter", name, before={"place": place, "name": name})
    return _kept(connections, person, place)


def _kept(connections: Connections, person: Signed, place: str) -> SavedFilters:
    with connections.connection() as connection:
        rows = store.of_person(connection, person.person_id, place)
    return SavedFilters(place=place, items=[SavedFilter.model_validate(row) for row in rows])
