"""Loantrail (贷迹): where the money of every loan went, what that means, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loantrail.tracing.api import TraceResult as TraceResult
    from loantrail.tracing.api import bounds as bounds
    from loantrail.tracing.api import trace as trace

_LAZY = ("TraceResult", "bounds", "trace")


def __getattr__(name: str) -> Any:
    """Load the tracing part only when it is asked for: most commands start without it."""
    if name in _LAZY:
        from loantrail.tracing import api

        return getattr(api, name)
    raise AttributeError(f"module 'loantrail' has no attribute {name!r}")
