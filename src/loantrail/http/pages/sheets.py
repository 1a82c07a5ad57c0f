"""Tables of the pages as spreadsheets, each a declaration: what answers the table, and its columns in the words of the page.

A sheet is asked for at the address of its table with `.xlsx` behind it, by the same parameters without those that turn pages, and
needs the ability to export beside those of the table, unless it tells of no customer. Its rows are made from the very answer that the page reads, whole: what is
masked there is masked here (docs/concepts/access.md).
"""

from __future__ import annotations

import datetime
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.params import Depends as Dependency
from pydantic_core import to_jsonable_python
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from loantrail import clock
from loantrail.http.access import Person, demand
from loantrail.http.connections import Lending
from loantrail.http.discretion import as_told
from loantrail.http.exporting import Exporting
from loantrail.http.pages.routes import LIST_PROBLEMS, LOAN_PROBLEMS
from loantrail.http.pages.sheet_files import refuse_too_many, sheet_answer
from loantrail.http.pages.store import current_run
from loantrail.identity.abilities import Ability
from loantrail.identity.discretion import MARK
from loantrail.reports.page_words import page_words
from loantrail.reports.routes import XLSX, file_responses
from loantrail.reports.table_sheet import TEXTS, Form, Line, Row, SheetColumn, condition_lines, write_table
from loantrail.reports.words import Language, Words

PARTS_AT_ONCE: Final = 200
"""Rows asked for at first, and at once where a table is read in parts."""
_TURNING: Final = ("offset", "limit", "cursor")
_NO_TITLE: Final = str.maketrans("[]:*?/\\", "()：＊？／＼")
"""What the name of a sheet may not hold, and what stands for it."""
_YUAN: Final = re.compile(r"(?:（元）| \(CNY\))$")

Title = str | tuple[str, str] | Callable[[Words], str]
"""The key of a title among the words of the page; or the title itself, in Chinese and English, where no page has it; or how it is
made of those words."""

