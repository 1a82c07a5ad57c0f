"""From the frames of a trace to the arrays of the kernel: numbers for names, one order of events, rows wanted of each."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
import polars as pl

from loantrail.early_warning.frames import Frames
from loantrail.early_warning.moves import is_few
from loantrail.early_warning.view import View, business_day, tied_payees
from loantrail.signals import kernel_state as k
from loantrail.signals.beforehand import HELD, REACHED, TOUCHED, Beforehand
from loantrail.signals.facts import with_told
from loantrail.signals.meaning import actions_of
from loantrail.signals.model import GROUP_OF, Given
from loantrail.signals.numbered_of_few import NUMBERED, Action, number_of, numbered_of_few
from loantrail.signals.numbers import FEW_TRANSACTIONS, Numbers, numbers_of, standing, starts
from loantrail.signals.wanted import (
    FEW_WANTED,
    Days,
    Only,
    beside,
    ends_of_days,
    in_order,
    movements,
)
from loantrail.tracing.model import Bool, Int64


@dataclass(frozen=True, slots=True)
class Prepared:
    """The arrays of a count, and what is known of each wanted row beside them, in the same order: ROW_COLUMNS, the
    facts, and `event`, `known_balance`."""

    given: Given
    wanted: pl.DataFrame


def prepare_count(
    frames: Frames,
    view: View,
    days: Days | None = None,
    ended: pl.DataFrame | None = None,
    only: Only | None = None,
    beforehand: Beforehand | None = None,
) -> Prepared:
    """Everything that `rows.signal_rows` needs. Movements always; `days` wants the ends of those days as well.

    `view` is made of the same `frames`. `frames.transactions` may have `sequence`, `class_basis` and
    `class_confidence_permille` beside its schema. `ended` (`hop_id`): hops that came to rest for good.
    `only`: rows of some loans. `beforehand`: what the books say beside the frames, where these are a part of them.
    """
    known = Beforehand() if beforehand is None else beforehand
    transactions = _in_order(frames, view)
    numbers = numbers_of(view, transactions, known)
    moved = movements(view, transactions, only)
    ends = ends_of_days(frames, view, days, only)
    at, event_of_transaction, event_of_end = _one_order(transactions, ends)
    moved = moved.hstack([pl.Series("event", event_of_transaction[moved["place"].to_numpy()])])
    ends = ends.hstack([pl.Series("event", event_of_end)])
    wanted = in_order(beside(moved.rename({"place": "transaction_place"}), ends))
    on_record = view.balances.filter(~pl.col("account").is_in(known.assumed))["account"]
    wanted = wanted.hstack([standing(wanted["row_account"], on_record).alias("known_balance")])
    count = len(at)
    events_of = np.full(count, -1, np.int64)
    events_of[event_of_transaction] = np.arange(len(transactions))

    def spread(values: np.ndarray, otherwise: int) -> np.ndarray:
        return np.where(events_of >= 0, values[np.maximum(events_of, 0)], otherwise).astype(values.dtype)

    actions, action_start, tied = _actions(
        view, transactions, numbers, event_of_transaction, count, ended, known
    )
    events = k.Events(
        at_us=at,
        debit=spread(numbers.debit, -1),
        credit=spread(numbers.credit, -1),
        amount_fen=spread(transactions["amount_fen"].to_numpy(), 0),
        payer=spread(numbers.payer, -1),
        payee=spread(numbers.payee, -1),
        handed_on_ppm=_handed_on(view, at),
        action_start=action_start,
        actions=actions,
        row_start=starts(wanted["event"].to_numpy(), count),
        wanted=_wanted(wanted, numbers),
        side_start=numbers.side_start,
        side_borrower=numbers.side_borrower,
        loan_borrower=numbers.loans["borrower"].to_numpy().astype(np.int32),
    )
    given = Given(
        events=events,
        opening_fen=_opening(view.balances, numbers.accounts),
        on_side=(np.diff(numbers.side_start) > 0) | numbers.touched,
        borrowers=int(numbers.loans["borrower"].n_unique()),
        loans=len(numbers.loans),
        tied=tied,
    )
    return Prepared(given, wanted)


def _in_order(frames: Frames, view: View) -> pl.DataFrame:
    """The transactions of the view in the order of the trace: booking time, sequence, id (as a number when all are); with
    `place` and how their classes were judged (facts.JUDGED)."""
    transactions = with_told(view.transactions, frames.transactions)
    booked = transactions["booked_at"].to_physical().to_numpy()
    sequence = transactions["sequence"]
    if sequence.null_count() or not _ascend(booked, sequence.to_numpy()):
        number = pl.col("transaction_id")
        if bool(transactions["transaction_id"].str.contains(r"^[0-9]{1,18}$").all()):
            number = number.cast(pl.Int64)
        transactions = transactions.sort("booked_at", "sequence", number)
    return transactions.with_row_index("place").with_columns(pl.col("place").cast(pl.Int64))


def _ascend(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether the pairs of both come in order, no two alike."""
    if first.dtype.kind not in "iu" or second.dtype.kind not in "iu":
        return False  # some are missing
    higher, same = first[1:] > first[:-1], first[1:] == first[:-1]
    return bool((higher | (same & (second[1:] > second[:-1]))).all())


