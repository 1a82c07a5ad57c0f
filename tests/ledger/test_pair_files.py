"""`loantrail pair`: statement lines in files to the two-sided file that tracing reads."""

from __future__ import annotations

import errno
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.statement_lines import lines

from loantrail.cli.pair import command
from loantrail.errors import ColumnMissing, FileUnreadable, StorageExhausted
from loantrail.ledger.pair_files import LISTED, pair_files
from loantrail.ledger.pairing import pair_lines
from loantrail.ledger.transfers import TRANSACTION_COLUMNS, build_transfers, line_ids

LINES = """
    03-01 08:00 | A | credit | 500 | to=OUT name=Lender
    03-01 09:00 | A | debit  | 100 | to=B text=goods
    03-02 10:00 | B | credit | 100 | to=A
    03-01 11:00 | B | debit  | 30  | to=Z name=Shop
    03-02 12:00 | A | debit  | 70  | to=B
    03-03 08:00 | A | credit | 100 | to=B reverses=2
"""


def paired(tmp_path: Path, frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The results of pairing a file that has the thirteen promised columns only."""
    rows = tmp_path / "rows.parquet"
    frame.select(LISTED).write_parquet(rows)
    pair_files(rows, tmp_path / "out")
    out = tmp_path / "out"
    return {
        path.stem: pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path)
        for path in out.iterdir()
    }


def test_lines_become_transfers_with_the_outside_left_empty_or_named(tmp_path: Path):
    results = paired(tmp_path, lines(LINES))
    found = results["transactions"]
    assert tuple(found.columns) == TRANSACTION_COLUMNS
    sides = found.select("debit_account", "credit_account", "amount_fen", "credit_name").rows()
    assert sides == [
        ("OUT", "A", 500, None),
        # B paid Z before A's money was booked to it: B's own statement says so.
        ("B", "Z", 30, "Shop"),
        ("A", "B", 100, None),
        # B is ours: its line is yet to come, so the other side stays empty.
        ("A", None, 70, None),
        (None, "A", 100, None),
    ]
    assert results["pairs"].select("debit_position", "credit_position", "basis").rows() == [
        (2, 3, "amount_window")
    ]
    assert results["unpaired"].height == 4
    assert found.get_column("reverses").to_list()[4] == found.get_column("transaction_id").to_list()[2]


def test_sorting_gives_the_order_back(tmp_path: Path):
    found = paired(tmp_path, lines(LINES))["transactions"]
    assert found.sort("booked_at", "sequence", "transaction_id").equals(found)


def test_two_runs_give_the_same_files_byte_for_byte(tmp_path: Path):
    rows = tmp_path / "rows.parquet"
    lines(LINES).write_parquet(rows)
    for out in ("one", "two"):
        pair_files(rows, tmp_path / out)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_statements_that_contradict_each_other_are_reported(tmp_path: Path):
    results = paired(
        tmp_path,
        lines("""
        03-01 09:00 | A | debit  | 100 | to=B
        03-01 10:00 | A | credit | 200 | to=B
        03-01 09:00 | B | debit  | 200 | to=A
        03-01 10:00 | B | credit | 100 | to=A
        """),
    )
    assert results["transactions"].height == 2
    assert results["problems"].get_column("problem").to_list() == ["order_contradiction"]


def test_a_disbursement_is_found_by_its_line(tmp_path: Path):
    rows, loans = tmp_path / "rows.parquet", tmp_path / "loans.csv"
    lines(LINES).select(LISTED).write_parquet(rows)
    loans.write_text(
        "loan_id,account,amount_fen,booked_at\nL1,A,500,2024-03-01 07:59:00\nL2,A,501,2024-03-01 07:59:00\n"
    )
    result = CliRunner().invoke(
        command, ["--rows", str(rows), "--out", str(tmp_path / "out"), "--disbursements", str(loans)]
    )
    assert result.exit_code == 0, result.output
    found = pl.read_parquet(tmp_path / "out" / "disbursements.parquet")
    transactions = pl.read_parquet(tmp_path / "out" / "transactions.parquet")
    assert found.rows() == [("L1", transactions.item(0, "transaction_id"))]
    problems = pl.read_csv(tmp_path / "out" / "problems.csv")
    assert problems.select("source_file", "position", "problem").rows() == [
        ("loans.csv", 2, "disbursement_without_line")
    ]


def test_it_speaks_chinese_where_the_environment_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    lines(LINES).select(LISTED).write_parquet(tmp_path / "rows.parquet")
    arguments = ["--rows", str(tmp_path / "rows.parquet"), "--out", str(tmp_path / "out")]
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    chinese = CliRunner().invoke(command, arguments).stderr
    assert "配对结果" in chinese
    assert "配对依据：金额、对方和时间相符" in chinese
    assert "有歧义的流水（ambiguous.csv）" in chinese
    english = CliRunner().invoke(command, [*arguments, "--english"]).stderr
    assert "paired by amount_window" in english


def test_rows_that_cannot_be_used_are_named_and_the_rest_goes_on(tmp_path: Path):
    bad = lines("""
        03-01 08:00 | A | credit | 0
        03-01 08:00 | A | credit | 5 | ccy=XXX
        03-01 08:00 | A | sideways | 5
        03-01 08:00 | A | credit | 5
        03-01 08:00 | A | credit | 6 | pos=4
        03-01 08:00 | A | credit | 5 | reverses=nothing
    """)
    results = paired(tmp_path, bad)
    assert results["transactions"].height == 2
    assert results["problems"].select("position", "field", "problem").rows() == [
        (1, "amount_fen", "amount_not_positive"),
        (2, "currency", "currency_unknown"),
        (3, "direction", "choice_unknown"),
        (4, "position", "position_twice"),
        (6, None, "reversal_of_unknown"),
    ]


def test_a_text_file_of_rows_is_read_as_any_other_source_is(tmp_path: Path):
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "source_file,position,booked_at,sequence,account,direction,amount_fen,counterparty_account\n"
        "bank.csv,11,2024-01-01,1,A,debit,100,B\n"
        "bank.csv,12,2024-01-02T02:00:00Z,2,A,debit,200,B\n"
        "bank.csv,13,2024/01/01 12:00,3,A,debit,300,B\n"
        "bank.csv,14,some day,4,A,debit,400,B\n"
        "bank.csv,15,2024-01-03,5,A,debit,4.5,B\n"
        "bank.csv,,2024-01-03,6,A,debit,4,B\n"
    )
    pair_files(rows, tmp_path / "out")
    found = pl.read_parquet(tmp_path / "out" / "transactions.parquet").sort("amount_fen")
    assert found.select("amount_fen", pl.col("booked_at").dt.to_string("%m-%d %H:%M")).rows() == [
        (100, "12-31 16:00"),
        (200, "01-02 02:00"),
        (300, "01-01 04:00"),
    ]
    problems = pl.read_csv(tmp_path / "out" / "problems.csv")
    assert problems.select("source_file", "position", "field", "problem").rows() == [
        ("bank.csv", 14, "booked_at", "instant_unreadable"),
        ("bank.csv", 15, "amount_fen", "amount_finer_than_minor_unit"),
        ("rows.csv", 6, "position", "value_missing"),
    ]
    assert "'some day'" in problems.item(0, "message")


def test_a_row_of_a_typed_file_without_direction_or_account_is_named(tmp_path: Path):
    frame = lines("""
        03-01 08:00 | A | credit | 5 | bal=5
        03-01 09:00 | A | credit | 6 | bal=11
        03-01 10:00 | A | credit | 7 | bal=18
    """)
    frame = frame.with_columns(
        pl.when(pl.col("position") != 1).then("direction").alias("direction"),
        pl.when(pl.col("position") == 2).then(pl.lit(" ")).otherwise("account").alias("account"),
    )
    problems = paired(tmp_path, frame)["problems"]
    assert problems.select("position", "field", "problem").rows() == [
        (1, "direction", "value_missing"),
        (2, "account", "account_missing"),
    ]


def test_a_disbursement_that_cannot_be_read_is_named(tmp_path: Path):
    rows, loans = tmp_path / "rows.parquet", tmp_path / "loans.csv"
    lines(LINES).write_parquet(rows)
    loans.write_text(
        "loan_id,account,amount_fen,booked_at\nL1,A,500,soon\nL2,A,501,2024-03-01\nL3,A,500,2024-03-01\n"
    )
    summary = pair_files(rows, tmp_path / "out", loans)
    assert (summary.disbursement_count, summary.linked_count) == (3, 1)
    problems = pl.read_csv(tmp_path / "out" / "problems.csv")
    assert problems.select("source_file", "position", "field", "problem").rows() == [
        ("loans.csv", 1, "booked_at", "instant_unreadable"),
        ("loans.csv", 2, None, "disbursement_without_line"),
    ]


def test_one_account_in_two_currencies_becomes_two(tmp_path: Path):
    results = paired(
        tmp_path,
        lines(
            "03-01 09:00 | A | debit | 100 | to=B\n03-01 09:00 | B | credit | 100 | to=A ccy=USD\n03-01 09:00 | A | debit | 1 | ccy=USD"
        ),
    )
    accounts = results["transactions"].get_column("debit_account").drop_nulls().to_list()
    assert sorted(accounts) == ["A/CNY", "A/USD"]
    assert results["pairs"].height == 0


def test_a_missing_column_and_a_missing_file_are_clear_errors(tmp_path: Path):
    rows = tmp_path / "rows.csv"
    rows.write_text("source_file,position\n")
    with pytest.raises(ColumnMissing, match="booked_at"):
        pair_files(rows, tmp_path / "out")
    with pytest.raises(FileUnreadable, match="no such file"):
        pair_files(tmp_path / "nothing.parquet", tmp_path / "out")


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path):
    rows = tmp_path / "rows.parquet"
    lines(LINES).write_parquet(rows)
    for out in (Path("/dev/full"), rows / "within"):
        with pytest.raises(FileUnreadable, match="cannot be written"):
            pair_files(rows, out)


def test_a_write_that_fails_leaves_the_earlier_result_and_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    rows, out = tmp_path / "rows.parquet", tmp_path / "out"
    lines(LINES).write_parquet(rows)
    pair_files(rows, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def half(frame: pl.DataFrame, file: Path) -> None:
        del frame
        file.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    for writer in ("write_parquet", "write_csv"):
        with monkeypatch.context() as patched:
            patched.setattr(pl.DataFrame, writer, half)
            with pytest.raises(StorageExhausted):
                pair_files(rows, out)
        assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@st.composite
def statements(draw: st.DrawFn) -> pl.DataFrame:
    account = st.sampled_from(["A", "B", "C", "D"])
    transfer = st.tuples(st.integers(1, 20), account, account, st.integers(1, 5), st.integers(0, 2))
    text: list[str] = []
    for day, payer, payee, fen, delay in draw(st.lists(transfer, min_size=1, max_size=12)):
        if payer != payee:
            text.append(f"03-{day:02d} 09:00 | {payer} | debit | {fen} | to={payee}")
            text.append(f"03-{day + delay:02d} 09:00 | {payee} | credit | {fen} | to={payer}")
    return lines("\n".join(text) or "03-01 09:00 | A | debit | 1")


@settings(max_examples=25, deadline=None)
@given(statements())
def test_every_account_keeps_the_order_of_its_own_statement(frame: pl.DataFrame):
    frame = frame.with_columns(line_ids(frame))
    transfers = build_transfers(frame, pair_lines(frame).pairs)
    place = {
        one: number
        for number, one in enumerate(transfers.transactions.get_column("transaction_id").to_list())
    }
    placed = frame.with_columns(
        transfers.transaction_of_line.replace_strict(place, return_dtype=pl.Int64).alias("place")
    ).sort("booked_at", "sequence")
    broken = {
        account
        for (account,), rows in placed.group_by(["account"], maintain_order=True)
        if not rows.get_column("place").is_sorted()
    }
    assert bool(broken) <= bool(transfers.problems.height)
    assert transfers.transactions.get_column("amount_fen").sum() == (
        frame.get_column("amount_fen").sum() - transfers.pairs().get_column("amount_fen").sum()
    )
