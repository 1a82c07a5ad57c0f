"""Texts that this language and the frames read alike, to the character.

Both know Unicode, of different versions: what a character of a later version becomes in capitals or in its plain form
they may tell differently. The characters below were in it long before either; they are nearly all that stands in the
names and remarks of a bank. Any other text is read by the frames themselves.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

_PLAIN: Final = re.compile(
    "["
    " -~"  # ASCII
    "·—‘’“”•…"
    "\u3000-\u3029"  # Chinese punctuation, 々, 〇 and numerals
    "\u4e00-\u9fff"  # ideographs
    "\uff01-\uff5e"  # ASCII in full width
    "]*"
)
HAN: Final = "[々〇\u3021-\u3029\u4e00-\u9fff]"
"""An ideograph among the plain characters, as a regular expression."""
WHITE_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000"
)
"""What the frames count as white space; `str.strip` and `str.split` alone take four characters more."""
REMEMBERED_MOST: Final = 65_536
"""So many texts at most are remembered with what was found of them."""


def is_plain(text: str) -> bool:
    """Whether all its characters are those that are read alike."""
    return _PLAIN.fullmatch(text) is not None


def by_frame(expression: pl.Expr, text: str) -> object:
    """What the expression over the column `text` says of one text."""
    return pl.DataFrame({"text": [text]}, schema={"text": pl.String}).select(expression).item()
