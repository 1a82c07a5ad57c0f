"""From accepted tables to a History: accounts as numbers, events in their total order, specials."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from loantrail.destinations.model import BY_NAME, CLASSES, TERMINAL_CLASSES
from loantrail.tracing import kernel
from loantrail.tracing.codes import code_texts
from loantrail.tracing.inputs import Inputs, refusal
from loantrail.tracing.marks import (
    Marks,
    mark_orders,
    mark_pools,
    mark_repayments,
    mark_reversals,
    report_lost_reversals,
    rows_of,
)
from loantrail.tracing.model import (
    OUTSIDE,
    USE_NONE,
    USE_REPAYMENT,
    Bool,
    History,
    Int8,
    Int32,
    Int64,
)
from loantrail.tracing.named import NamedHistory

_CODE_OF_CLASS: Final = {row.name: row.code for row in CLASSES}
_FEW: Final = 4_096
"""The classes of so many events are looked up one by one."""
CURRENCY_MARK: Final = "\x1f"
HOME_CURRENCY: Final = "CNY"
DEPOSITS: Final = frozenset((BY_NAME["time_deposit"].code, BY_NAME["acceptance_margin"].code))
"""Accounts of the borrower where loan money is put to a use of its own: they do not clear the use."""


def assemble(
    inputs: Inputs,
    arrival_classes: pl.Series | None = None,
    sides: pl.DataFrame | None = None,
    repayments: pl.DataFrame | None = None,
    infers_missing: bool = False,
) -> NamedHistory:
    """Build the history.

    `arrival_classes`: destination class names per accepted transaction, in their order (else the class of the
    credit account counts). `sides`: more accounts of a borrower's side (`loan_id, account`). `repayments`: which
    transaction repays which loan (`transaction_id, loan_id`). With `infers_missing` an account without a given
    balance starts with the least that never overdraws it (payees outside the bank hold what was seen to reach
    them), else with zero. Adds to `inputs.problems`.
    """
    transfers = inputs.transactions
    (debit, credit), names = _account_codes(transfers)
    order = _total_order(transfers)
    debit, credit = debit[order], credit[order]
    amount = transfers["amount_fen"].to_numpy()[order]
    row_events = np.empty(len(order), np.int64)
    row_events[order] = np.arange(len(order))

    parts = names.str.split(CURRENCY_MARK)
    lookup = pl.DataFrame(
        {"account": parts.list.first(), "index": np.arange(len(names), dtype=np.int64)},
        schema={"account": pl.String, "index": pl.Int64},
    )
    at_home = ((parts.list.len() == 1) | (parts.list.last() == HOME_CURRENCY)).alias("at_home")
    marks = Marks()
    loans, loan_events = _disbursements(inputs, row_events, credit, marks)
    class_of_account, owner_of_account = _account_facts(inputs, lookup, len(names))
    side_start, side_borrower, loan_borrower = _borrower_sides(
        loans, loan_events, credit, owner_of_account, class_of_account, sides, lookup
    )
    terminal = _terminal(class_of_account, loan_events, credit)
    arrival_use = arrival_uses(arrival_classes, order, class_of_account, credit)
    mark_repayments(
        inputs, repayments, loans, loan_events, row_events, debit, credit, arrival_use, marks,
        side_start, side_borrower, loan_borrower,
    )  # fmt: skip
    mark_reversals(inputs, row_events, debit, credit, marks)
    mark_pools(transfers, order, debit, credit, terminal, marks)
    ties = mark_orders(inputs, lookup, loans, loan_events, order, debit, credit, marks)
    special, specials = marks.table(len(order))
    opening, how = _openings(
        inputs, lookup.with_columns(at_home), debit, credit, amount, len(names), infers_missing
    )
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
    report_lost_reversals(inputs, history, order)
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
        order_ties=ties,
    )


def _account_codes(transfers: pl.DataFrame) -> tuple[list[Int32], pl.Series]:
    """Codes of both sides. Where there is more than one currency, an account is (account, currency): currencies
    never mix."""
    sides = [transfers["debit_account"], transfers["credit_account"]]
    if "currency" in transfers.columns and transfers["currency"].n_unique() > 1:
        sides = [
            transfers.select(
                pl.concat_str(name, pl.col("currency").fill_null("CNY"), separator=CURRENCY_MARK)
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


def _disbursements(
    inputs: Inputs, row_events: Int64, credit: Int32, marks: Marks
) -> tuple[list[str], dict[str, list[int]]]:
    """Loan ids in order of first disbursement, and the events that pay each out."""
    file = inputs.names.get("disbursements", "disbursements")
    found: list[tuple[int, str]] = []
    taken: set[int] = set()
    rows = rows_of(inputs.transactions, inputs.disbursements, "transaction_id")
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


def _account_facts(inputs: Inputs, lookup: pl.DataFrame, count: int) -> tuple[Int8, pl.Series]:
    """Class code (0: not given) and owner (null: not given) of every account."""
    classes = np.zeros(count, np.uint8)
    owners = pl.Series("owner", [None], dtype=pl.String).new_from_index(0, count)
    if inputs.accounts is None:
        return classes, owners
    given = inputs.accounts.unique("account", keep="last")
    facts = lookup.join(given, on="account", how="left", maintain_order="left")
    if "class" in facts.columns:
        codes = facts["class"].replace_strict(
            {row.name: row.code for row in CLASSES}, default=0, return_dtype=pl.UInt8
        )
        classes = codes.fill_null(0).to_numpy().copy()
    return classes, facts["owner"] if "owner" in facts.columns else owners


def _borrower_sides(
    loans: list[str],
    loan_events: dict[str, list[int]],
    credit: Int32,
    owners: pl.Series,
    classes: Int8,
    sides: pl.DataFrame | None,
    lookup: pl.DataFrame,
) -> tuple[Int32, Int32, Int32]:
    """The borrower of a loan is the owner of its (first) disbursement account; all that owner's accounts are
    the borrower's side (margin and time deposits apart), and so are all accounts the loan was paid into and
    those declared."""
    count = len(classes)
    numbers: dict[str, int] = {}
    owning: dict[str, int] = {}
    loan_borrower = np.zeros(len(loans), np.int32)
    pairs: set[tuple[int, int]] = set()
    for index, loan in enumerate(loans):
        accounts = [int(credit[event]) for event in loan_events[loan]]
        owner = owners[accounts[0]]
        key = f"owner {owner}" if owner else f"account {accounts[0]}"
        borrower = numbers.setdefault(key, len(numbers))
        if owner:
            owning[owner] = borrower
        loan_borrower[index] = borrower
        pairs.update((account, borrower) for account in accounts)
    borrowers = pl.DataFrame(
        {"owner": list(owning), "borrower": list(owning.values())},
        schema={"owner": pl.String, "borrower": pl.Int64},
    )
    owned = pl.DataFrame({"owner": owners, "account": np.arange(count, dtype=np.int64)}).filter(
        pl.Series(~np.isin(classes, sorted(DEPOSITS)))
    )
    pairs.update(owned.join(borrowers, on="owner").select("account", "borrower").iter_rows())
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


def arrival_uses(
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
        by_row = _codes_of(arrival_classes.cast(pl.String))[order]
        # The judgement of the payment already weighed the account's class; a generic one adds nothing to it.
        by_account = np.where(final[by_row] != 0, by_row, by_account)
    return final[by_account]


def _codes_of(classes: pl.Series) -> Int8:
    """USE_NONE where there is none. Few are looked up one by one."""
    if len(classes) <= _FEW:
        return np.array([_CODE_OF_CLASS.get(name, USE_NONE) for name in classes.to_list()], np.uint8)
    codes = classes.replace_strict(_CODE_OF_CLASS, default=USE_NONE, return_dtype=pl.UInt8)
    return codes.to_numpy()


def _openings(
    inputs: Inputs,
    lookup: pl.DataFrame,
    debit: Int32,
    credit: Int32,
    amount: Int64,
    count: int,
    infers_missing: bool,
) -> tuple[Int64, str]:
    opening = np.zeros(count, np.int64)
    if inputs.balances is None or infers_missing:
        kernel.least_openings(debit, credit, amount, opening)
    if inputs.balances is None:
        return opening, "inferred"
    # A balance has no currency: of an account with several it is that of the home currency, counted once.
    one_each = lookup.sort("at_home", "index", descending=[True, False]).unique("account", keep="first")
    given = one_each.join(inputs.balances, on="account", how="inner")
    opening[given["index"].to_numpy()] = given["balance_fen"].to_numpy()
    return opening, "given"
