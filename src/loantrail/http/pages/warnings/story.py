"""A warning in one sentence, and why it may be false. Figures come from the hits alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from loantrail.clock import BUSINESS_ZONE
from loantrail.early_warning.hits import is_of_rule
from loantrail.http.pages.warnings.model import WarningDoubt
from loantrail.reports.words import words
from loantrail.tracing.verdict_words import (
    ENGLISH_PATTERN,
    PATTERN,
    chinese_list,
    chinese_money,
    english_list,
    english_money,
    share_text,
)

Hit = Mapping[str, Any]
SUSPECTED: Final = "疑似"


def story(
    row: Mapping[str, Any],
    hits: Sequence[Hit],
    rules: Mapping[str, tuple[str, str]],
    relations: Sequence[str] = (),
) -> tuple[str, str]:
    """The warning in one sentence, Chinese and English. `row` is one of the queue, `hits` those that stand, the most
    severe first; `rules` what rules that are no patterns are called, Chinese and English; `relations` what payees of the hits are to the
    borrower."""

    def said_of(code: str) -> tuple[str, str]:
        return (PATTERN[code], ENGLISH_PATTERN[code]) if code in PATTERN else rules.get(code, (code, code))

    currency, loan_fen = row["currency"], row["loan_amount_fen"]
    chinese, english = chinese_money(loan_fen, currency), english_money(loan_fen, currency)
    opening = f"{row['borrower_name']}的 {chinese}贷款"
    english_opening = f"{row['borrower_name']}'s loan of {english}"
    if not hits:
        return (
            f"{opening}：现有数据已不再显示先前的线索，人工处理记录保留。",
            f"{english_opening}: the data no longer shows what warned before; what people did stays.",
        )
    main, others = hits[0], hits[1:]
    day = main["at"].astimezone(BUSINESS_ZONE).date().isoformat()
    share = share_text(min(main["amount_fen"], loan_fen), loan_fen)
    least = main["proven_fen"]
    proven = f"，无论如何计算至少 {chinese_money(least, currency)}" if least else ""
    english_proven = f", at least {english_money(least, currency)} however one counts" if least else ""
    pattern = said_of(main["rule_code"])[0]
    # Some patterns are called after what is suspected.
    suspected = pattern if SUSPECTED in pattern else f"{SUSPECTED}{pattern}"
    english_pattern = said_of(main["rule_code"])[1]
    kinds = [words("zh").name("relation", one) for one in relations]
    english_kinds = [words("en").name("relation", one).lower() for one in relations]
    related = f"；收款方与借款人的登记关系：{chinese_list(kinds)}" if kinds else ""
    english_related = (
        f"; the payee's relation to the borrower on record: {english_list(english_kinds)}" if kinds else ""
    )
    more = english_more = ""
    if others:
        names = [str(name) for name in dict.fromkeys(one["rule_code"] for one in others)]
        more = f"；另有{chinese_list([said_of(name)[0] for name in names])}"
        english_more = f"; also {english_list([said_of(name)[1] for name in names])}"
    said, english_said = _why(main, currency)
    if main["amount_fen"]:
        said, english_said = [*said, f"占贷款 {share}"], [*english_said, f"{share} of the loan"]
    why = f"：{'，'.join(said)}" if said else ""
    english_why = f": {', '.join(english_said)}" if english_said else ""
    return (
        f"{opening}，{suspected}（{day}）{why}{proven}{related}{more}。",
        f"{english_opening}: suspected {english_pattern} ({day}){english_why}"
        f"{english_proven}{english_related}{english_more}.",
    )


def _why(hit: Hit, currency: str) -> tuple[list[str], list[str]]:
    """What the hit says of itself, Chinese and English, and the amount where that does not tell it: a rule's words are of one
    payment, its amount of the largest; a hit of earlier software may have no words."""
    chinese = hit["explanation_chinese"] or hit["explanation"]
    english = hit["explanation"] or hit["explanation_chinese"]
    said, english_said = ([chinese], [english]) if chinese else ([], [])
    if hit["amount_fen"] and (not chinese or is_of_rule(hit["rule_version"])):
        # Beside the words of one payment of several, it may be another one's.
        largest = bool(chinese) and len(hit["transaction_ids"]) > 1
        money = chinese_money(hit["amount_fen"], currency)
        said.append(f"其中最大金额 {money}" if largest else f"涉及 {money}")
        money = english_money(hit["amount_fen"], currency)
        english_said.append(f"the largest amount {money}" if largest else f"{money} involved")
    return said, english_said


def doubts(hits: Sequence[Hit], evidence: Sequence[Mapping[str, Any]]) -> list[WarningDoubt]:
    """Why the warning may be false: what is not proven, what rests on words alone, and what honest dealing looks like
    that."""
    found: list[WarningDoubt] = []
    if hits:
        main = hits[0]
        if main["proven_fen"] is None:
            found.append(WarningDoubt(code="not_proven", amount_fen=main["amount_fen"]))
        elif main["proven_fen"] < main["amount_fen"]:
            found.append(WarningDoubt(code="least_is_less", amount_fen=main["proven_fen"]))
    bases = {line["basis"] for line in evidence}
    if bases and bases <= {"remark"}:
        found.append(WarningDoubt(code="remark_only"))
    elif bases and bases <= {"remark", "name", "model", "none", None}:
        found.append(WarningDoubt(code="name_only"))
    found += [WarningDoubt(code=code) for code in dict.fromkeys(hit["rule_code"] for hit in hits)]
    return found
