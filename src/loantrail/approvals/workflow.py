"""Whether a proposal can be decided, and by whom. Pure."""

from __future__ import annotations

import datetime

from loantrail.approvals.model import Refusal, Request, State, hash_of


def refused_decision(request: Request, checker: str, now: datetime.datetime) -> Refusal | None:
    """Why this person cannot decide the proposal now; None where they can."""
    if request.state is not State.WAITING:
        return Refusal.DECIDED
    if checker == request.maker:
        return Refusal.MAKER_IS_CHECKER
    if now >= request.expires_at:
        return Refusal.EXPIRED
    if hash_of(request.content) != request.content_hash:
        return Refusal.CONTENT_CHANGED
    return None


def refused_withdrawal(request: Request, by: str) -> Refusal | None:
    """Why this person cannot take the proposal back; None where they can."""
    if request.state is not State.WAITING:
        return Refusal.DECIDED
    return None if by == request.maker else Refusal.NOT_THE_MAKER
