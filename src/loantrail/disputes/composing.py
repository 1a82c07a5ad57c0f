"""Put a sheet together: figures from the history, words from the books, versions from the run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from loantrail.disputes import store
from loantrail.disputes.model import FORMAT, standing
from loantrail.disputes.rules import rule_files, rules_hash
from loantrail.disputes.sheet import (
    Correction,
    CountedBy,
    Invoice,
    Judged,
    Limits,
    NotSeen,
    Order,
    Payee,
    SheetArrival,
    SheetContent,
    SheetLoan,
    SheetPath,
    SheetStep,
    Subject,
    Versions,
    Vouchers,
)
from loantrail.disputes.surroundings import likenesses, spans, windows
from loantrail.disputes.texts import Judgements, Texts
from loantrail.disputes.trail import LoanMoney, data_digest, judgement_digest
from loantrail.errors import InputError, Place
from loantrail.http.pages.paths import LineArrival, TracedPath
from loantrail.tracing.bounds import Bounds
from loantrail.tracing.loan_bounds import LoanBounds

ARRIVALS_LISTED: Final = 40
PATHS_LISTED: Final = 5
UNSEEN_LISTED: Final = 12
_INVOICE: Final = re.compile(r"invoice (.+)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to make a sheet of; `amount_fen` None is all of it."""

    loan_id: str
    use: str
    transfer_id: str | None = None
    amount_fen: int | None = None


