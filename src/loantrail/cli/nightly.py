"""`loantrail nightly`: take in the bank's delivery of a business date, or say why not."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from loantrail.cli.nightly_words import outcome_words, progress_words, step_word, word
from loantrail.cli.speech import Language, english_option, language_of
from loantrail.errors import ConfigurationError
from loantrail.nightly.manifest import business_date_of
from loantrail.nightly.model import ALARMS, Alarm
from loantrail.nightly.running import Night, run_night
from loantrail.settings import read_settings

ALARMED: Final = 3
"""Exit status when the date is in the books and alarms are to be looked at."""
HELD: Final = 4
"""Exit status when the delivery was held back: nothing of it is in the books."""


@click.command()
@click.argument("date", required=False)
@click.option(
    "--from",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that holds one folder per business date; default: LOANTRAIL_NIGHTLY.",
)
@click.option("--again", is_flag=True, help="Run a date once more, with corrected files or the same.")
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    type=click.Choice(sorted(code for code, kind in ALARMS.items() if kind.acceptable)),
    help="Let a delivery pass although this alarm is raised. May be repeated.",
)
@click.option(
    "--trace/--no-trace",
    "traces",
    default=True,
    help="Trace at the end; of several dates only the last needs it.",
)
@english_option
@click.option("--json", "as_json", is_flag=True, help="Print the closing table as one line of JSON.")
def command(
    date: str | None,
    root: Path | None,
    again: bool,
    accepted: tuple[str, ...],
    traces: bool,
    english: bool,
    as_json: bool,
) -> None:
    """Take in the delivery of the business date DATE (20260331), in the folder ROOT/20260331.

    Everything is checked before anything is taken in: ready flag, manifest, every file with its rows, totals and
    hash. Without DATE the dates and open alarms are listed.

    Exit status: 0 the date is in the books, nothing to look at; 3 it is, with alarms; 4 it was held back and the books
    are as they were; 1 or 2 an error, run it again.
    """
    language = language_of(os.environ, english=english)
    if date is None:
        _list(language)
        return
    day = business_date_of(date)
    folder = (root or read_settings().nightly_root or _no_root()).absolute()
    from loantrail.postgres.connection import database

    console = Console(stderr=True)
    with database() as books, console.status(progress_words("check", language)) as status:

        def say(text: str) -> None:
            status.update(progress_words(text, language))

        night = run_night(books, folder, day, again=again, accepted=accepted, traces=traces, say=say)
    if as_json:
        click.echo(json.dumps(_as_json(night), ensure_ascii=False))
    else:
        _print(night, language)
    if night.state == "held":
        sys.exit(HELD)
    if any(alarm.kind.severity != "notice" for alarm in night.alarms):
        sys.exit(ALARMED)


def _no_root() -> Path:
    raise ConfigurationError(
        "no folder of nightly files is named", remedy="Give --from ROOT or set LOANTRAIL_NIGHTLY"
    )


def _print(night: Night, language: Language) -> None:
    console = Console()
    day = f"{night.business_date:%Y-%m-%d}"
    console.print(outcome_words(night.state, language, day, night.attempt, resumed=night.resumed))
    if night.state == "known":
        return
    table = Table(title=word("Steps", language), title_justify="left")
    for heading in ("step", "seconds", "counts"):
        table.add_column(word(heading, language), justify="right" if heading == "seconds" else "left")
    for name, seconds in night.seconds.items():
        counts = ", ".join(
            f"{word(key, language)} {value:,}" for key, value in night.counts.get(name, {}).items() if value
        )
        table.add_row(step_word(name, language), f"{seconds:,.1f}", counts)
    table.add_section()
    table.add_row(word("all", language), f"{sum(night.seconds.values()):,.1f}", "")
    console.print(table)
    for alarm in night.alarms:
        _print_alarm(console, language, alarm.kind.severity, alarm.code, alarm.words(language))
        _print_remedy(console, language, alarm.remedy(language))


def _print_alarm(console: Console, language: Language, severity: str, code: str, words: str) -> None:
    line = f"{word(severity, language):<9}{code:<22}{words}"
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _print_remedy(console: Console, language: Language, remedy: str) -> None:
    if remedy:
        told = f"{'':<9}{word('what to do', language)}: {remedy}"
        console.print(told, markup=False, highlight=False, soft_wrap=True)


def _as_json(night: Night) -> dict[str, object]:
    def alarm(one: Alarm) -> dict[str, object]:
        return {
            "code": one.code,
            "severity": one.kind.severity,
            "holds_back": one.kind.holds_back,
            "file": one.file,
            "expected": one.expected,
            "actual": one.actual,
            "parameters": dict(one.parameters),
        }

    return {
        "business_date": night.business_date.isoformat(),
        "state": night.state,
        "attempt": night.attempt,
        "resumed": night.resumed,
        "seconds": {name: round(value, 3) for name, value in night.seconds.items()},
        "counts": night.counts,
        "alarms": [alarm(one) for one in night.alarms],
    }


def _list(language: Language) -> None:
    from loantrail.nightly import store, store_alarms
    from loantrail.postgres.connection import database

    with database() as books, books.connection() as connection:
        dates = store.list_dates(connection)
        alarms = store_alarms.list_alarms(connection, "open")
    console = Console()
    table = Table(title=word("Business dates", language), title_justify="left")
    for heading in ("date", "state", "attempt", "lines", "new", "changed", "refused", "alarms"):
        is_text = heading in ("date", "state")
        table.add_column(word(heading, language), justify="left" if is_text else "right", no_wrap=is_text)
    for one in dates:
        numbers = (
            one.attempt,
            one.lines_accepted,
            one.records_new,
            one.records_changed,
            one.rows_refused,
            one.open_alarm_count,
        )
        states = [word(one.state, language)]
        if one.loaded_at is not None and one.state in ("held", "failed"):
            states.append(word("in the books", language))
        if one.is_older:
            states.append(word("older", language))
        state = ", ".join(states)
        table.add_row(f"{one.business_date:%Y-%m-%d}", state, *(f"{number:,}" for number in numbers))
    console.print(table)
    for one in alarms:
        words = f"{one.business_date:%Y-%m-%d} {one.words(language)}"
        _print_alarm(console, language, one.severity, one.code, words)
        _print_remedy(console, language, one.remedy(language))
