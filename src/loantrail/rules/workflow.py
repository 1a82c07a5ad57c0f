"""What may be done with a version of a rule: draft, shadow, proposed, published, retired. Decides; stores nothing."""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Final

from loantrail.rules.model import Content, RuleVersion, State, changed


class Refusal(StrEnum):
    """Why an act cannot be done now. None of them changes anything."""

    NOT_DRAFT = "not_draft"
    NOT_SHADOW = "not_shadow"
    NOT_PROPOSED = "not_proposed"
    NOT_PUBLISHED = "not_published"
    PUBLISHED_STAYS = "published_stays"
    RETIRED_STAYS = "retired_stays"
    MAKER_IS_CHECKER = "maker_is_checker"
    CODE_CHANGED = "code_changed"
    CONTENT_REFUSED = "content_refused"
    NOTHING_CHANGED = "nothing_changed"
    REASON_MISSING = "reason_missing"
    EFFECTIVE_IN_PAST = "effective_in_past"
    LATER_VERSION = "later_version"
    NOT_TRIED = "not_tried"
    RETIREMENT_WAITS = "retirement_waits"
    RETIREMENT_NOT_PROPOSED = "retirement_not_proposed"
    PROPOSER_NEVER_RETIRES = "proposer_never_retires"
    CHANGED_MEANWHILE = "changed_meanwhile"


WORDS: Final[dict[Refusal, tuple[str, str, str, str]]] = {
    Refusal.NOT_DRAFT: ("只有草稿可以这样做", "Only a draft can be treated so", "先新建草稿", "Make a new draft first"),
    Refusal.NOT_SHADOW: ("只有试运行的版本可以提交审批", "Only a version that runs in shadow can be proposed", "先转试运行", "Run it in shadow first"),
    Refusal.NOT_PROPOSED: ("该版本没有在等待审批", "The version does not wait for approval", "刷新后再看", "Read the rule again"),
    Refusal.NOT_PUBLISHED: ("只有已发布的版本可以停用", "Only a published version can be retired", "草稿不必停用", "A draft need not be retired"),
    Refusal.PUBLISHED_STAYS: ("已发布的版本不能修改", "A published version never changes", "由它新建草稿", "Make a new draft from it"),
    Refusal.RETIRED_STAYS: ("已停用的版本不能修改", "A retired version never changes", "由它新建草稿", "Make a new draft from it"),
    Refusal.MAKER_IS_CHECKER: ("编写或提交的人不能审批", "Whoever wrote or proposed it cannot approve it", "请另一人审批", "Have another person decide"),
    Refusal.CODE_CHANGED: ("规则代码不能改", "The code of a rule stays", "新代码就是新规则", "A new code is a new rule"),
    Refusal.CONTENT_REFUSED: ("内容还有错误", "The content has errors", "改正标出的错误", "Correct what is marked"),
    Refusal.NOTHING_CHANGED: ("内容没有变化", "Nothing was changed", "修改后再保存", "Change something first"),
    Refusal.REASON_MISSING: ("没有写明原因", "No reason is given", "写明原因", "Say why"),
    Refusal.EFFECTIVE_IN_PAST: ("生效日期不能早于今天", "It cannot take effect in the past", "选今天或以后的日期", "Choose today or a later date"),
    Refusal.LATER_VERSION: ("已有更晚生效的版本", "A version that takes effect later is there already", "选更晚的生效日期", "Choose a later date"),
    Refusal.NOT_TRIED: ("该版本没有回测过", "The version was not back-tested", "先做一次回测，或写明为什么不回测", "Back-test it first, or say why it is proposed without"),
    Refusal.RETIREMENT_WAITS: ("已有人提请停用", "Its retirement is proposed already", "由另一人确认停用或保留", "Have another person confirm it, or keep the version"),
    Refusal.RETIREMENT_NOT_PROPOSED: ("没有人提请停用", "Nobody proposed to retire it", "先提请停用", "Propose its retirement first"),
    Refusal.PROPOSER_NEVER_RETIRES: ("提请停用的人不能确认停用", "Whoever proposed its retirement cannot confirm it", "请另一人确认", "Have another person confirm it"),
    Refusal.CHANGED_MEANWHILE: ("该版本刚被别人改过", "Somebody changed the version meanwhile", "刷新后再做", "Read it again"),
}  # fmt: skip
"""Chinese, English, and what to do in both."""


def edit(version: RuleVersion, content: Content, by: str) -> RuleVersion | Refusal:
    """A draft with other content; `by` is among its editors from now on."""
    if version.state is not State.DRAFT:
        return _stays(version)
    if content.code != version.code:
        return Refusal.CODE_CHANGED
    if content == version.content:
        return Refusal.NOTHING_CHANGED
    return changed(version, content=content, editors=_with(version.editors, by))


