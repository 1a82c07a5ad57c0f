"""From accepted tables to a History: accounts as numbers, events in their total order, specials."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantrail.destinations.model import BY_NAME, CLASSES, TERMINAL_CLASSES
from loantrail.sources.model import Refusal
from loantrail.tracing import kernel
from loantrail.tracing.codes import code_texts
from loantrail.tracing.inputs import Inputs, refusal
from loantrail.tracing.model import (
    NO_SPECIAL,
    OUTSIDE,
    USE_NONE,
    USE_REPAYMENT,
    Bool,
    History,
    Int8,
    Int32,
    Int64,
    Specials,
)
from loantrail.tracing.trace import no_specials

_CURRENCY_MARK: Final = "\x1f"


@dataclass(frozen=True, slots=True)
class NamedHistory:
    """A history and what its numbers stand for."""

    history: History
    accounts: pl.Series
    """[m] account names."""
    loans: list[str]
    """[k] loan ids, in order of first disbursement."""
    transaction_ids: pl.Series
    """[n] in the order of the rows read; event e is transaction_ids[row_of_event[e]]."""
    row_of_event: Int64
    booked_at_us: Int64
    """[n] microseconds since 1970 UTC, of each event."""
    opening: str
    """`given` or `inferred`."""
    class_of_account: Int8
    """[m] destination class code, 0 when not given."""
    problems: list[Refusal] = field(default_factory=list[Refusal])

    def transaction_id(self, events: NDArray[np.signedinteger]) -> pl.Series:
        """The ids of the events."""
        return self.transaction_ids.gather(self.row_of_event[events])

    def account_name(self, accounts: NDArray[np.signedinteger]) -> pl.Series:
        """Names of account indexes; null for the outside world."""
        inside = accounts >= 0
        names = self.accounts.gather(np.where(inside, accounts, 0)) if len(self.accounts) else None
        if names is None:
            return pl.Series([None] * len(accounts), dtype=pl.String)
        return pl.select(pl.when(pl.Series(inside)).then(names)).to_series()


@dataclass(slots=True)
class _Marks:
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


def assemble(
    inputs: Inputs,
    arrival_classes: pl.Series | None = None,
    sides: pl.DataFrame | None = None,
    repayments: pl.DataFrame | None = None,
) -> NamedHistory:
    """Build the history.

    `arrival_classes`: destination class names per accepted transaction, in their order (else the class of the
    credit account counts). `sides`: more accounts of a borrower's side (`loan_id, account`). `repayments`: which
    transaction repays which loan (`transaction_id, loan_id`). Adds to `inputs.problems`.
    """
    transfers = inputs.transactions
    (debit, credit), names = _account_codes(transfers)
    order = _total_order(transfers)
    debit, credit = debit[order], credit[order]
    amount = transfers["amount_fen"].to_numpy()[order]
    row_events = np.empty(len(order), np.int64)
    row_events[order] = np.arange(len(order))

    lookup = pl.DataFrame(
        {
            "account": names.str.split(_CURRENCY_MARK).list.first(),
            "index": np.arange(len(names), dtype=np.int64),
        },
        schema={"account": pl.String, "index": pl.Int64},
    )
    marks = _Marks()
    loans, loan_events = _disbursements(inputs, row_events, credit, marks)
    class_of_account, owner_of_account = _account_facts(inputs, lookup, len(names))
    side_start, side_borrower, loan_borrower = _borrower_sides(
        loans, loan_events, credit, owner_of_account, len(names), sides, lookup
    )
    terminal = _terminal(class_of_account, loan_events, credit)
    arrival_use = _arrival_uses(arrival_classes, order, class_of_account, credit)
    _mark_repayments(
        inputs, repayments, loans, loan_events, row_events, debit, credit, arrival_use, marks,
        side_start, side_borrower, loan_borrower,
    )  # fmt: skip
    _mark_reversals(inputs, row_events, debit, credit, marks)
    _mark_pools(transfers, order, debit, credit, terminal, marks)
    _mark_orders(inputs, lookup, loans, loan_events, order, debit, credit, marks)
    special, specials = marks.table(len(order))
    opening, how = _openings(inputs, lookup, debit, credit, amount, len(names))
    history = History(
        debit=debit,
        credit=credit,
        amount_fen=amount,
        arrival_use=arrival_use,
        special=special,
        specials=specials,
        opening_fen=opening,
        terminal=terminal,
        side_start=side_start,
        side_borrower=side_borrower,
        loan_borrower=loan_borrower,
    )
    return NamedHistory(
        history=history,
        accounts=lookup["account"],
        loans=loans,
        transaction_ids=transfers["transaction_id"],
        row_of_event=order,
        booked_at_us=transfers["booked_at"].to_physical().to_numpy()[order],
        opening=how,
        class_of_account=class_of_account,
        problems=inputs.problems,
    )


def _account_codes(transfers: pl.DataFrame) -> tuple[list[Int32], pl.Series]:
    """Codes of both sides. Where there is more than one currency, an account is (account, currency): currencies
    never mix."""
    sides = [transfers["debit_account"], transfers["credit_account"]]
    if "currency" in transfers.columns and transfers["currency"].n_unique() > 1:
        sides = [
            transfers.select(
                pl.concat_str(name, pl.col("currency").fill_null("CNY"), separator=_CURRENCY_MARK)
            ).to_series()
            for name in ("debit_account", "credit_account")
        ]
    return code_texts(sides)


def _total_order(transfers: pl.DataFrame) -> Int64:
    """Rows by booking time, sequence, transaction id (as numbers when all of them are)."""
    order = (
        transfers.select(pl.arg_sort_by("booked_at", "sequence", maintain_order=True)).to_series().to_numpy()
    )
    order = order.astype(np.int64)
    booked = transfers["booked_at"].to_physical().to_numpy()[order]
    sequence = transfers["sequence"].to_numpy()[order]
    if ((booked[1:] == booked[:-1]) & (sequence[1:] == sequence[:-1])).any():
        ids = transfers["transaction_id"]
        if bool(ids.str.contains(r"^[0-9]{1,18}$").all()):
            ids = ids.cast(pl.Int64)
        ranked = transfers.select("booked_at", "sequence", ids.alias("id"))
        order = ranked.select(pl.arg_sort_by("booked_at", "sequence", "id")).to_series().to_numpy()
        order = order.astype(np.int64)
    return order


def _rows_of(transfers: pl.DataFrame, wanted: pl.DataFrame, column: str) -> pl.DataFrame:
    """`wanted` with `transfer_row`, the place of the transaction that `column` names, or null."""
    known = transfers.select(
        pl.col("transaction_id").alias(column), pl.int_range(pl.len(), dtype=pl.Int64).alias("transfer_row")
    ).join(wanted.select(column).unique(), on=column, how="semi")
    return wanted.join(known, on=column, how="left", maintain_order="left")


def _disbursements(
    inputs: Inputs, row_events: Int64, credit: Int32, marks: _Marks
) -> tuple[list[str], dict[str, list[int]]]:
    """Loan ids in order of first disbursement, and the events that pay each out."""
    file = inputs.names.get("disbursements", "disbursements")
    found: list[tuple[int, str]] = []
    taken: set[int] = set()
    rows = _rows_of(inputs.transactions, inputs.disbursements, "transaction_id")
    for row, loan, transaction, at in rows.select(
        "row", "loan_id", "transaction_id", "transfer_row"
    ).iter_rows():
        if at is None:
            inputs.problems.append(
                refusal(
                    file, row, "transaction_id", "transaction_unknown",
                    f"loan {loan} is paid out by {transaction}, which is not among the accepted transactions;"
                    " give that row or correct the id",
                )
            )  # fmt: skip
            continue
        event = int(row_events[at])
        if credit[event] == OUTSIDE:
            inputs.problems.append(
                refusal(
                    file, row, "transaction_id", "disbursed_nowhere",
                    f"{transaction} pays loan {loan} into no account; name its credit account",
                )
            )  # fmt: skip
        elif event in taken:
            inputs.problems.append(
                refusal(
                    file, row, "transaction_id", "disbursed_twice",
                    f"{transaction} already pays out a loan; one transaction pays out one loan",
                )
            )  # fmt: skip
        else:
            taken.add(event)
            found.append((event, loan))
    found.sort()
    loan_events: dict[str, list[int]] = {}
    for event, loan in found:
        loan_events.setdefault(loan, []).append(event)
    loans = list(loan_events)
    number = {loan: index for index, loan in enumerate(loans)}
    events = np.array([event for event, _ in found], np.int64)
    marks.mark("disburses", events, np.array([number[loan] for _, loan in found], np.int64))
    return loans, loan_events


def _account_facts(inputs: Inputs, lookup: pl.DataFrame, count: int) -> tuple[Int8, list[str | None]]:
    """Class code (0: not given) and owner of every account."""
    classes = np.zeros(count, np.uint8)
    owners: list[str | None] = [None] * count
    if inputs.accounts is None:
        return classes, owners
    facts = lookup.join(inputs.accounts, on="account", how="inner")
    if "class" in facts.columns:
        codes = facts["class"].replace_strict(
            {row.name: row.code for row in CLASSES}, default=0, return_dtype=pl.UInt8
        )
        classes[facts["index"].to_numpy()] = codes.fill_null(0).to_numpy()
    if "owner" in facts.columns:
        for index, owner in facts.select("index", "owner").iter_rows():
            owners[index] = owner
    return classes, owners


def _borrower_sides(
    loans: list[str],
    loan_events: dict[str, list[int]],
    credit: Int32,
    owners: list[str | None],
    count: int,
    sides: pl.DataFrame | None,
    lookup: pl.DataFrame,
) -> tuple[Int32, Int32, Int32]:
    """The borrower of a loan is the owner of its (first) disbursement account; all that owner's accounts are
    the borrower's side, and so are all accounts the loan was paid into and those declared."""
    numbers: dict[str, int] = {}
    loan_borrower = np.zeros(len(loans), np.int32)
    pairs: set[tuple[int, int]] = set()
    for index, loan in enumerate(loans):
        accounts = [int(credit[event]) for event in loan_events[loan]]
        owner = owners[accounts[0]]
        key = f"owner {owner}" if owner else f"account {accounts[0]}"
        borrower = numbers.setdefault(key, len(numbers))
        loan_borrower[index] = borrower
        pairs.update((account, borrower) for account in accounts)
    for account, owner in enumerate(owners):
        if owner and f"owner {owner}" in numbers:
            pairs.add((account, numbers[f"owner {owner}"]))
    if sides is not None:
        number = {loan: index for index, loan in enumerate(loans)}
        declared = sides.join(lookup, on="account", how="inner").select("loan_id", "index")
        pairs.update(
            (account, int(loan_borrower[number[loan]]))
            for loan, account in declared.iter_rows()
            if loan in number
        )
    ordered = sorted(pairs)
    side_start = np.zeros(count + 1, np.int32)
    np.add.at(side_start, np.array([account for account, _ in ordered], np.int64) + 1, 1)
    side_start = np.cumsum(side_start, dtype=np.int64).astype(np.int32)
    return side_start, np.array([borrower for _, borrower in ordered], np.int32), loan_borrower


