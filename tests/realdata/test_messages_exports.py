"""The exports of ICBC, CCB, Alipay and WeChat Pay against the postings beside them.

The postings were made by a bookkeeping program that drops rows by rules of its own; so each posting must be found
among the lines, and what is left over is listed here by hand. Deliberate differences are said where they are.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from loantrail.sources.model import Refusal, SourceFile
from loantrail.sources.registry import recognise

pytestmark = pytest.mark.realdata

SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))


@dataclass(frozen=True)
class Posting:
    """One expected booking: date, facts, and the amounts in fen by account."""

    date: str
    facts: dict[str, str]
    amounts: tuple[tuple[str, int], ...]


def postings(path: Path) -> list[Posting]:
    found: list[Posting] = []
    for block in re.split(r"\n(?=\d{4}-\d\d-\d\d \*)", path.read_text(encoding="utf-8"))[1:]:
        facts = dict(re.findall(r'^\s+([a-zA-Z]+): "(.*)"$', block, re.M))
        amounts = re.findall(r"^\s+([A-Z]\S+) (-?[0-9.]+) CNY$", block, re.M)
        scaled = tuple((account, int(Decimal(amount) * 100)) for account, amount in amounts)
        found.append(Posting(block[:10], facts, scaled))
    return found


def read(path: Path, adapter_name: str, **options: str) -> tuple[list[dict[str, Any]], list[Refusal]]:
    adapter = recognise(path)
    assert adapter.name == adapter_name
    batches = list(adapter.read(SourceFile(path, path.name, options)))
    rows = pl.concat([batch.rows for batch in batches]).to_dicts()
    return rows, [refusal for batch in batches for refusal in batch.refusals]


def signed(line: dict[str, Any]) -> int:
    return line["amount_fen"] if line["direction"] == "credit" else -line["amount_fen"]


def date_of(line: dict[str, Any]) -> str:
    return str(line["booked_at"].astimezone(SHANGHAI).date())


@pytest.mark.parametrize(
    ("folder", "own", "left_over"),
    [
        ("debit-v1", "Assets:Bank:CN:ICBC", [("2023-02-08", 104), ("2023-02-09", -2400), ("2023-02-28", 34158), ("2023-04-25", -123456)]),
        ("debit-v2", "Assets:Bank:CN:ICBC", [("2023-02-08", 104), ("2023-02-09", -2400), ("2023-02-28", 34158), ("2023-04-25", -123456)]),
        (
            "credit",
            "Liabilities:Bank:CN:ICBC",
            [("2023-03-20", -2200), ("2023-04-22", -23800), ("2023-05-02", -1732), ("2023-05-05", -2600), ("2023-05-05", -1800)],
        ),
    ],
)  # fmt: skip
def test_icbc_lines_are_the_postings(
    real_data: Path, folder: str, own: str, left_over: list[tuple[str, int]]
) -> None:
    """Left over are the rows that the bookkeeping program ignores because they come from a wallet's export too."""
    where = real_data / "messages" / "statements" / "icbc" / folder
    rows, refusals = read(next(where.glob("*records.csv")), "icbc")
    lines = Counter((date_of(line), signed(line)) for line in rows)
    for posting in postings(next(where.glob("*output.beancount"))):
        amount = next(fen for account, fen in posting.amounts if account == own)
        assert lines[(posting.date, amount)] > 0, posting
        lines[(posting.date, amount)] -= 1
        twin = next(line for line in rows if (date_of(line), signed(line)) == (posting.date, amount))
        if "peerAccount" in posting.facts:
            assert twin["counterparty_name"] == posting.facts["peerAccount"]
        assert posting.facts["txType"] in (twin["purpose_text"] or "")
        if "balances" in posting.facts:
            assert twin["balance_fen"] == int(Decimal(posting.facts["balances"]) * 100)
    assert sorted(lines.elements()) == left_over
    assert all(one.position == 0 for one in refusals)
    assert {"account_masked"} <= {one.reason for one in refusals}


def test_icbc_statement_order_is_kept_though_the_export_runs_backwards(real_data: Path) -> None:
    path = real_data / "messages" / "statements" / "icbc" / "debit-v2" / "example-icbc-debit-v2-records.csv"
    rows, refusals = read(path, "icbc", account="6222000012349876")
    assert [row["sequence"] for row in rows] == list(range(11, 0, -1))
    assert {row["account"] for row in rows} == {"6222000012349876"}
    # balances and footers of the sample are made unreadable or do not add up: said, and nothing is dropped
    assert sorted({one.reason for one in refusals}) == ["balance_unreadable", "total_difference"]