def to_shadow(version: RuleVersion, sound: bool, by: str) -> RuleVersion | Refusal:
    """A draft without errors begins to run, and warns nobody."""
    del by
    if version.state is not State.DRAFT:
        return Refusal.NOT_DRAFT if version.state in (State.SHADOW, State.PROPOSED) else _stays(version)
    return changed(version, state=State.SHADOW) if sound else Refusal.CONTENT_REFUSED


def to_draft(version: RuleVersion, by: str) -> RuleVersion | Refusal:
    """A version in shadow is taken back to be changed."""
    del by
    return changed(version, state=State.DRAFT) if version.state is State.SHADOW else _stays(version)


def propose(version: RuleVersion, tried: bool, by: str, reason: str = "") -> RuleVersion | Refusal:
    """Ask a second person to publish it. `tried`: a back-test of it as it stands came to its end; without one a reason is asked for,
    which whoever approves reads."""
    if version.state is not State.SHADOW:
        return Refusal.NOT_SHADOW
    if not tried and not reason.strip():
        return Refusal.NOT_TRIED
    return changed(version, state=State.PROPOSED, proposed_by=by, refusal_reason=None)


def approve(
    version: RuleVersion,
    by: str,
    at: datetime.datetime,
    today: datetime.date,
    effective_from: datetime.date,
    latest: datetime.date | None,
) -> RuleVersion | Refusal:
    """Publish it from a business date on. `latest`: when the newest published version of the code takes effect; the next
    one takes effect on a later day, so that each day has one."""
    if version.state is not State.PROPOSED:
        return Refusal.NOT_PROPOSED
    if by in makers(version):
        return Refusal.MAKER_IS_CHECKER
    if effective_from < today:
        return Refusal.EFFECTIVE_IN_PAST
    if latest is not None and effective_from <= latest:
        return Refusal.LATER_VERSION
    return changed(version, state=State.PUBLISHED, checker=by, decided_at=at, effective_from=effective_from)


def refuse(version: RuleVersion, by: str, at: datetime.datetime, reason: str) -> RuleVersion | Refusal:
    """Send it back to its maker with a reason."""
    if version.state is not State.PROPOSED:
        return Refusal.NOT_PROPOSED
    if by in makers(version):
        return Refusal.MAKER_IS_CHECKER
    if not reason.strip():
        return Refusal.REASON_MISSING
    return changed(version, state=State.DRAFT, decided_at=at, refusal_reason=reason.strip(), proposed_by=None)


def propose_retirement(
    version: RuleVersion, by: str, at: datetime.datetime, reason: str
) -> RuleVersion | Refusal:
    """Ask a second person to end a published version, which goes on judging until then. Whoever made it may ask too."""
    if version.state is not State.PUBLISHED:
        return Refusal.NOT_PUBLISHED
    if version.retirement_waits:
        return Refusal.RETIREMENT_WAITS
    if not reason.strip():
        return Refusal.REASON_MISSING
    return changed(
        version, retirement_proposed_by=by, retirement_proposed_at=at, retirement_reason=reason.strip()
    )


def retire(version: RuleVersion, by: str, today: datetime.date) -> RuleVersion | Refusal:
    """End a published version from today on, as somebody else proposed; whoever made it cannot."""
    waits = _retirement(version)
    if waits is not None:
        return waits
    if by == version.retirement_proposed_by:
        return Refusal.PROPOSER_NEVER_RETIRES
    if by in makers(version):
        return Refusal.MAKER_IS_CHECKER
    return changed(version, state=State.RETIRED, retired_on=today, retired_by=by)


def keep(version: RuleVersion, by: str, reason: str) -> RuleVersion | Refusal:
    """End the proposal to retire a version: declined by another person who did not make the version, or withdrawn by who
    proposed it."""
    waits = _retirement(version)
    if waits is not None:
        return waits
    if by != version.retirement_proposed_by and by in makers(version):
        return Refusal.MAKER_IS_CHECKER
    if not reason.strip():
        return Refusal.REASON_MISSING
    return changed(version, retirement_proposed_by=None, retirement_proposed_at=None, retirement_reason=None)


def _retirement(version: RuleVersion) -> Refusal | None:
    """Why nothing can be decided about a retirement of the version; None where one waits."""
    if version.state is not State.PUBLISHED:
        return Refusal.NOT_PUBLISHED
    return None if version.retirement_waits else Refusal.RETIREMENT_NOT_PROPOSED


def makers(version: RuleVersion) -> tuple[str, ...]:
    """Who wrote in a version or proposed it: none of them decides about it."""
    return (version.maker, *version.editors, *((version.proposed_by,) if version.proposed_by else ()))


def _with(editors: tuple[str, ...], by: str) -> tuple[str, ...]:
    return editors if by in editors else (*editors, by)


def _stays(version: RuleVersion) -> Refusal:
    return {
        State.PUBLISHED: Refusal.PUBLISHED_STAYS,
        State.RETIRED: Refusal.RETIRED_STAYS,
    }.get(version.state, Refusal.NOT_DRAFT)
