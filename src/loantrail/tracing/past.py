"""The history that a run traced, out of what is kept of it or out of the books as they were."""

from __future__ import annotations

from loantrail.ledger.books.store_then import books_then
from loantrail.ledger.books.tracing_inputs import AsOf
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.tracing import snapshots, store
from loantrail.tracing.books import read_books, unlimited_accounts
from loantrail.tracing.loan_bounds import LoanBounds


def history_of_run(connection: type_of_connection, run_id: str) -> LoanBounds:
    """The history kept on this machine; else the books are read again as they were when the run read them, so that it
    agrees with what the run stored.

    Raises InputError when the books hold no lines, DatabaseUnavailable when the database fails.
    """
    kept = snapshots.load(run_id)
    if kept is not None:
        return kept
    extent = store.read_extent_of_run(connection, run_id)
    if extent is None:
        books = read_books(connection, lambda _text: None)
    else:
        with books_then(connection, extent[1]) as then:
            books = read_books(connection, lambda _text: None, AsOf(*extent, then))
    kept = LoanBounds(books.named, books.related, unlimited_accounts(books))
    snapshots.keep(run_id, kept)
    return kept
