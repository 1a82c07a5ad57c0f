"""What was followed, as the pages show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from loantrail.http.pages.model import Account, Path, Step
from loantrail.http.pages.payments.model import (
    Bridge,
    NamedLoan,
    NearReceipt,
    Repayment,
    RepaymentSource,
    SourceShare,
)
from loantrail.tracing.backward_payers import Kind
from loantrail.tracing.model import NO_LOAN

if TYPE_CHECKING:  # what they import, compiled kernels among it, waits for the first request
    from loantrail.http.pages.payments.following import Bridged, Followed, Judged, Near
    from loantrail.tracing.backward import Source
    from loantrail.tracing.backward_runs import BackwardRun

PATHS_SHOWN_MAX: Final = 5
STEPS_SHOWN_MAX: Final = 60
DAY_US: Final = 86_400_000_000

_NOTHING: Final[Mapping[str, Any]] = {}


def source_shares(judged: Iterable[Judged]) -> list[SourceShare]:
    """Sums by kind, in the order of the kinds."""
    sums: dict[Kind, int] = {}
    odd: set[Kind] = set()
    for item in judged:
        sums[item.kind] = sums.get(item.kind, 0) + item.share.amount_fen
        if item.odd:
            odd.add(item.kind)
    return [
        SourceShare(kind=kind.value, amount_fen=sums[kind], odd=kind in odd) for kind in Kind if kind in sums
    ]


def odd_fen(judged: Iterable[Judged]) -> int:
    """What of it is neither earned nor the borrower's own."""
    return sum(item.share.amount_fen for item in judged if item.odd)


def repayment_answer(followed: Followed, run: BackwardRun | None, names: Mapping[str, str]) -> Repayment:
    """One repayment with its shares."""
    row = followed.row
    transfer_id = None
    if run is not None and followed.event is not None:
        transfer_id = run.transaction_ids([followed.event])[0]
    return Repayment(
        repayment_id=row["repayment_id"],
        paid_at=row["paid_at"],
        principal_fen=row["principal_fen"],
        interest_fen=row["interest_fen"],
        penalty_fen=row["penalty_fen"],
        amount_fen=row["amount_fen"],
        account=Account(account=row["account"] or None, name=names.get(row["account"] or "")),
        transfer_id=transfer_id,
        followed_fen=followed.followed_fen,
        odd_fen=odd_fen(followed.judged),
        shares=source_shares(followed.judged),
        near_fen=near_fen(followed, run),
    )


def near_fen(followed: Followed, run: BackwardRun | None) -> int:
    """What came in just before, without being counted."""
    if run is None:
        return 0
    return sum(int(run.named.history.amount_fen[near.entry]) for near in followed.near)


def shown_events(judged: Judged) -> list[tuple[tuple[int, ...], int]]:
    """The ways of one share, the largest first, as far as a reader needs them: down to the disbursement for loan money,
    to the beginning for odd money, else to the movement that brought it in; ways that look the same are one."""
    ways: dict[tuple[int, ...], int] = {}
    for source in judged.share.sources:
        events = _cut(judged, source)
        ways[events] = ways.get(events, 0) + source.amount_fen
    return sorted(ways.items(), key=lambda way: (-way[1], way[0]))


def _cut(judged: Judged, source: Source) -> tuple[int, ...]:
    entry = judged.share.entry
    if judged.share.loan != NO_LOAN or judged.odd or entry is None:
        return source.events
    return source.events[: source.events.index(entry) + 1]