def test_ccb_lines_are_the_postings(real_data: Path) -> None:
    where = real_data / "messages" / "statements" / "ccb"
    rows, _ = read(next(where.glob("*.xls")), "ccb")
    expected = postings(where / "example-ccb-output.beancount")
    assert len(rows) == len(expected) == 6
    for line, posting in zip(rows, expected, strict=True):
        facts = posting.facts
        local = line["booked_at"].astimezone(SHANGHAI)
        assert (f"{local:%Y-%m-%d}", f"{local:%H:%M:%S}") == (posting.date, facts["tradeTime"])
        assert signed(line) == dict(posting.amounts)["Assets:Bank:CN:CCB:Checking"]
        assert line["balance_fen"] == int(Decimal(facts["balances"]) * 100)
        assert line["counterparty_name"] == facts["peerAccount"]
        # a masked number identifies no account: it stands among the remarks
        assert line["counterparty_account"] is None
        assert facts["peerAccountNum"] in line["purpose_text"]
        assert facts["region"] in line["purpose_text"]
        assert line["account"] == facts["accountNum"]


def test_alipay_lines_are_the_postings(real_data: Path) -> None:
    where = real_data / "messages" / "statements" / "alipay"
    rows, refusals = read(where / "example-alipay-records.csv", "alipay")
    wallet, fund, card = "alipay:xx@gmail.com", "alipay:xx@gmail.com/余额宝", "交通银行信用卡(7449)"
    for posting in postings(where / "example-alipay-output.beancount"):
        facts = posting.facts
        lines = [
            row
            for row in rows
            if f"{row['booked_at'].astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" == facts["payTime"][:19]
        ]
        (own_fen,) = {
            fen for account, fen in posting.amounts if account.startswith(("Assets", "Liabilities"))
        }
        if "卖出至余额宝" in str([line["purpose_text"] for line in lines]):
            # deliberate: a fund sold into 余额宝 is money received; the bookkeeping program had no rule for it
            own_fen = -own_fen
        method = facts.get("method", "余额")
        if method == card:
            # through the wallet: in from the card and out to the payee, or the other way for a refund
            assert sum(signed(line) for line in lines) == 0
            (of_card,) = [line for line in lines if line["counterparty_name"] == card]
            assert signed(of_card) == -own_fen
            assert of_card["reference"] is None
            assert [line["account"] for line in lines] == [wallet, wallet]
        else:
            (line,) = lines
            assert signed(line) == own_fen
            assert line["account"] == (fund if method == "余额宝" else wallet)
            # of two payments of one day with the same masked number the second keeps it as its document number
            assert facts["orderId"] in (line["reference"], line["document_no"])
    # deliberate: the program leaves out a payment together with its refund; both moved money, and cancel out
    (refund,) = [row for row in rows if row["reverses"]]
    (paid,) = [row for row in rows if row["reference"] == refund["reverses"]]
    assert (signed(refund), signed(paid)) == (5000, -5000)
    assert refund["account"] == paid["account"] == fund
    assert [(one.position, one.field, one.reason) for one in refusals if one.position] == [
        (6, "交易状态", "no_money_moved")
    ]
    assert [one.reason for one in refusals if not one.position] == ["record_count_difference"]


@pytest.mark.parametrize("file", ["example-wechat-records.csv", "example-wechat-records.xlsx"])
def test_wechat_lines_are_the_postings(real_data: Path, file: str) -> None:
    where = real_data / "messages" / "statements" / "wechat"
    rows, refusals = read(where / file, "wechat")
    names = {
        "Assets:Digital:Wechat:Cash": "wechat:测试",
        "Assets:Digital:Wechat:MiniFund": "wechat:测试/零钱通",
    }
    count = 0
    for posting in postings(where / "example-wechat-output.beancount"):
        facts = posting.facts
        count += 1
        lines = [
            row
            for row in rows
            if f"{row['booked_at'].astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" == facts["payTime"][:19]
            and facts["txType"] in row["purpose_text"]
        ]
        assert lines, posting
        moved: Counter[str] = Counter()
        for line in lines:
            moved[line["account"]] += signed(line)
        for own, account in names.items():
            expected = sum(fen for name, fen in posting.amounts if name == own)
            assert moved[account] == expected, posting
        # what a bank pays or receives is seen as the counterparty of a line of the wallet
        banks = sum(fen for name, fen in posting.amounts if name.startswith("Assets:Bank"))
        seen = sum(
            -signed(line)
            for line in lines
            if "银行" in (line["counterparty_name"] or "") and "还款" not in line["counterparty_name"]
        )
        assert seen == banks, posting
    assert count == 27 == sum(row["position"] <= 27 for row in rows)
    reasons = ["record_count_difference"] + (["sheet_ignored"] if file.endswith("xlsx") else [])
    assert sorted(one.reason for one in refusals) == sorted(reasons)


def test_both_wechat_files_say_the_same(real_data: Path) -> None:
    where = real_data / "messages" / "statements" / "wechat"
    csv_rows, _ = read(where / "example-wechat-records.csv", "wechat")
    sheet_rows, _ = read(where / "example-wechat-records.xlsx", "wechat")
    for one, other in zip(csv_rows, sheet_rows, strict=True):
        assert {**one, "source_file": ""} == {**other, "source_file": ""}
