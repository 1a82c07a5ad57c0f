"""Collects what makes events special: repayments, reversals, pooled accounts, payment orders."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantrail.tracing.inputs import Inputs, refusal
from loantrail.tracing.model import NO_SPECIAL, USE_REPAYMENT, Bool, History, Int8, Int32, Int64, Specials
from loantrail.tracing.trace import no_specials, valid_reversals


@dataclass(slots=True)
class Marks:
    """Specials being collected: column -> (events, values)."""

    events: list[NDArray[np.int64]] = field(default_factory=list[NDArray[np.int64]])
    columns: list[tuple[str, NDArray[np.int64]]] = field(default_factory=list[tuple[str, NDArray[np.int64]]])

    def mark(self, name: str, events: NDArray[np.int64], values: NDArray[np.int64]) -> None:
        self.events.append(events)
        self.columns.append((name, values))

    def table(self, event_count: int) -> tuple[Int32, Specials]:
        """The `special` column of the history, and the rows it points to."""
        marked = np.unique(np.concatenate(self.events)) if self.events else np.zeros(0, np.int64)
        special = np.full(event_count, NO_SPECIAL, np.int32)
        special[marked] = np.arange(len(marked))
        specials = no_specials(len(marked))
        slots = [
            (events, values)
            for events, (name, values) in zip(self.events, self.columns, strict=True)
            if name == "carries"
        ]
        for events, (name, values) in zip(self.events, self.columns, strict=True):
            if name != "carries":
                getattr(specials, name)[special[events]] = values
        for events, openers in slots:
            specials.carries[special[events]] = special[openers]
        return special, specials


def rows_of(transfers: pl.DataFrame, wanted: pl.DataFrame, column: str) -> pl.DataFrame:
    """`wanted` with `transfer_row`, the place of the transaction that `column` names, or null."""
    known = transfers.select(
        pl.col("transaction_id").alias(column), pl.int_range(pl.len(), dtype=pl.Int64).alias("transfer_row")
    ).join(wanted.select(column).unique(), on=column, how="semi")
    return wanted.join(known, on=column, how="left", maintain_order="left")


def mark_repayments(
    inputs: Inputs,
    repayments: pl.DataFrame | None,
    loans: list[str],
    loan_events: dict[str, list[int]],
    row_events: Int64,
    debit: Int32,
    credit: Int32,
    arrival_use: Int8,
    marks: Marks,
    side_start: Int32,
    side_borrower: Int32,
    loan_borrower: Int32,
) -> None:
    """Which loan an instalment repays: as recorded, else the payer's latest loan paid out of that account."""
    number = {loan: index for index, loan in enumerate(loans)}
    known: dict[int, int] = {}
    if repayments is not None and len(repayments):
        rows = rows_of(inputs.transactions, repayments, "transaction_id").drop_nulls("transfer_row")
        for loan, at in rows.select("loan_id", "transfer_row").iter_rows():
            known[int(row_events[at])] = number.get(loan, -1)
    payer_of: dict[int, list[tuple[int, int]]] = {}
    for loan, events in loan_events.items():
        for event in events:
            if debit[event] >= 0:
                payer_of.setdefault(int(debit[event]), []).append((event, number[loan]))
    if payer_of:
        for event in np.flatnonzero(arrival_use == USE_REPAYMENT).tolist():
            if event in known or debit[event] < 0:
                continue
            account = int(debit[event])
            mine = set(side_borrower[side_start[account] : side_start[account + 1]].tolist())
            for paid_out, loan in payer_of.get(int(credit[event]), ()):
                if paid_out < event and int(loan_borrower[loan]) in mine:
                    known[event] = loan
    events = np.array(sorted(known), np.int64)
    arrival_use[events] = USE_REPAYMENT
    marks.mark("repays", events, np.array([known[event] for event in events.tolist()], np.int64))


def mark_reversals(inputs: Inputs, row_events: Int64, debit: Int32, credit: Int32, marks: Marks) -> None:
    transfers = inputs.transactions
    if "reverses" not in transfers.columns:
        return
    file = inputs.names.get("transactions", "transactions")
    linked = transfers.select(
        "row", "reverses", pl.int_range(pl.len(), dtype=pl.Int64).alias("own_row")
    ).drop_nulls("reverses")
    if len(linked) == 0:
        return
    events: list[int] = []
    originals: list[int] = []
    for row, own, original_id, at in (
        rows_of(transfers, linked, "reverses")
        .select("row", "own_row", "reverses", "transfer_row")
        .iter_rows()
    ):
        event = int(row_events[own])
        if at is None:
            inputs.problems.append(
                refusal(
                    file, row, "reverses", "reversal_of_unknown",
                    f"takes back {original_id}, which is not among the accepted transactions; the row counts as an"
                    " ordinary payment until that one is given",
                )
            )  # fmt: skip
            continue
        original = int(row_events[at])
        if debit[event] != credit[original] or credit[event] != debit[original]:
            inputs.problems.append(
                refusal(
                    file, row, "reverses", "reversal_accounts_differ",
                    f"takes back {original_id} but does not run between the same two accounts the other way;"
                    " the row counts as an ordinary payment",
                )
            )  # fmt: skip
            continue
        events.append(event)
        originals.append(original)
    marks.mark("reverses", np.array(events, np.int64), np.array(originals, np.int64))


