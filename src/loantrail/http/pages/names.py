"""Gives the arrivals of a statement line the names, amounts and reasons that the books hold for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from loantrail.http.pages import store
from loantrail.http.pages.model import Account, Arrival, Path, Step, UnexplainedPayment
from loantrail.http.pages.paths import Hop, LineArrival, LoanTrail, TracedPath

PATHS_SHOWN_MAX: Final = 5
"""Paths given for one arrival; its `path_count` tells how many there are."""

_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class _Books:
    accounts: Mapping[str, str]
    transfers: Mapping[str, Mapping[str, Any]]

    def sender(self, hop: Hop) -> Account:
        return self.named(hop.from_account, hop.transfer_id, "debit_name")

    def receiver(self, hop: Hop) -> Account:
        return self.named(hop.to_account, hop.transfer_id, "credit_name")

    def named(self, account: str | None, transfer_id: str, side: str) -> Account:
        return self._account(account, self.transfers.get(transfer_id, _NOTHING).get(side))

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


def named_payments(connection: Connection[Any], rows: Sequence[store.Row]) -> list[UnexplainedPayment]:
    """Unexplained payments, in the same order, with the names that the books hold."""
    books = _Books(
        store.account_names(
            connection, {row[side] for row in rows for side in ("from_account", "to_account") if row[side]}
        ),
        store.transfers(connection, {row["transfer_id"] for row in rows}),
    )
    return [
        UnexplainedPayment(
            transfer_id=row["transfer_id"],
            booked_at=row["booked_at"],
            from_account=books.named(row["from_account"], row["transfer_id"], "debit_name"),
            to_account=books.named(row["to_account"], row["transfer_id"], "credit_name"),
            loan_fen=row["loan_fen"],
            transfer_fen=books.transfers.get(row["transfer_id"], _NOTHING).get("amount_fen"),
            purpose_text=books.transfers.get(row["transfer_id"], _NOTHING).get("purpose_text"),
            destination_class=row["destination_class"],
            basis=row["basis"],
            evidence=row["evidence"],
        )
        for row in rows
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
