"""Every table in the folder `tables`."""

from __future__ import annotations

import datetime
from dataclasses import replace

import polars as pl
import pytest
from tests.signals.tables_reading import FOLDER, Table, frames_of, prepared, read_table, told

from loantrail.early_warning.view import prepare
from loantrail.parameters import shipped_parameters
from loantrail.signals import slow
from loantrail.signals.counting import Count
from loantrail.signals.inputs import prepare_count
from loantrail.signals.rows import row_schema, signal_rows

TABLES = [pytest.param(read_table(path), id=path.stem) for path in sorted(FOLDER.glob("*.txt"))]


def rows_of(table: Table) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=row_schema()), *signal_rows(prepared(table))])


@pytest.mark.parametrize("table", TABLES)
def test_signals_of_the_table(table: Table) -> None:
    rows = rows_of(table)
    wrong: list[str] = []
    for name, expected in table.expected:
        words = name.split()
        if words[0] == "day":
            found = rows.filter(
                (pl.col("occasion") == "day")
                & (pl.col("loan_id") == words[1])
                & (pl.col("business_date") == datetime.date.fromisoformat(words[2]))
            )
        else:
            found = rows.filter((pl.col("transaction_id") == words[0]) & (pl.col("loan_id") == words[1]))
        if "none" in expected.values():
            if len(found):
                wrong.append(f"{name}: there is a row")
            continue
        assert len(found) == 1, f"{name}: {len(found)} rows"
        row = found.row(0, named=True)
        for signal, value in expected.items():
            given = told(signal, row[signal])
            if given != value:
                wrong.append(f"{name}: {signal} is {given}, expected {value}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("table", TABLES)
def test_the_kernel_gives_what_the_definition_says(table: Table) -> None:
    given = prepared(table).given

    assert (Count(given, 8).batch() == slow.rows_of(given)).all()


@pytest.mark.parametrize("table", TABLES)
def test_rows_do_not_depend_on_how_events_are_cut_or_rows_of_the_records_stand(table: Table) -> None:
    whole = rows_of(table)
    frames, ended = frames_of(table)
    shuffled = {
        name: getattr(frames, name).sample(fraction=1.0, shuffle=True, seed=5)
        for name in (
            "transactions",
            "loans",
            "accounts",
            "parties",
            "relations",
            "guarantors",
            "repayments",
            "schedules",
        )
    }
    frames = replace(frames, **shuffled)
    days = (datetime.date(2025, 3, 3), datetime.date(2025, 12, 31)) if "day" in whole["occasion"] else None
    again = prepare_count(frames, prepare(frames, shipped_parameters()), days, ended)

    cuts = (1, 2, 5) if days is None else (97, 250)
    for at_once in cuts:
        assert pl.concat(list(signal_rows(again, at_once))).equals(whole)
    assert whole["occasion_id"].n_unique() == len(whole)


@pytest.mark.parametrize("table", TABLES)
def test_a_stranger_changes_nothing(table: Table) -> None:
    frames, ended = frames_of(table)
    days = (datetime.date(2025, 3, 3), datetime.date(2025, 12, 31))
    before = prepare_count(frames, prepare(frames, shipped_parameters()), days, ended)
    strange = pl.concat(
        [
            frames.transactions.head(1).with_columns(
                transaction_id=pl.lit(f"x{i}"),
                booked_at=frames.transactions["booked_at"][i % len(frames.transactions)],
                debit_account=pl.lit(f"X{i % 2}"),
                credit_account=pl.lit(f"X{1 - i % 2}"),
                amount_fen=pl.lit(77, pl.Int64),
                sequence=pl.lit(-1, pl.Int64) if i % 2 else pl.lit(99, pl.Int64),
            )
            for i in range(20)
        ]
    )
    more = replace(frames, transactions=pl.concat([frames.transactions, strange]))
    after = prepare_count(more, prepare(more, shipped_parameters()), days, ended)

    assert pl.concat(list(signal_rows(after))).equals(pl.concat(list(signal_rows(before))))


@pytest.mark.parametrize("table", TABLES)
def test_nothing_that_comes_later_changes_a_row(table: Table) -> None:
    whole = rows_of(table).filter(pl.col("occasion") == "movement")
    frames, ended = frames_of(table)
    for at in table.transactions[1 : len(table.transactions) : 3]:
        until = pl.col("booked_at") <= at["booked_at"]
        part = replace(frames, transactions=frames.transactions.filter(until), hops=frames.hops.filter(until))
        rows = pl.concat(
            list(signal_rows(prepare_count(part, prepare(part, shipped_parameters()), None, ended)))
        )

        assert rows.equals(whole.filter(pl.col("at") <= at["booked_at"]))
