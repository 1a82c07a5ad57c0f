"""Who acts: the person that a write is recorded under.

There is no sign-in yet. A client may name a person of the bank's staff in the header `X-Loantrail-Person` (percent-encoded
UTF-8); without it the operator of this server acts. The name says who acted, it proves nothing: the page answers on this
machine only.
"""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import unquote

from fastapi import Depends, Header

from loantrail.errors import Place
from loantrail.http.connections import Lending
from loantrail.http.pages import store
from loantrail.http.problems import NotAllowed
from loantrail.settings import read_settings

HEADER: Final = "X-Loantrail-Person"


def _acting(
    connections: Lending,
    person: Annotated[
        str | None,
        Header(
            alias=HEADER,
            max_length=400,
            description="The member of staff who acts, percent-encoded; without it the operator of this server.",
        ),
    ] = None,
) -> str:
    operator = read_settings().operator
    staff_id = unquote(person or "").strip()
    if not staff_id or staff_id == operator:
        return operator
    if "\x00" not in staff_id:
        with connections.connection() as connection:
            if store.is_staff(connection, staff_id):
                return staff_id
    raise NotAllowed(
        "the person who acts is not on the bank's staff list",
        Place(field=HEADER),
        "Choose a person of the list, or leave the header out",
    )


Acting = Annotated[str, Depends(_acting)]
"""The staff id of the person who acts, or the operator's name."""
