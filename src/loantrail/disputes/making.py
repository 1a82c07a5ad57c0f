"""Make a sheet out of the current run, and keep it."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from loantrail import clock
from loantrail.disputes import store
from loantrail.disputes.composing import Composer, Wanted
from loantrail.disputes.model import canonical_text, fingerprint
from loantrail.disputes.sheet import Sheet, SheetContent
from loantrail.disputes.texts import StoredJudgements, Texts
from loantrail.disputes.trail import LoanMoney
from loantrail.errors import InputError
from loantrail.http.pages import store as pages
from loantrail.ids import derived_id
from loantrail.ledger.books.store_then import books_then
from loantrail.ledger.books.tracing_inputs import AsOf
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.tracing import snapshots
from loantrail.tracing.books import read_books, unlimited_accounts
from loantrail.tracing.loan_bounds import LoanBounds

UNKNOWN_MAKER = "–"


def make_sheet(connection: type_of_connection, wanted: Wanted, made_by: str = "") -> Sheet:
    """The sheet of what is wanted, stored; the one that says the same already where there is one. Commits.

    Raises InputError where nothing was traced, the loan has no such line or transaction, or the amount is no part of
    what was counted.
    """
    connection.rollback()
    run = pages.current_run(connection)
    state = store.run_state(connection, str(run["run_id"])) if run else None
    connection.rollback()
    if state is None:
        raise InputError("nothing has been traced yet", remedy="Run: loantrail trace --database")
    if state["convention"] != "fifo" or state["read_at"] is None or state["last_arrival"] is None:
        raise InputError(
            "the present trace does not say which state of the books it read",
            remedy="Trace once more: loantrail trace --database",
        )
    with books_then(connection, state["read_at"]) as then:
        as_of = AsOf(state["last_arrival"], state["read_at"], then)
        money = LoanMoney(history_of(connection, state["run_id"], as_of), wanted.loan_id)
        connection.rollback()
        pages.read_one_state(connection)
        content = Composer(
            money, Texts(connection, as_of), StoredJudgements(connection, state["run_id"]), wanted
        ).content(state)
        _agrees(connection, content)
        unit = store.loan_unit(connection, wanted.loan_id)
        connection.rollback()
    plain = content.model_dump(mode="json")
    sha256 = fingerprint(plain)
    made_at = clock.now()
    row = store.keep(
        connection,
        {
            "sheet_id": derived_id("dispute_sheet", sha256),
            "year": str(clock.business_date(made_at).year),
            "loan_id": wanted.loan_id,
            "use": wanted.use,
            "transfer_id": wanted.transfer_id,
            "amount_fen": content.subject.amount_fen,
            "content": canonical_text(plain),
            "sha256": sha256,
            "made_at": made_at,
            "made_by": made_by.strip() or UNKNOWN_MAKER,
            "unit_id": unit,
        },
    )
    connection.commit()
    return sheet_of(row)


def history_of(connection: type_of_connection, run_id: str, as_of: AsOf) -> LoanBounds:
    """The history that a run traced: kept beside the database, else read again as it was."""
    kept = snapshots.load(run_id)
    if kept is None or len(kept.named.booked_at_us) != kept.named.history.event_count:
        books = read_books(connection, lambda _text: None, as_of)
        kept = LoanBounds(books.named, books.related, unlimited_accounts(books))
        snapshots.keep(run_id, kept)
    return kept


def _agrees(connection: store.Database, content: SheetContent) -> None:
    """A sheet says what the screen says: the stored statement holds the same amount for the line."""
    lines = pages.statement_lines(connection, content.versions.run_id, content.subject.loan_id)
    shown = {line["use"]: line["amount_fen"] for line in lines}
    if shown.get(content.subject.use) != content.line_fen:
        raise InputError(
            f"the stored statement says {shown.get(content.subject.use)} fen of {content.subject.use}, the books as "
            f"they were read say {content.line_fen}",
            remedy="The stored trace is of other data or software: trace once more with loantrail trace --database",
        )


def sheet_of(row: store.Row) -> Sheet:
    """A stored row as a sheet. InputError where another software version gave it other fields: `verify` still says how
    it differs."""
    content: dict[str, Any] = json.loads(row["content"])
    try:
        parsed = SheetContent.model_validate(without_computed(content))
    except ValidationError as cause:
        raise InputError(
            f"the sheet {row['number']} has the fields of another software version",
            remedy=f"See what differs: loantrail dispute verify {row['number']}",
        ) from cause
    return Sheet(
        sheet_id=row["sheet_id"],
        number=row["number"],
        made_at=row["made_at"],
        made_by=row["made_by"],
        sha256=row["sha256"],
        content=parsed,
    )


def without_computed(content: dict[str, Any]) -> dict[str, Any]:
    """The content as its model takes it: fields that follow from others left out."""
    loan = content.get("loan")
    if isinstance(loan, dict):
        content = content | {"loan": {name: value for name, value in loan.items() if name != "minor_digits"}}  # pyright: ignore[reportUnknownArgumentType]  JSON
    return content
