"""What the inbox shows of a proposal that is decided on the page of the warning, the lists, the rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from loantrail.approvals.routes import WaitingApproval
from loantrail.http.pages.warnings.model import RuleWords, WarningHit


class WaitingProposal(WaitingApproval):
    """Something that waits for a second person, with what it changes field by field."""

    before: Mapping[str, Any] | None = Field(description="Null where there is nothing to compare with.")
    after: Mapping[str, Any]
    content_hash: str = Field(description="Hash of what is proposed.")
    may_decide: bool = Field(description="Whether who asks may decide it.")
    loan_id: str | None = Field(description="The loan whose warning it is about.")
    thread_id: str | None = Field(
        description="The warning that it is about, or in which an entry was proposed."
    )
    hits: list[WarningHit] = Field(description="What the warning rests on: the hits that stand.")
    rule_words: dict[str, RuleWords] = Field(
        description="Of the rules named here that are no patterns of misuse."
    )
