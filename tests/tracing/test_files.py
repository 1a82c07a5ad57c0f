"""Files in, files out: the same bytes twice, every table kind, and bad input named and survived."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

import loantrail
from loantrail.cli.main import group
from loantrail.errors import ColumnMissing, FileUnreadable, InputError

HEAD = "transaction_id,booked_at,sequence,debit_account,credit_account,amount_fen\n"


def day(number: int) -> str:
    return f"2024-03-{number:02d} 09:00:00"


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """E1 as files: own 300, loan 700, 500 out, 500 in, 600 out."""
    (tmp_path / "t.csv").write_text(
        HEAD
        + f"d,{day(1)},1,,A,70000\n"
        + f"p1,{day(2)},2,A,P1,50000\n"
        + f"in,{day(3)},3,,A,50000\n"
        + f"p2,{day(4)},4,A,P2,60000\n",
        encoding="utf-8",
    )
    (tmp_path / "d.csv").write_text("loan_id,transaction_id\nL,d\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("account,balance_fen\nA,30000\n", encoding="utf-8")
    return tmp_path


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(group, [str(item) for item in arguments], catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def trace_command(folder: Path, out: str = "out", *more: object) -> tuple[int, str]:
    return run(
        "trace", "--transactions", folder / "t.csv", "--disbursements", folder / "d.csv",
        "--balances", folder / "b.csv", "--out", folder / out, *more,
    )  # fmt: skip


def amounts_end_together(text: str) -> bool:
    """Whether the lines that begin with blanks take the same columns of a terminal."""
    lines = [line for line in text.splitlines() if line.startswith("  ")]
    return len(lines) > 1 and len({cell_len(line) for line in lines}) == 1


def refused(folder: Path, out: str = "out") -> list[tuple[int, str, str]]:
    frame = pl.read_csv(folder / out / "refused.csv")
    return frame.select("position", "field", "reason").rows()


def test_two_runs_give_the_same_bytes(history: Path) -> None:
    for convention in ("fifo", "lifo", "pro_rata", "own_first", "loan_first", "poison"):
        for out in ("one", "two"):
            assert trace_command(history, f"{out}-{convention}", "--convention", convention)[0] == 0
        for name in ("hops.parquet", "positions.parquet", "statement.parquet", "refused.csv"):
            first = (history / f"one-{convention}" / name).read_bytes()
            assert first == (history / f"two-{convention}" / name).read_bytes(), (convention, name)


def test_it_speaks_chinese_where_the_environment_does(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (history / "t.csv").read_text(encoding="utf-8").replace("A,P2,60000", "A,P2,20000")
    (history / "t.csv").write_text(rows + f"p3,{day(5)},5,A,P2,much\n", encoding="utf-8")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    _, chinese = trace_command(history)
    assert "计算方法：先进先出；期初余额：银行提供；借据：1 笔；资金流动：3 步\n" in chinese
    assert "  第三方持有（无贸易依据）" in chinese
    assert amounts_end_together(chinese)
    assert f"已写入：{history / 'out' / 'hops.parquet'}、" in chinese
    assert "t.csv 第 5 行，字段 amount_fen：" in chinese
    assert f"1 行有问题：金额不是数字 1；全部列在 {history / 'out' / 'refused.csv'}" in chinese
    _, english = trace_command(history, "out", "--english")
    assert "convention: fifo; opening: given; loans: 1; hops: 3\n" in english
    assert "1 row with problems: amount_not_a_number 1; all of them in" in english


def test_hops_have_the_documented_columns_and_lineage(history: Path) -> None:
    trace_command(history)
    hops = pl.read_parquet(history / "out" / "hops.parquet")
    assert hops.columns == [
        "hop_id", "parent_hop_id", "loan_id", "transaction_id", "from_account", "to_account", "amount_fen",
        "depth", "use",
    ]  # fmt: skip
    paid_out = hops.row(0, named=True)
    assert (paid_out["depth"], paid_out["parent_hop_id"], paid_out["from_account"]) == (0, None, None)
    assert set(hops["parent_hop_id"].drop_nulls()) <= set(hops["hop_id"])
    assert hops["hop_id"].n_unique() == len(hops)
    assert hops.filter(transaction_id="p2")["amount_fen"].to_list() == [50000]


def test_pro_rata_has_one_hop_per_label_and_no_parent(history: Path) -> None:
    trace_command(history, "out", "--convention", "pro_rata")
    hops = pl.read_parquet(history / "out" / "hops.parquet")
    assert hops["parent_hop_id"].null_count() == len(hops)
    assert hops.filter(pl.col("transaction_id") == "p1")["amount_fen"].to_list() == [35000]


def test_without_balances_each_account_starts_with_the_least_that_never_overdraws_it(history: Path) -> None:
    (history / "t.csv").write_text(HEAD + f"d,{day(1)},1,,A,70000\np,{day(2)},2,A,P,100000\n")
    result = loantrail.trace(history / "t.csv", history / "d.csv")
    assert result.opening == "inferred"
    assert result.hops.filter(transaction_id="p")["amount_fen"].to_list() == [70000]


def test_polars_pandas_and_pyarrow_tables_give_what_files_give(history: Path) -> None:
    read = [pl.read_csv(history / f"{name}.csv", try_parse_dates=True) for name in "tdb"]
    wanted = loantrail.trace(history / "t.csv", history / "d.csv", history / "b.csv")
    for tables in (read, [frame.to_pandas() for frame in read], [frame.to_arrow() for frame in read]):
        assert loantrail.trace(*tables, convention="fifo").hops.equals(wanted.hops)
    assert isinstance(read[0].to_pandas(), pd.DataFrame)


def test_rows_in_any_order_give_the_same_trace(history: Path) -> None:
    wanted = loantrail.trace(history / "t.csv", history / "d.csv", history / "b.csv")
    lines = (history / "t.csv").read_text().splitlines()
    (history / "t.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]))
    found = loantrail.trace(history / "t.csv", history / "d.csv", history / "b.csv")
    assert found.hops.equals(wanted.hops)
    assert not found.problems


def test_numeric_ids_break_ties_as_numbers(tmp_path: Path) -> None:
    rows = [(str(n), day(1), 1, "", "A", 100) for n in (1, 2)] + [("10", day(1), 1, "A", "B", 100)]
    frame = pl.DataFrame(rows, schema=HEAD.strip().split(","), orient="row")
    result = loantrail.trace(
        frame, pl.DataFrame({"loan_id": ["L"], "transaction_id": ["2"]}), {"account": [], "balance_fen": []}
    )
    assert result.hops.filter(
        transaction_id="10"
    ).is_empty()  # 10 comes last, and FIFO pays the own 100 first


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        (f"x,{day(5)},5,A,B,-5", "amount_fen", "amount_not_positive"),
        (f"x,{day(5)},5,A,B,0", "amount_fen", "amount_not_positive"),
        (f"x,{day(5)},5,A,B,9223372036854775808123", "amount_fen", "amount_too_large"),
        (f"x,{day(5)},5,A,B,4611686018427387904", "amount_fen", "amount_too_large"),
        (f"x,{day(5)},5,A,B,12.5", "amount_fen", "amount_finer_than_minor_unit"),
        (f"x,{day(5)},5,A,B,many", "amount_fen", "amount_not_a_number"),
        ("x,2024-02-30 09:00:00,5,A,B,5", "booked_at", "date_impossible"),
        ("x,yesterday,5,A,B,5", "booked_at", "instant_unreadable"),
        (f"x,{day(5)},5,,,5", "debit_account", "account_missing"),
        (f"x,{day(5)},5,A,A,5", "credit_account", "self_transfer"),
        (f"p1,{day(5)},5,A,B,5", "transaction_id", "duplicate_id"),
        (f"p1,{day(2)},2,A,P1,50000", "transaction_id", "duplicate"),
        (f",{day(5)},5,A,B,5", "transaction_id", "key_missing"),
    ],
)
def test_a_bad_row_is_named_and_the_rest_is_traced(history: Path, row: str, field: str, reason: str) -> None:
    with (history / "t.csv").open("a") as stream:
        stream.write(row + "\n")
    status, output = trace_command(history)
    assert status == 0
    assert refused(history) == [(5, field, reason)]
    assert "t.csv" in output
    assert "row 5" in output
    assert pl.read_parquet(history / "out" / "statement.parquet")["amount_fen"].sum() == 70000
    assert trace_command(history, "out", "--strict")[0] == 3


def test_unknown_currency_is_refused(history: Path) -> None:
    lines = (history / "t.csv").read_text().splitlines()
    named = [line + (",currency" if not n else ",CNY") for n, line in enumerate(lines)]
    (history / "t.csv").write_text("\n".join([*named, f"x,{day(5)},5,A,B,5,QQQ"]) + "\n")
    assert trace_command(history)[0] == 0
    assert refused(history) == [(5, "currency", "currency_unknown")]


def test_reversal_of_an_unknown_transaction_is_reported_and_counts_as_a_payment(history: Path) -> None:
    lines = (history / "t.csv").read_text().splitlines()
    text = "\n".join(
        [lines[0] + ",reverses", *(line + "," for line in lines[1:]), f"r,{day(5)},5,P2,A,100,nobody"]
    )
    (history / "t.csv").write_text(text + "\n")
    assert trace_command(history)[0] == 0
    assert refused(history) == [(5, "reverses", "reversal_of_unknown")]
    assert not pl.read_parquet(history / "out" / "hops.parquet").filter(transaction_id="r").is_empty()


def test_disbursements_that_point_nowhere_are_named(history: Path) -> None:
    (history / "d.csv").write_text("loan_id,transaction_id\nL,d\nM,none\nN,d\n")
    assert trace_command(history)[0] == 0
    assert refused(history) == [
        (2, "transaction_id", "transaction_unknown"),
        (3, "transaction_id", "disbursed_twice"),
    ]


def test_header_only_is_said_plainly_but_an_empty_table_of_balances_is_one(history: Path) -> None:
    (history / "b.csv").write_text("account,balance_fen\n")
    assert trace_command(history)[0] == 0
    (history / "t.csv").write_text(HEAD)
    with pytest.raises(FileUnreadable, match=r"t\.csv"):
        loantrail.trace(history / "t.csv", history / "d.csv")


def test_a_damaged_line_costs_only_itself(history: Path) -> None:
    with (history / "t.csv").open("ab") as stream:
        stream.write(b"x,2024-03-05,5,A,B\xff\xff,5\n" + f"y,{day(5)},6,A,B,5\n".encode())
    assert trace_command(history)[0] == 0
    assert [row[:1] for row in refused(history)] == [(5,)]


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", FileUnreadable, "empty"),
        (b"\xff\xfe\x00\x01", FileUnreadable, "UTF-16"),
        (b"transaction_id,booked_at\nx,y\n", ColumnMissing, "sequence"),
        (b"PAR1 cut off", FileUnreadable, "Parquet"),
    ],
)
def test_an_unusable_file_is_named(
    history: Path, content: bytes, error: type[InputError], words: str
) -> None:
    (history / "t.csv").write_bytes(content)
    with pytest.raises(error, match=words) as caught:
        loantrail.trace(history / "t.csv", history / "d.csv")
    assert "t.csv" in str(caught.value)


def test_gb18030_files_are_read(history: Path) -> None:
    text = (
        HEAD.strip()
        + ",credit_name\n"
        + f"d,{day(1)},1,,A,70000,\np,{day(2)},2,A,S,70000,某某证券有限责任公司\n"
    )
    (history / "t.csv").write_bytes(text.encode("gb18030"))
    result = loantrail.trace(history / "t.csv", history / "d.csv", history / "b.csv")
    assert result.statement.filter(use="securities")["amount_fen"].to_list() == [40000]


def test_a_missing_file_and_a_wrong_convention_are_said_plainly(history: Path) -> None:
    with pytest.raises(FileUnreadable, match="no such file"):
        loantrail.trace(history / "none.csv", history / "d.csv")
    with pytest.raises(InputError, match="fifo, lifo"):
        loantrail.trace(history / "t.csv", history / "d.csv", convention="fofo")


def test_bounds_print_one_line_of_json(history: Path) -> None:
    (history / "to.csv").write_text("account\nP2\n")
    status, output = run(
        "bounds", "--transactions", history / "t.csv", "--disbursements", history / "d.csv",
        "--balances", history / "b.csv", "--loans", "L", "--destinations", history / "to.csv",
    )  # fmt: skip
    assert status == 0
    found = json.loads(output)
    # Own 300 + loan 700, 500 out (at least 200 of it the loan), own 500 in, 600 out: nothing or 500 of the loan.
    assert found == {
        "loans": ["L"], "disbursed_fen": 70000, "least_fen": 0, "most_fen": 50000, "proven": True,
        "opening": "given", "outer": False,
    }  # fmt: skip


def test_currencies_never_mix() -> None:
    at = datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC)
    frame = pl.DataFrame(
        {
            "transaction_id": ["d", "p"],
            "booked_at": [at, at],
            "sequence": [1, 2],
            "debit_account": [None, "A"],
            "credit_account": ["A", "B"],
            "amount_fen": [100, 100],
            "currency": ["CNY", "USD"],
        }
    )
    result = loantrail.trace(
        frame,
        pl.DataFrame({"loan_id": ["L"], "transaction_id": ["d"]}),
        pl.DataFrame({"account": ["A"], "balance_fen": [0]}),
    )
    assert result.statement.rows() == [("L", "held_by_borrower", 100)]


@pytest.mark.parametrize("convention", ["fifo", "lifo", "pro_rata", "own_first", "loan_first"])
def test_the_evidence_of_a_line_sums_to_the_line(convention: str) -> None:
    """E4 and on: over a supplier, back, and out again by two ways."""
    moves = [
        ("d", None, "A", 100_000), ("p", "A", "S", 80_000), ("b", "S", "A", 30_000), ("r", "A", "R", 40_000),
        ("x", "S", None, 45_001), ("y", "R", None, 7),
    ]  # fmt: skip
    frame = pl.DataFrame(
        [
            (name, datetime.datetime(2024, 3, 1, n, tzinfo=datetime.UTC), n, debit, credit, amount)
            for n, (name, debit, credit, amount) in enumerate(moves)
        ],
        schema=["transaction_id", "booked_at", "sequence", "debit_account", "credit_account", "amount_fen"],
        orient="row",
    )
    result = loantrail.trace(
        frame,
        pl.DataFrame({"loan_id": ["L"], "transaction_id": ["d"]}),
        pl.DataFrame({"account": ["S"], "balance_fen": [20_000]}),
        convention,
    )
    assert result.statement["amount_fen"].sum() == 100_000
    for _, use, amount in result.statement.iter_rows():
        paths = result.evidence("L", use)
        first, last = paths.group_by("path").first(), paths.group_by("path").last()
        assert first["amount_fen"].sum() == amount, use
        assert set(first["transaction_id"]) == {"d"}
        assert last["step"].max() >= (0 if use.startswith("held") else 1)
        assert (paths["amount_fen"] <= paths["transaction_fen"]).all()
    with pytest.raises(InputError, match="nobody"):
        result.evidence("nobody", "outside")


def test_a_margin_deposit_of_the_borrower_is_a_use_not_a_return() -> None:
    at = datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC)
    frame = pl.DataFrame(
        {
            "transaction_id": ["d", "m"],
            "booked_at": [at, at],
            "sequence": [1, 2],
            "debit_account": [None, "A"],
            "credit_account": ["A", "M"],
            "amount_fen": [100, 60],
        }
    )
    accounts = pl.DataFrame(
        {
            "account": ["A", "M"],
            "name": [None, None],
            "owner": ["x", "x"],
            "class": [None, "acceptance_margin"],
        }
    )
    result = loantrail.trace(
        frame, pl.DataFrame({"loan_id": ["L"], "transaction_id": ["d"]}), accounts=accounts
    )
    assert result.statement.rows() == [("L", "acceptance_margin", 60), ("L", "held_by_borrower", 40)]


def test_records_older_than_the_parameters_are_judged_too(history: Path) -> None:
    text = (
        HEAD.strip()
        + ",credit_name,purpose_text\nd,1995-03-24,1,,A,70000,,\np,1995-03-25,2,A,S,70000,某某证券有限责任公司,转账\n"
    )
    (history / "t.csv").write_text(text, encoding="utf-8")
    result = loantrail.trace(history / "t.csv", history / "d.csv", history / "b.csv")
    assert result.statement.filter(use="securities")["amount_fen"].to_list() == [40000]


def test_a_balance_counts_once_for_an_account_with_several_currencies() -> None:
    at = datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC)
    frame = pl.DataFrame(
        {
            "transaction_id": ["d", "p", "q"],
            "booked_at": [at, at, at],
            "sequence": [1, 2, 3],
            "debit_account": [None, "A", "A"],
            "credit_account": ["A", "B", "B"],
            "amount_fen": [100, 150, 30],
            "currency": ["CNY", "CNY", "USD"],
        }
    )
    result = loantrail.trace(
        frame,
        pl.DataFrame({"loan_id": ["L"], "transaction_id": ["d"]}),
        pl.DataFrame({"account": ["A"], "balance_fen": [60]}),
    )
    # FIFO: the own 60 of the yuan account go first, then 90 of the loan.
    assert result.hops.filter(transaction_id="p")["amount_fen"].to_list() == [90]
    assert result.named is not None
    assert sorted(result.named.history.opening_fen.tolist()) == [0, 0, 0, 60]


def test_rows_that_were_refused_leave_nothing_proven(history: Path) -> None:
    files = (history / "t.csv", history / "d.csv", history / "b.csv")
    good = loantrail.bounds(*files, loans="L", destinations=["P2"])
    with (history / "t.csv").open("a") as stream:
        stream.write(f"x,{day(5)},5,A,B,-5\n")
    bad = loantrail.bounds(*files, loans="L", destinations=["P2"])
    assert (good.proven, bad.proven) == (True, False)
    assert "rows_refused" in bad.reasons


def test_whole_number_accounts_that_pandas_made_floats_keep_their_digits() -> None:
    at = datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC)
    frame = pd.DataFrame(
        {
            "transaction_id": ["d", "p"],
            "booked_at": [at, at],
            "sequence": [1, 2],
            "debit_account": [None, 1001],
            "credit_account": [1001, 1002],
            "amount_fen": [100, 60],
        }
    )
    result = loantrail.trace(frame, pd.DataFrame({"loan_id": ["L"], "transaction_id": ["d"]}))
    assert set(result.positions["account"]) == {"1001", "1002"}


def test_the_reversal_of_a_disbursement_is_reported_as_not_followed(history: Path) -> None:
    lines = (history / "t.csv").read_text().splitlines()
    rows = [lines[0] + ",reverses", *(line + "," for line in lines[1:]), f"r,{day(5)},5,A,,100,d"]
    (history / "t.csv").write_text("\n".join(rows) + "\n")
    assert trace_command(history)[0] == 0
    assert refused(history) == [(5, "reverses", "reversal_not_followed")]


def test_an_output_folder_that_is_none_is_said_plainly(history: Path) -> None:
    (history / "file").write_text("")
    with pytest.raises(InputError, match="file"):
        trace_command(history, "file/out")