def _terminal(classes: Int8, loan_events: dict[str, list[int]], credit: Int32) -> Bool:
    terminal = np.isin(classes, [BY_NAME[name].code for name in TERMINAL_CLASSES])
    # An account that a loan is paid into keeps lots, whatever its class says.
    for events in loan_events.values():
        terminal[credit[events]] = False
    return terminal


def _arrival_uses(
    arrival_classes: pl.Series | None, order: Int64, class_of_account: Int8, credit: Int32
) -> Int8:
    """The use that arrival by each event gives: its class when that is final."""
    final = np.zeros(256, np.uint8)
    for row in CLASSES:
        if row.final:
            final[row.code] = row.code
    final[BY_NAME["loan_internal"].code] = USE_REPAYMENT
    by_account = np.zeros(len(credit), np.uint8)
    inside = credit >= 0
    by_account[inside] = class_of_account[credit[inside]]
    if arrival_classes is not None:
        codes = arrival_classes.cast(pl.String).replace_strict(
            {row.name: row.code for row in CLASSES}, default=USE_NONE, return_dtype=pl.UInt8
        )
        by_row = codes.to_numpy()[order]
        by_account = np.where(by_account != 0, by_account, by_row)
    return final[by_account]


def _mark_repayments(
    inputs: Inputs,
    repayments: pl.DataFrame | None,
    loans: list[str],
    loan_events: dict[str, list[int]],
    row_events: Int64,
    debit: Int32,
    credit: Int32,
    arrival_use: Int8,
    marks: _Marks,
    side_start: Int32,
    side_borrower: Int32,
    loan_borrower: Int32,
) -> None:
    """Which loan an instalment repays: as recorded, else the payer's latest loan paid out of that account."""
    number = {loan: index for index, loan in enumerate(loans)}
    known: dict[int, int] = {}
    if repayments is not None and len(repayments):
        rows = _rows_of(inputs.transactions, repayments, "transaction_id").drop_nulls("transfer_row")
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