def report_lost_reversals(inputs: Inputs, history: History, order: Int64) -> None:
    """Name the links that the trace does not follow: "valid links only" and "early reversal" of the rules."""
    linked = np.flatnonzero(history.special >= 0)
    targets = history.specials.reverses[history.special[linked]]
    linked, targets = linked[targets >= 0], targets[targets >= 0]
    if len(linked) == 0:
        return
    reversing, original = valid_reversals(history)
    followed = set(zip(reversing.tolist(), original.tolist(), strict=True))
    file = inputs.names.get("transactions", "transactions")
    for event, target in zip(linked.tolist(), targets.tolist(), strict=True):
        if (event, target) not in followed and (target, event) not in followed:
            row, original_id = inputs.transactions.select("row", "reverses").row(int(order[event]))
            inputs.problems.append(
                refusal(
                    file, row, "reverses", "reversal_not_followed",
                    f"takes back {original_id}, but a disbursement, a payment carried through a pooled account and a"
                    " payment with an earlier claim to be taken back are not; the row counts as an ordinary payment",
                )
            )  # fmt: skip


def mark_pools(
    transfers: pl.DataFrame, order: Int64, debit: Int32, credit: Int32, terminal: Bool, marks: Marks
) -> None:
    """Money into a pooled account and out of it, matched one to one by document number."""
    if "document_no" not in transfers.columns or not terminal.any():
        return
    into = np.flatnonzero((credit >= 0) & terminal[np.maximum(credit, 0)])
    out_of = np.flatnonzero((debit >= 0) & terminal[np.maximum(debit, 0)])
    documents = transfers["document_no"]

    def once(events: NDArray[np.int64], accounts: Int32, name: str) -> pl.DataFrame:
        frame = pl.DataFrame(
            {"account": accounts[events], "document_no": documents.gather(order[events]), name: events}
        ).drop_nulls("document_no")
        return frame.filter(pl.struct("account", "document_no").is_unique())

    matched = once(into, credit, "into").join(
        once(out_of, debit, "out_of"), on=["account", "document_no"], how="inner"
    )
    matched = matched.filter(pl.col("into") < pl.col("out_of")).sort("into")
    openers, carriers = matched["into"].to_numpy(), matched["out_of"].to_numpy()
    marks.mark("opens_slot", openers, np.ones(len(openers), np.int64))
    marks.mark("carries", carriers, openers)


def mark_orders(
    inputs: Inputs,
    lookup: pl.DataFrame,
    loans: list[str],
    loan_events: dict[str, list[int]],
    order: Int64,
    debit: Int32,
    credit: Int32,
    marks: Marks,
) -> list[tuple[int, int, int]]:
    """SPECIFIC: payments that an entrusted-payment order ties to its loan; `(event, row of the order, fen)` of each."""
    if inputs.orders is None or len(inputs.orders) == 0:
        return []
    file = inputs.names.get("orders", "orders")
    number = {loan: index for index, loan in enumerate(loans)}
    for row, loan in inputs.orders.select("row", "loan_id").iter_rows():
        if loan not in number:
            inputs.problems.append(
                refusal(
                    file, row, "loan_id", "loan_unknown",
                    f"loan {loan} has no accepted disbursement; the order ties nothing",
                )
            )  # fmt: skip
    paid_out = pl.DataFrame(
        [
            {"loan_id": loan, "debit": int(credit[event]), "paid_out": event}
            for loan, events in loan_events.items()
            for event in events
        ],
        schema={"loan_id": pl.String, "debit": pl.Int64, "paid_out": pl.Int64},
    )
    orders = (
        inputs.orders.join(paid_out, on="loan_id")
        .join(lookup.rename({"account": "payee_account", "index": "credit"}), on="payee_account")
        .sort("row", "paid_out")
    )
    from_loans = np.flatnonzero(np.isin(debit, paid_out["debit"].unique().to_numpy()))
    transfers = inputs.transactions
    rows = order[from_loans]
    document = (
        transfers["document_no"].gather(rows)
        if "document_no" in transfers.columns
        else pl.Series([None] * len(rows), dtype=pl.String)
    )
    payments = pl.DataFrame(
        {
            "event": from_loans.astype(np.int64),
            "debit": debit[from_loans].astype(np.int64),
            "credit": credit[from_loans].astype(np.int64),
            "payment_fen": transfers["amount_fen"].gather(rows),
            "payment_document": document,
            "paid_on": transfers["booked_at"].gather(rows).dt.convert_time_zone("Asia/Shanghai").dt.date(),
        }
    )
    for name, kind in (("document_no", pl.String), ("valid_from", pl.Date), ("valid_to", pl.Date)):
        if name not in orders.columns:
            orders = orders.with_columns(pl.lit(None, kind).alias(name))
    same_document = pl.col("document_no") == pl.col("payment_document")
    candidates = (
        payments.join(orders, on=["debit", "credit"])
        .filter(
            (pl.col("paid_out") < pl.col("event"))
            & (pl.col("valid_from").is_null() | (pl.col("paid_on") >= pl.col("valid_from")))
            & (pl.col("valid_to").is_null() | (pl.col("paid_on") <= pl.col("valid_to")))
            & same_document.fill_null(value=True)
        )
        .with_columns(same_document.fill_null(value=False).alias("exact"))
        .unique(["event", "row"], keep="first", maintain_order=True)
        .sort(["event", "exact", "row"], descending=[False, True, False])
    )
    left: dict[int, int] = dict(inputs.orders.select("row", "amount_fen").iter_rows())
    tied: dict[int, tuple[int, int]] = {}
    ties: list[tuple[int, int, int]] = []
    for event, row, loan, fen in candidates.select("event", "row", "loan_id", "payment_fen").iter_rows():
        if event not in tied and left[row] > 0:
            amount = min(fen, left[row])
            left[row] -= amount
            tied[event] = (number[loan], amount)
            ties.append((event, row, amount))
    events = np.array(sorted(tied), np.int64)
    marks.mark("specific_loan", events, np.array([tied[e][0] for e in events.tolist()], np.int64))
    marks.mark("specific_fen", events, np.array([tied[e][1] for e in events.tolist()], np.int64))
    return ties
