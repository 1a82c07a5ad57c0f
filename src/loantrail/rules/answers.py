"""What the interface says of rules, and what it takes."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from loantrail.destinations.routes import WRITTEN, Reason, RequestKey, Wanted
from loantrail.early_warning.hits import Level
from loantrail.http.pages.model import Answer, Fen
from loantrail.rules.answers_backtest import BacktestBrief, ConditionPart, SeenValue
from loantrail.rules.model import Content, LevelRule, RuleVersion, State
from loantrail.rules.refusing import Problem as LanguageProblem
from loantrail.rules.volume import Volume
from loantrail.rules.words import Part

PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{2,39}$", max_length=40)]
ConditionText = Annotated[
    str, Field(max_length=20_000, pattern=PRINTABLE, description="A SQL boolean expression over signals.")
]
Line = Annotated[str, Field(min_length=1, max_length=300, pattern=WRITTEN)]
Word = Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9_]*$")]
Names = Annotated[list[Word], Field(max_length=40)]
OccasionName = Literal["movement", "day"]


class WantedRuleLevel(Wanted):
    level: Level
    condition: ConditionText


class WantedRule(Wanted):
    """What a person writes of a rule."""

    code: Code
    chinese: Line
    english: Line
    legal_basis: Line
    products: Names = Field(description="Empty: all.")
    customer_kinds: Names = Field(description="Empty: all.")
    occasion: OccasionName
    condition: ConditionText
    levels: list[WantedRuleLevel] = Field(
        max_length=4, description="Severest first; the last one's condition is TRUE."
    )
    amount_field: Word
    owner_role: Word
    actions: Names
    doubt_chinese: Line = Field(description="Why a hit may be false.")
    doubt_english: Line

    def content(self, pattern: str = "") -> Content:
        return Content(
            code=self.code,
            chinese=self.chinese.strip(),
            english=self.english.strip(),
            legal_basis=self.legal_basis.strip(),
            products=tuple(self.products),
            customer_kinds=tuple(self.customer_kinds),
            occasion=self.occasion,
            condition=self.condition.strip(),
            levels=tuple(LevelRule(one.level, one.condition.strip()) for one in self.levels),
            amount_field=self.amount_field,
            owner_role=self.owner_role,
            actions=tuple(self.actions),
            doubt_chinese=self.doubt_chinese.strip(),
            doubt_english=self.doubt_english.strip(),
            pattern=pattern,
        )


class WantedRuleDraft(Wanted):
    content: WantedRule
    based_on: int | None = Field(default=None, ge=1, le=1_000_000, description="The version it is made from.")
    request_key: RequestKey


class WantedRuleChange(Wanted):
    content: WantedRule
    revision: int = Field(ge=1, le=1_000_000_000, description="The revision that was read.")
    request_key: RequestKey


class _Act(Wanted):
    revision: int = Field(ge=1, le=1_000_000_000, description="The revision that was read.")
    request_key: RequestKey


class RulePlainAct(_Act):
    act: Literal["to_shadow", "to_draft", "retire"]


class RuleProposeAct(_Act):
    act: Literal["propose"]
    reason: Reason | Literal[""] = Field(
        default="", description="Why it is proposed without a back-test; not needed where there is one."
    )


class RuleApproveAct(_Act):
    act: Literal["approve"]
    effective_from: datetime.date


class RuleReasonedAct(_Act):
    act: Literal["refuse", "propose_retire", "keep"]
    reason: Reason


WantedRuleAct = Annotated[
    RulePlainAct | RuleProposeAct | RuleApproveAct | RuleReasonedAct, Field(discriminator="act")
]


class WantedConditionCheck(Wanted):
    condition: ConditionText
    occasion: OccasionName


def _no_flag(value: object) -> object:
    """JSON tells true from 1, Python does not."""
    if isinstance(value, bool):
        raise ValueError("a number is wanted")
    return value


class WantedCompletion(Wanted):
    text: ConditionText
    cursor: Annotated[int, BeforeValidator(_no_flag)] = Field(ge=0, le=20_000)
    occasion: OccasionName


class ConditionProblem(Answer):
    """`start` and `length` count characters of the text; lines and columns begin at 1."""

    code: str
    start: int
    length: int
    line: int
    column: int
    chinese: str
    english: str
    remedy_chinese: str
    remedy_english: str
    names: list[str]


class CheckedCondition(Answer):
    problems: list[ConditionProblem]
    reading: ConditionPart | None = Field(description="The condition in words; null where it has problems.")
    fields: list[str]
    parameters: list[str]


class ProposalRow(Answer):
    insert: str
    kind: str
    start: int = Field(description="The text from here to the cursor is replaced.")
    chinese: str
    english: str
    detail: str


class RuleField(Answer):
    name: str
    kind: str
    grain: str
    chinese: str
    english: str
    meaning_chinese: str
    meaning_english: str


class RuleFunction(Answer):
    name: str
    usage: str
    chinese: str
    english: str


class Vocabulary(Answer):
    """What a rule can be made of."""

    fields: list[RuleField]
    functions: list[RuleFunction]
    products: list[str]
    customer_kinds: list[str]
    owner_roles: list[str]
    actions: list[str]


class RuleLevel(Answer):
    level: Level
    condition: str


class ContentAnswer(Answer):
    code: str
    chinese: str
    english: str
    legal_basis: str
    products: list[str]
    customer_kinds: list[str]
    occasion: OccasionName
    condition: str
    levels: list[RuleLevel]
    amount_field: str
    owner_role: str
    actions: list[str]
    doubt_chinese: str
    doubt_english: str
    pattern: str


class RuleFound(Answer):
    """What a version found in the rows of the last trace. Threads per 1,000 loans a month are in thousandths."""

    at: datetime.datetime
    loans: int
    loans_hit: int
    severe_loans: int
    threads_milli: int | None = Field(
        description="Null for a rule of the end of a day, as one day does not tell, and for one that is stopped: it warns of nothing."
    )
    severe_milli: int | None
    milliseconds: int
    stopped: Literal["runaway", "content", "defect"] | None = Field(
        description="Why its hits were thrown away."
    )


class RuleVersionRow(Answer):
    rule_id: str
    version: int
    revision: int
    state: State
    content: ContentAnswer
    maker: str
    editors: list[str]
    made_at: datetime.datetime
    based_on: int | None
    proposed_by: str | None
    checker: str | None
    decided_at: datetime.datetime | None
    refusal_reason: str | None
    effective_from: datetime.date | None
    retired_on: datetime.date | None
    retired_by: str | None
    retirement_proposed_by: str | None = Field(
        description="Who asked that it be retired; while it is published it waits for another person, and judges."
    )
    retirement_proposed_at: datetime.datetime | None
    retirement_reason: str | None
    shipped: bool
    in_force: bool
    tried: bool = Field(description="A back-test of it as it stands came to its end.")
    differs: list[str] = Field(description="The fields in which it differs from the version before it.")
    reading: ConditionPart | None
    problems: list[str] = Field(description="The fields of the content that are not in order.")
    found: RuleFound | None


class RuleRow(Answer):
    """A rule as the list shows it: the version in force, else the newest on trial, else the newest."""

    code: str
    chinese: str
    english: str
    rule_id: str
    version: int
    state: State
    level: Level | None = Field(description="The highest; null for a draft without levels.")
    occasion: OccasionName
    pattern: str
    waiting: State | None = Field(description="The state of a newer version that is not published.")
    retirement_waits: bool = Field(
        description="The retirement of a published version waits for a second person."
    )
    found: RuleFound | None


class PatternCost(Answer):
    """A built-in pattern, which warns without being written, and what it costs. Threads per 1,000 loans a month are in thousandths."""

    code: str
    by_rule: bool = Field(description="A published rule of the same code speaks in its place.")
    threads: int = Field(description="Threads, not superseded, that a hit of it rests in.")
    severe: int = Field(description="Of these, those in which its hit is orange or red.")
    threads_milli: int
    severe_milli: int


class RuleList(Answer):
    rules: list[RuleRow]
    patterns: list[PatternCost]
    budget_threads_milli: int
    budget_severe_milli: int
    warning_threads_milli: int = Field(
        description="All threads that patterns and published rules opened, those superseded left out, per 1,000 loans paid out and "
        "month of the history of the trace, in thousandths."
    )
    warning_severe_milli: int = Field(description="Of these orange or red.")


class RuleEvent(Answer):
    rule_id: str
    version: int
    kind: str
    at: datetime.datetime
    by: str
    reason: str


class RuleDetail(Answer):
    code: str
    versions: list[RuleVersionRow] = Field(description="The newest first.")
    events: list[RuleEvent]
    backtests: list[BacktestBrief]
    budget_threads_milli: int
    budget_severe_milli: int
    period_from: datetime.date | None = Field(description="First business date that a back-test can look at.")
    period_to: datetime.date | None
    names: dict[str, str] = Field(description="Who stands in it -> their name, as far as it is known.")


class RuleActed(Answer):
    version: RuleVersionRow
    new: bool = Field(description="False where the same request was made before: nothing changed.")


class RuleHit(Answer):
    hit_id: str
    loan_id: str
    at: datetime.datetime
    level: Level
    amount_fen: Fen
    share_ppm: int
    destination_class: str
    transaction_ids: list[str]
    explanation: str
    explanation_chinese: str
    explained: ConditionPart = Field(description="Field by field, of the row that the explanation is of.")


def content_answer(content: Content) -> ContentAnswer:
    """A content as it is shown."""
    said: dict[str, Any] = {
        name: getattr(content, name) for name in ContentAnswer.model_fields if name != "levels"
    }
    said |= {name: list(said[name]) for name in ("products", "customer_kinds", "actions")}
    return ContentAnswer(
        **said, levels=[RuleLevel(level=one.level, condition=one.condition) for one in content.levels]
    )


def pattern_cost(code: str, by_rule: bool, found: tuple[int, int], whole: Volume) -> PatternCost:
    """What a pattern costs of all that warns; `found`: its threads, and those in which its hit is orange or red."""
    threads, severe = found
    return PatternCost(
        code=code,
        by_rule=by_rule,
        threads=threads,
        severe=severe,
        threads_milli=whole.milli(threads),
        severe_milli=whole.milli(severe),
    )


def problem_answer(one: LanguageProblem) -> ConditionProblem:
    return ConditionProblem(
        **{name: getattr(one, name) for name in ConditionProblem.model_fields if name != "names"},
        names=list(one.names),
    )


def part_answer(part: Part) -> ConditionPart:
    """A reading or an explanation as it is shown."""
    return ConditionPart(
        kind=part.kind,  # pyright: ignore[reportArgumentType]  one of the four
        source=part.source,
        chinese=part.chinese,
        english=part.english,
        holds=part.holds,
        seen=[
            SeenValue(name=one.name, chinese=one.chinese, english=one.english, value_chinese=one.value_chinese, value_english=one.value_english)
            for one in part.seen
        ],
        parts=[part_answer(one) for one in part.parts],
    )  # fmt: skip


def newest_first(versions: tuple[RuleVersion, ...]) -> list[RuleVersion]:
    return sorted(versions, key=lambda one: -one.version)
