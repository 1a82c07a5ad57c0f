"""What is set, told to people: every setting with its value, where it comes from, and secrets hidden."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from loantrail.settings import Given, read_given

HIDDEN: Final = "***"
_IN_ADDRESS: Final = re.compile(r"(?<=://)([^:@]*):.*(?=@)")
_AS_WORD: Final = re.compile(r"\b((?:ssl)?password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shown:
    """A setting as it may be shown."""

    name: str
    value: str
    """Empty where nothing is set."""
    source: str
    """`default`, `environment` or `file`."""
    place: str
    """The variable, or the file of settings; empty for a default."""
    secret_file: str
    meaning: str
    meaning_chinese: str


def effective(environment: Mapping[str, str] | None = None) -> list[Shown]:
    """All settings as they are in force. ConfigurationError as `read_settings` raises it."""
    return [_shown(one) for one in read_given(environment).values()]


def _shown(one: Given) -> Shown:
    setting = one.setting
    return Shown(
        name=setting.name,
        value=hidden(one.text, whole=not setting.name.endswith("_url")) if setting.secret else one.text,
        source=one.source,
        place=one.place,
        secret_file=one.secret_file,
        meaning=setting.meaning,
        meaning_chinese=setting.meaning_chinese,
    )


def hidden(text: str, *, whole: bool = False) -> str:
    """A secret as it may be shown: not at all, or an address without its password."""
    if not text or whole:
        return HIDDEN if text else ""
    return _AS_WORD.sub(rf"\g<1>{HIDDEN}", _IN_ADDRESS.sub(rf"\g<1>:{HIDDEN}", text))
