"""The dictionaries: which term in a name or a payment text, or which code, speaks for which class.

Data files `dictionaries/*.csv` hold one row per term: `kind` (where it is looked for), `class`, `term`, `match`,
`confidence_permille`, `unless` (terms, `|` between them, whose presence in the text silences the row) and `note`.
The class `none` marks a look-alike: it gives no class, and hides every shorter term that lies inside it.
A bank adds its own files of the same layout; a row of theirs replaces the shipped row for the same kind, term
and match.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Final

import polars as pl

from loantrail.destinations.model import BY_NAME
from loantrail.errors import ColumnMissing, FileUnreadable, Place, ValueRefused

KINDS: Final = ("name", "remark", "bank_code", "merchant_code", "industry")
MATCHES: Final = ("contains", "prefix", "suffix", "exact")
COLUMNS: Final = ("kind", "class", "term", "match", "confidence_permille", "unless", "note")
LOOK_ALIKE: Final = "none"


@dataclass(frozen=True, slots=True, eq=False)
class Dictionary:
    """`terms`: rule (Int32), kind, class_code (UInt8, 0 for a look-alike), term, match, confidence_permille
    (Int16). `silencers`: rule, term: the terms that silence a rule. Terms are normalised."""

    terms: pl.DataFrame
    silencers: pl.DataFrame


def normalise(text: str) -> str:
    """What terms and texts are compared as: NFKC, upper case, no white space."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


def _refuse(problem: str, place: Place) -> ValueRefused:
    return ValueRefused(
        problem, place, "Mend the dictionary row; docs/concepts/destinations.md gives the layout"
    )


def _parse(name: str, text: str) -> list[tuple[str, str, int, str, int, tuple[str, ...]]]:
    reader = csv.DictReader(text.splitlines())
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise ColumnMissing(
            f"the dictionary lacks the columns {', '.join(missing)}",
            Place(name, 1),
            f"The first row must be {','.join(COLUMNS)}",
        )
    rows: list[tuple[str, str, int, str, int, tuple[str, ...]]] = []
    for number, row in enumerate(reader, start=2):
        if row["kind"] not in KINDS:
            raise _refuse(
                f"kind {row['kind']!r} is not one of {', '.join(KINDS)}", Place(name, number, "kind")
            )
        if row["match"] not in MATCHES:
            raise _refuse(
                f"match {row['match']!r} is not one of {', '.join(MATCHES)}", Place(name, number, "match")
            )
        if row["class"] != LOOK_ALIKE and row["class"] not in BY_NAME:
            raise _refuse(f"{row['class']!r} is no destination class", Place(name, number, "class"))
        confidence = row["confidence_permille"]
        if not confidence.isascii() or not confidence.isdigit() or int(confidence) > 1000:
            raise _refuse(
                f"{confidence!r} is no number from 0 to 1000", Place(name, number, "confidence_permille")
            )
        term = normalise(row["term"])
        if not term:
            raise _refuse("the term is empty", Place(name, number, "term"))
        code = 0 if row["class"] == LOOK_ALIKE else BY_NAME[row["class"]].code
        silencers = tuple(normalise(part) for part in row["unless"].split("|") if part.strip())
        rows.append((row["kind"], term, code, row["match"], int(confidence), silencers))
    return rows


def load_dictionary(additions: Sequence[Path] = ()) -> Dictionary:
    """The shipped dictionaries, with a bank's own files over them.

    Raises FileUnreadable, ColumnMissing or ValueRefused with file, row and field.
    """
    merged: dict[tuple[str, str, str], tuple[int, int, tuple[str, ...]]] = {}
    for source in sorted(
        (entry for entry in resources.files("loantrail.destinations").joinpath("dictionaries").iterdir()),
        key=lambda e: e.name,
    ):
        if not source.name.endswith(".csv"):
            continue
        for kind, term, code, match, confidence, silencers in _parse(
            source.name, source.read_text(encoding="utf-8")
        ):
            if (kind, term, match) in merged:
                raise _refuse(f"the term {term!r} ({kind}, {match}) stands twice", Place(source.name))
            merged[kind, term, match] = (code, confidence, silencers)
    for path in additions:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as cause:
            raise FileUnreadable(
                f"the dictionary cannot be read: {cause}", Place(str(path)), "Give a readable UTF-8 file"
            ) from cause
        for kind, term, code, match, confidence, silencers in _parse(str(path), text):
            merged[kind, term, match] = (code, confidence, silencers)
    items = list(merged.items())
    terms = pl.DataFrame(
        {
            "rule": list(range(len(items))),
            "kind": [key[0] for key, _ in items],
            "class_code": [value[0] for _, value in items],
            "term": [key[1] for key, _ in items],
            "match": [key[2] for key, _ in items],
            "confidence_permille": [value[1] for _, value in items],
        },
        schema={
            "rule": pl.Int32,
            "kind": pl.String,
            "class_code": pl.UInt8,
            "term": pl.String,
            "match": pl.String,
            "confidence_permille": pl.Int16,
        },
    )
    pairs = [(rule, term) for rule, (_, value) in enumerate(items) for term in value[2]]
    silencers_frame = pl.DataFrame(pairs, schema={"rule": pl.Int32, "term": pl.String}, orient="row")
    return Dictionary(terms, silencers_frame)


@lru_cache(maxsize=1)
def shipped_dictionary() -> Dictionary:
    """The shipped dictionaries, read once."""
    return load_dictionary()
