"""What a rule is: its content, its versions with their states, and what content is refused."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Final

from loantrail.early_warning.hits import LEVELS, Level
from loantrail.ledger.model import PRODUCTS
from loantrail.parameters import ParameterBook
from loantrail.parties.model import PARTY_KINDS
from loantrail.rules.fields import SHIPPED, Catalogue
from loantrail.rules.language import Checked, check
from loantrail.rules.refusing import Problem
from loantrail.signals.catalogue import OCCASIONS

CODE: Final = re.compile(r"^[A-Z][A-Z0-9_]{2,39}$")
OWNER_ROLES: Final = ("relationship_manager", "post_loan_inspector", "risk_manager", "branch_manager", "head_office_risk", "aml_officer")  # fmt: skip
ALWAYS: Final = "TRUE"
SHIPPED_BY: Final = "loantrail"
"""Makers of shipped versions begin so: no person's name."""


class State(StrEnum):
    DRAFT = "draft"
    SHADOW = "shadow"  # its hits are counted and shown, and warn nobody
    PROPOSED = "proposed"  # waits for a second person
    PUBLISHED = "published"  # never changes again
    RETIRED = "retired"


JUDGING: Final = (State.PUBLISHED, State.SHADOW, State.PROPOSED)
"""States in which a version is evaluated after each trace."""


@dataclass(frozen=True, slots=True)
class LevelRule:
    """The hit has this level where the condition holds."""

    level: Level
    condition: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a person writes. Empty `products` or `customer_kinds`: all. `levels`: severest first, the last one always.
    `amount_field`: the field in fen that a hit is about; empty where it is about none."""

    code: str
    chinese: str
    english: str
    legal_basis: str
    products: tuple[str, ...]
    customer_kinds: tuple[str, ...]
    occasion: str
    condition: str
    levels: tuple[LevelRule, ...]
    amount_field: str
    owner_role: str
    actions: tuple[str, ...]
    doubt_chinese: str
    doubt_english: str
    pattern: str = ""
    """The built-in pattern of early_warning that speaks of the same thing; empty where none does."""


CONTENT_FIELDS: Final = tuple(field.name for field in fields(Content))


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One version of a rule. `editors`: everybody who wrote in it, its maker first; none of them can approve it."""

    rule_id: str
    content: Content
    version: int
    state: State
    maker: str
    made_at: datetime.datetime
    editors: tuple[str, ...] = ()
    based_on: int | None = None
    proposed_by: str | None = None
    checker: str | None = None
    decided_at: datetime.datetime | None = None
    refusal_reason: str | None = None
    effective_from: datetime.date | None = None
    retired_on: datetime.date | None = None
    retired_by: str | None = None
    retirement_proposed_by: str | None = None
    """Who asked that it be retired; it stays published, and judges, until somebody else confirms."""
    retirement_proposed_at: datetime.datetime | None = None
    retirement_reason: str | None = None
    shipped: bool = False
    revision: int = 1
    """Counts the changes of this row: a writer names the one that it saw."""

    @property
    def code(self) -> str:
        return self.content.code

    @property
    def retirement_waits(self) -> bool:
        """Whether somebody proposed to retire it and nobody decided."""
        return self.state is State.PUBLISHED and self.retirement_proposed_by is not None

    @property
    def takes_effect(self) -> bool:
        """Whether it was published and there is a day, gone by or to come, on which it is in force."""
        return self.effective_from is not None and (
            self.retired_on is None or self.effective_from < self.retired_on
        )


@dataclass(frozen=True, slots=True)
class ContentProblem:
    """`field` of the content; for conditions also the place in the text."""

    field: str
    chinese: str
    english: str
    at: Problem | None = None


@dataclass(frozen=True, slots=True)
class CheckedContent:
    """`condition` and the conditions of `levels`, in their order, checked."""

    content: Content
    condition: Checked
    levels: tuple[tuple[Level, Checked], ...]
    problems: tuple[ContentProblem, ...]


