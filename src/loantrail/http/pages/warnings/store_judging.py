"""Which warnings somebody answers for and may judge, as conditions of what the pages read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, LiteralString

from loantrail.early_warning.duty import YUAN, Answering
from loantrail.early_warning.view import RETAIL_PRODUCTS
from loantrail.http.pages.store import Row
from loantrail.parameters import Parameter

_OF_BRANCH: Final = (
    "(loan.borrower_kind = 'individual' OR loan.product = ANY(%(retail_products)s) "
    "OR (loan.currency = %(yuan)s AND loan.amount_fen < %(head_office_fen)s))"
)


def _one_of(levels: LiteralString) -> LiteralString:
    return (
        f"thread.level = ANY(CASE WHEN {_OF_BRANCH} THEN %({levels}_of_branch)s::text[] "
        f"ELSE %({levels}_of_others)s::text[] END)"
    )


MAY_JUDGE: Final = f"({_one_of('judged')})"
"""Of rows called `thread` and `loan`, with the values of `Judging`: who asks may judge it (early_warning.duty)."""
ANSWERS: Final = f"({_one_of('owned')} OR (thread.escalated AND {_one_of('told')}))"
"""The same: who asks answers for it, or was told because nobody answered in time."""


NOBODY_WORKS: Final = f"""(thread.assignee = '' OR thread.escalated OR EXISTS (
    SELECT FROM published.staff AS given WHERE given.staff_id = thread.assignee
    AND NOT (%(acting)s::jsonb -> thread.level -> CASE WHEN {_OF_BRANCH} THEN 'branch' ELSE 'others' END) ? given.role))"""
"""The same: it is nobody's, or nobody answered in time, or it rose above what the one who has it may judge."""


@dataclass(frozen=True, slots=True)
class Judging:
    """What somebody has to do with warnings: by level, and by whether the branch works a loan's red warnings."""

    levels: Answering
    head_office_from: Parameter
    acting: Mapping[str, Mapping[str, list[str]]]
    """`duty.acting_roles`."""

    def values(self) -> Row:
        """The values of MAY_JUDGE, ANSWERS and NOBODY_WORKS."""
        return {
            "retail_products": list(RETAIL_PRODUCTS),
            "yuan": YUAN,
            "acting": json.dumps(self.acting),
            "head_office_fen": self.head_office_from.number + (not self.head_office_from.inclusive),
        } | {
            f"{name}_{part}": [level.value for level in getattr(getattr(self.levels, name), part)]
            for name in ("owned", "told", "judged")
            for part in ("of_branch", "of_others")
        }
