"""What a check rests on now: the loan's statement, who got the money of each line, and which papers there are."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from loantrail.http.pages import store as pages
from loantrail.http.pages.trails import loan_trail
from loantrail.inspections import store, store_material, store_vouchers
from loantrail.inspections.conclusion import Basis, Composed, compose
from loantrail.inspections.model import Judged, Line, Paper, Policy
from loantrail.inspections.papers import (
    Brought,
    Payee,
    PayeePapers,
    asked_of,
    lacking_fen,
    papers_of,
)
from loantrail.parameters import ParameterBook
from loantrail.reports.words import words

CASH: Final = ""
"""The account of a payee that has none."""


@dataclass(frozen=True, slots=True)
class LoanMaterial:
    """What the checks of one loan rest on. `lines` is None while the loan was not traced. `payments`: use -> account -> the
    transaction that brought most of it, to be named by."""

    loan_id: str
    currency: str
    borrower_kind: str
    run_id: str
    data_date: datetime.date | None
    lines: Sequence[Line] | None
    papers: Mapping[str, Sequence[PayeePapers]]
    payments: Mapping[str, Mapping[str, str]]
    brought: Sequence[Brought]
    seen_fen: int

    @property
    def lacks(self) -> dict[str, dict[Paper, int]]:
        """Use -> paper -> fen that it is missing for."""
        found = {use: lacking_fen(papers) for use, papers in self.papers.items()}
        return {use: lacks for use, lacks in found.items() if lacks}

    def composed(self, judgements: Mapping[str, Judged], policy: Policy) -> Composed:
        """The conclusion that is proposed for these judgements."""
        zh, en = words("zh"), words("en")
        basis = Basis(
            lines=self.lines or (),
            judgements=judgements,
            lacks=self.lacks,
            seen_fen=self.seen_fen,
            data_date=self.data_date,
            currency=self.currency,
            chinese=lambda use: zh.name("use", use),
            english=lambda use: en.name("use", use),
        )
        return compose(basis, policy)

    def record(self, composed: Composed) -> dict[str, Any]:
        """What is kept of a submission besides what the person says."""
        return {
            "run_id": self.run_id,
            "data_date": self.data_date.isoformat() if self.data_date else None,
            "composed_chinese": composed.chinese,
            "composed_english": composed.english,
            "lacks": {
                use: {str(paper): fen for paper, fen in one.items()} for use, one in self.lacks.items()
            },
        }


def read_material(
    connection: store.Database, loan_id: str, parameters: ParameterBook, on_date: datetime.date
) -> LoanMaterial:
    """What the loan's checks rest on. The connection must see the papers and accounts of the whole bank: which papers a payee
    has does not depend on who asks."""
    facts = store_material.loan(connection, loan_id)
    assert facts is not None  # checks are of loans in the books
    brought = store_vouchers.brought(connection, loan_id)
    run = store_material.run(connection)
    rows = store_material.statement(connection, run[0], loan_id) if run else []
    if run is None or not rows:
        return LoanMaterial(
            loan_id, facts["currency"], facts["borrower_kind"], "", None, None, {}, {}, brought, 0
        )
    run_id, data_date = run
    payees, payments = _payees(connection, run_id, loan_id, [row["use"] for row in rows])
    before = datetime.timedelta(days=parameters.at_or_first("check_invoice_days_before", on_date).number)
    paid_out_on: datetime.date | None = facts["paid_out_on"]
    known = store_material.known(connection, loan_id, facts, paid_out_on - before if paid_out_on else None)
    asked = asked_of(facts["borrower_kind"], parameters, on_date)
    papers = {use: papers_of(use, found, known, brought, asked) for use, found in payees.items()}
    spoken = {one.use: 0 for one in brought}
    for use in spoken:
        spoken[use] = len({one.voucher_id for one in brought if one.use == use})
    lines = [
        Line(
            use=row["use"],
            group=row["line_group"],
            amount_fen=row["amount_fen"],
            suspected=row["suspected"],
            vouchers=spoken.get(row["use"], 0),
            lacking=bool(lacking_fen(papers.get(row["use"], ()))),
        )
        for row in rows
    ]
    return LoanMaterial(
        loan_id=loan_id,
        currency=facts["currency"],
        borrower_kind=facts["borrower_kind"],
        run_id=run_id,
        data_date=data_date,
        lines=lines,
        papers=papers,
        payments=payments,
        brought=brought,
        seen_fen=store_material.seen_fen(connection, run_id, loan_id),
    )


def _payees(
    connection: store.Database, run_id: str, loan_id: str, uses: Sequence[str]
) -> tuple[dict[str, list[Payee]], dict[str, dict[str, str]]]:
    """Use -> who got its money, the largest first; and use -> account -> a transaction to name the payee by."""
    trail = loan_trail(connection, run_id, loan_id)
    amounts: dict[str, dict[str, int]] = {}
    payments: dict[str, dict[str, str]] = {}
    for use in uses:
        for arrival in trail.arrivals(use, pages.held_uses(connection, run_id, loan_id, use)):
            account = arrival.hop.to_account or CASH
            sums = amounts.setdefault(use, {})
            sums[account] = sums.get(account, 0) + arrival.counted_fen
            # The largest arrival comes first.
            payments.setdefault(use, {}).setdefault(account, arrival.hop.transfer_id)
    owners = store_material.parties(connection, {account for sums in amounts.values() for account in sums})
    texts = pages.transfers(connection, {one for named in payments.values() for one in named.values()})
    names = {
        (use, account): (texts.get(transfer_id) or {}).get("credit_name") or ""
        for use, named in payments.items()
        for account, transfer_id in named.items()
    }
    keys = store_material.name_keys(names.values())
    found = {
        use: sorted(
            (
                Payee(account, owners.get(account, ""), keys.get(names[use, account], ""), fen)
                for account, fen in sums.items()
            ),
            key=lambda payee: (-payee.amount_fen, payee.account),
        )
        for use, sums in amounts.items()
    }
    return found, payments