def check_content(
    content: Content, parameters: ParameterBook, catalogue: Catalogue = SHIPPED
) -> CheckedContent:
    """Everything that is wrong with the content, each with its field."""
    found: list[ContentProblem] = []

    def wrong(name: str, chinese: str, english: str) -> None:
        found.append(ContentProblem(name, chinese, english))

    if not CODE.match(content.code):
        wrong(
            "code",
            "代码用大写字母、数字和下划线，3 到 40 个字符",
            "A code is 3 to 40 capital letters, digits and underscores",
        )
    for name, chinese in (("chinese", "中文名称"), ("english", "英文名称"), ("legal_basis", "依据"), ("doubt_chinese", "为何可能误报"), ("doubt_english", "为何可能误报（英文）")):  # fmt: skip
        if not str(getattr(content, name)).strip():
            wrong(name, f"{chinese}没有填写", f"The field {name} is empty")
    for name, known in (("products", PRODUCTS), ("customer_kinds", PARTY_KINDS)):
        unknown = [one for one in getattr(content, name) if one not in known]
        if unknown:
            wrong(name, f"不认识：{'、'.join(unknown)}", f"Unknown: {', '.join(unknown)}")
    if content.occasion not in OCCASIONS:
        wrong("occasion", "判断时点只能是 movement 或 day", "An occasion is movement or day")
    if content.owner_role not in OWNER_ROLES:
        wrong("owner_role", "请选择负责岗位", "Choose the role that owns it")
    occasion = content.occasion if content.occasion in OCCASIONS else ""
    measures = known_actions(parameters)
    strange = [one for one in content.actions if one not in measures]
    if strange:
        wrong("actions", f"不认识的措施：{'、'.join(strange)}", f"Unknown actions: {', '.join(strange)}")
    amount = catalogue.get(content.amount_field)
    if content.amount_field and (
        amount is None or amount.kind != "fen" or amount.grain not in ("both", occasion)
    ):
        wrong(
            "amount_field",
            "金额字段须是该时点的一个金额字段",
            "The amount field must be a field in fen of that occasion",
        )
    condition = check(content.condition, parameters, occasion, catalogue)
    found += [_placed("condition", one) for one in condition.problems]
    levels: list[tuple[Level, Checked]] = []
    for number, one in enumerate(content.levels):
        checked = check(one.condition, parameters, occasion, catalogue)
        found += [_placed(f"levels.{number}.condition", problem) for problem in checked.problems]
        levels.append((one.level, checked))
    ranks = [LEVELS.index(one.level) for one in content.levels]
    if not ranks or ranks != sorted(set(ranks), reverse=True):
        wrong(
            "levels",
            "等级从重到轻排列，每个一次",
            "List the levels from the severest to the mildest, each once",
        )
    elif content.levels[-1].condition.strip().upper() != ALWAYS:
        wrong("levels", "最后一级的条件写 TRUE", "The condition of the last level is TRUE")
    return CheckedContent(content, condition, tuple(levels), tuple(found))


def known_actions(parameters: ParameterBook) -> tuple[str, ...]:
    """What a rule may call for: the measures of all warning levels."""
    found: dict[str, None] = {}
    for level in LEVELS:
        for period in parameters.periods(f"warning_{level.value}_measures"):
            found.update(dict.fromkeys(period.names))
    return tuple(found)


def _placed(name: str, one: Problem) -> ContentProblem:
    return ContentProblem(name, one.chinese, one.english, one)


def in_force(versions: Sequence[RuleVersion], on_date: datetime.date) -> tuple[RuleVersion, ...]:
    """The published version of each code on a date, in the order of codes: the one that took effect last. Retired ones
    count until the day before they were retired; one retired before it took effect, or on that day, leaves the one before it."""
    found: dict[str, RuleVersion] = {}
    for one in sorted(versions, key=lambda version: (version.code, version.version)):
        if (
            one.state not in (State.PUBLISHED, State.RETIRED)
            or one.effective_from is None
            or one.effective_from > on_date
            or not one.takes_effect
        ):
            continue
        before = found.get(one.code)
        if before is None or (before.effective_from or on_date) <= one.effective_from:
            found[one.code] = one
    return tuple(one for one in found.values() if one.retired_on is None or on_date < one.retired_on)


def differing(one: Content, other: Content) -> tuple[str, ...]:
    """The fields in which two contents differ, in the order of the content."""
    return tuple(name for name in CONTENT_FIELDS if getattr(one, name) != getattr(other, name))


def changed(version: RuleVersion, **fields: object) -> RuleVersion:
    """The version with some fields replaced, and counted as changed."""
    return replace(version, revision=version.revision + 1, **fields)  # pyright: ignore[reportArgumentType]
