"""What the verdict on a loan says, in both languages."""

from __future__ import annotations

import itertools

import pytest

from loantrail.early_warning.patterns import PATTERNS
from loantrail.tracing.statement import LINE_GROUPS, PROHIBITED
from loantrail.tracing.verdict import Level, Line, Suspicion, verdict
from loantrail.tracing.verdict_words import ENGLISH_PATTERN, ENGLISH_USE, share_text

WAN = 1_000_000
"""10,000.00 in fen."""


def _line(use: str, fen: int, **bounds: int | bool) -> Line:
    return Line(use, LINE_GROUPS[use], fen, **bounds)  # type: ignore[arg-type]  names of bounds only


def test_suspected_money_is_named_with_its_proven_least_and_what_is_lost_from_sight() -> None:
    said = verdict(
        500 * WAN,
        [
            _line("supplier", 342 * WAN),
            _line("securities", 120 * WAN, least_fen=80 * WAN, most_fen=120 * WAN, proven=True),
            _line("same_name_other_bank", 38 * WAN),
        ],
        [Suspicion("FLOW_SECURITIES", "securities", 120 * WAN)],
        seen_fen=462 * WAN,
    )
    assert said.level is Level.SUSPECTED
    assert said.chinese == (
        "放款 500.00 万元，已追踪到最终用途 92.4%。"
        "其中 120.00 万元疑似流入证券、基金（无论如何计算至少 80.00 万元），请核实凭证。"
        "38.00 万元转至他行同名账户，之后本行看不见。"
    )
    assert said.english == (
        "CNY 5.00 million was paid out; 92.4% of it was followed to a final use. "
        "Of it, CNY 1.20 million is suspected to have gone into securities and funds (at least CNY 800,000.00 "
        "however one counts): please check the vouchers. "
        "CNY 380,000.00 went to own-name accounts at other banks: from there on this bank cannot see it."
    )


@pytest.mark.parametrize(
    ("bounds", "says"),
    [
        ({}, ""),
        ({"least_fen": 5 * WAN, "most_fen": 9 * WAN, "proven": False}, ""),
        ({"least_fen": 5 * WAN, "most_fen": 9 * WAN, "proven": True}, "无论如何计算至少 5.00 万元"),
        ({"least_fen": 0, "most_fen": 9 * WAN, "proven": True}, "换一种计算方法可能没有"),
        ({"least_fen": 7 * WAN, "most_fen": 7 * WAN, "proven": True}, "无论如何计算都是此数"),
    ],
)
def test_only_proven_bounds_are_spoken_of(bounds: dict[str, int | bool], says: str) -> None:
    said = verdict(
        10 * WAN,
        [_line("gambling", 7 * WAN, **bounds), _line("supplier", 3 * WAN)],
        [Suspicion("FORBIDDEN_USE", "gambling", 7 * WAN)],
        10 * WAN,
    )
    assert f"7.00 万元疑似流向涉赌账户{f'（{says}）' if says else ''}，请核实凭证。" in said.chinese


def test_a_loan_that_was_not_paid_out_and_one_that_was_not_traced() -> None:
    assert verdict(0, None).chinese == "这笔贷款没有放款记录，没有资金可以追踪。"
    untraced = verdict(3 * WAN, None)
    assert untraced.level is Level.UNKNOWN
    assert untraced.chinese == "放款 3.00 万元，尚未追踪，资金去向还不知道。"
    assert untraced.english == "CNY 30,000.00 was paid out and has not been followed yet."


def test_all_of_it_idle_is_said_once() -> None:
    said = verdict(30 * WAN, [_line("held_by_borrower", 30 * WAN)])
    assert said.chinese == "放款 30.00 万元，全部仍在借款人账户，尚未使用。资金追踪未发现疑似线索。"
    assert said.level is Level.CLEAR


def test_all_of_it_followed_and_nothing_suspected() -> None:
    said = verdict(30 * WAN, [_line("supplier", 30 * WAN)], seen_fen=30 * WAN)
    assert (
        said.english
        == "CNY 300,000.00 was paid out; all of it was followed to a final use. The trace gives no leads."
    )


def test_a_loan_with_a_warning_and_without_leads_is_not_called_clear() -> None:
    lines = [_line("supplier", 30 * WAN)]
    said = verdict(30 * WAN, lines, seen_fen=30 * WAN, warned=True)
    assert said.level is Level.ATTENTION
    assert said.chinese.endswith("资金追踪未发现疑似线索，但有预警。")
    assert said.english.endswith("The trace gives no leads, but the loan has a warning.")
    # Where there are leads they speak for themselves.
    leads = [Suspicion("STRUCTURING", "company", 30 * WAN)]
    assert verdict(30 * WAN, lines, leads, warned=True) == verdict(30 * WAN, lines, leads)


