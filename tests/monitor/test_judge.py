"""What is decided on transactions, from the judgement of their loans."""

from __future__ import annotations

import polars as pl
from tests.early_warning.bank import Bank
from tests.monitor.judging import BOOK, ENTRIES, NOTHING_PROVEN, SOFTWARE, all_rules

from loantrail.early_warning.frames import Frames
from loantrail.monitor.judge import Judged, decisions_of, judge_loans
from loantrail.monitor.slice_frames import slice_of
from loantrail.monitor.slice_index import Index
from loantrail.rules.evaluate import ReadyRules


def books() -> Frames:
    """A loan of which half went into securities, and a payment for goods."""
    bank = Bank(end_day=5)
    bank.party("B")
    paid_out = bank.loan(100)
    bank.move(paid_out, "B.main", "broker", 50, 2, use="securities")
    bank.pay("B.main", "shop", 1, 3, documented=True)
    return bank.frames()


def judged(rules: ReadyRules, loans: tuple[str, ...] = ("L",)) -> Judged:
    part = slice_of(Index.of(books(), BOOK), loans, BOOK)
    return judge_loans(part, BOOK, rules, ENTRIES, SOFTWARE, NOTHING_PROVEN)


def test_a_transaction_on_which_a_hit_rests_is_reviewed_and_others_are_allowed() -> None:
    found = judged(ReadyRules([], BOOK))

    decisions = decisions_of(found.hits, ["T0001", "T0002", "elsewhere"])

    (hit,) = found.hits.filter(pl.col("rule_code") == "FLOW_SECURITIES")["hit_id"]
    assert {name: one.answer for name, one in decisions.items()} == {
        "T0001": "review", "T0002": "allow", "elsewhere": "allow",
    }  # fmt: skip
    assert hit in decisions["T0001"].hit_ids


def test_a_published_rule_speaks_in_the_place_of_the_pattern_and_a_shadow_one_to_nobody() -> None:
    by_pattern, by_rule = judged(all_rules()), judged(all_rules(frozenset({"FLOW_SECURITIES"})))

    def versions(found: Judged) -> list[str]:
        return found.hits.filter(pl.col("rule_code") == "FLOW_SECURITIES")["rule_version"].to_list()

    assert (versions(by_pattern), versions(by_rule)) == ([SOFTWARE], ["1"])
    assert by_pattern.hits["hit_id"].to_list() != by_rule.hits["hit_id"].to_list()
    assert "FLOW_SECURITIES" in by_pattern.found["rule_code"].to_list()


def test_loans_that_are_not_known_are_judged_as_nothing() -> None:
    found = judged(all_rules(), ("strange",))

    assert (len(found.hits), len(found.leads), len(found.rows)) == (0, 0, 0)
