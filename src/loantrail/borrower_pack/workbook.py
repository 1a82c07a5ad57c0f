"""A pack as a spreadsheet, Chinese with English beside: every title and word in both languages, amounts as numbers."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any, Final

from loantrail.borrower_pack.model import Pack
from loantrail.borrower_pack.printing import asked_papers, known_papers, loan_facts, rights
from loantrail.money import minor_digits
from loantrail.reports.speech import Speech, instant_text
from loantrail.reports.words import words

EXACT_BELOW: Final = 10**15
"""A spreadsheet keeps fifteen digits of a number: more fen than that are written as text."""

Cells = Sequence[str | int | None]


def pack_workbook(pack: Pack, created: datetime.datetime) -> bytes:
    """The pack as XLSX. `created` is written as its date of creation; else the same pack gives the same bytes."""
    # Imported when first needed: it would make every start of the server wait.
    from xlsxwriter import Workbook

    zh, en = Speech(words("zh"), pack.currency), Speech(words("en"), pack.currency)

    def both(key: str) -> str:
        return f"{zh.words.say(key)} {en.words.say(key)}"

    def twice(chinese: str, english: str) -> str:
        return chinese if chinese == english else f"{chinese}\n{english}"

    stream = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(stream, options) as book:
        book.set_properties({"created": created.replace(tzinfo=None), "title": both("pack.title")})
        write = _Writer(book, pack.currency)
        write.sheet(
            zh.words.say("pack.facts"),
            (both("pack.field"), both("pack.value")),
            (34, 60),
            [
                (f"{label} {english}", twice(value, said))
                for (label, value), (english, said) in zip(
                    loan_facts(pack, zh), loan_facts(pack, en), strict=True
                )
            ],
        )
        write.sheet(
            zh.words.say("pack.paid_out"),
            (both("pack.on"), both("pack.amount"), both("pack.account")),
            (16, 22, 34),
            [
                (one.on.isoformat(), one.amount_fen, one.account or both("pack.elsewhere"))
                for one in pack.paid_out
            ],
        )
        write.sheet(
            zh.words.say("pack.lines"),
            (
                *map(both, ("pack.time", "pack.account", "pack.payee")), "",
                *map(both, ("pack.text", "pack.amount", "pack.loan_part")),
            ),
            (20, 26, 34, 26, 30, 18, 24),
            [
                (
                    instant_text(one.booked_at), one.account, one.payee_name or both("pack.cash"), one.payee_account,
                    one.text, one.amount_fen, one.loan_fen,
                )
                for one in pack.lines
            ],
        )  # fmt: skip
        write.sheet(
            zh.words.say("pack.papers"),
            (both("pack.payee"), "", *map(both, ("pack.loan_part", "pack.use", "pack.known", "pack.asked"))),
            (34, 26, 24, 28, 44, 44),
            [
                (
                    one.payee_name or both("pack.cash"), one.payee_account, one.loan_fen,
                    twice(zh.words.name("use", one.use), en.words.name("use", one.use)) if one.use else None,
                    twice(known_papers(one, zh), known_papers(one, en)),
                    twice(asked_papers(one, zh), asked_papers(one, en)),
                )
                for one in pack.payees
            ],
        )  # fmt: skip
        write.sheet(
            zh.words.say("pack.schedule"),
            tuple(map(both, ("pack.number", "pack.due_on", "pack.principal", "pack.interest"))),
            (10, 16, 22, 22),
            [
                (str(one.number), one.on.isoformat(), one.principal_fen, one.interest_fen)
                for one in pack.schedule
            ],
        )
        write.sheet(
            zh.words.say("pack.repaid"),
            tuple(map(both, ("pack.on", "pack.principal", "pack.interest", "pack.penalty", "pack.account"))),
            (16, 22, 22, 22, 34),
            [
                (
                    one.on.isoformat(),
                    one.principal_fen,
                    one.interest_fen,
                    one.penalty_fen,
                    one.account or both("pack.elsewhere"),
                )
                for one in pack.repaid
            ],
        )
        write.sheet(
            zh.words.say("pack.rights"),
            (both("pack.rights"),),
            (110,),
            [(twice(*pair),) for pair in zip(rights(pack, zh), rights(pack, en), strict=True)],
        )
    return stream.getvalue()


class _Writer:
    """Writes sheets of texts, and of whole numbers that are fen."""

    def __init__(self, book: Any, currency: str) -> None:
        self._book = book
        self._digits = minor_digits(currency)
        number = "#,##0" + ("." + "0" * self._digits if self._digits else "")
        self._amount = book.add_format({"num_format": number, "valign": "top"})
        self._text = book.add_format(
            {"text_wrap": True, "valign": "top", "num_format": "@", "quote_prefix": True}
        )
        self._head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})

    def sheet(self, name: str, titles: Sequence[str], widths: Sequence[int], rows: Iterable[Cells]) -> None:
        """A sheet of rows under titles."""
        sheet: Any = self._book.add_worksheet(name[:31])
        for place, (title, width) in enumerate(zip(titles, widths, strict=True)):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, title, self._head)
        sheet.freeze_panes(1, 0)
        for at, cells in enumerate(rows, 1):
            for place, value in enumerate(cells):
                if isinstance(value, str):
                    sheet.write_string(at, place, value, self._text)
                elif value is not None and abs(value) < EXACT_BELOW:
                    # Below 10^15 fen a double gives every digit back: the division is the last step.
                    sheet.write_number(at, place, value / 10**self._digits, self._amount)
                elif value is not None:
                    digits = str(value).rjust(self._digits + 1, "0")
                    sheet.write_string(
                        at,
                        place,
                        f"{digits[: -self._digits]}.{digits[-self._digits :]}" if self._digits else digits,
                    )
