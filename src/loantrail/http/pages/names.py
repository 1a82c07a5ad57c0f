"""Gives the arrivals of a statement line the names, amounts and reasons that the books hold for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from loantrail.http.pages import store
from loantrail.http.pages.model import Account, Arrival, Path, Step
from loantrail.http.pages.paths import Hop, LineArrival, LoanTrail, TracedPath

PATHS_SHOWN_MAX: Final = 5
"""Paths given for one arrival; its `path_count` tells how many there are."""

_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class _Books:
    accounts: Mapping[str, str]
    transfers: Mapping[str, Mapping[str, Any]]

    def sender(self, hop: Hop) -> Account:
        transfer = self.transfers.get(hop.transfer_id, _NOTHING)
        return self._account(hop.from_account, transfer.get("debit_name"))

    def receiver(self, hop: Hop) -> Account:
        transfer = self.transfers.get(hop.transfer_id, _NOTHING)
        return self._account(hop.to_account, transfer.get("credit_name"))

    def _account(self, account: str | None, written_name: str | None) -> Account:
        return Account(account=account or None, name=self.accounts.get(account or "") or written_name or None)


def named_arrivals(
    connection: Connection[Any], run_id: str, trail: LoanTrail, arrivals: Sequence[LineArrival]
) -> list[Arrival]:
    """The same arrivals, in the same order, ready for a page."""
    paths = [trail.paths(arrival) for arrival in arrivals]
    hops = [hop for ways in paths for path in ways[:PATHS_SHOWN_MAX] for hop in path.hops]
    books = _Books(
        store.account_names(
            connection, {account for hop in hops for account in (hop.from_account, hop.to_account) if account}
        ),
        store.transfers(connection, {hop.transfer_id for hop in hops}),
    )
    reasons = store.destinations(connection, run_id, [arrival.hop.transfer_id for arrival in arrivals])
    return [
        _arrival(books, reasons.get(arrival.hop.transfer_id, _NOTHING), arrival, ways)
        for arrival, ways in zip(arrivals, paths, strict=True)
    ]


def _arrival(
    books: _Books, reason: Mapping[str, Any], arrival: LineArrival, paths: Sequence[TracedPath]
) -> Arrival:
    hop = arrival.hop
    transfer = books.transfers.get(hop.transfer_id, _NOTHING)
    return Arrival(
        transfer_id=hop.transfer_id,
        booked_at=hop.booked_at,
        from_account=books.sender(hop),
        to_account=books.receiver(hop),
        counted_fen=arrival.counted_fen,
        transfer_fen=transfer.get("amount_fen"),
        purpose_text=transfer.get("purpose_text"),
        document_no=transfer.get("document_no"),
        destination_class=reason.get("destination_class"),
        basis=reason.get("basis"),
        confidence_permille=reason.get("confidence_permille"),
        evidence=reason.get("evidence"),
        path_count=len(paths),
        paths=[_path(books, path) for path in paths[:PATHS_SHOWN_MAX]],
    )


def _path(books: _Books, path: TracedPath) -> Path:
    return Path(
        counted_fen=path.counted_fen,
        steps=[
            Step(
                transfer_id=hop.transfer_id,
                booked_at=hop.booked_at,
                from_account=books.sender(hop),
                to_account=books.receiver(hop),
                moved_fen=moved_fen,
                transfer_fen=books.transfers.get(hop.transfer_id, _NOTHING).get("amount_fen"),
                purpose_text=books.transfers.get(hop.transfer_id, _NOTHING).get("purpose_text"),
                depth=hop.depth,
            )
            for hop, moved_fen in zip(path.hops, path.moved_fen, strict=True)
        ],
    )
