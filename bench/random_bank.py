"""A bank's year as random arrays, and the files made of it.

    python bench/random_bank.py FOLDER ROWS ACCOUNTS LOANS

Most money leaves for other banks, few accounts are very busy, a loan is mostly spent within weeks, amounts are
log-normal. Payees of a final class and pooled accounts take their share.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

from loantrail.destinations.model import BY_NAME
from loantrail.ids import seeded_generator
from loantrail.tracing import kernel
from loantrail.tracing.model import NO_SPECIAL, OUTSIDE, History
from loantrail.tracing.trace import no_specials

SEED = 20_250_401
YEAR_SECONDS = 365 * 86_400
FIRST_SECOND = 1_743_436_800  # 2025-04-01 00:00 in Shanghai
LOAN_ACCOUNT = 0
POOLED = 20
PAYMENTS_PER_LOAN = 6
FINAL_CLASSES = ("securities", "developer", "tax", "utilities", "payroll", "supplier")


def random_history(rows: int, accounts: int, loans: int, seed: int = SEED) -> History:
    """`rows` events; accounts 0 (the bank's own, pays loans out) to POOLED - 1 are pooled."""
    draw = seeded_generator(seed, "bank")
    borrower = draw.integers(POOLED, accounts, loans)
    loan_fen = (np.exp(draw.normal(17.7, 1.0, loans)) + 100).astype(np.int64)  # median about 500,000 yuan
    moved = rows - loans * (1 + PAYMENTS_PER_LOAN)
    busy = np.exp(draw.normal(0, 1.2, accounts))
    busy[:POOLED] = busy[POOLED:].sum() * 0.08 / POOLED
    cumulated = np.cumsum(busy)

    def some_accounts(count: int) -> np.ndarray:
        return np.searchsorted(cumulated, draw.random(count) * cumulated[-1]).astype(np.int32)

    debit, credit = some_accounts(moved), some_accounts(moved)
    kind = draw.random(moved)
    credit[kind < 0.45] = OUTSIDE
    debit[kind > 0.75] = OUTSIDE
    same = debit == credit
    credit[same] = OUTSIDE
    debit[same & (debit < 0)] = POOLED
    amount = (np.exp(draw.normal(12.2, 1.5, moved)) + 1).astype(np.int64)  # median about 2,000 yuan
    at = draw.random(moved)

    paid_out_at = draw.random(loans) * 0.95
    spent_at = paid_out_at[:, None] + draw.exponential(0.02, (loans, PAYMENTS_PER_LOAN))
    payee = some_accounts(loans * PAYMENTS_PER_LOAN)
    payee[draw.random(len(payee)) < 0.6] = OUTSIDE
    payer = np.repeat(borrower, PAYMENTS_PER_LOAN).astype(np.int32)
    payee[payee == payer] = OUTSIDE
    debit = np.concatenate([debit, np.zeros(loans, np.int32), payer])
    credit = np.concatenate([credit, borrower.astype(np.int32), payee])
    amount = np.concatenate([amount, loan_fen, np.repeat(loan_fen // 7 + 1, PAYMENTS_PER_LOAN)])
    at = np.concatenate([at, paid_out_at, spent_at.ravel()])

    order = np.argsort(at, kind="stable")
    debit, credit, amount = debit[order], credit[order], amount[order]
    special = np.full(rows, NO_SPECIAL, np.int32)
    place = np.empty(rows, np.int64)
    place[order] = np.arange(rows)
    paid_out = np.sort(place[moved : moved + loans])
    special[paid_out] = np.arange(loans)
    specials = no_specials(loans)
    specials.disburses[:] = np.arange(loans)
    use_of_account = np.zeros(accounts, np.uint8)
    final = draw.random(accounts) < 0.05
    codes = np.array([BY_NAME[name].code for name in FINAL_CLASSES], np.uint8)
    use_of_account[final] = codes[draw.integers(0, len(codes), int(final.sum()))]
    use_of_account[:POOLED] = 0
    arrival_use = np.where(credit >= 0, use_of_account[np.maximum(credit, 0)], 0).astype(np.uint8)
    opening = np.zeros(accounts, np.int64)
    kernel.least_openings(debit, credit, amount, opening)
    opening += (np.exp(draw.normal(12.2, 1.5, accounts))).astype(np.int64)
    terminal = np.zeros(accounts, np.bool_)
    terminal[:POOLED] = True
    sides, loan_borrower = np.unique(credit[paid_out], return_inverse=True)
    side_start = np.zeros(accounts + 1, np.int64)
    side_start[sides + 1] = 1
    return History(
        debit=debit,
        credit=credit,
        amount_fen=amount,
        arrival_use=arrival_use,
        special=special,
        specials=specials,
        opening_fen=opening,
        terminal=terminal,
        side_start=np.cumsum(side_start).astype(np.int32),
        side_borrower=np.arange(len(sides), dtype=np.int32),
        loan_borrower=loan_borrower.astype(np.int32),
    )


def account_names(accounts: int) -> pl.Series:
    """Numbers of 16 digits."""
    numbers = pl.Series("account", np.arange(accounts, dtype=np.int64) * 7 + 6_222_000_000_000_000)
    return numbers.cast(pl.String)


def booked_at(rows: int) -> pl.Series:
    """Instants of the year, in order, to the second."""
    second = FIRST_SECOND + np.arange(rows, dtype=np.int64) * YEAR_SECONDS // rows
    return pl.Series("booked_at", second * 1_000_000).cast(pl.Datetime("us", "UTC"))


def write_trace_files(folder: Path, rows: int, accounts: int, loans: int, branches: int = 20) -> None:
    """`transactions, disbursements, balances, accounts` (Parquet). Ids have 11 characters, accounts 16. The rows stand
    branch after branch, each branch in order of booking: neither sorted nor at random."""
    history = random_history(rows, accounts, loans)
    names = account_names(accounts)
    padded = pl.concat([names, pl.Series("account", [None], dtype=pl.String)])
    ids = (pl.int_range(rows, dtype=pl.Int64, eager=True) + 10_000_000_000).cast(pl.String)
    branch = np.where(history.debit >= 0, history.debit, history.credit) % branches
    order = np.argsort(branch, kind="stable")
    instants = booked_at(rows)
    day = instants.dt.date().rle_id().to_numpy()
    first = np.flatnonzero(np.diff(day, prepend=-1))
    sequence = np.arange(rows, dtype=np.int64) - first[day]
    pl.DataFrame(
        {
            "transaction_id": ids.gather(order),
            "booked_at": instants.gather(order),
            "sequence": sequence[order],
            "debit_account": padded.gather(np.where(history.debit >= 0, history.debit, accounts)[order]),
            "credit_account": padded.gather(np.where(history.credit >= 0, history.credit, accounts)[order]),
            "amount_fen": history.amount_fen[order],
        }
    ).write_parquet(folder / "transactions.parquet", row_group_size=1 << 20)
    paid_out = np.flatnonzero(history.special >= 0)
    loan_ids = (pl.int_range(loans, dtype=pl.Int64, eager=True) + 1_000_000).cast(pl.String)
    pl.DataFrame({"loan_id": "L" + loan_ids, "transaction_id": ids.gather(paid_out)}).write_parquet(
        folder / "disbursements.parquet"
    )
    pl.DataFrame({"account": names, "balance_fen": history.opening_fen}).write_parquet(
        folder / "balances.parquet"
    )
    use = np.zeros(accounts, np.uint8)
    inside = history.credit >= 0
    use[history.credit[inside]] = history.arrival_use[inside]
    class_names = {BY_NAME[name].code: name for name in FINAL_CLASSES}
    owner = (np.arange(accounts, dtype=np.int64) // 2 + 10_000_000).astype(str)
    classes = pl.Series("class", use).replace_strict(class_names, default=None, return_dtype=pl.String)
    pl.DataFrame(
        {
            "account": names,
            "name": "客户" + pl.Series("name", owner),
            "owner": "P" + pl.Series("owner", owner),
            "class": pl.select(
                pl.when(pl.Series(history.terminal)).then(pl.lit("bank_internal")).otherwise(classes)
            ).to_series(),
        }
    ).write_parquet(folder / "accounts.parquet")


def statement_lines(lines: int, accounts: int, seed: int = SEED) -> pl.DataFrame:
    """About as many statement lines as asked, at least that many: two of a transfer between accounts of the bank, one of
    any other; with running balances, in order of booking."""
    history = random_history(lines, accounts, 0, seed)
    debit, credit = history.debit, history.credit
    events = np.repeat(np.arange(lines, dtype=np.int64), 2)
    is_debit = np.tile(np.array([True, False]), lines)
    account = np.where(is_debit, debit[events], credit[events])
    kept = np.flatnonzero(account >= 0)[:lines]
    events, is_debit, account = events[kept], is_debit[kept], account[kept]
    other = np.where(is_debit, credit[events], debit[events])
    change = np.where(is_debit, -1, 1) * history.amount_fen[events]
    names = account_names(accounts)
    abroad = pl.Series("abroad", np.arange(5_000, dtype=np.int64) + 9_550_000_000_000_000).cast(pl.String)
    counterparty = pl.concat([names, abroad]).gather(np.where(other >= 0, other, accounts + events % 5_000))
    numbers = pl.Series("number", events)
    frame = pl.DataFrame(
        {
            "booked_at": booked_at(lines).gather(events),
            "sequence": np.arange(len(events), dtype=np.int64),
            "account": names.gather(account),
            "direction": pl.select(
                pl.when(pl.Series(is_debit)).then(pl.lit("debit")).otherwise(pl.lit("credit"))
            ).to_series(),
            "amount_fen": history.amount_fen[events],
            "currency": "CNY",
            "counterparty_account": counterparty,
            "counterparty_name": "客户" + (numbers % 50_000).cast(pl.String),
            "purpose_text": pl.Series(["货款", "工资", "往来款", "转账", "报销"]).gather(events % 5),
            "change": change,
            "opening": history.opening_fen[account],
            "reference": "R" + (numbers + 10_000_000_000).cast(pl.String),
        }
    )
    running = pl.col("opening") + pl.col("change").cum_sum().over("account")
    return frame.with_columns(running.alias("balance_fen")).drop("change", "opening")


if __name__ == "__main__":
    write_trace_files(Path(sys.argv[1]), *(int(number) for number in sys.argv[2:5]))