def _one_order(transactions: pl.DataFrame, ends: pl.DataFrame) -> tuple[Int64, Int64, Int64]:
    """Instants of all events, the event of each transaction, and the event of each end of a day: one event a day, after
    the transactions of its instant."""
    booked = transactions["booked_at"].cast(pl.Int64).to_numpy()
    _, first, back = np.unique(
        ends["business_date"].cast(pl.Int32).to_numpy(), return_index=True, return_inverse=True
    )
    at = np.concatenate([booked, ends["at"].cast(pl.Int64).to_numpy()[first]]).astype(np.int64)
    order = np.argsort(at, kind="stable")
    event = np.empty(len(at), np.int64)
    event[order] = np.arange(len(at))
    return at[order], event[: len(booked)], event[len(booked) :][back]


def _opening(balances: pl.DataFrame, accounts: pl.DataFrame) -> Int64:
    """[accounts] what stood in each account before the first event, 0 where that is not on record; the last that is told of it."""
    opening = np.zeros(len(accounts), np.int64)
    if max(len(balances), len(accounts)) <= FEW_TRANSACTIONS:
        fen: dict[str | None, int | None] = dict(balances.select("account", "balance_fen").rows())
        opening[:] = [fen.get(name) or 0 for name in accounts.get_column("account").to_list()]
        return opening
    told = balances.unique("account", keep="last").drop_nulls().join(accounts, on="account")
    opening[told["number"].to_numpy()] = told["balance_fen"].to_numpy()
    return opening


def _handed_on(view: View, at: Int64) -> Int64:
    """The share of the day from which on a payee is looked through; one more where the share itself does not count."""
    periods = view.parameters.periods("handed_on_share_ppm")
    if len(periods) == 1 and periods[0].effective_to is None:
        return np.full(len(at), periods[0].number + int(not periods[0].inclusive), np.int64)
    instants = pl.DataFrame({"at": pl.Series(at).cast(pl.Datetime("us", "UTC"))})
    dates = instants.select(day=business_day("at"))["day"]
    shares: dict[datetime.date, int] = {}
    for day in dates.unique().to_list():
        value = view.parameters.at_or_first("handed_on_share_ppm", day)
        shares[day] = value.number + int(not value.inclusive)
    return dates.replace_strict(shares, return_dtype=pl.Int64).to_numpy().copy() if shares else at.copy()


def _actions(
    view: View,
    transactions: pl.DataFrame,
    numbers: Numbers,
    event_of_transaction: Int64,
    count: int,
    ended: pl.DataFrame | None,
    beforehand: Beforehand,
) -> tuple[np.ndarray, Int64, Bool]:
    """The kernel's actions, where those of each event begin, and whether the pairs they name are tied."""
    told = (
        _told_beforehand(beforehand, transactions, numbers, event_of_transaction) if beforehand.acts else []
    )
    if is_few(view):
        few, tied = numbered_of_few(
            view,
            transactions,
            (numbers.accounts, numbers.parties, numbers.loans),
            event_of_transaction,
            ended,
        )
        acts = sorted(few + told, key=itemgetter(0, 3)) if told else few
        columns = {
            name: np.array(column, np.int64)
            for name, column in zip(NUMBERED, zip(*acts, strict=True) if acts else [()] * 7, strict=True)
        }
        pairs = np.array(tied, np.bool_)
    else:
        places = transactions.select("transaction_id", "place")
        numbered, known = _numbered(view, places, numbers, event_of_transaction, ended)
        if told:
            more = pl.DataFrame(told, schema=NUMBERED, orient="row").match_to_schema(numbered.schema)
            numbered = pl.concat([numbered, more]).sort("event", "kind", maintain_order=True)
        columns = {name: numbered[name].to_numpy() for name in NUMBERED}
        pairs = known["tied"].to_numpy().copy()
    actions = k.empty_pool(k.ACTION_ROW, len(columns["event"]))
    for name in ("fen", "loan", "kind", "gate", "pair", "group"):
        actions[name] = columns[name]
    return actions, starts(columns["event"], count), pairs


