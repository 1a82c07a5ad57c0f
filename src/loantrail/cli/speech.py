"""The language that a command speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_LANGUAGES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""What says the language of messages, the first that is set."""


def speaks_chinese(environment: Mapping[str, str]) -> bool:
    """Whether the environment asks for Chinese."""
    language = next((environment[name] for name in _LANGUAGES if environment.get(name)), "")
    return language.lower().startswith("zh")
