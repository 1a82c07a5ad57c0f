"""One transaction: both lines, its pairing, whose loan money moved, what the payee was taken for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from loantrail.clock import business_date
from loantrail.destinations.store import of_target
from loantrail.http.access import Reading, allowed
from loantrail.http.pages.accounts import store_transactions as store
from loantrail.http.pages.accounts.model import Candidate, PairingState, TransactionPage
from loantrail.http.pages.accounts.pairing_words import (
    CANDIDATES_SHOWN_MAX,
    pairing_state,
    reasons,
    strength,
)
from loantrail.http.pages.routes import LOAN_PROBLEMS
from loantrail.http.pages.store import Database, Row, current_run, destinations
from loantrail.http.problems import NotFound
from loantrail.identity.abilities import Ability
from loantrail.ledger.merges.store import keys_of

router = APIRouter()

TransferId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="A transaction's id.")]


@router.get(
    "/transactions/{transfer_id}",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["transactions"],
    responses=LOAN_PROBLEMS,
)
def one_transaction(connection: Reading, transfer_id: TransferId) -> TransactionPage:
    """One transaction. One whose pairing was mended since is shown as it was, and names what took its place."""
    lines, current = _lines_of(connection, transfer_id)
    sides = {line["direction"]: line for line in lines}
    debit, credit = sides.get("debit"), sides.get("credit")
    own = debit or credit
    assert own is not None
    ids = [line["line_id"] for line in lines]
    history = store.pairings_of_lines(connection, ids)
    valid = next((row for row in history if row["state"] == "valid"), None)
    doubt = store.ambiguous_reasons(connection, ids)
    payer, payee = _parties(debit, credit)
    known = store.parties(connection, [one["account"] for one in (payer, payee) if one["account"]])
    other = payee if debit else payer
    state = pairing_state(
        {
            "pairing_basis": valid["basis"] if valid else None,
            "has_partner": bool(valid and valid["debit_line"] and valid["credit_line"]),
            "ambiguous": bool(doubt),
            "other_is_ours": bool(known.get(other["account"] or "", {}).get("ours")),
        }
    )
    run = current_run(connection)
    run_id = run["run_id"] if run else ""
    return TransactionPage.model_validate(
        {
            "transfer_id": transfer_id,
            "currency": own["currency"],
            "current": current == [transfer_id],
            "successors": [one for one in current if one != transfer_id],
            "booked_at": own["booked_at"],
            "amount_fen": own["amount_fen"],
            "payer": _named(payer, known),
            "payee": _named(payee, known),
            "payer_is_ours": bool(known.get(payer["account"] or "", {}).get("ours")),
            "payee_is_ours": bool(known.get(payee["account"] or "", {}).get("ours")),
            "debit": _facts(debit),
            "credit": _facts(credit),
            "pairing": state,
            "pairing_basis": valid["basis"] if valid else None,
            "ambiguous_reason": next(iter(doubt.values()), None),
            "history": history,
            "candidates": _candidates(connection, own, state) if len(lines) == 1 else [],
            "loans": store.loans_moved(connection, run_id, transfer_id),
            "judgement": _judgement(connection, run_id, transfer_id),
            "corrections": of_target(
                connection, ids, keys_of(connection, payee["account"]) if payee["account"] else []
            ),
            "reversals": store.reversals(connection, ids),
            "run_id": run_id or None,
        }
    )


def _lines_of(connection: Database, transfer_id: str) -> tuple[list[Row], list[str]]:
    """The lines of a transaction that is or was, and the transactions that they belong to now."""
    versions = store.pairing_versions(connection, transfer_id)
    ids = (
        [one for one in (versions[0]["debit_line"], versions[0]["credit_line"]) if one]
        if versions
        else [transfer_id]
    )
    lines = store.statement_lines(connection, ids)
    if not lines:
        raise NotFound(f"There is no transaction {transfer_id}", remedy="Search its account's lines")
    valid = [row for row in store.pairings_of_lines(connection, ids) if row["state"] == "valid"]
    now = {row[side]: row["transfer_id"] for row in valid for side in ("debit_line", "credit_line")}
    return lines, sorted({now.get(line["line_id"], line["line_id"]) for line in lines})


def _parties(debit: Row | None, credit: Row | None) -> tuple[Row, Row]:
    def own(line: Row) -> Row:
        return {"account": line["account_now"], "name": line["account_name"]}

    def other(line: Row | None) -> Row:
        if line is None:
            return {"account": None, "name": None}
        return {"account": line["counterparty_now"], "name": line["counterparty_name"]}

    return (own(debit) if debit else other(credit)), (own(credit) if credit else other(debit))


def _named(party: Row, known: dict[str, Row]) -> Row:
    found = known.get(party["account"] or "", {})
    return {"account": party["account"], "name": found.get("name") or party["name"]}


def _facts(line: Row | None) -> Row | None:
    return None if line is None else {name: value for name, value in line.items() if name != "currency"}


def _judgement(connection: Database, run_id: str, transfer_id: str) -> Row | None:
    found = destinations(connection, run_id, [transfer_id]).get(transfer_id)
    return None if found is None else {name: value for name, value in found.items() if name != "transfer_id"}


def _candidates(connection: Database, line: Row, state: PairingState) -> list[Candidate]:
    if state in (PairingState.PAIRED, PairingState.MANUAL):
        return []
    found = store.candidates(connection, line)
    found.sort(key=lambda other: (-strength(line, other), other["booked_at"], other["line_id"]))
    extra = {"transfer_id", "pairing_basis", "has_partner", "ambiguous", "other_is_ours", "currency"}
    return [
        Candidate.model_validate(
            {
                "line": {name: value for name, value in other.items() if name not in extra},
                "transfer_id": other["transfer_id"],
                "pairing": pairing_state(other),
                "reasons": reasons(line, other),
                "days_apart": abs(
                    (business_date(line["booked_at"]) - business_date(other["booked_at"])).days
                ),
            }
        )
        for other in found[:CANDIDATES_SHOWN_MAX]
    ]
