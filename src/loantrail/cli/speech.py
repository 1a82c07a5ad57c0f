"""The language that a command speaks, and how it says things in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

if TYPE_CHECKING:
    from loantrail.errors import LoantrailError

Language = Literal["en", "zh"]
Phrases = Mapping[str, tuple[str, str]]
"""Key -> the English and the Chinese, with the names of values in braces."""

_LANGUAGES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""What says the language of messages, the first that is set."""

english_option: Final = click.option(
    "--english", is_flag=True, help="Print in English, whatever language the environment speaks."
)


def speaks_chinese(environment: Mapping[str, str]) -> bool:
    """Whether the environment asks for Chinese."""
    language = next((environment[name] for name in _LANGUAGES if environment.get(name)), "")
    return language.lower().startswith("zh")


def language_of(environment: Mapping[str, str], *, english: bool = False) -> Language:
    """The language to print in; `english`: it was asked for."""
    return "zh" if speaks_chinese(environment) and not english else "en"


def phrase(phrases: Phrases, key: str, language: Language, /, **values: object) -> str:
    """A phrase with its values. KeyError for an unknown key: a defect."""
    return phrases[key][language == "zh"].format(**values)


def in_language(message: str, language: Language) -> str:
    """A message in the language of the reader, where it has words in it."""
    if language == "en":
        return message
    # The catalogue takes a moment to read, and English needs none of it: commands start fast.
    from loantrail.wording import in_chinese

    return in_chinese(message) or message


def told(problem: LoantrailError, language: Language) -> str:
    """The error in one line; in Chinese with its code, where the words are known."""
    message = str(problem)
    said = in_language(message, language)
    return message if said == message else f"{said} ({problem.code})"


def named(kind: str, code: str, language: Language) -> str:
    """One value of a list, such as a `use`: as the pages name it in Chinese, in English as the files have it."""
    if language == "en":
        return code
    from loantrail.reports.page_words import page_words

    return page_words(language).name(kind, code)


def columns_of(text: str) -> int:
    """Columns that a text takes on a terminal: Chinese characters take two."""
    # Imported when it is needed: commands start fast.
    from rich.cells import cell_len

    return cell_len(text)


def in_columns(text: str, width: int, *, right: bool = False) -> str:
    """Filled up with blanks to a width in columns."""
    blanks = " " * (width - columns_of(text))
    return blanks + text if right else text + blanks


def print_line(text: str) -> None:
    """On the standard output, for a command whose work goes on whether or not it is read: characters that the terminal's encoding lacks
    become question marks, and where nobody reads any more nothing is printed."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        click.echo(text.encode(encoding, "replace").decode(encoding))
    except BrokenPipeError:
        # What is left in the buffer would break the end of the process as well.
        with suppress(OSError, ValueError), Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
    except (OSError, ValueError):
        return  # a disk that is full, an output that is closed
