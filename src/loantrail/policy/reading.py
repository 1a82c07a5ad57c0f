"""The parameters in force, as every part of the product reads them: asked of the database each time, made once for each state
of its decisions."""

from __future__ import annotations

import threading
from typing import Final

from loantrail.parameters import ParameterBook, shipped_parameters
from loantrail.policy import store
from loantrail.policy.model import overlay

_KEPT_MAX: Final = 8
_guard: Final = threading.Lock()
_books: Final[dict[str, ParameterBook]] = {}
"""Last decision -> book. Its id is random, so databases of one process never meet."""


def parameters_in_force(connection: store.Database, last: str | None = None) -> ParameterBook:
    """The shipped parameters with the bank's own periods over them. One short query, none where `last` is what `store.last_change`
    just said; the same book as long as nothing is decided, so it can be told apart by identity. Leaves the transaction open."""
    if last is None:
        last = store.last_change(connection)
    if not last:
        return shipped_parameters()
    found = _books.get(last)
    if found is not None:
        return found
    # Where something was decided between the two queries the book is that of the later state.
    last, changes = store.changes(connection)
    made = overlay(shipped_parameters(), changes)
    with _guard:
        found = _books.setdefault(last, made)
        while len(_books) > _KEPT_MAX:
            del _books[next(iter(_books))]
    return found
