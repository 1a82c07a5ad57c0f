"""Pairings mended by hand, and handed back to the rules."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path
from pydantic import Field

from loantrail.destinations.routes import Reason, Wanted
from loantrail.http.access import Acting, Recording, allowed
from loantrail.http.connections import Connections, Lending
from loantrail.http.pages.model import Answer
from loantrail.http.problems import WRITE_STATUSES, NotFound, Superseded, problem_responses
from loantrail.identity.abilities import Ability
from loantrail.ledger.pairs import store, store_mending
from loantrail.ledger.pairs.booking import Mending, keep_apart, pair_by_hand, release
from loantrail.tracing import store_evaluation
from loantrail.tracing.routes_evaluation import Tracer

router = APIRouter()

TransferId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
LineId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="A statement line.")]
_STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WRITE_STATUSES)


class WantedPairing(Wanted):
    """Two lines that are one transfer. One of them is a line of the transaction that the address names."""

    debit_line: LineId
    credit_line: LineId
    reason: Reason


class WantedSeparation(Wanted):
    """A line of the transaction that is to stand alone, whatever the rules say."""

    line: LineId
    reason: Reason


class WantedRelease(Wanted):
    """A pairing made by hand, or a line kept apart, that the rules are to decide on again."""

    reason: Reason


class Mended(Answer):
    transfer_id: str = Field(description="The transaction that took the place of the one in the address.")
    superseded: int = Field(description="How many pairings this one ended.")
    new: bool = Field(description="False where a person had said the same before: nothing changed.")
    change: int | None = Field(
        description="The number of this change; it counts once `evaluation.evaluated` is as high."
    )


@router.post(
    "/transactions/{transfer_id}/pairing",
    dependencies=[allowed(Ability.CORRECT_BOOKS)],
    tags=["transactions"],
    responses=_STATUSES,
)
def pair_lines(
    connections: Lending,
    tracer: Tracer,
    record: Recording,
    by: Acting,
    transfer_id: TransferId,
    wanted: WantedPairing,
) -> Mended:
    """Pair two lines although, or because, the rules did not. What they were paired with before is ended."""
    lines = (wanted.debit_line, wanted.credit_line)

    def act(connection: store.type_of_connection) -> Mending:
        return pair_by_hand(connection, *lines, wanted.reason.strip(), by)

    return _mend(connections, tracer, record, "pairing.pair", wanted.reason, transfer_id, lines, act)


@router.post(
    "/transactions/{transfer_id}/separation",
    dependencies=[allowed(Ability.CORRECT_BOOKS)],
    tags=["transactions"],
    responses=_STATUSES,
)
def separate_line(
    connections: Lending,
    tracer: Tracer,
    record: Recording,
    by: Acting,
    transfer_id: TransferId,
    wanted: WantedSeparation,
) -> Mended:
    """Have a line stand alone. Its partner, if it had one, is free again."""

    def act(connection: store.type_of_connection) -> Mending:
        return keep_apart(connection, wanted.line, wanted.reason.strip(), by)

    return _mend(
        connections, tracer, record, "pairing.separate", wanted.reason, transfer_id, (wanted.line,), act
    )


@router.post(
    "/transactions/{transfer_id}/release",
    dependencies=[allowed(Ability.CORRECT_BOOKS)],
    tags=["transactions"],
    responses=_STATUSES,
)
def release_pairing(
    connections: Lending,
    tracer: Tracer,
    record: Recording,
    by: Acting,
    transfer_id: TransferId,
    wanted: WantedRelease,
) -> Mended:
    """Hand a pairing made by hand, or a line kept apart, back to the rules. One that the rules made stays as it is."""
    with connections.session() as connection:
        store.lock_pairing(connection)
        _still_there(connection, transfer_id)
        store_evaluation.request(connection)
        made = release(connection, transfer_id, wanted.reason.strip(), by)
        if made is None:
            return Mended(transfer_id=transfer_id, superseded=0, new=False, change=None)
        # Once more, as below.
        change = store_evaluation.request(connection)
        record(
            connection,
            "pairing.release",
            "transfer",
            transfer_id,
            after={"transfer": made.transfer_id},
            why=wanted.reason.strip(),
        )
        connection.commit()
    tracer.start()
    return Mended(transfer_id=made.transfer_id, superseded=made.superseded, new=True, change=change)


def _mend(
    connections: Connections,
    tracer: Tracer,
    record: Recording,
    action: str,
    reason: str,
    transfer_id: str,
    lines: tuple[str, ...],
    act: Callable[[store.type_of_connection], Mending],
) -> Mended:
    with connections.session() as connection:
        # Held until the mending commits, so that two people cannot mend the same transaction at once.
        store.lock_pairing(connection)
        same = store_mending.manual_of_lines(connection, lines)
        if same is not None:
            return Mended(transfer_id=same, superseded=0, new=False, change=None)
        if not set(_still_there(connection, transfer_id)) & set(lines):
            raise NotFound(
                f"The line is none of transaction {transfer_id}", remedy="Open the transaction again"
            )
        # The change and the note that it is to be evaluated are one commit.
        store_evaluation.request(connection)
        made = act(connection)
        # Once more: lines that became free may have been paired anew since.
        change = store_evaluation.request(connection)
        record(
            connection,
            action,
            "transfer",
            transfer_id,
            after={"transfer": made.transfer_id, "lines": list(lines)},
            why=reason.strip(),
        )
        connection.commit()
    tracer.start()
    return Mended(
        transfer_id=made.transfer_id.replace("-", ""), superseded=made.superseded, new=True, change=change
    )


def _still_there(connection: store.type_of_connection, transfer_id: str) -> list[str]:
    """The lines of a transaction that stands."""
    own = store_mending.lines_of_transfer(connection, transfer_id)
    if own is None:
        raise NotFound(f"There is no transaction {transfer_id}", remedy="Search its account's lines")
    current, lines = own
    if current != [transfer_id]:
        raise Superseded(
            "The pairing of this transaction was mended since the page was opened",
            remedy="Open the transaction that took its place",
            successors=current,
        )
    return lines