def _mark_reversals(inputs: Inputs, row_events: Int64, debit: Int32, credit: Int32, marks: _Marks) -> None:
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
        _rows_of(transfers, linked, "reverses")
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


def _mark_pools(
    transfers: pl.DataFrame, order: Int64, debit: Int32, credit: Int32, terminal: Bool, marks: _Marks
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


def _mark_orders(
    inputs: Inputs,
    lookup: pl.DataFrame,
    loans: list[str],
    loan_events: dict[str, list[int]],
    order: Int64,
    debit: Int32,
    credit: Int32,
    marks: _Marks,
) -> None:
    """SPECIFIC: payments that an entrusted-payment order ties to its loan."""
    if inputs.orders is None or len(inputs.orders) == 0:
        return
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
    for event, row, loan, fen in candidates.select("event", "row", "loan_id", "payment_fen").iter_rows():
        if event not in tied and left[row] > 0:
            amount = min(fen, left[row])
            left[row] -= amount
            tied[event] = (number[loan], amount)
    events = np.array(sorted(tied), np.int64)
    marks.mark("specific_loan", events, np.array([tied[e][0] for e in events.tolist()], np.int64))
    marks.mark("specific_fen", events, np.array([tied[e][1] for e in events.tolist()], np.int64))


def _openings(
    inputs: Inputs, lookup: pl.DataFrame, debit: Int32, credit: Int32, amount: Int64, count: int
) -> tuple[Int64, str]:
    opening = np.zeros(count, np.int64)
    if inputs.balances is None:
        kernel.least_openings(debit, credit, amount, opening)
        return opening, "inferred"
    given = lookup.join(inputs.balances, on="account", how="inner")
    opening[given["index"].to_numpy()] = given["balance_fen"].to_numpy()
    return opening, "given"
