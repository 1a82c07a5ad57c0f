"""Compiled: for each hop where its money's use began, and through which documented payee it passed on."""

from __future__ import annotations

from loantrail.jit import jit
from loantrail.tracing.model import Bool, Int32


@jit
def lineage(
    parent: Int32, use: Int32, use_before: Int32, supplier: int, stops: Bool, began: Int32, passed: Int32
) -> None:
    """Hops come after their parents; -1: no parent, no use.

    began[h]: the hop that set the use that h's money has, or -1. passed[h]: where money of a documented payee (its use
    is `supplier`) reaches a destination of its own, for which `stops` is true, the hop that paid this payee; else -1.
    """
    through = began.copy()
    for hop in range(len(parent)):
        before = parent[hop]
        began[hop] = -1
        passed[hop] = -1
        through[hop] = -1
        if use[hop] >= 0:
            if use_before[hop] != use[hop]:
                began[hop] = hop
            elif before >= 0:
                began[hop] = began[before]
        if began[hop] == hop and use[hop] == supplier:
            through[hop] = hop
        elif before >= 0 and use_before[hop] == supplier and through[before] >= 0:
            if stops[hop]:
                passed[hop] = through[before]
            else:
                through[hop] = through[before]