def _numbered(
    view: View,
    places: pl.DataFrame,
    numbers: Numbers,
    event_of_transaction: Int64,
    ended: pl.DataFrame | None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The actions as the kernel takes them, with their `event`, in order, and `tied` of the pairs that they name."""
    of_hop = (
        view.moves.select("transaction_id")
        .with_row_index("hop")
        .join(places, on="transaction_id", how="left", maintain_order="left")
    )
    found = (
        actions_of(view, ended)
        .join(
            of_hop.select(pl.col("hop").cast(pl.Int64), "place"), on="hop", how="left", maintain_order="left"
        )
        .filter(pl.col("place").is_not_null())
    )
    is_pair = (pl.col("kind") == k.PAIR) | (pl.col("gate") != k.ALWAYS)
    tied = tied_payees(view).with_columns(tied=pl.lit(value=True))
    pairs = (
        found.filter(is_pair)
        .select("loan_id", "account")
        .unique()
        .sort("loan_id", "account")
        .join(tied, on=["loan_id", "account"], how="left", maintain_order="left")
        .with_columns(pl.col("tied").fill_null(value=False))
        .with_row_index("pair")
    )
    coded = (
        found.with_columns(event=pl.Series(event_of_transaction).gather(found["place"]))
        .join(numbers.loans.select("loan_id", "loan"), on="loan_id", how="left", maintain_order="left")
        .join(pairs.select("loan_id", "account", "pair"), on=["loan_id", "account"], how="left", maintain_order="left")
        .join(numbers.accounts.rename({"number": "account_number"}), on="account", how="left", maintain_order="left")
        .join(numbers.parties.rename({"party": "payee", "number": "party_number"}), on="payee", how="left", maintain_order="left")
        .sort("event", "kind", "hop", maintain_order=True)
    )  # fmt: skip
    numbered = coded.select(
        "event",
        "fen",
        "loan",
        "kind",
        "gate",
        pair=pl.when(is_pair).then(pl.col("pair").cast(pl.Int32)).when(pl.col("kind") == k.PAYEE)
        .then(pl.col("party_number")).otherwise(pl.col("account_number")).fill_null(-1),
        group=pl.when(pl.col("kind") == k.PAIR).then(pl.col("pair_sum"))
        .otherwise(pl.col("sum").replace_strict(GROUP_OF, default=0, return_dtype=pl.UInt8).fill_null(0)),
    )  # fmt: skip
    return numbered, pairs


def _told_beforehand(
    beforehand: Beforehand, places: pl.DataFrame, numbers: Numbers, event_of_transaction: Int64
) -> list[Action]:
    """Actions of what is told beforehand. `places`: transaction_id, place."""
    acts: list[tuple[str | None, str | None, int, str | None, int]] = [
        *((text, account, fen, None, k.HOLD) for account, text, fen in beforehand.held.select(*HELD).rows()),
        *((text, account, 0, loan, k.REACH) for account, text, loan, _ in beforehand.reached.select(*REACHED).rows()),
        *(
            (text, account, 0, None, k.TOUCH)
            for account, text in beforehand.touched.select(*TOUCHED).rows()
            if text is not None
        ),
    ]  # fmt: skip
    place = number_of(places, "transaction_id", (text for text, *_ in acts), "place")
    account_number = number_of(numbers.accounts, "account", (account for _, account, *_ in acts), "number")
    loan_number = number_of(numbers.loans, "loan_id", (loan for *_, loan, _ in acts), "loan")
    return [
        # What has no transaction was so before the first event.
        (int(event_of_transaction[place[text]]) if text in place else 0, fen, loan_number.get(loan, 0), kind, k.ALWAYS, account_number[account], 0)
        for text, account, fen, loan, kind in acts
        if account in account_number
    ]  # fmt: skip


def _wanted(wanted: pl.DataFrame, numbers: Numbers) -> np.ndarray:
    rows = k.empty_pool(k.WANTED_ROW, len(wanted))
    if len(wanted) <= FEW_WANTED:
        loan_number = dict(
            zip(numbers.loans["loan_id"].to_list(), numbers.loans["loan"].to_list(), strict=True)
        )
        rows["loan"] = [loan_number[loan] for loan in wanted["loan_id"].to_list()]
    else:
        known = wanted.join(numbers.loans, on="loan_id", how="left", maintain_order="left")
        rows["loan"] = known["loan"].to_numpy()
    rows["account"] = rows["payee_account"] = rows["payee"] = -1
    told = wanted["transaction_place"]
    places = (told.fill_null(-1) if told.null_count() else told).to_numpy()
    real = places >= 0
    rows["account"][real] = numbers.debit[places[real]]
    rows["account"][~real] = numbers.repayment[rows["loan"][~real]]
    rows["payee_account"][real] = numbers.credit[places[real]]
    rows["payee"][real] = numbers.payee[places[real]]
    return rows
