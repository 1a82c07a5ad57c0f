"""Which payments of the borrower's own accounts carried money of a loan, without looking beyond those accounts. Pure.

Followed is only what never left them: from the payment of the loan over transfers between the borrower's own accounts to the
payment that left. Money that went out and came back is not followed again: that it is the loan's is known from elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol


class Movement(Protocol):
    """A hop of the trace: `loantrail.http.pages.paths.Hop`, as far as it is needed."""

    @property
    def hop_id(self) -> str: ...
    @property
    def parent_hop_id(self) -> str | None: ...
    @property
    def transfer_id(self) -> str: ...
    @property
    def from_account(self) -> str | None: ...
    @property
    def to_account(self) -> str | None: ...
    @property
    def amount_fen(self) -> int: ...


@dataclass(frozen=True, slots=True)
class OwnPayment:
    """What one transaction moved of the loan's money out of the borrower's own account `from_account`; `within`: to another account
    of the borrower's own. Whom it paid is told by the borrower's own line."""

    transfer_id: str
    from_account: str
    loan_fen: int
    within: bool


def own_payments(hops: Iterable[Movement], own: Collection[str]) -> list[OwnPayment]:
    """The payments out of the accounts `own` that carried the loan's money before it left them, in the order of the trace.
    `hops` come parents first. A transaction that moved several parts is one payment, whatever uses the trace gave them."""
    reached: set[str] = set()
    found: dict[str, OwnPayment] = {}
    for hop in hops:
        starts = hop.parent_hop_id is None
        if not starts and hop.parent_hop_id not in reached:
            continue
        if hop.to_account in own:
            reached.add(hop.hop_id)
        if hop.from_account is None or hop.from_account not in own or starts:
            continue
        before = found.get(hop.transfer_id)
        found[hop.transfer_id] = OwnPayment(
            hop.transfer_id,
            hop.from_account,
            hop.amount_fen + (before.loan_fen if before else 0),
            hop.to_account in own,
        )
    return list(found.values())
