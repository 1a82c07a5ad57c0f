"""Claim: a line is judged in the transaction that brings it into the books, by all patterns and shipped rules, at 10,000 lines
a second with at most 50 ms to the commit, and a payment not yet made within 10 ms. Beside it the same lines merely COPYed.

The medium demo bank in a database of its own; then its last business days once more, moved behind its end: real proportions of
loan money, salaries, suppliers; nearly every line concerns a borrower. Then payments among accounts that loan money never
reached, which most lines of a bank are. Groups of one size at a time, one behind the other, in this process, with connections
that are kept, as in a server: what HTTP adds is in bench_live_intake. LOANTRAIL_BENCH_LINES changes the number of lines, LOANTRAIL_BENCH_DEMO the size of the bank.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from itertools import islice
from time import perf_counter

import msgspec
from live_lines import OTHER_ACCOUNTS, copied, later_lines, other_lines
from measuring import bar, demo_bank, quantile, record, size, table

LINES = 30_000
GROUPS = (1, 10, 100, 1_000, 2_000)
DECISIONS = 100
MOST_SECONDS, MOST_DECISION_SECONDS, LEAST_LINES_A_SECOND = 0.050, 0.010, 10_000


def main() -> None:
    with demo_bank() as demo:
        measure(demo)


def by_groups(commit: Callable[[int], float], lines: int) -> dict[str, dict[str, float]]:
    """What groups of each size take, of so many lines in all."""
    found: dict[str, dict[str, float]] = {}
    share, left = lines // len(GROUPS), lines
    for group in GROUPS:
        rounds = min(60, share // group) or int(left >= group)
        if not rounds:
            continue
        taken = [commit(group) for _ in range(rounds)]
        left -= group * rounds
        found[str(group)] = {
            "groups": rounds,
            "seconds_p50": quantile(taken, 0.5),
            "seconds_p99": quantile(taken, 0.99),
            "lines_per_second": group * rounds / sum(taken),
        }
    return found


def measure(demo: str) -> None:
    from loantrail.demo.running import demo_settings
    from loantrail.monitor.committing import commit_group
    from loantrail.monitor.deciding import Deciding
    from loantrail.monitor.payload import JSON, read_payload
    from loantrail.monitor.payment import Payment
    from loantrail.postgres.connection import database

    wanted = size("LOANTRAIL_BENCH_LINES", LINES)
    with (
        database(demo_settings(demo, 1)) as books,
        books.connect() as connection,
        books.pool() as pool,
    ):
        rows = later_lines(connection, wanted)
        connection.rollback()
        deciding = Deciding(pool)
        begun = perf_counter()
        deciding.want()
        deciding.wait()
        ready_seconds = perf_counter() - begun
        at = 0

        def commit(count: int) -> float:
            nonlocal at
            delivery = read_payload(msgspec.json.encode(rows[at : at + count]), JSON, "bench")
            at += count
            begun = perf_counter()
            commit_group(connection, [delivery], deciding)
            return perf_counter() - begun

        for _ in range(5):
            commit(20)
        found = by_groups(commit, len(rows) - at)
        decisions: list[float] = []
        at_the_end = datetime.datetime.fromisoformat(rows[-1]["booked_at"])
        for row in rows[:: max(1, len(rows) // DECISIONS)][:DECISIONS]:
            if row["direction"] != "debit":
                continue
            payment = Payment(
                at_the_end,
                at_the_end,
                row["account"],
                row["amount_fen"],
                counterparty_account=row.get("counterparty_account"),
                counterparty_name=row.get("counterparty_name"),
                purpose_text=row.get("purpose_text"),
            )
            begun = perf_counter()
            deciding.decide(payment)
            decisions.append(perf_counter() - begun)
        copy_seconds = copied(connection, rows)
        rows, at = list(islice(other_lines(at_the_end.isoformat()), 2 * OTHER_ACCOUNTS + wanted)), 0
        while at < 2 * OTHER_ACCOUNTS:
            commit(1_000)
        others = by_groups(commit, len(rows) - at)
    best = max(one["lines_per_second"] for one in found.values())
    smallest = found[str(GROUPS[0])]
    table(
        ("lines in a group", "groups", "p50 ms", "p99 ms", "lines/s"),
        [
            (f"{name} {what}", one["groups"], f"{1000 * one['seconds_p50']:.0f}",
             f"{1000 * one['seconds_p99']:.0f}", f"{one['lines_per_second']:,.0f}")
            for what, kind in (("of borrowers", found), ("of others", others))
            for name, one in kind.items()
        ],
    )  # fmt: skip
    lone, decision = smallest["seconds_p99"], quantile(decisions, 0.99)
    bars = [
        bar(
            "at least 10,000 lines a second, judged and committed",
            met=best >= LEAST_LINES_A_SECOND,
            margin=f"{best:,.0f}",
        ),
        bar(
            "a line alone committed within 50 ms (p99)",
            met=lone <= MOST_SECONDS,
            margin=f"{1000 * lone:.0f} ms",
        ),
        bar(
            "a payment not yet made decided within 10 ms (p99)",
            met=decision <= MOST_DECISION_SECONDS,
            margin=f"{1000 * decision:.0f} ms",
        ),
    ]
    record(
        "live_step",
        {
            "demo": demo,
            "state_ready_seconds": ready_seconds,
            "by_lines_in_a_group": found,
            "of_others_by_lines_in_a_group": others,
            "decision_seconds_p50": quantile(decisions, 0.5),
            "decision_seconds_p99": decision,
            "copy_lines_per_second": len(rows) / copy_seconds,
            "copy_over_step": (len(rows) / copy_seconds) / best,
            "bars": bars,
        },
        full_size=wanted >= LINES and demo == "medium",
    )


if __name__ == "__main__":
    main()
