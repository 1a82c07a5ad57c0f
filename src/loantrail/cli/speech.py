"""The language that a command speaks."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

_LANGUAGES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""What says the language of messages, the first that is set."""


def speaks_chinese(environment: Mapping[str, str]) -> bool:
    """Whether the environment asks for Chinese."""
    language = next((environment[name] for name in _LANGUAGES if environment.get(name)), "")
    return language.lower().startswith("zh")


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
