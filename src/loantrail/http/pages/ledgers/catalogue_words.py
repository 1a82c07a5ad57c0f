"""Columns that several ledgers have, and the usual kinds of columns."""

from __future__ import annotations

from typing import Final

from loantrail.http.pages.ledgers.model import CellLink, Column, ColumnFilter, ColumnKind


def text(
    field: str,
    chinese: str,
    english: str,
    *,
    sort_by: str = "",
    link: CellLink = CellLink.NONE,
    from_narrow: bool = False,
    from_wide: bool = False,
    width: int = 16,
) -> Column:
    """A column of texts, shown as they are; narrowed by the search box alone."""
    return Column(
        field, chinese, english, ColumnKind.TEXT, sort_by=sort_by, link=link, from_narrow=from_narrow, from_wide=from_wide,
        width=width,
    )  # fmt: skip


def choice(
    field: str,
    chinese: str,
    english: str,
    words: str,
    values: tuple[str, ...] = (),
    *,
    from_narrow: bool = False,
    from_wide: bool = False,
    width: int = 16,
) -> Column:
    """A column of values out of a list, narrowed by any of them."""
    return Column(
        field, chinese, english, ColumnKind.NAMED, ColumnFilter.CHOICE, words, values, from_narrow=from_narrow, from_wide=from_wide,
        width=width,
    )  # fmt: skip


def amount(
    field: str, chinese: str, english: str, *, from_narrow: bool = False, from_wide: bool = False
) -> Column:
    """A column of amounts in fen, summed in the foot."""
    return Column(
        field, chinese, english, ColumnKind.AMOUNT, ColumnFilter.RANGE, summed=True, from_narrow=from_narrow, from_wide=from_wide,
        width=18,
    )  # fmt: skip


def share(
    field: str, chinese: str, english: str, *, from_narrow: bool = False, from_wide: bool = False
) -> Column:
    """A column of shares in millionths."""
    return Column(
        field,
        chinese,
        english,
        ColumnKind.SHARE,
        ColumnFilter.RANGE,
        from_narrow=from_narrow,
        from_wide=from_wide,
    )


def day(
    field: str, chinese: str, english: str, *, from_narrow: bool = False, from_wide: bool = False
) -> Column:
    """A column of business dates."""
    return Column(
        field, chinese, english, ColumnKind.DAY, ColumnFilter.RANGE, from_narrow=from_narrow, from_wide=from_wide, width=12
    )  # fmt: skip


def flag(
    field: str, chinese: str, english: str, *, from_narrow: bool = False, from_wide: bool = False
) -> Column:
    """A column that marks the rows of which something holds."""
    return Column(
        field, chinese, english, ColumnKind.FLAG, ColumnFilter.FLAG, from_narrow=from_narrow, from_wide=from_wide, width=10
    )  # fmt: skip


LOAN: Final = text("loan_id", "借据号", "Loan", link=CellLink.LOAN, from_narrow=True, width=20)
CONTRACT: Final = text("contract_id", "合同号", "Contract", width=20)
BORROWER: Final = text(
    "borrower", "借款人", "Borrower", sort_by="borrower_sort", link=CellLink.CUSTOMER, width=34
)
PRODUCT: Final = choice("product", "产品", "Product", "product", width=18)
UNIT: Final = Column("unit", "经办机构", "Unit", ColumnKind.UNIT, ColumnFilter.CHOICE, "unit", width=30)
MANAGERS: Final = Column(
    "managers", "客户经理", "Managers", ColumnKind.PEOPLE, ColumnFilter.CHOICE, "staff", sort_by="managers_sort",
    filter_by="manager_ids",
)  # fmt: skip