def test_a_restricted_use_without_a_lead_is_not_called_suspected() -> None:
    said = verdict(10 * WAN, [_line("card_repayment", WAN), _line("supplier", 9 * WAN)], seen_fen=10 * WAN)
    assert "疑似用于" not in said.chinese
    assert "1.00 万元用于信用卡还款：多数产品限制此类用途，目前没有达到线索标准。" in said.chinese
    assert "CNY 10,000.00 has repaid credit cards: most products restrict such a use" in said.english
    assert said.level is Level.CLEAR


def test_leads_that_speak_of_no_line_are_named_and_not_added_up() -> None:
    said = verdict(
        100 * WAN,
        [_line("supplier", 100 * WAN)],
        [
            Suspicion("ROUND_TRIP", "", 60 * WAN),
            Suspicion("ROUND_TRIP", "", 20 * WAN),
            Suspicion("STRUCTURING", "company", 30 * WAN),
        ],
        100 * WAN,
    )
    assert (
        "有疑似线索：资金回流 2 条（最大 60.00 万元）、拆分支付（涉及 30.00 万元）；线索可能指向同一笔钱，金额不相加。"
        in said.chinese
    )
    assert (
        "3 leads point to round-tripping (2 times, the largest CNY 600,000.00) and structured payments"
        in said.english
    )


def test_a_fourth_suspected_use_is_counted_with_its_amount() -> None:
    uses = ("securities", "futures", "gambling", "lender", "dividend")
    said = verdict(
        15 * WAN,
        [_line(use, amount * WAN) for amount, use in enumerate(uses, 1)],
        [Suspicion("FORBIDDEN_USE", use, WAN) for use in uses],
        15 * WAN,
    )
    assert "另有 2 项疑似违规用途共 3.00 万元" in said.chinese
    assert "and CNY 30,000.00 to have gone to 2 other forbidden uses: please check" in said.english


def test_much_lost_from_sight_calls_for_attention_and_a_little_is_left_to_the_statement() -> None:
    much = verdict(100 * WAN, [_line("other_bank", 70 * WAN), _line("supplier", 30 * WAN)], seen_fen=30 * WAN)
    assert much.level is Level.ATTENTION
    little = verdict(
        1000 * WAN, [_line("other_bank", 4 * WAN), _line("supplier", 996 * WAN)], seen_fen=996 * WAN
    )
    assert "他行" not in little.chinese
    assert little.level is Level.CLEAR


def test_much_held_by_others_without_evidence_calls_for_attention() -> None:
    said = verdict(
        100 * WAN, [_line("held_by_third_party", 60 * WAN), _line("supplier", 40 * WAN)], seen_fen=40 * WAN
    )
    assert said.level is Level.ATTENTION
    assert "尚未到最终用途的：无贸易依据的第三方 60.00 万元。" in said.chinese


def test_every_use_and_pattern_has_its_words() -> None:
    assert set(ENGLISH_USE) == PROHIBITED
    assert set(ENGLISH_PATTERN) == set(PATTERNS)


def test_every_combination_reads_as_whole_sentences() -> None:
    uses = (
        "supplier",
        "securities",
        "card_repayment",
        "other_bank",
        "payment_institution",
        "held_by_borrower",
        "held_by_third_party",
        "untraced",
    )
    leads = ((), ("securities",), ("",), ("securities", "", ""))
    for count in range(1, len(uses) + 1):
        for chosen, spoken in itertools.product(itertools.combinations(uses, count), leads):
            lines = [_line(use, (number + 1) * WAN) for number, use in enumerate(chosen)]
            whole = sum(line.amount_fen for line in lines)
            said = verdict(whole, lines, [Suspicion("ROUND_TRIP", use, WAN) for use in spoken], whole // 2)
            for sentence in said.sentences:
                assert sentence.chinese.endswith("。")
                assert sentence.english.endswith(".")
                assert not set(sentence.english) & set("，。：（）")
                assert (
                    ",," not in sentence.english
                    and "  " not in sentence.english
                    and "None" not in sentence.english
                )
                assert sentence.english[0].isupper() or sentence.english[0].isdigit()


def test_a_share_that_is_not_all_is_not_shown_as_all() -> None:
    assert share_text(999_999, 1_000_000) == ">99.9%"
    assert share_text(1, 1_000_000) == "<0.1%"
    assert (share_text(924, 1000), share_text(0, 10), share_text(10, 10)) == ("92.4%", "0%", "100%")


def test_amounts_of_other_currencies_keep_their_own_digits() -> None:
    assert "JPY 5,000,000" in verdict(5_000_000, [_line("supplier", 5_000_000)], currency="JPY").chinese
