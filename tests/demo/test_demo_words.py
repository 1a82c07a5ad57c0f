"""What `loantrail demo` says of a bank's making, in both languages."""

from __future__ import annotations

from collections import Counter
from string import ascii_letters
from typing import get_args

import polars as pl
import pytest
from rich.cells import cell_len

from loantrail.cli.demo import SIZES
from loantrail.cli.demo_words import address_words, told_words
from loantrail.demo.generate import Summary
from loantrail.demo.running import Making, Reading, Ready, Step, Told
from loantrail.sources.dry_run import Outcome
from loantrail.tracing.database import Found

FOUND = Found(
    run_id="R",
    convention="fifo",
    loans=2,
    events=9,
    hops=1_234,
    statement=pl.DataFrame(
        {
            "loan_id": ["L1", "L2", "L1", "L2"],
            "use": ["supplier", "supplier", "equity_investment", "cash"],
            "amount_fen": [90_000_000, 10_000_000, 5_000_000, 7],
        }
    ),
    leads=pl.DataFrame(
        {
            "loan_id": ["L2", "L1"],
            "pattern": ["CASH_OUT", "ROUND_TRIP"],
            "amount_fen": [7, 5_000_000],
            "explanation": ["taken out as cash", "it came back"],
            "explanation_chinese": ["取成现金", "资金回到借款人"],
        }
    ),
    unlinked=pl.DataFrame(),
    problems=[],
)
TOLD: list[Told] = [
    Making("small", 7),
    Summary(50_156, 9, 2_113, 8, 340, 100_000_000, 7, 6),
    Reading(),
    Outcome(accepted=Counter(party=3, account=4), refused=Counter(key_missing=1), accounts_reconciled=641),
    Step("reading the books"),
    FOUND,
    Ready(85.7),
]


def test_every_thing_that_is_told_has_its_chinese() -> None:
    assert {type(one) for one in TOLD} == set(get_args(Told))
    for told in TOLD:
        text = "".join(told_words(told, "zh")).replace("L1", "").replace("L2", "")
        assert text
        assert not any(letter in text for letter in ascii_letters), text


@pytest.mark.parametrize("size", SIZES)
def test_a_size_has_a_word(size: str) -> None:
    assert told_words(Making(size, 1), "zh") != told_words(Making(size, 1), "en")


def test_what_the_money_was_used_for_stands_in_columns() -> None:
    _, supplier, equity, cash, leads, *largest = told_words(FOUND, "zh")
    assert supplier.split() == ["有贸易依据的供应商或客户", "1,000,000.00", "2", "笔"]
    assert equity.split() == ["股权投资", "50,000.00", "1", "笔", "←", "受限用途"]
    assert cash.split() == ["现金", "0.07", "1", "笔"]
    assert len({cell_len(line.partition("笔")[0]) for line in (supplier, equity, cash)}) == 1
    assert leads == "线索（疑似）：2 条，涉及 2 笔贷款"
    assert largest == ["  L1  资金回流：资金回到借款人", "  L2  现金支取：取成现金"]


def test_it_speaks_english_elsewhere() -> None:
    assert told_words(FOUND, "en") == [
        "Followed 1,050,000.07 yuan of 2 loans in 1,234 movements:",
        "  supplier                          1,000,000.00      2 loans",
        "  equity_investment                    50,000.00      1 loan  <- restricted",
        "  cash                                      0.07      1 loan",
        "Leads (suspected, 疑似): 2 on 2 loans",
        "  L1  ROUND_TRIP: it came back",
        "  L2  CASH_OUT: taken out as cash",
    ]
    assert told_words(TOLD[3], "en") == [
        "  7 records accepted, 0 known already, 1 refused; 641 accounts reconciled, 0 with a difference"
    ]
    assert told_words(Step("reading the books"), "en") == ["  reading the books"]


def test_it_says_where_the_page_is() -> None:
    address = "http://127.0.0.1:8321/"
    assert address_words(address, "en") == f"The page is at {address} (Ctrl+C stops it)"
    assert address_words(address, "zh") == f"网页地址：{address}（按 Ctrl+C 停止）"
