"""Parameters and jobs as spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from loantrail.http.access import allowed, signed_in
from loantrail.http.connections import Lending
from loantrail.http.pages.administration.model import ParameterRow, Parameters
from loantrail.http.pages.administration.routes import list_jobs, list_parameters, list_settings
from loantrail.http.pages.imports.routes_sheet import base_name, problem
from loantrail.http.pages.routes import PRINTABLE
from loantrail.http.pages.sheets import Table, add_sheet, count, day, instant, text
from loantrail.identity.abilities import Ability
from loantrail.reports.table_sheet import Row
from loantrail.reports.words import Words

router = APIRouter(tags=["administration"])

_DIGITS: Final = {"fen": 2, "usd_cent": 2, "ppm": 4, "permille": 1}
"""Digits behind the point in the unit that people read."""
_NAMES: Final = ("use", "pattern", "role", "warning_measure", "false_alarm", "basis", "relation")
"""The lists that names in a parameter belong to; the first that knows a name says it."""
Word = Annotated[str, Query(max_length=100, pattern=PRINTABLE)]


def found_parameters(
    connections: Lending, search: Word = "", group: Word = "", name: Word = ""
) -> Parameters:
    """The parameters that the page picks out of all, with every period."""
    every = list_parameters(connections)
    fragment = search.lower()
    items = [
        one
        for one in every.items
        if group in ("", one.group) and name in ("", one.name) and fragment in _said(one)
    ]
    return every.model_copy(update={"items": items})


def _said(row: ParameterRow) -> str:
    parts = (row.name, row.meaning, row.meaning_chinese, *(one.legal_basis for one in row.periods))
    return "\n".join(parts).lower()


def value_text(unit: str, value: Row, words: Words) -> str:
    """A value with its unit, and whether the threshold itself counts; names in words. As the page tells it."""
    if value["number"] is None:
        return words.say("app.comma").join(_word(one, words) for one in value["names"])
    told = _number(unit, _exact(int(value["number"]), _DIGITS.get(unit, 0)), words)
    return told if value["inclusive"] else words.say("admin.beyond", value=told)


def _exact(number: int, digits: int) -> str:
    """So many units of 10^-digits in plain decimal text, with thousands separators. `number`: not negative."""
    whole, part = divmod(number, 10**digits)
    return f"{whole:,}.{part:0{digits}}" if digits else f"{whole:,}"


def _number(unit: str, exact: str, words: Words) -> str:
    match unit:
        case "count":
            return exact
        case "fen":
            return words.say("unit.yuan", amount=exact.removesuffix(".00"))
        case "usd_cent":
            return words.say("unit.exact_other", amount=exact.removesuffix(".00"), currency="USD")
        case "ppm" | "permille":
            return f"{exact.rstrip('0').removesuffix('.')}%"
        case _:
            return words.say("admin.with_unit", value=exact, unit=words.name("parameter_unit", unit))


def _word(name: str, words: Words) -> str:
    return next((told for one in _NAMES if (told := words.name(one, name)) != name), name)


def _periods(answer: Any) -> Iterator[Row]:
    """A row for each value: what waits first, then the periods, the newest first, then what was withdrawn."""
    for row in answer["items"]:
        for one in row["waiting"]:
            yield {
                "parameter": row,
                "value": one["value"],
                "from": one["value"]["effective_from"],
                "until": None,
                "state": f"admin.parameter_waiting_{one['act']}",
                "basis": (one["basis"], one["basis"]),
                "verified": None,
                "decision": {"maker_name": one["maker_name"], "checker_name": None, "decided_at": None},
            }
        for one in reversed(row["periods"]):
            yield {
                "parameter": row,
                "value": one,
                "from": one["effective_from"],
                "until": one["effective_to"],
                "state": _standing(one),
                "basis": (one["legal_basis_chinese"], one["legal_basis"]),
                "verified": one["verified"],
                "decision": one["decision"],
            }
        for one in row["withdrawn"]:
            yield {
                "parameter": row,
                "value": one["value"],
                "from": one["value"]["effective_from"],
                "until": None,
                "state": "admin.parameter_withdrawn",
                "basis": (one["reason"], one["reason"]),
                "verified": None,
                "decision": one["withdrawn"],
            }


def _standing(period: Row) -> str:
    if period["in_force"]:
        return "admin.parameter_in_force"
    return "admin.parameter_planned" if period["is_planned"] else ""


def _in_language(chinese: str, english: str) -> Any:
    return lambda row, words: row["parameter"][chinese if words.language == "zh" else english]


PARAMETERS: Final = Table(
    "parameters",
    "admin.parameters",
    (
        text("admin.parameter_group", "parameter.group", 14, "parameter_group"),
        text("admin.parameter", _in_language("meaning_chinese", "meaning"), 50),
        text(("代码", "Name"), "parameter.name", 34),
        text(
            "admin.parameter_value",
            lambda row, words: value_text(row["parameter"]["unit"], row["value"], words),
            30,
        ),
        day("admin.parameter_day", "from"),
        day(("截止日", "Until"), "until"),
        text("admin.state", lambda row, words: words.say(row["state"]) if row["state"] else None, 16),
        text("admin.parameter_basis", lambda row, words: row["basis"][words.language != "zh"], 50),
        text(
            ("依据来源", "Source"),
            lambda row, words: (
                words.say(f"admin.verified_{row['verified'].lower()}_short") if row["verified"] else None
            ),
            12,
        ),
        text("inbox.maker", "decision.maker_name", 14),
        text("inbox.checker", "decision.checker_name", 14),
        instant("admin.parameter_decided", "decision.decided_at"),
    ),
    {
        "search": ("admin.parameter_search", ""),
        "group": ("admin.parameter_group", "parameter_group"),
        "name": ("admin.parameter", ""),
    },
    _periods,
)
JOBS: Final = Table(
    "jobs",
    "admin.jobs",
    (
        text("admin.job", "name", 18, "job"),
        text(("内容", "About"), lambda row, _: base_name(row["about"]), 34),
        text("admin.state", "state", 12, "job_state"),
        text(("出错原因", "Problem"), problem, 60),
        count("admin.job_waiting", "waiting_count"),
        count("admin.job_failed", "failed_count"),
        instant("admin.job_began", "began_at"),
        instant("admin.job_ended", "ended_at"),
    ),
    {},
    lambda answer: answer["jobs"],
    readers=True,
)
SETTINGS: Final = Table(
    "settings",
    "admin.settings",
    (
        text(
            "admin.setting",
            lambda row, words: row["meaning_chinese" if words.language == "zh" else "meaning"],
            50,
        ),
        text(("代码", "Name"), "name", 34),
        text("admin.setting_value", "value", 40),
        text("admin.setting_source", lambda row, words: words.say(f"admin.setting_{row['source']}"), 14),
        text(("位置", "Place"), "place", 40),
    ),
    {},
    readers=True,
)
add_sheet(router, "/parameters", PARAMETERS, found_parameters, signed_in())
add_sheet(router, "/system/jobs", JOBS, list_jobs, allowed(Ability.RUN_SYSTEM, Ability.READ_DATA))
add_sheet(router, "/system/settings", SETTINGS, list_settings, allowed(Ability.RUN_SYSTEM))
