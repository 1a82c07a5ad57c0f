"""Several demo banks side by side: what was found in each and in all, in both languages."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner
from tests.demo.test_evaluate_warnings import judged

from loantrail.cli import demo
from loantrail.demo import running
from loantrail.demo.evaluate import Evaluation
from loantrail.demo.evaluate_seeds import SeedEvaluation, all_pass, seeds_text
from loantrail.demo.model import LOOK_ALIKES, PATTERNS
from loantrail.tracing.verdict_words import PATTERN

GOOD = judged([("A", "FLOW_SECURITIES"), ("B", "ROUND_TRIP")], [("A", "red"), ("B", "orange")])
POOR = judged([("A", "FLOW_SECURITIES"), ("D", "ROUND_TRIP")], [("A", "red"), ("D", "blue")], loans=10)


def rows_of(text: str) -> dict[str, list[str]]:
    """The lines by their first cell, the others split where two blanks stand."""
    lines = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines()]
    return {cells[0]: cells[1:] for cells in lines if len(cells) > 1}


def test_banks_stand_side_by_side_and_together() -> None:
    rows = rows_of(seeds_text("small", [SeedEvaluation(1, GOOD), SeedEvaluation(2, POOR)], "en"))
    assert rows["FLOW_SECURITIES"] == ["1/1", "1/1", "100.0%", "2", "2", "100.0%", "1 d 6 h", "1 d 6 h"]
    assert rows["ROUND_TRIP"] == ["1/1", "0/1", "50.0%", "2", "1", "50.0%", "1 d 6 h", "1 d 6 h"]
    assert rows["CASH_OUT"] == ["0/0", "0/0", "-", "0", "0", "-", "-", "-"]
    assert rows["all"] == ["2/2", "1/2", "75.0%", "4", "3", "75.0%", "1 d 6 h", "1 d 6 h"]
    assert rows["refund"] == ["0/2", "1/2", "1/4"]
    assert rows["red"] == ["1/1", "1/1", "2/2"]
    assert rows["blue"] == ["0/0", "0/1", "0/1"]
    assert rows["recall over the planted patterns"] == ["100.0%", "50.0%", "at least 95.0%", "FAILS"]
    assert rows["of them orange or red"] == ["1.6", "8.3", "at most 3", "FAILS"]


def test_every_pattern_and_look_alike_has_a_chinese_name() -> None:
    text = seeds_text("small", [SeedEvaluation(3, GOOD)], "zh")
    rows = rows_of(text)
    assert "种子 3" in text
    assert rows["对埋入模式的召回率"] == ["100.0%", "不低于 95.0%", "达标"]
    for pattern in PATTERNS:
        assert f"{pattern} {PATTERN[pattern]}" in rows
    for look_alike in LOOK_ALIKES:
        assert any(name.startswith(f"{look_alike} ") for name in rows)
    assert rows["FLOW_SECURITIES 流入证券、期货、理财等"][-1] == "1 天 6 小时"


def test_all_pass_only_when_each_does() -> None:
    assert all_pass([SeedEvaluation(1, GOOD)])
    assert not all_pass([SeedEvaluation(1, GOOD), SeedEvaluation(2, POOR)])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds that were evaluated; seed 2 falls short."""
    seen: list[int] = []

    def evaluated(_size: str, seed: int, _say: object) -> Evaluation:
        seen.append(seed)
        empty = GOOD.look_alikes.clear()
        return Evaluation(empty, empty, empty, empty, empty, POOR if seed == 2 else GOOD)

    monkeypatch.setattr(running, "evaluate_demo_bank", evaluated)
    return seen


@pytest.mark.parametrize(("seeds", "order", "status"), [("1,3", [1, 3], 0), ("2, 1,2", [2, 1], 1)])
def test_the_command_says_by_its_status_whether_the_bars_are_met(
    asked: list[int], seeds: str, order: list[int], status: int
) -> None:
    done = CliRunner().invoke(demo.command, ["evaluate", "--seeds", seeds], env={"LANG": "zh_CN.UTF-8"})
    assert (done.exit_code, asked) == (status, order)
    assert "演示银行预警评估" in done.output


@pytest.mark.parametrize("seeds", ["one", "1,,2", "-1", "99999999999"])
def test_what_is_no_seed_is_refused(asked: list[int], seeds: str) -> None:
    done = CliRunner().invoke(demo.command, ["evaluate", "--seeds", seeds])
    assert done.exit_code == click.UsageError.exit_code
    assert not asked
