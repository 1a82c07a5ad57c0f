"""What the patterns of returning money find in the graphs of AMLSim and AMLworld once loans are planted into them.

The figures are frozen: docs/concepts/real-data.md tells them and what they mean. A change of a pattern that moves them
is told there too.
"""

from __future__ import annotations

import datetime
import gzip
from collections import defaultdict
from pathlib import Path

import polars as pl
import pytest
from tests.realdata.planting import planted_leads
from tests.realdata.rings import Payment, Ring, rings_of

pytestmark = [pytest.mark.realdata, pytest.mark.heavy, pytest.mark.timeout(600)]

WAN_FEN = 1_000_000
START = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
SPENT_WITHIN_DAYS = 10
RETURNING = ("ROUND_TRIP", "COUNTERPARTY_LOOP")


# AMLSim: one unit of the simulator stands for 10,000 yuan ------------------------------------------------------


def _amlsim(real_data: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Transfers with `day`, and accounts with `labelled` and `balance_fen`."""
    folder = real_data / "amlsim" / "20K_cycle200"
    fen = ((pl.col("value") * 100).round().cast(pl.Int64) * (WAN_FEN // 100)).alias("amount_fen")
    transfers = (
        pl.read_parquet(folder / "transactions.parquet")
        .filter(pl.col("sourceNodeId") != pl.col("targetNodeId"))
        .sort("time", maintain_order=True)
        .with_row_index("row")
        .select(
            transaction_id=pl.format("T{}", "row"),
            booked_at=pl.lit(START) + pl.duration(days="time"),
            sequence=pl.col("row").cast(pl.Int64),
            debit_account=pl.col("sourceNodeId").cast(pl.String),
            credit_account=pl.col("targetNodeId").cast(pl.String),
            amount_fen=fen,
            day="time",
        )
    )
    accounts = pl.read_parquet(folder / "nodes.parquet").select(
        account=pl.col("nodeid").cast(pl.String),
        labelled=pl.col("isFraud") == 1,
        balance_fen=(pl.col("init_balance") * 100).round().cast(pl.Int64) * (WAN_FEN // 100),
    )
    return transfers, accounts


def _amlsim_loans(transfers: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """A loan for every labelled account that pays another labelled one, just before it first does, of what it pays in the
    ten days after; and as many for accounts without a label, just before they first pay."""
    marked = accounts.filter("labelled")["account"].implode()
    first = (
        transfers.filter(~pl.col("debit_account").is_in(marked) | pl.col("credit_account").is_in(marked))
        .group_by("debit_account")
        .agg(pl.col("day").min().alias("since"))
        .join(accounts, left_on="debit_account", right_on="account")
        .sort("debit_account")
    )
    labelled = first.filter("labelled")
    others = first.filter(~pl.col("labelled")).sample(len(labelled), seed=1)
    chosen = pl.concat([labelled, others]).sort("since", "debit_account")
    spent = (
        transfers.join(chosen.select("debit_account", "since"), on="debit_account")
        .filter(pl.col("day").is_between("since", pl.col("since") + SPENT_WITHIN_DAYS, closed="left"))
        .group_by("debit_account")
        .agg(pl.col("amount_fen").sum())
    )
    return chosen.join(spent, on="debit_account", maintain_order="left").select(
        loan_id=pl.format("L{}", "debit_account"),
        account="debit_account",
        amount_fen="amount_fen",
        disbursed_at=pl.lit(START) + pl.duration(days="since") - pl.duration(hours=1),
        labelled="labelled",
        since="since",
    )


def _can_come_back(transfers: pl.DataFrame, loans: pl.DataFrame, hops: int, days: int) -> int:
    """From how many borrowers money can go, in the order of time, over labelled accounts and back."""
    marked = loans.filter("labelled")["account"].to_list()
    known = set(marked)
    paid: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for payer, payee, day in transfers.select("debit_account", "credit_account", "day").iter_rows():
        if payer in known and payee in known:
            paid[payer].append((day, payee))
    count = 0
    for start, since in loans.filter("labelled").select("account", "since").iter_rows():
        waiting, seen = [(start, since, 0)], {(start, since, 0)}
        while waiting:
            place, day, depth = waiting.pop()
            onward = [
                (payee, at, depth + 1)
                for at, payee in paid[place]
                if day <= at <= since + days and depth < hops
            ]
            if any(payee == start for payee, _, _ in onward):
                count += 1
                break
            waiting += [step for step in onward if step not in seen]
            seen.update(onward)
    return count


def test_loans_in_the_rings_of_amlsim_warn_and_others_do_not(real_data: Path) -> None:
    transfers, accounts = _amlsim(real_data)
    loans = _amlsim_loans(transfers, accounts)
    leads = planted_leads(transfers, loans, accounts.select("account", "balance_fen"), RETURNING).join(
        loans.select("loan_id", "labelled"), on="loan_id"
    )
    warned = {
        label: leads.filter(pl.col("labelled") == label)["loan_id"].n_unique() for label in (True, False)
    }
    assert len(loans) == 2 * 855
    # The rings of the simulator are no journeys: most of their transfers are not in the order of the ring.
    assert _can_come_back(transfers, loans, hops=5, days=30) == 65
    assert _can_come_back(transfers, loans, hops=3, days=10) == 17
    assert warned == {True: 5, False: 0}


PLANTED_BELOW_FEN = 20 * WAN_FEN


def _ring_loans(payments: list[Payment]) -> pl.DataFrame:
    """A loan for each payment of a cycle, just before it, of its amount."""
    return pl.DataFrame(
        {
            "loan_id": [f"C{number}" for number in range(len(payments))],
            "account": [one.payer for one in payments],
            "amount_fen": [one.amount_fen for one in payments],
            "disbursed_at": [
                START + datetime.timedelta(days=one.day) - datetime.timedelta(hours=1) for one in payments
            ],
        }
    ).sort("disbursed_at", "account", maintain_order=True)


def _on_following_days(transfers: pl.DataFrame, rings: list[Ring]) -> tuple[pl.DataFrame, list[Payment]]:
    """The transfers with the payments of each cycle on days that follow each other, from its first one on; and these."""
    day_of: dict[str, int] = {}
    firsts: list[Payment] = []
    for ring in rings:
        payments = min(ring.turned(), key=lambda turned: turned[0].day)
        firsts.append(payments[0])
        for later, payment in enumerate(payments):
            day_of |= dict.fromkeys(payment.transaction_ids, payments[0].day + later)
    moved = transfers.with_columns(
        day=pl.col("transaction_id").replace_strict(day_of, default=pl.col("day"), return_dtype=pl.Int64)
    ).sort("day", maintain_order=True)
    return moved.with_columns(
        booked_at=pl.lit(START) + pl.duration(days="day"), sequence=pl.int_range(pl.len(), dtype=pl.Int64)
    ), firsts


def test_the_cycles_of_amlsim_that_the_return_and_loop_patterns_find(real_data: Path) -> None:
    transfers, accounts = _amlsim(real_data)
    balances = accounts.select("account", "balance_fen")
    rings = rings_of(transfers, PLANTED_BELOW_FEN)
    whole = [ring for ring in rings if ring.whole]
    payments = [payment for ring in rings for payment in ring.payments]
    marked = set(accounts.filter("labelled")["account"])
    assert {one.payer for one in payments} | {one.payee for one in payments} <= marked
    assert (len(rings), len(whole), len(payments)) == (186, 21, 479)
    assert {len(ring.payments) for ring in whole} == {5}
    # Nothing goes round them: the days of a cycle are drawn without regard to its order.
    assert [ring for ring in whole if ring.goes_round()] == []
    spans = [max(one.day for one in ring.payments) - min(one.day for one in ring.payments) for ring in whole]
    assert (min(spans), max(spans)) == (34, 116)
    assert planted_leads(transfers, _ring_loans(payments), balances, RETURNING).is_empty()
    moved, firsts = _on_following_days(transfers, whole)
    found = planted_leads(moved, _ring_loans(firsts), balances, RETURNING)
    assert found["loan_id"].n_unique() == 2


def test_no_warning_about_the_accounts_of_amlsim_rests_on_a_planted_payment(real_data: Path) -> None:
    transfers, accounts = _amlsim(real_data)
    leads = planted_leads(
        transfers, _amlsim_loans(transfers, accounts), accounts.select("account", "balance_fen"), RETURNING
    )
    planted = {
        transaction_id
        for ring in rings_of(transfers, PLANTED_BELOW_FEN)
        for payment in ring.payments
        for transaction_id in payment.transaction_ids
    }
    assert leads["loan_id"].n_unique() == 5
    assert not planted & set(leads["transaction_ids"].explode())


# AMLworld: each labelled attempt by itself; amounts as they were paid, times 100 ---------------------------------


def _attempts(real_data: Path) -> list[tuple[str, pl.DataFrame]]:
    """`(typology, transfers in order of booking)` of each attempt."""
    found: list[tuple[str, list[tuple[datetime.datetime, str, str, int]]]] = []
    for line in (
        gzip.decompress((real_data / "amlworld" / "HI_patterns.txt.gz").read_bytes()).decode().splitlines()
    ):
        if line.startswith("BEGIN"):
            found.append((line.split(" - ")[1].partition(":")[0].strip(), []))
        elif line and not line.startswith("END"):
            at, bank, account, other_bank, other, _received, _, paid, *_ = line.split(",")
            booked_at = datetime.datetime.strptime(at, "%Y/%m/%d %H:%M").replace(tzinfo=datetime.UTC)
            found[-1][1].append(
                (booked_at, f"{bank}:{account}", f"{other_bank}:{other}", round(float(paid) * 100) * 100)
            )
    return [
        (
            typology,
            pl.DataFrame(
                [row for row in rows if row[1] != row[2]],
                schema=["booked_at", "debit_account", "credit_account", "amount_fen"],
                orient="row",
            )
            .sort("booked_at", maintain_order=True)
            .with_row_index("row")
            .with_columns(transaction_id=pl.format("T{}", "row"), sequence=pl.col("row").cast(pl.Int64)),
        )
        for typology, rows in found
    ]


def test_attempts_of_amlworld_are_found_by_typology(real_data: Path) -> None:
    tried: dict[str, int] = defaultdict(int)
    found: dict[str, int] = defaultdict(int)
    for typology, transfers in _attempts(real_data):
        first = transfers.row(0, named=True)
        paid = transfers.filter(debit_account=first["debit_account"])["amount_fen"].sum()
        loan = pl.DataFrame(
            {
                "loan_id": ["L"],
                "account": [first["debit_account"]],
                "amount_fen": [paid],
                "disbursed_at": [first["booked_at"] - datetime.timedelta(minutes=1)],
            }
        )
        tried[typology] += 1
        found[typology] += not planted_leads(transfers, loan).is_empty()
    assert {typology: (found[typology], tried[typology]) for typology in sorted(tried)} == {
        "BIPARTITE": (0, 49),
        "CYCLE": (31, 54),
        "FAN-IN": (0, 40),
        "FAN-OUT": (0, 48),
        "GATHER-SCATTER": (6, 51),
        "RANDOM": (13, 41),
        "SCATTER-GATHER": (17, 44),
        "STACK": (13, 43),
    }
