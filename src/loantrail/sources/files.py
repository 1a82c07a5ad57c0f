"""Which files an import is about, what the books call them, and which adapter reads each."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loantrail.errors import FileUnreadable, InputError, LoantrailError, Place
from loantrail.sources.canonical import RECORD_TYPES
from loantrail.sources.columns import polars_schema
from loantrail.sources.model import Adapter, Batch, SourceFile
from loantrail.sources.registry import named, recognise

_ORDER: Final = {name: rank for rank, name in enumerate(RECORD_TYPES)}
_HASH_BYTES: Final = 2**20


@dataclass(frozen=True, slots=True)
class Opened:
    """A file and the adapter that reads it."""

    source: SourceFile
    adapter: Adapter
    bytes_total: int


@dataclass(frozen=True, slots=True)
class Unusable:
    """A file that could not be used, wholly or from some point on."""

    name: str
    problem: LoantrailError


def stable_name(path: Path) -> str:
    """How the books call the file: relative to the working folder where it lies in it, else its whole path."""
    whole = path.absolute()
    here = Path.cwd()
    return readable_name((whole.relative_to(here) if whole.is_relative_to(here) else whole).as_posix())


def readable_name(name: str) -> str:
    """A name as people and the books can read it: what is not UTF-8 on the disk is the Chinese of Windows, or shown as far as it is
    text."""
    written = os.fsencode(name)
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            return written.decode(encoding)
    return written.decode("utf-8", "replace")


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The files named, and all files of the folders named, hidden ones left out; each once.

    Files of a folder come in the order of their names. Raises FileUnreadable for a path that does not exist.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = [
                item
                for item in path.rglob("*")
                if item.is_file() and not any(part.startswith(".") for part in item.relative_to(path).parts)
            ]
            for item in sorted(inside):
                found.setdefault(item)
        elif path.exists():
            found.setdefault(path)
        else:
            raise FileUnreadable("there is no such file or folder", Place(str(path)), "Check the path")
    return list(found)


def open_files(paths: Iterable[Path], options: Mapping[str, str] | None = None) -> list[Opened | Unusable]:
    """Each file with the adapter that recognises it, or the reason why none does.

    Files whose records others refer to come first, as far as their adapters tell (`rank`); otherwise the order stays.
    Options: `mapping` (path of a mapping file) and `format` (name of an adapter) decide without looking; all are
    handed on to the adapter.
    """
    options = dict(options or {})
    chosen = "mapping" if "mapping" in options else options.get("format")
    ranked: list[tuple[int, Opened | Unusable]] = []
    for path in find_files(paths):
        name = stable_name(path)
        try:
            adapter = named(chosen) if chosen else recognise(path, name)
            opened = Opened(SourceFile(path, name, options), adapter, path.stat().st_size)
            ranked.append((_rank(opened), opened))
        except InputError as problem:
            ranked.append((-1, Unusable(name, problem)))
    return [file for _, file in sorted(ranked, key=lambda pair: pair[0])]


def _rank(opened: Opened) -> int:
    """Place of the file's first record type among all; a file that does not tell holds statement lines."""
    record_type_of = getattr(opened.adapter, "first_record_type", None)
    name = record_type_of(opened.source) if record_type_of else None
    return _ORDER.get(name or "statement_line", len(_ORDER))


def read_batches(opened: Opened) -> Iterator[Batch]:
    """The batches of a file, each checked to be what its record type asks for.

    Raises an InputError when the file as a whole, or its rest, cannot be used. An adapter that fails otherwise
    is reported in the same way: a plug-in's defect must not cost the other files.
    """
    try:
        for batch in opened.adapter.read(opened.source):
            _check(batch, opened)
            yield batch
    except LoantrailError:
        raise
    except OSError as problem:
        raise FileUnreadable(
            f"cannot be read ({problem.strerror or problem})", Place(opened.source.name), "Check the disk"
        ) from problem
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RuntimeError) as problem:
        raise FileUnreadable(
            f"the adapter {opened.adapter.name} failed: {type(problem).__name__}: {problem}",
            Place(opened.source.name),
            "Report it to whoever maintains the adapter, with the file",
        ) from problem


def _check(batch: Batch, opened: Opened) -> None:
    record_type = RECORD_TYPES.get(batch.record_type)
    if record_type is None:
        raise ValueError(f"{opened.adapter.name} yields the unknown record type {batch.record_type}")
    wanted = polars_schema(record_type)
    if list(batch.rows.schema.items()) != list(wanted.items()):
        raise ValueError(
            f"{opened.adapter.name} yields rows of {batch.record_type} that are not as `accept` makes them"
        )


def content_digest(path: Path) -> str:
    """SHA-256 of the file's content, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_HASH_BYTES):
            digest.update(piece)
    return digest.hexdigest()