class Composer:
    """One sheet in the making."""

    def __init__(self, money: LoanMoney, texts: Texts, judgements: Judgements, wanted: Wanted) -> None:
        self.money, self.texts, self.judgements, self.wanted = money, texts, judgements, wanted
        arrivals = money.arrivals(wanted.use)
        if wanted.transfer_id is not None:
            arrivals = [one for one in arrivals if one.hop.transfer_id == wanted.transfer_id]
        if not arrivals and money.line_fen(wanted.use) == 0:
            raise InputError(
                f"the statement of loan {wanted.loan_id} has no line {wanted.use}",
                Place(field="use"),
                "Open the loan's statement again",
            )
        if wanted.transfer_id is not None and not arrivals:
            raise InputError(
                f"no part of the line {wanted.use} rests on the transaction {wanted.transfer_id}",
                Place(field="transfer_id"),
                "Choose one of the transactions that the line's evidence lists",
            )
        self.counted_fen = (
            money.line_fen(wanted.use)
            if wanted.transfer_id is None
            else sum(one.counted_fen for one in arrivals)
        )
        self.disputed_fen = self.counted_fen if wanted.amount_fen is None else wanted.amount_fen
        if not 0 < self.disputed_fen <= self.counted_fen:
            raise InputError(
                f"{self.disputed_fen} fen is not a part of the {self.counted_fen} fen counted",
                Place(field="amount_fen"),
                "Give an amount of one fen at least and not above what was counted",
            )
        self.arrivals = arrivals
        self.listed = arrivals[:ARRIVALS_LISTED]
        self.ways = [(arrival, money.trail.paths(arrival)) for arrival in self.listed]

    def content(self, run: Mapping[str, Any]) -> SheetContent:
        """The whole sheet. `run`: the row of the run that it is about."""
        wanted, money = self.wanted, self.money
        shown = [path for _, paths in self.ways for path in paths[:PATHS_LISTED]]
        hops = [hop for path in shown for hop in path.hops]
        self.texts.load(
            (hop.transfer_id for hop in hops),
            (account for hop in hops for account in (hop.from_account, hop.to_account)),
        )
        found = spans(money, [[money.event_of_hop(hop) for hop in path.hops] for path in shown])
        event = money.event_of_hop(self.arrivals[0].hop) if wanted.transfer_id is not None else None
        line = money.line_bounds(wanted.use)
        single = None if event is None else money.transaction_bounds(event)
        closest = single or line
        classes = self._classes(shown)
        not_seen, elsewhere_count = self._not_seen(shown)
        return SheetContent(
            format=FORMAT,
            subject=Subject(
                loan_id=wanted.loan_id,
                use=wanted.use,
                transfer_id=wanted.transfer_id,
                amount_fen=self.disputed_fen,
                is_part=self.disputed_fen < self.counted_fen,
            ),
            loan=self._loan(),
            line_fen=money.line_fen(wanted.use),
            counted_fen=self.counted_fen,
            standing=standing(self.disputed_fen, closest.least_fen, closest.most_fen, closest.proven),
            limits=_limits(line),
            transfer_limits=None if single is None else _limits(single),
            counted=[
                CountedBy(
                    convention=one.convention.name.lower(),
                    line_fen=one.line_fen,
                    transfer_fen=None if event is None else one.transfer_fen,
                )
                for one in money.counted(wanted.use, event)
            ],
            arrival_count=len(self.arrivals),
            arrivals=[self._arrival(arrival, paths) for arrival, paths in self.ways],
            left_out_fen=sum(one.counted_fen for one in self.arrivals[ARRIVALS_LISTED:]),
            windows=windows(money, self.texts, found),
            likenesses=likenesses(money, self.texts, found),
            not_seen=not_seen,
            not_seen_elsewhere_count=elsewhere_count,
            classes=classes,
            vouchers=self._vouchers(shown, classes),
            versions=versions_of(money.kept, run),
        )

    def _loan(self) -> SheetLoan:
        facts = store.loan_facts(self.texts.connection, self.wanted.loan_id, self.texts.as_of.then)
        if facts is None:
            raise InputError(
                f"there is no loan {self.wanted.loan_id}", Place(field="loan_id"), "Check the loan number"
            )
        names = set(SheetLoan.model_fields) - {"disbursed_fen"}
        return SheetLoan.model_validate(
            {name: facts[name] for name in names} | {"disbursed_fen": self.money.disbursed_fen}
        )

    def _arrival(self, arrival: LineArrival, paths: Sequence[TracedPath]) -> SheetArrival:
        return SheetArrival(
            transfer_id=arrival.hop.transfer_id,
            booked_at=arrival.hop.booked_at,
            counted_fen=arrival.counted_fen,
            path_count=len(paths),
            paths=[self._path(path) for path in paths[:PATHS_LISTED]],
        )

    def _path(self, path: TracedPath) -> SheetPath:
        money, texts = self.money, self.texts
        steps: list[SheetStep] = []
        for hop, moved_fen in zip(path.hops, path.moved_fen, strict=True):
            event = money.event_of_hop(hop)
            payer = int(money.history.debit[event])
            inside = payer >= 0
            written = texts.transfer(hop.transfer_id)
            steps.append(
                SheetStep(
                    transfer_id=hop.transfer_id,
                    booked_at=hop.booked_at,
                    from_account=texts.payer(hop.transfer_id, hop.from_account),
                    to_account=texts.payee(hop.transfer_id, hop.to_account),
                    moved_fen=moved_fen,
                    transfer_fen=int(money.history.amount_fen[event]),
                    balance_before_fen=money.balance_before(event, payer) if inside else None,
                    balance_known=inside and not money.reasons(payer) and not money.history.terminal[payer],
                    purpose_text=written.get("purpose_text"),
                    document_no=written.get("document_no"),
                    reference=written.get("reference"),
                )
            )
        return SheetPath(counted_fen=path.counted_fen, steps=steps)

    def _not_seen(self, shown: Sequence[TracedPath]) -> tuple[list[NotSeen], int]:
        """Places on the way, and where the money may have gone, that the books do not show; the count of the latter."""
        money, texts = self.money, self.texts
        on_the_way: dict[int, list[str]] = {}
        outside: list[NotSeen] = []
        for path in shown:
            event = money.event_of_hop(path.hops[-1])
            if money.history.credit[event] < 0:
                payee = texts.payee(path.hops[-1].transfer_id, None)
                outside.append(NotSeen(account=payee, on_the_way=True, reasons=["outside the records"]))
            for hop in path.hops:
                at = money.event_of_hop(hop)
                for account in (int(money.history.debit[at]), int(money.history.credit[at])):
                    if account < 0:
                        continue
                    pooled = ["pooled account"] if money.history.terminal[account] else []
                    reasons = money.reasons(account) + pooled
                    if reasons and at != money.event_of_hop(path.hops[0]):
                        on_the_way[account] = reasons
        elsewhere = [(a, reasons) for a, reasons in money.unseen_accounts() if a not in on_the_way]
        chosen = [
            *((account, True, reasons) for account, reasons in sorted(on_the_way.items())),
            *((account, False, reasons) for account, reasons in elsewhere[:UNSEEN_LISTED]),
        ]
        names = money.named.account_name(np.array([account for account, _, _ in chosen], np.int64)).to_list()
        texts.load((), names)
        unique = {one.model_dump_json(): one for one in outside}
        listed = [
            NotSeen(account=texts.account(name), on_the_way=near, reasons=list(reasons))
            for name, (_, near, reasons) in zip(names, chosen, strict=True)
        ]
        return [*unique.values(), *listed], len(elsewhere)

    def _classes(self, shown: Sequence[TracedPath]) -> list[Judged]:
        """Each payment on the way after the disbursement, in the order of the ways."""
        payees: dict[str, str | None] = {}
        for path in shown:
            for hop in path.hops[1:]:
                payees.setdefault(hop.transfer_id, hop.to_account)
        judged = self.judgements.of(payees)
        lines, merged = self.texts.lines(), self.texts.merged
        accounts = {account for account in payees.values() if account}
        corrected = store.corrections(
            self.texts.connection,
            self.texts.as_of.read_at,
            [*accounts, *(key for key, survivor in merged.items() if survivor in accounts)],
            [line for transfer_id in payees for line in lines.get(transfer_id, ())],
        )
        # What was said of the account itself wins over what was said of one merged into it.
        corrected.sort(key=lambda row: row["account"] not in merged)
        by_account = {merged.get(row["account"], row["account"]): row for row in corrected if row["account"]}
        by_line = {str(row["line_id"]): row for row in corrected if row["line_id"]}
        found: list[Judged] = []
        for transfer_id, account in payees.items():
            row = judged.get(transfer_id)
            if row is None:
                continue
            correction = by_account.get(account)
            for line in lines.get(transfer_id, ()):
                correction = by_line.get(line, correction)
            found.append(
                Judged(
                    transfer_id=transfer_id,
                    to_account=self.texts.payee(transfer_id, account),
                    destination_class=str(row["destination_class"]),
                    basis=str(row["basis"]),
                    evidence=str(row["evidence"] or ""),
                    confidence_permille=int(str(row["confidence_permille"])),
                    correction=None
                    if correction is None
                    else Correction(
                        destination_class=correction["destination_class"],
                        reason=correction["reason"],
                        made_by=correction["made_by"],
                        made_at=correction["made_at"],
                    ),
                )
            )
        return found

    def _payee_key(self, account: str) -> str:
        return self.texts.merged.get(account, account)

    def _vouchers(self, shown: Sequence[TracedPath], classes: Sequence[Judged]) -> Vouchers:
        connection, then = self.texts.connection, self.texts.as_of.then
        payees = {hop.to_account for path in shown for hop in path.hops[1:]}
        documents = {
            document
            for path in shown
            for hop in path.hops
            if (document := self.texts.transfer(hop.transfer_id).get("document_no"))
        }
        named = [found[1] for one in classes if (found := _INVOICE.fullmatch(one.evidence))]
        return Vouchers(
            orders=[
                Order.model_validate(row | {"is_payee": self._payee_key(row["payee_account"]) in payees})
                for row in store.orders(connection, self.wanted.loan_id, then)
            ],
            invoices=[Invoice.model_validate(row) for row in store.invoices(connection, named, then)],
            contract_payees=[
                Payee.model_validate(row)
                for row in store.contract_payees(connection, self._loan().contract_id, then)
            ],
            document_numbers=sorted(documents),
        )


def versions_of(kept: LoanBounds, run: Mapping[str, Any]) -> Versions:
    """Data, rules and software as they are found; which run they are about is the row's."""
    rules = rule_files()
    return Versions(
        run_id=run["run_id"],
        convention=run["convention"],
        opening=kept.named.opening,
        data_version=run["data_version"],
        data_date=run["data_date"],
        last_arrival=run["last_arrival"],
        read_at=run["read_at"],
        data_sha256=data_digest(kept),
        judgement_sha256=judgement_digest(kept),
        rules_sha256=rules_hash(rules),
        rules=rules,
        software_version=version("loantrail"),
    )


def _limits(found: Bounds) -> Limits:
    return Limits(
        least_fen=found.least_fen,
        most_fen=found.most_fen,
        proven=found.proven,
        outer=found.outer,
        reasons=list(found.reasons),
    )
