"""The general ledger beside the loans; chains; manifests: without a database."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import polars as pl
import pytest

from loantrail.errors import InputError
from loantrail.nightly.chain import broken_keys, chain_parts
from loantrail.nightly.decide import compare_ledger
from loantrail.nightly.manifest import business_date_of, read_manifest
from loantrail.nightly.model import ALARMS, OPEN_END, LedgerTotal, LoanTotal, Subject

PARENTS = {"branch": None, "east": "branch", "west": "branch"}
WORKING, MORTGAGE = "working_capital_loan", "mortgage_loan"
SUBJECTS = (Subject("130301", "流动资金贷款", (WORKING,)), Subject("130302", "按揭贷款", (MORTGAGE,)))


def test_a_ledger_kept_at_the_branch_counts_the_loans_of_the_units_below():
    loans = [LoanTotal(WORKING, "east", "CNY", 300, 2), LoanTotal(WORKING, "west", "CNY", 200, 1)]
    compared, alarms = compare_ledger([LedgerTotal("130301", "branch", "CNY", 500)], loans, PARENTS, SUBJECTS)
    assert [(one.unit_id, one.ledger_fen, one.loans_fen, one.loan_count) for one in compared] == [
        ("branch", 500, 500, 3)
    ]
    assert alarms == []


def test_subjects_units_and_currencies_are_compared_each_for_itself():
    loans = [
        LoanTotal(WORKING, "east", "CNY", 300, 2),
        LoanTotal(WORKING, "east", "USD", 70, 1),
        LoanTotal(MORTGAGE, "west", "CNY", 40, 1),
        LoanTotal("bank_advance", "west", "CNY", 9, 1),
    ]
    ledger = [
        LedgerTotal("130301", "east", "CNY", 310),
        LedgerTotal("130302", "west", "CNY", 40),
        LedgerTotal("130302", "east", "CNY", 5),
        LedgerTotal("2201", "east", "CNY", 999),
    ]
    compared, alarms = compare_ledger(ledger, loans, PARENTS, SUBJECTS)
    assert {(one.subject, one.unit_id, one.currency): one.difference_fen for one in compared} == {
        ("130301", "east", "CNY"): -10,
        ("130301", "east", "USD"): 70,
        ("130302", "west", "CNY"): 0,
        ("130302", "east", "CNY"): -5,
    }
    assert [(one.code, one.parameters.get("unit", "")) for one in alarms] == [
        ("ledger_difference", "east"),
        ("ledger_missing", "east"),
        ("ledger_difference", "east"),
        ("subject_unknown", ""),
    ]


def test_without_subjects_all_loans_stand_under_1303():
    compared, alarms = compare_ledger(
        [LedgerTotal("1303", "branch", "CNY", 7)], [LoanTotal(MORTGAGE, "east", "CNY", 7, 1)], PARENTS
    )
    assert (compared[0].difference_fen, alarms) == (0, [])


def day(number: int) -> datetime.date:
    return datetime.date(2026, 3, number)


def chain(
    *rows: tuple[str, datetime.date | None, datetime.date | None],
) -> tuple[pl.Series, pl.Series, pl.Series]:
    frame = pl.DataFrame(rows, schema={"key": pl.String, "start": pl.Date, "end": pl.Date}, orient="row")
    return frame["key"], frame["start"], frame["end"]


def test_a_chain_is_cut_by_the_business_date():
    parts = chain_parts(
        *chain(
            ("A", day(1), day(3)),
            ("A", day(3), OPEN_END),
            ("B", day(1), day(2)),
            ("B", day(2), day(3)),
            ("C", day(4), OPEN_END),
        ),
        day(3),
    )
    assert (parts.current, parts.earlier, parts.ended, parts.later) == ([1], [0, 2, 3], [3], [4])


@pytest.mark.parametrize(
    "rows",
    [
        [("A", day(1), day(3)), ("A", day(2), OPEN_END)],
        [("A", day(3), day(3))],
        [("A", day(3), day(2))],
        [("A", None, day(2))],
        [("A", day(1), OPEN_END), ("A", day(5), OPEN_END)],
    ],
)
def test_periods_that_contradict_themselves_are_told(rows: list):
    assert broken_keys(*chain(*rows, ("B", day(1), day(2)), ("B", day(4), OPEN_END))) == ["A"]


GOOD = {
    "business_date": "20260302",
    "files": [{"file": "party.csv", "table": "party", "rows": 1, "totals": {}}],
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"files": []}, "names no files"),
        ({"business_date": "20260230"}, "no business date"),
        ({"amount_unit": "wan"}, "amount_unit"),
        ({"files": [{"file": "a", "table": "nothing", "rows": 1}]}, "not known"),
        ({"files": [{"file": "a", "table": "party", "rows": -1}]}, "whole number"),
        ({"files": [{"file": "a", "table": "party", "rows": 1.5}]}, "whole number"),
        ({"files": [{"file": "/etc/passwd", "table": "party", "rows": 1}]}, "does not lie"),
        ({"files": [{"file": "a", "table": "party", "mode": "append", "rows": 1}]}, "cannot be delivered"),
        (
            {"files": [{"file": "a", "table": "statement_line", "mode": "chain", "rows": 1}]},
            "cannot be delivered",
        ),
        ({"files": [{"file": "a", "table": "party", "rows": 1, "totals": {"name": 1}}]}, "no amount"),
        (
            {"files": [{"file": "a", "table": "loan_note", "rows": 1, "totals": {"balance_fen": "x"}}]},
            "total",
        ),
        (
            {"files": [{"file": "a", "table": "loan_note", "rows": 1, "totals": {"balance_fen": 0.5}}]},
            "total",
        ),
        ({"files": [GOOD["files"][0], GOOD["files"][0]]}, "twice"),
        ({"subjects": [{"subject": "1303"}]}, "products"),
    ],
)
def test_a_manifest_that_cannot_be_used_says_why(tmp_path: Path, change: dict, told: str):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(GOOD))
    assert read_manifest(path).files[0].mode == "full"
    path.write_text(json.dumps({**GOOD, **change}))
    with pytest.raises(InputError, match=told):
        read_manifest(path)


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00", '"x"', "[" * 50_000])
def test_a_manifest_that_is_no_object_says_so(tmp_path: Path, text: str):
    path = tmp_path / "manifest.json"
    path.write_text(text)
    with pytest.raises(InputError):
        read_manifest(path)


def test_business_dates_are_written_in_two_ways():
    assert business_date_of("20260302") == business_date_of(" 2026-03-02 ") == day(2)


def test_every_alarm_has_words_in_both_languages():
    for code, kind in ALARMS.items():
        assert kind.english, code
        assert any("一" <= letter <= "鿿" for letter in kind.chinese), code
        assert not kind.acceptable or kind.holds_back, code
