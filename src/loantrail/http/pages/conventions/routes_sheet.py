"""A loan's statement by other conventions beside the official one, as a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from loantrail.http.access import allowed
from loantrail.http.connections import Lending
from loantrail.http.pages import store
from loantrail.http.pages.conventions.model import ConventionStatement, OtherConvention
from loantrail.http.pages.conventions.routes import statement_by_convention
from loantrail.http.pages.routes import LoanId, no_loan
from loantrail.http.pages.sheets import Column, Table, Title, add_sheet, amount, text
from loantrail.identity.abilities import Ability
from loantrail.reports.table_sheet import Form
from loantrail.reports.words import Words

router = APIRouter(tags=["loans"])

By = Annotated[
    list[OtherConvention], Query(max_length=len(OtherConvention), description="Those that stand beside it.")
]
COUNTING: Final = tuple(one for one in OtherConvention if one is not OtherConvention.POISON)
"""Those that count amounts; the page shows them at first."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The uses of a loan's money, each with what conventions make of it."""

    loan_id: str
    currency: str
    items: list[dict[str, Any]]


def compared_conventions(
    connections: Lending,
    loan_id: LoanId,
    by: By = [*COUNTING],  # noqa: B006  a list, for the interface shows it; only read
) -> Compared:
    """The statement by other conventions beside the official one: its lines, then the uses that only others see."""
    statements = [statement_by_convention(connections, loan_id, one) for one in dict.fromkeys(by)]
    with connections.connection() as connection:
        facts = store.loan_facts(connection, loan_id)
    if facts is None:
        raise no_loan(loan_id)
    return Compared(loan_id, facts["currency"], _beside(statements, facts["currency"]))


def _beside(statements: Sequence[ConventionStatement], currency: str) -> list[dict[str, Any]]:
    """A row for each use: `use, official_fen`, and by the convention's name what it says."""
    rows: dict[str, dict[str, Any]] = {}
    for statement in statements:
        for line in statement.lines:
            row = rows.setdefault(
                line.use, {"use": line.use, "official_fen": line.official_fen, "currency": currency}
            )
            row[statement.convention.value] = {
                "amount_fen": line.amount_fen,
                "difference_fen": line.difference_fen,
                "place_count": line.place_count,
            }
    for row in rows.values():
        for statement in statements:
            # A use that neither this convention nor the official one has.
            row.setdefault(
                statement.convention.value, {"amount_fen": 0, "difference_fen": 0, "place_count": 0}
            )
    return list(rows.values())


def _of(convention: OtherConvention, field: str) -> Any:
    return lambda row, _: row.get(convention.value, {}).get(field)


def _difference(convention: OtherConvention) -> Title:
    """What the column is called that tells how far a convention is from the official one."""

    def title(words: Words) -> str:
        called = words.name("convention", convention.value)
        return f"{called}：与正式之差" if words.language == "zh" else f"{called}: less the official"

    return title


def _by(convention: OtherConvention) -> tuple[Column, ...]:
    name = f"convention.{convention.value}"
    if convention is OtherConvention.POISON:
        return (Column(name, Form.COUNT, _of(convention, "place_count"), 24, wanted=False),)
    return (
        Column(name, Form.AMOUNT, _of(convention, "amount_fen"), 18, wanted=False),
        Column(_difference(convention), Form.AMOUNT, _of(convention, "difference_fen"), 24, wanted=False),
    )


CONVENTIONS: Final = Table(
    "conventions",
    "conventions.title",
    (
        text("statement.use", "use", 34, "use"),
        amount("convention.fifo", "official_fen"),
        *(column for one in OtherConvention for column in _by(one)),
    ),
    {"loan_id": ("loan.number", ""), "by": ("conventions.compare", "convention")},
    dated=True,
)
add_sheet(
    router,
    "/loans/{loan_id}/conventions",
    CONVENTIONS,
    compared_conventions,
    allowed(Ability.READ_LOANS),
)