Read = str | Callable[[Row, Words], Any]
"""Where a value stands in a row (`amount.currency`), or how it is made of one."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, what it holds, where that stands. `words`: the list of words that its value is one of, or several;
    `wanted`: whether it is there where no row has a value for it."""

    title: Title
    form: Form
    value: Read
    width: int = 16
    words: str = ""
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a page. `stem`: of the file's name; `title`: what it is called; `asked`: parameter -> its title and the list of
    words its value is one of (empty: as it is), for the sheet that says what was asked for, or None where it is no condition; `rows`: how they are found in the
    answer; rows hold `currency` where a column is an amount; `dated`: what it shows is that of the data date; `readers`: it tells of
    no customer, and who may read it may have it without being allowed to export."""

    stem: str
    title: Title
    columns: Sequence[Column]
    asked: Mapping[str, tuple[Title, str] | None]
    rows: Callable[[Any], Iterable[Row]] | None = None
    dated: bool = False
    readers: bool = False


def text(title: Title, value: Read, width: int = 20, words: str = "") -> Column:
    """A column of texts, or of what a list of words says for them."""
    return Column(title, Form.TEXT, value, width, words)


def amount(title: Title, value: Read) -> Column:
    """A column of amounts in fen."""
    return Column(title, Form.AMOUNT, value)


def count(title: Title, value: Read) -> Column:
    """A column of whole numbers."""
    return Column(title, Form.COUNT, value, 10)


def tenths(title: Title, value: Read) -> Column:
    """A column of thousandths, shown as what they are of one."""
    return Column(title, Form.MILLI, value, 12)


def share(title: Title, value: Read) -> Column:
    """A column of shares in millionths."""
    return Column(title, Form.SHARE, value, 10)


def day(title: Title, value: Read) -> Column:
    """A column of days."""
    return Column(title, Form.DAY, value, 12)


def instant(title: Title, value: Read) -> Column:
    """A column of moments."""
    return Column(title, Form.INSTANT, value, 18)


def add_sheet(
    router: APIRouter,
    path: str,
    table: Table,
    endpoint: Callable[..., Any],
    rule: Dependency,
) -> None:
    """Answer `path`.xlsx with all rows that `endpoint` answers, which is that of the table's own route or one that finds what the
    page picks out by itself. TypeError where the table does not say what one of its parameters is called."""
    taken = inspect.signature(endpoint, eval_str=True).parameters
    asked = [name for name, one in taken.items() if not _is_handed_in(one) and name not in _TURNING]
    if sorted(asked) != sorted(table.asked):
        raise TypeError(f"{table.stem}: the parameters are {asked}, those with words {list(table.asked)}")

    def sheet(making: _Making, language: Language, **given: Any) -> Response:
        told = {name: given[name] for name in asked}
        return making(table, lambda **turning: endpoint(**given, **turning), taken.keys(), told, language)

    own = {"making": Annotated[_Making, Depends(_making)], "language": Annotated[Language, _LANGUAGE]}
    kept = [one for name, one in taken.items() if name not in _TURNING]
    described: Any = sheet
    described.table = table
    described.__signature__ = inspect.Signature(
        [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in kept]
        + [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=annotation,
                default="zh" if name == "language" else inspect.Parameter.empty,
            )
            for name, annotation in own.items()
        ]
    )
    router.get(
        f"{path}.xlsx",
        name=f"{endpoint.__name__}_sheet",
        description=f"{inspect.getdoc(endpoint)} All of it, as a spreadsheet.",
        dependencies=[rule],
        response_class=Response,
        responses=file_responses(XLSX) | (LOAN_PROBLEMS if "{" in path else LIST_PROBLEMS),
    )(sheet)


_LANGUAGE: Final = Query(description="Language of the sheet.")


def _is_handed_in(parameter: inspect.Parameter) -> bool:
    """Whether the server itself gives it, as it does a connection."""
    parts = getattr(parameter.annotation, "__metadata__", ())
    return parameter.annotation is Request or any(isinstance(one, Dependency) for one in parts)


class _Making:
    """Makes the file of a request."""

    def __init__(self, request: Request, connections: Lending, person: Person, exporting: Exporting) -> None:
        self._request, self._connections, self._person = request, connections, person
        self._exporting = exporting

    def __call__(
        self,
        table: Table,
        ask: Callable[..., Any],
        taken: Iterable[str],
        given: Mapping[str, Any],
        language: Language,
    ) -> Response:
        if not table.readers:
            demand(self._person, Ability.EXPORT)
        answer = _whole(ask, taken)
        found = _as_json(answer)
        how_many = sum(1 for _ in _rows(table, found))
        refuse_too_many(how_many)
        self._exporting(how_many)
        state, path, person = self._request.app.state, self._request.url.path, self._person
        head, asked = self._head(table, language), _as_json(given)

        def make() -> Response:
            # What was asked for names accounts too, which came masked and were put back.
            told = as_told(state, person, path, {"found": found, "asked": asked})
            rows = list(_rows(table, told["found"]))
            about = [*head, *_conditions(table, told["asked"], language)]
            about.append(Line(TEXTS[language]["rows"], how_many, Form.COUNT))
            return _file(table, rows, about, language)

        return _Later(make)

    def _head(self, table: Table, language: Language) -> list[Line]:
        """What it is, who made it and when, and of which data date."""
        say, words = TEXTS[language], page_words(language)
        lines = [
            Line(_title(table.title, words)),
            Line(say["made_at"], clock.now(), Form.INSTANT),
            Line(say["made_by"], self._person.name),
        ]
        if table.dated:
            with self._connections.connection() as connection:
                run = current_run(connection)
            known = run["data_date"] if run else None
            lines.append(Line(say["data_date"], known or say["unknown"], Form.DAY))
        return lines


async def _making(request: Request, connections: Lending, person: Person, exporting: Exporting) -> _Making:
    return _Making(request, connections, person, exporting)


class _Later(Response):
    """A file that is made once the connection that its rows were read by is given back: looking for third parties takes one."""

    def __init__(self, make: Callable[[], Response]) -> None:
        super().__init__()
        self._make = make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await run_in_threadpool(self._make)
        await answer(scope, receive, send)


# Rows --------------------------------------------------------------------------------------------------------


def _whole(ask: Callable[..., Any], taken: Iterable[str]) -> Any:
    """The answer with all rows, however the table is read; LimitExceeded where a sheet would take more than it can."""
    if "cursor" in taken:
        items, cursor = [], ""
        while cursor is not None:
            part = ask(cursor=cursor, limit=PARTS_AT_ONCE)
            items += part.items
            refuse_too_many(len(items))
            cursor = part.next_cursor
        return {"items": items}
    if "offset" not in taken:
        return ask()
    answer = ask(offset=0, limit=PARTS_AT_ONCE)
    if isinstance(answer, list):
        rows = cast("list[Any]", answer)
        while len(rows) % PARTS_AT_ONCE == 0 and (part := ask(offset=len(rows), limit=PARTS_AT_ONCE)):
            rows += part
            refuse_too_many(len(rows))
        return rows
    refuse_too_many(answer.total_count)
    return answer if answer.total_count <= PARTS_AT_ONCE else ask(offset=0, limit=answer.total_count)


def _as_json(answer: Any) -> Any:
    """An answer as the page reads it."""
    return to_jsonable_python(answer, by_alias=True)


def _rows(table: Table, found: Any) -> Iterable[Row]:
    if table.rows is not None:
        return table.rows(found)
    return cast("Iterable[Row]", found if isinstance(found, list) else found["items"])


def _conditions(table: Table, asked: Mapping[str, Any], language: Language) -> list[Line]:
    """What was asked for, in words. `asked`: as JSON."""
    words = page_words(language)
    colon = "：" if language == "zh" else ": "
    told: list[str] = []
    for name, named in table.asked.items():
        # Zero is a condition, though it equals False.
        if named is None or asked[name] is None or asked[name] is False or asked[name] in ("", []):
            continue
        title = _title(named[0], words)
        told.append(title if asked[name] is True else f"{title}{colon}{_named(asked[name], named[1], words)}")
    return condition_lines(told, language)


def _file(table: Table, rows: Sequence[Row], about: Sequence[Line], language: Language) -> Response:
    words, made_at = page_words(language), clock.now()
    columns = [
        SheetColumn(_without_unit(one, words), one.form, value, one.width)
        for one in table.columns
        for value in (_reader(one, words),)
        if one.wanted or any(value(row) is not None for row in rows)
    ]
    amounts = any(one.form is Form.AMOUNT for one in table.columns)
    currencies = sorted({str(row["currency"]) for row in rows if row.get("currency")}) if amounts else []
    title = _title(table.title, words).translate(_NO_TITLE)

    def write(path: Path) -> None:
        write_table(path, title, columns, rows, currencies, about, language, made_at)

    return sheet_answer(table.stem, made_at, write)


def _reader(column: Column, words: Words) -> Callable[[Row], Any]:
    read = column.value

    def value(row: Row) -> Any:
        found = at(row, read) if isinstance(read, str) else read(row, words)
        if found is None or found == "":
            return None
        return _typed(column.form, _named(found, column.words, words) if column.form is Form.TEXT else found)

    return value


def at(row: Row, path: str) -> Any:
    """What stands at a place of a row, such as `amount.currency`; None where something before it is None."""
    found: Any = row
    for name in path.split("."):
        if found is None:
            return None
        found = found[name]
    return found


def shown_account(account: str | None) -> str | None:
    """An account's number as the page shows it: of a masked one without the mark that tells it from others."""
    return account.partition(MARK)[0] if account else None


def moment(written: str) -> datetime.datetime:
    """An instant of an answer."""
    return datetime.datetime.fromisoformat(written)


def _named(value: Any, kind: str, words: Words) -> str:
    if isinstance(value, list):
        return words.say("app.comma").join(_named(one, kind, words) for one in cast("list[Any]", value))
    return words.name(kind, str(value)) if kind else str(value)


def _typed(form: Form, value: Any) -> Any:
    match form:
        case Form.TEXT:
            return value
        case Form.DAY:
            return datetime.date.fromisoformat(value) if isinstance(value, str) else value
        case Form.INSTANT:
            return moment(value) if isinstance(value, str) else value
        case _:
            return int(value)


def _without_unit(column: Column, words: Words) -> str:
    """What a column is called; the unit of an amount is told by the sheet itself."""
    title = _title(column.title, words)
    return _YUAN.sub("", title) if column.form is Form.AMOUNT else title


def _title(title: Title, words: Words) -> str:
    if callable(title):
        return title(words)
    if isinstance(title, tuple):
        return title[0 if words.language == "zh" else 1]
    return words.say(title)
