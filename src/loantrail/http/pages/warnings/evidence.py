"""The three transactions that say most of a warning, in the order of time, and the nodes of the flow that lead to its hits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from loantrail.clock import business_date
from loantrail.http.access import Reading
from loantrail.http.pages import store as pages
from loantrail.http.pages.model import Account
from loantrail.http.pages.warnings import store_evidence as store
from loantrail.http.pages.warnings.model import EvidenceLine, Place

EVIDENCE_LINES: Final = 3
WAY_STEPS: Final = 12
WAY_TRANSACTIONS: Final = 20
NAMED_MOST: Final = 3
OF_ANOTHER_PAYEE: Final = "PAYEE_MISMATCH"
"""The pattern that says that a document names another payee: what the class of the payee rests on is that document."""


def evidence_of(
    connection: Reading, loan_id: str, hits: list[pages.Row]
) -> tuple[list[EvidenceLine], list[str]]:
    """Those that the hits (the most severe first) rest on; where these are fewer than three, how the money came there, where it went on,
    and what else the loan paid."""
    run = pages.current_run(connection)
    if run is None or not hits:
        return [], []
    run_id = run["run_id"]
    ids = list(dict.fromkeys(one for hit in hits for one in hit["transaction_ids"]))
    rows = store.payments(connection, run_id, loan_id, ids, EVIDENCE_LINES)
    way = store.way(connection, run_id, loan_id, ids[:WAY_TRANSACTIONS], WAY_STEPS)
    place_of: dict[str, Place] = {row["transfer_id"]: "hit" for row in rows}

    def fill(place: Place, wanted: Sequence[str]) -> None:
        missing, fresh = EVIDENCE_LINES - len(rows), [one for one in wanted if one not in place_of]
        if missing > 0 and fresh:
            more = store.payments(connection, run_id, loan_id, fresh, missing)
            place_of.update({row["transfer_id"]: place for row in more})
            rows.extend(more)

    fill("before", [one for one in dict.fromkeys(step[0] for step in way) if one not in ids])
    if len(rows) < EVIDENCE_LINES:
        fill("after", store.onward(connection, run_id, loan_id, ids))
    if len(rows) < EVIDENCE_LINES:
        fill("beside", store.largest(connection, run_id, loan_id, [*ids, *place_of], EVIDENCE_LINES))
    rows.sort(key=lambda row: row["booked_at"])
    accounts = {row[side] for row in rows for side in ("debit_account", "credit_account") if row[side]}
    names = pages.account_names(connection, accounts)
    last = business_date(max(row["booked_at"] for row in rows)) if rows else None
    related = store.related(connection, loan_id, sorted(accounts), last) if last else {}
    mismatched = {
        one for hit in hits if hit["rule_code"] == OF_ANOTHER_PAYEE for one in hit["transaction_ids"]
    }
    named, sellers = (
        store.named_payees(connection, loan_id, [row["document_no"] for row in rows if row["document_no"]])
        if mismatched
        else ([], {})
    )

    def named_of(row: pages.Row) -> list[str]:
        if row["transfer_id"] not in mismatched:
            return []
        seller = sellers.get(row["document_no"])
        return [seller] if seller else named[:NAMED_MOST]

    lines = [
        EvidenceLine(
            transfer_id=row["transfer_id"],
            of_hit=place_of[row["transfer_id"]] == "hit",
            place=place_of[row["transfer_id"]],
            booked_at=row["booked_at"],
            from_account=Account(
                account=row["debit_account"], name=names.get(row["debit_account"] or "") or row["debit_name"]
            ),
            to_account=Account(
                account=row["credit_account"],
                name=names.get(row["credit_account"] or "") or row["credit_name"],
            ),
            payer_relations=related.get(row["debit_account"] or "", []),
            payee_relations=related.get(row["credit_account"] or "", []),
            named_payees=named_of(row),
            loan_fen=row["loan_fen"],
            transfer_fen=row["transfer_fen"],
            purpose_text=row["purpose_text"],
            destination_class=row["destination_class"],
            basis=row["basis"],
            evidence=row["evidence"],
        )
        for row in rows
    ]
    nodes = dict.fromkeys(account for _, payer, payee in way for account in (payer, payee) if account)
    return lines, [f"={account}" for account in nodes]


def relations_of_hit(lines: Sequence[EvidenceLine]) -> list[str]:
    """What those whom the hits' payments went to are to the borrower, each once."""
    return list(dict.fromkeys(one for line in lines if line.of_hit for one in line.payee_relations))
