"""Accounts, one-sided statement lines, and the two-sided files for tracing without a database."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantrail.demo.accounts import AccountBook, institution_numbers
from loantrail.demo.flow_book import Flows
from loantrail.demo.kernel_outside import covered_outside
from loantrail.demo.lending import ACQUISITION, ADVANCE, MORTGAGE, Loans
from loantrail.demo.lines import Lines, reference_numbers
from loantrail.demo.model import DAYS
from loantrail.demo.papers import Papers
from loantrail.demo.population import Population
from loantrail.demo.season import MONTH_OF_DAY, date_of, day_of
from loantrail.demo.writing import gather, record_frame
from loantrail.ledger.model import ACCOUNT, STATEMENT_LINE

Int64 = NDArray[np.int64]

CHUNK_ROWS: Final = 1 << 18
"""Rows of a large file that are in memory as text at one time."""

NO_TRADE: Final = (MORTGAGE, ACQUISITION, ADVANCE)
"""Products whose payees sell no goods."""

CLASS_OF_KIND: Final = {
    "loan_internal": "loan_internal",
    "bank_internal": "bank_internal",
    "margin_deposit": "acceptance_margin",
    "time_deposit": "time_deposit",
    "structured_deposit": "time_deposit",
    "supervised": "property_purchase",
}
"""What the bank knows of its own accounts without looking at a payment."""


class References:
    """The bank's transaction number of each movement: date and place within the day. Made when asked for."""

    def __init__(self, flows: Flows) -> None:
        day, place = reference_numbers(flows)
        self._day = day.astype(np.int16)
        self._place = place.astype(np.int32)
        self._heads = pl.Series([f"FT{date_of(d):%Y%m%d}" for d in range(DAYS)])

    def at(self, rows: NDArray[Any]) -> pl.Series:
        """The numbers of movements `rows`; null where a row is -1."""
        present = rows >= 0
        kept = rows[present]
        frame = pl.DataFrame({"head": gather(self._heads, self._day[kept]), "place": self._place[kept]})
        made = frame.select(
            pl.concat_str(pl.col("head"), pl.col("place").cast(pl.String).str.zfill(8)).alias("reference")
        )["reference"]
        if len(kept) == len(rows):
            return made
        spread = np.full(len(rows), -1, dtype=np.int64)
        spread[present] = np.arange(len(kept))
        return gather(made, spread)


def account_frame(book: AccountBook, people: Population, opening_fen: Int64) -> pl.DataFrame:
    """Accounts at this bank, and those elsewhere whose owner is on record."""
    rows = np.flatnonzero(book.own_mask() | (np.array(book.party) >= 0))
    own = np.array(book.bank)[rows] == 0
    institutions = institution_numbers()
    unit = np.array(book.unit)[rows]
    return record_frame(
        ACCOUNT,
        {
            "account": [book.number[int(row)] for row in rows],
            "institution": [institutions[book.bank[int(row)]] for row in rows],
            "party_id": [
                people.parties.party_id(book.party[int(row)]) if book.party[int(row)] >= 0 else None
                for row in rows
            ],
            "name": [book.name[int(row)] for row in rows],
            "kind": [book.kind[int(row)] for row in rows],
            "opened_on": [
                date_of(book.opened_day[int(row)]) if mine else None
                for row, mine in zip(rows, own, strict=True)
            ],
            "opening_balance_fen": pl.Series(
                [int(opening_fen[row]) if mine else None for row, mine in zip(rows, own, strict=True)],
                dtype=pl.Int64,
            ),
            "unit_id": gather(pl.Series(people.units.unit_id), unit),
        },
    )


