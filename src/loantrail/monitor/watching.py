"""A folder into which core systems drop files: takes complete ones, imports them, puts them away with a report.

    FOLDER/statement.csv          being written, or waiting to be taken
    FOLDER/statement.csv.done     says that it is complete, where it is not older
    FOLDER/working/               being imported; taken up again after a crash
    FOLDER/done/                  imported, and statement.csv.report.json
    FOLDER/refused/               could not be used, and the report that says why

A file is only ever moved by renaming, so that at every moment it is in one place whole. What is imported twice because of
a crash is recognised by its keys.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from loantrail import clock
from loantrail.defects import DEFECTS
from loantrail.errors import ConfigurationError, DatabaseUnavailable, StorageExhausted, in_one_line
from loantrail.ledger.importing import import_files
from loantrail.ledger.taking import KeysTaken
from loantrail.monitor import store
from loantrail.monitor.leading import Books
from loantrail.monitor.taken_file import TakenFile, called, met_a_defect, report_of, told_of
from loantrail.postgres.failures import PASSING
from loantrail.sources.files import (
    Opened,
    Unusable,
    content_digest,
    open_files,
    readable_name,
    stable_name,
)
from loantrail.sources.mapping import read_mapping

if TYPE_CHECKING:
    from psycopg import Connection

MARKER: Final = ".done"
UNFINISHED: Final = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".swp", ".writing")
"""Endings of names under which programs write what is not complete yet."""
STABLE_SECONDS: Final = 5.0
WORKING, DONE, REFUSED = "working", "done", "refused"
REPORT: Final = ".report.json"
NAME_BYTES: Final = 255 - len(REPORT) - len(".tmp") - len("~9999")
"""So long a name may be that a report can lie beside the file."""
ENDING_BYTES: Final = 16
AGAIN_SECONDS: Final = 5.0
"""How long a file that could not be taken, or not be put away, lets the others go first; twice as long each time."""
AGAIN_SECONDS_MOST: Final = 600.0
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Seen:
    size_bytes: int
    changed_ns: int
    since: float


def prepare_folder(folder: Path) -> None:
    """Make the folders in it. ConfigurationError when it is not there or cannot be written to."""
    try:
        for name in (WORKING, DONE, REFUSED):
            (folder / name).mkdir(exist_ok=True)
    except OSError as problem:
        raise ConfigurationError(
            f"{folder} cannot be watched: {problem.strerror}",
            remedy="Name a folder that exists and that this user may write to",
        ) from None


class FolderSource:
    """Watches one folder, not those in it."""

    def __init__(
        self,
        folder: Path,
        books: Books,
        on_taken: Callable[[], None],
        options: Mapping[str, str] | None = None,
        stable_seconds: float = STABLE_SECONDS,
        on_put_away: Callable[[TakenFile], None] = lambda _file: None,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`options` are those of an import: `mapping`, `format`, ... `on_put_away` is told of each file that was taken.
        Between two files `is_stopping` is asked whether to leave the others where they are.
        ConfigurationError when the folder cannot be used."""
        self._folder = folder
        self._books = books
        self._on_taken = on_taken
        self._on_put_away = on_put_away
        self._is_stopping = is_stopping
        self._options = dict(options or {})
        self._stable_seconds = stable_seconds
        self._seen: dict[str, _Seen] = {}
        self._held_back: dict[str, tuple[float, float]] = {}
        """File -> the moment from which on it is tried again, and how long it waited for it."""
        if "mapping" in self._options:
            read_mapping(Path(self._options["mapping"]))
        prepare_folder(folder)

    def begin(self, connection: Connection[Any]) -> None:
        del connection
        self._seen.clear()
        self._held_back.clear()

    def end(self) -> None:
        """Nothing is held open."""

    def step(self, connection: Connection[Any]) -> bool:
        """Take the files that are complete; those that a crash left in `working` first."""
        working = self._folder / WORKING
        left = [path for path in sorted(working.iterdir()) if path.is_file() and not self._is_held_back(path)]
        for path in left:
            if self._is_stopping():
                return True
            plain = _plain_name(path.name)
            taken = path if path.name == plain else self._moved(path, _free(working / plain))
            if taken is not None:
                self._take(connection, taken)
        complete = [path for path in self._complete() if not self._is_held_back(path)]
        for path in complete:
            if self._is_stopping():
                return True
            taken = self._moved(path, _free(working / _plain_name(path.name)))
            if taken is None:
                continue
            # A crash before this leaves a marker that is older than any file of that name: it counts for none.
            with suppress(OSError):  # none, or none that can be taken away
                path.with_name(path.name + MARKER).unlink()
            self._take(connection, taken)
        return bool(left or complete)

    def _moved(self, path: Path, target: Path) -> Path | None:
        """Where the file is now; None where it could not be moved."""
        try:
            moved = path.rename(target)
        except FileNotFoundError:
            return None  # whoever wrote it took it away again
        except OSError as problem:
            self._hold_back(path, "cannot be moved", problem)
            return None
        self._held_back.pop(str(path), None)
        return moved

    def _hold_back(self, path: Path, what: str, why: Exception) -> None:
        """Leave the file where it is for a while, with the reason in the log: it is one that passes."""
        _, waited = self._held_back.get(str(path), (0.0, 0.0))
        pause = min(max(2 * waited, AGAIN_SECONDS), AGAIN_SECONDS_MOST)
        self._held_back[str(path)] = clock.monotonic_seconds() + pause, pause
        name = readable_name(path.name)
        reason = in_one_line(why)
        _LOG.warning("%s %s (%s); it stays where it is and is tried again in %g s", name, what, reason, pause)

    def _is_held_back(self, path: Path) -> bool:
        again_at, _ = self._held_back.get(str(path), (0.0, 0.0))
        return again_at > clock.monotonic_seconds()

    def _complete(self) -> list[Path]:
        """Files with a marker beside them, and files that did not change for a while; by name."""
        now = clock.monotonic_seconds()
        found: list[Path] = []
        seen: dict[str, _Seen] = {}
        listed = sorted(path for path in self._folder.iterdir() if not path.name.startswith("."))
        marked = {path.name: path for path in listed if path.name.endswith(MARKER)}
        for path in listed:
            name = path.name
            if name.lower().endswith((MARKER, *UNFINISHED)):
                continue
            try:
                if not path.is_file() or path.is_symlink():
                    continue
                status = path.stat()
                marker = marked.get(name + MARKER)
                # One that is older than the file was left of another file of that name.
                is_marked = marker is not None and marker.stat().st_mtime_ns >= status.st_mtime_ns
            except OSError:
                continue
            if is_marked:
                found.append(path)
                continue
            before = self._seen.get(name)
            same = before is not None and (before.size_bytes, before.changed_ns) == (
                status.st_size,
                status.st_mtime_ns,
            )
            seen[name] = (
                before if before is not None and same else _Seen(status.st_size, status.st_mtime_ns, now)
            )
            if now - seen[name].since >= self._stable_seconds:
                found.append(path)
        self._seen = seen
        return found

    def _take(self, connection: Connection[Any], path: Path) -> None:
        """Import one file of `working` and put it away. What may pass leaves it there: DatabaseUnavailable and StorageExhausted are
        raised, a statement that was cancelled or stood in the way of others holds back this file alone."""
        # Before the first row: whatever happens, a trace is asked for.
        store.note_waiting(connection, 1, clock.now())
        connection.commit()
        name = stable_name(self._folder / path.name)
        begun = broke_off = False
        try:
            opened = [_renamed(one, name) for one in open_files([path], self._options)]
            begun = any(isinstance(one, Opened) for one in opened)
            outcome = import_files(opened, books=self._books, settles=False)
        except (DatabaseUnavailable, StorageExhausted):
            raise
        except (KeysTaken, *PASSING) as problem:
            self._hold_back(path, "could not be taken in whole", problem)
            self._on_taken()
            return
        except DEFECTS as problem:
            # A defect of ours must not hold up the files behind this one.
            _LOG.exception("%s failed", name)
            broke_off = begun
            outcome = met_a_defect(name, problem, broke_off=broke_off)
        into = self._folder / (REFUSED if outcome.unusable else DONE)
        report: Path | None = None
        try:
            report = self._put_away(path, into, {"file": name, **report_of(outcome)})
            self._held_back.pop(str(path), None)
        except FileNotFoundError:
            # One that hung and went on took it as well; keys tell what both imported.
            _LOG.warning("%s was put away by another monitor", name)
        except OSError as problem:
            self._hold_back(path, "cannot be put away", problem)
        self._on_taken()  # first: what is told of the file is the lesser matter
        if report is not None:
            self._on_put_away(told_of(path.name, outcome, report, broke_off=broke_off))

    def _put_away(self, path: Path, into: Path, report: dict[str, Any]) -> Path:
        """Where the report lies."""
        digest = content_digest(path)
        target = into / path.name
        kept = target.with_name(target.name + REPORT)
        if target.exists() or not _is_report_of(kept, digest):
            target = _free(target)
            kept = target.with_name(target.name + REPORT)
            text = json.dumps(
                {"sha256": digest, "at": clock.now().isoformat(), **report}, ensure_ascii=False, indent=2
            )
            written = kept.with_name(kept.name + ".tmp")
            written.write_text(text + "\n", "utf-8", errors="backslashreplace")
            written.replace(kept)
        # Last: until then a crash begins with this file again.
        path.rename(target)
        return kept


def _renamed(file: Opened | Unusable, name: str) -> Opened | Unusable:
    """Under the name that it was dropped with."""
    if isinstance(file, Unusable):
        return called(name, file)
    return replace(file, source=replace(file.source, name=name))


def _is_report_of(path: Path, digest: str) -> bool:
    """Whether a crash left the report of this very file."""
    try:
        return json.loads(path.read_text("utf-8")).get("sha256") == digest
    except (OSError, ValueError, AttributeError):
        return False


def _plain_name(name: str) -> str:
    """The name in UTF-8, cut where a report could not lie beside the file."""
    text = readable_name(name)
    if len(text.encode()) <= NAME_BYTES:
        return text
    ending = Path(text).suffix
    if len(ending.encode()) > ENDING_BYTES:
        ending = ""
    stem = text.removesuffix(ending).encode()[: NAME_BYTES - len(ending.encode())]
    return stem.decode("utf-8", "ignore") + ending


def _free(path: Path) -> Path:
    """The path, or one beside it that no file has."""
    candidate, number = path, 2
    while candidate.exists():
        candidate = path.with_name(f"{path.stem}~{number}{path.suffix}")
        number += 1
    return candidate
