"""Claim: how many transactions of the books a second a back-test of one rule goes through, from reading the books to the result.

The medium demo bank in a database of its own; each kind of rule over all its days: one about movements, one about ends of
days. What is measured is all that a back-test does (read, trace, count, judge). LOANTRAIL_BENCH_DEMO names another size of
demo bank.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

from measuring import demo_bank, record, table

RULES = ("FLOW_SECURITIES", "IDLE_FUNDS")
USUAL = "medium"


def main() -> None:
    with demo_bank(USUAL) as demo:
        measure(demo)


def measure(demo: str) -> None:
    from loantrail.demo.running import demo_settings
    from loantrail.parameters import shipped_parameters
    from loantrail.postgres.connection import database
    from loantrail.rules import store
    from loantrail.rules.backtest import Trial
    from loantrail.rules.history import history_of_books

    parameters = shipped_parameters()
    found: dict[str, Any] = {}
    with database(demo_settings(demo, 1)) as books, books.connect() as connection:
        row = connection.execute(
            "SELECT count(*), min(booked_at)::date, max(booked_at)::date + 1 FROM ledger.statement_line"
        ).fetchone()
        assert row is not None
        lines, first, last = row
        versions = {one.code: one for one in store.all_versions(connection)}
        connection.rollback()
        for code in RULES:
            version = versions[code]
            trial = Trial(version, None, parameters)
            begun = perf_counter()
            history = history_of_books(connection, version.content.occasion, first, last, parameters)
            connection.rollback()
            ready = perf_counter()
            history.play(trial, lambda _done, _total: True)
            taken = perf_counter() - begun
            transactions = len(history.frames.transactions)
            found[code] = {
                "occasion": version.content.occasion,
                "transactions": transactions,
                "rows": trial.row_count,
                "seconds": taken,
                "seconds_until_rows": ready - begun,
                "transactions_per_second": transactions / taken,
                "rows_per_second_once_ready": trial.row_count / (taken - (ready - begun)),
            }
    table(
        ("rule", "occasion", "rows", "seconds", "transactions/s"),
        [
            (code, one["occasion"], f"{one['rows']:,}", f"{one['seconds']:.1f}", f"{one['transactions_per_second']:,.0f}")
            for code, one in found.items()
        ],
    )  # fmt: skip
    record("backtest", {"demo": demo, "lines": lines, "by_rule": found}, full_size=demo == USUAL)


if __name__ == "__main__":
    main()
