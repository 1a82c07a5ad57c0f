"""What a text that somebody types is searched by. Touches nothing outside."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from loantrail.parties.names import folded, syllables

WORDS_MAX: Final = 6
SOUND_CHARACTERS: Final = 2
"""So many Chinese characters a word must have to be searched by its sound: one alone sounds like too many."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word as search keys are written, and how it sounds; the same where nothing in it is Chinese."""

    text: str
    sound: str

    @property
    def has_sound(self) -> bool:
        """Whether a search by sound can find more than one by the text."""
        return sum(is_chinese(character) for character in self.text) >= SOUND_CHARACTERS


def is_chinese(character: str) -> bool:
    """Whether it is a Chinese character."""
    return unicodedata.name(character, "").startswith("CJK UNIFIED")


def words_of(text: str) -> tuple[Word, ...]:
    """The words of a text, full-width forms made plain; none where all are too short to search by. What stands behind the
    last word that is counted is one with it."""
    parts = folded(text).split(maxsplit=WORDS_MAX - 1)
    words = tuple(Word(part, "".join(syllables(part)).replace(" ", "")) for part in parts)
    return words if any(len(word.text) > 1 or is_chinese(word.text) for word in words) else ()