def line_frames(
    flows: Flows, lines: Lines, book: AccountBook, reference: References
) -> Iterator[pl.DataFrame]:
    """Statement lines in pieces; each month is one source file of the core system."""
    texts = _Texts(flows, book)
    institutions = pl.Series(institution_numbers())
    bank = np.array(book.bank, dtype=np.int64)
    month_of_line = MONTH_OF_DAY[day_of(flows.booked_at)][lines.flow]
    months = np.searchsorted(month_of_line, np.arange(int(month_of_line[-1]) + 2))
    cuts = [
        (int(first), int(start), min(int(start) + CHUNK_ROWS, int(end)))
        for first, end in itertools.pairwise(months)
        for start in range(int(first), int(end), CHUNK_ROWS)
    ]
    for month_start, start, end in cuts:
        flow = lines.flow[start:end].astype(np.int64)
        credit = lines.is_credit[start:end]
        account = lines.account[start:end].astype(np.int64)
        other = np.where(credit, flows.debit[flow], flows.credit[flow]).astype(np.int64)
        first = date_of(int(day_of(flows.booked_at[flow[:1]])[0]))
        reverses = flows.reverses[flow].astype(np.int64)
        yield record_frame(
            STATEMENT_LINE,
            {
                "source_file": f"core/{first:%Y%m}",
                "position": np.arange(start, end) - month_start + 1,
                "booked_at": flows.booked_at[flow],
                "sequence": lines.sequence[start:end].astype(np.int64),
                "account": gather(texts.number, account),
                "direction": gather(pl.Series(["debit", "credit"]), credit.astype(np.int64)),
                "amount_fen": flows.amount_fen[flow],
                "counterparty_account": gather(texts.number, other),
                "counterparty_name": gather(texts.name, other),
                "purpose_text": gather(texts.purpose, flows.purpose[flow]),
                "balance_fen": lines.balance_fen[start:end],
                "reverses": reference.at(reverses),
                "reference": reference.at(flow),
                "document_no": gather(texts.document, flows.document[flow]),
                "counterparty_institution": gather(institutions, np.where(other >= 0, bank[other], -1)),
                "account_name": gather(texts.name, account),
                "institution": institutions[0],
            },
        )


class _Texts:
    """The texts that rows refer to."""

    def __init__(self, flows: Flows, book: AccountBook) -> None:
        self.number = pl.Series(book.number)
        self.name = pl.Series(book.name)
        self.purpose = pl.Series(flows.purposes)
        self.document = pl.Series(flows.documents, dtype=pl.String)


def transaction_frames(flows: Flows, book: AccountBook, reference: References) -> Iterator[pl.DataFrame]:
    """`trace/transactions.parquet`, in pieces. An account elsewhere is named as the payer only where it passes on what it
    was seen to receive; the rest comes from the outside world (empty), so that no such account runs into debt."""
    texts = _Texts(flows, book)
    own = book.own_mask()
    covered = np.zeros(len(flows), dtype=np.bool_)
    covered_outside(flows.debit, flows.credit, flows.amount_fen, own, covered)
    for start in range(0, len(flows), CHUNK_ROWS):
        rows = np.arange(start, min(start + (CHUNK_ROWS), len(flows)))
        credit = flows.credit[rows].astype(np.int64)
        debit = flows.debit[rows].astype(np.int64)
        named = covered[rows] | ((debit >= 0) & own[debit])
        columns: dict[str, Any] = {
            "transaction_id": reference.at(rows),
            "booked_at": pl.Series(flows.booked_at[rows]).cast(pl.Datetime("us", "UTC")),
            "sequence": rows + 1,
            "debit_account": gather(texts.number, np.where(named, debit, -1)),
            "credit_account": gather(texts.number, credit),
            "amount_fen": flows.amount_fen[rows],
            "currency": pl.repeat("CNY", len(rows), eager=True),
            "reverses": reference.at(flows.reverses[rows]),
            "document_no": gather(texts.document, flows.document[rows]),
            "purpose_text": gather(texts.purpose, flows.purpose[rows]),
            "credit_name": gather(texts.name, credit),
        }
        yield pl.DataFrame([pl.Series(name, values) for name, values in columns.items()])


def trace_accounts(book: AccountBook, people: Population, loans: Loans, papers: Papers) -> pl.DataFrame:
    """`trace/accounts.parquet`: name, owner where known, class where the account itself tells it or where an order,
    a contract or an invoice makes its owner a supplier."""
    classes = [CLASS_OF_KIND.get(kind) for kind in book.kind]
    for row, name in enumerate(book.name):
        if book.kind[row] == "pooled":
            classes[row] = (
                "payment_institution"
                if "支付" in name
                else "securities"
                if "证券" in name
                else "group_cash_pool"
            )
    traded = [account for loan, account in papers.payees if loans.product[loan] not in NO_TRADE]
    for sellers, _, _, _ in papers.invoices:
        traded.extend(sellers.tolist())
    for account in traded:
        classes[account] = classes[account] or "supplier"
    return pl.DataFrame(
        {
            "account": book.number,
            "name": book.name,
            "owner": pl.Series(
                [people.parties.party_id(party) if party >= 0 else None for party in book.party],
                dtype=pl.String,
            ),
            "class": pl.Series(classes, dtype=pl.String),
        }
    )


def trace_balances(book: AccountBook, opening_fen: Int64) -> pl.DataFrame:
    """`trace/balances.parquet`: opening balances of the accounts at this bank."""
    own = np.flatnonzero(book.own_mask())
    return pl.DataFrame({"account": [book.number[int(row)] for row in own], "balance_fen": opening_fen[own]})