@dataclass(frozen=True)
class Telling:
    """What is needed to tell the sources of one instalment."""

    run: BackwardRun
    transfers: Mapping[str, Mapping[str, Any]]
    accounts: Mapping[str, str]
    loans: Mapping[str, Mapping[str, Any]]
    borrower_party_id: str

    def transfer(self, event: int) -> tuple[str, Mapping[str, Any]]:
        transfer_id = self.run.transaction_ids([event])[0]
        return transfer_id, self.transfers.get(transfer_id, _NOTHING)

    def account(self, transfer: Mapping[str, Any], side: str) -> Account:
        account = transfer.get(f"{side}_account")
        return Account(
            account=account or None, name=self.accounts.get(account or "") or transfer.get(f"{side}_name")
        )

    def source(self, followed: Followed, judged: Judged) -> RepaymentSource:
        """One source of a followed instalment."""
        share, payer = judged.share, judged.payer
        booked = self.run.named.booked_at_us
        entry_id: str | None = None
        entry: Mapping[str, Any] = _NOTHING
        days: int | None = None
        if share.entry is not None:
            entry_id, entry = self.transfer(share.entry)
            if followed.event is not None:
                days = (int(booked[followed.event]) - int(booked[share.entry])) // DAY_US
        ways = shown_events(judged)
        return RepaymentSource(
            kind=judged.kind.value,
            odd=judged.odd,
            amount_fen=share.amount_fen,
            loan=self._loan(share.loan),
            payer=self.account(entry, "debit") if entry_id is not None else None,
            transfer_id=entry_id,
            booked_at=entry.get("booked_at"),
            transfer_fen=entry.get("amount_fen"),
            purpose_text=entry.get("purpose_text"),
            days_before=days,
            payer_class=payer.payer_class if payer else None,
            basis=payer.basis if payer else None,
            confidence_permille=payer.confidence_permille if payer else None,
            evidence=payer.evidence if payer else None,
            bridge=self._bridge(share.entry, judged.bridge),
            ends=sorted({source.origin.value for source in share.sources}),
            path_count=len(ways),
            paths=[self._path(events, amount) for events, amount in ways[:PATHS_SHOWN_MAX]],
        )

    def _loan(self, loan: int) -> NamedLoan | None:
        if loan == NO_LOAN:
            return None
        loan_id = self.run.named.loans[loan]
        facts = self.loans.get(loan_id, _NOTHING)
        return NamedLoan(
            loan_id=loan_id,
            borrower_name=facts.get("borrower_name"),
            product=facts.get("product"),
            same_borrower=facts.get("borrower_party_id") == self.borrower_party_id,
        )

    def near(self, followed: Followed, near: Near) -> NearReceipt:
        """Money that came in just before the instalment."""
        booked = self.run.named.booked_at_us
        transfer_id, transfer = self.transfer(near.entry)
        paid_us = int(booked[followed.event]) if followed.event is not None else int(booked[near.entry])
        return NearReceipt(
            kind=near.kind.value,
            payer=self.account(transfer, "debit"),
            transfer_id=transfer_id,
            booked_at=transfer["booked_at"],
            amount_fen=transfer["amount_fen"],
            purpose_text=transfer["purpose_text"],
            days_before=(paid_us - int(booked[near.entry])) // DAY_US,
            payer_class=near.payer.payer_class,
            basis=near.payer.basis,
            evidence=near.payer.evidence,
            bridge=self._bridge(near.entry, near.bridge),
        )

    def _bridge(self, entry: int | None, bridge: Bridged | None) -> Bridge | None:
        if bridge is None or entry is None:
            return None
        booked = self.run.named.booked_at_us
        transfer_id, transfer = self.transfer(bridge.event)
        return Bridge(
            returned_fen=bridge.returned_fen,
            returned_at=transfer["booked_at"],
            transfer_id=transfer_id,
            days_in_hand=(int(booked[bridge.event]) - int(booked[entry])) // DAY_US,
            new_loan_id=None if bridge.loan == NO_LOAN else self.run.named.loans[bridge.loan],
        )

    def _path(self, events: tuple[int, ...], amount_fen: int) -> Path:
        # Of a very long way the two ends are shown.
        half = STEPS_SHOWN_MAX // 2
        places = list(range(len(events)))
        if len(places) > STEPS_SHOWN_MAX:
            places = places[:half] + places[-half:]
        steps: list[Step] = []
        for place in places:
            transfer_id, transfer = self.transfer(events[place])
            if not transfer:
                continue
            steps.append(
                Step(
                    transfer_id=transfer_id,
                    booked_at=transfer["booked_at"],
                    from_account=self.account(transfer, "debit"),
                    to_account=self.account(transfer, "credit"),
                    moved_fen=amount_fen,
                    transfer_fen=transfer["amount_fen"],
                    purpose_text=transfer["purpose_text"],
                    depth=place,
                )
            )
        return Path(counted_fen=amount_fen, steps=steps)


def events_told(followed: Followed) -> set[int]:
    """Every event that the sources of an instalment speak of."""
    events = {followed.event} if followed.event is not None else set[int]()
    for near in followed.near:
        events.add(near.entry)
        if near.bridge:
            events.add(near.bridge.event)
    for judged in followed.judged:
        if judged.share.entry is not None:
            events.add(judged.share.entry)
        if judged.bridge:
            events.add(judged.bridge.event)
        for way, _ in shown_events(judged)[:PATHS_SHOWN_MAX]:
            events.update(way[: STEPS_SHOWN_MAX // 2])
            events.update(way[-(STEPS_SHOWN_MAX // 2) :])
    return events
