"""`loantrail rebuild`: computes everything anew from the books and compares it with what stands."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Final

import click

from loantrail.cli.rebuild_words import kind_word, name_word, reason_word, sentence, state_word
from loantrail.cli.speech import Language, english_option, in_language, language_of

if TYPE_CHECKING:
    from loantrail.tracing.comparing import Compared, Difference
    from loantrail.tracing.rebuilding import Rebuilt

NOT_EQUAL: Final = 1
COLUMNS_SHOWN: Final = 4
VALUE_LENGTH: Final = 80
COLON: Final = {"zh": "：", "en": ": "}
SEMICOLON: Final = {"zh": "；", "en": "; "}
COMMA: Final = {"zh": "，", "en": ", "}
LISTED: Final = {"zh": "、", "en": ", "}


@click.command("rebuild")
@click.option("--check", is_flag=True, help="Only compare; store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@english_option
def command(check: bool, as_json: bool, english: bool) -> None:
    """Read the books anew, trace them, count signals, judge, and compare with what stands: equal, bit for bit.

    Says of each kind of rows how many are equal, missing, extra or different, names the first, and prints a digest by
    which two machines can be compared. What differs is replaced: warnings that no longer hold are marked superseded,
    acts of people stay.

    Exit status: 0 everything is equal; 1 it is not, or could not be compared.
    """
    language = language_of(os.environ, english=english)
    from loantrail.postgres.connection import database
    from loantrail.tracing.rebuilding import rebuild

    def say(text: str) -> None:
        click.echo(in_language(text, language), err=True)

    with database() as books, books.connect() as connection:
        done = rebuild(connection, stores=not check, say=say)
    if as_json:
        click.echo(json.dumps(_as_json(done), ensure_ascii=False))
    else:
        _print(done, language)
    if not done.is_equal:
        sys.exit(NOT_EQUAL)


def _print(done: Rebuilt, language: Language) -> None:
    why = ("、" if language == "zh" else ", ").join(reason_word(one.value, language) for one in done.outdated)
    if not done.compared:
        click.echo(sentence("outdated", language, why=why))
        return
    if done.outdated:
        click.echo(sentence("brought", language, why=why))
    click.echo(sentence("run", language, run=done.run_id))
    for one in done.compared:
        _print_kind(one, language)
    if done.is_equal:
        click.echo(sentence("equal", language))
        return
    click.echo(sentence("replaced" if done.replaced else "differs", language))
    if done.unsettled:
        kinds = LISTED[language].join(kind_word(one, language) for one in done.unsettled)
        click.echo(sentence("unsettled", language, kinds=kinds))


def _print_kind(one: Compared, language: Language) -> None:
    counts = sentence(
        "counts",
        language,
        equal=one.equal,
        missing=one.missing,
        extra=one.extra,
        different=one.different,
    )
    click.echo(f"{kind_word(one.name, language)}{COLON[language]}{counts}")
    click.echo(f"  SHA-256 {one.digest}")
    for difference in one.differences:
        click.echo(
            f"  {state_word(difference.state, language)}{COLON[language]}{_told(difference, language)}"
        )
    more = (
        one.missing
        + one.extra
        + one.different
        - sum(difference.state != "unreadable" for difference in one.differences)
    )
    if more > 0:
        click.echo(f"  {sentence('more', language, count=more)}")


def _told(difference: Difference, language: Language) -> str:
    names = COMMA[language].join(
        f"{name_word(name, language)} {value}" for name, value in difference.names.items()
    )
    changes = [
        sentence("change", language, column=column, standing=_short(standing), anew=_short(anew))
        for column, standing, anew in difference.columns[:COLUMNS_SHOWN]
    ]
    if len(difference.columns) > COLUMNS_SHOWN:
        changes.append(sentence("more", language, count=len(difference.columns) - COLUMNS_SHOWN))
    return SEMICOLON[language].join([names, *changes])


def _short(value: str) -> str:
    return value if len(value) <= VALUE_LENGTH else value[: VALUE_LENGTH - 1] + "…"


def _as_json(done: Rebuilt) -> dict[str, object]:
    return {
        "run_id": done.run_id,
        "equal": done.is_equal,
        "outdated": [one.value for one in done.outdated],
        "replaced": done.replaced,
        "unsettled": list(done.unsettled),
        "kinds": [
            {
                "kind": one.name,
                "equal": one.equal,
                "missing": one.missing,
                "extra": one.extra,
                "different": one.different,
                "digest": one.digest,
                "standing_digest": one.standing_digest,
                "differences": [
                    {"state": each.state, "names": each.names, "columns": [list(row) for row in each.columns]}
                    for each in one.differences
                ],
            }
            for one in done.compared
        ],
    }
