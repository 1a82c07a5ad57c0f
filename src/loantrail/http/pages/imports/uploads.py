"""Files that were handed over through the page: one folder each time under `<LOANTRAIL_HOME>/uploads`, with the files
and a note of how far their import has come. What the note says outlives the server."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from loantrail import clock, ids
from loantrail.errors import InputError, LimitExceeded, StorageExhausted
from loantrail.http.pages.imports.model import CheckedFile, ImportOptions, Stage, UploadedFile, UploadNote
from loantrail.http.problems import NotFound
from loantrail.sources.files import Opened, Unusable, open_files
from loantrail.sources.model import SourceFile

FOLDER: Final = "uploads"
FILE_BYTES_MAX: Final = 2 * 2**30
FILES_MAX: Final = 200
UPLOADS_MAX: Final = 500
NAME_LENGTH_MAX: Final = 120
_NOTE: Final = "note.json"
_LOCK: Final = ".running"
_FILES: Final = "files"
_PRIVATE: Final = 0o600
_PRIVATE_FOLDER: Final = 0o700
_UNSAFE: Final = re.compile(r"[^\w.()（）\-—+=@,，、 ]+")
_ID: Final = re.compile(r"[0-9a-f]{32}")
ACTIVE: Final = frozenset((Stage.CHECKING, Stage.IMPORTING))


def safe_name(given: str) -> str:
    """A file name that stays in its folder and that every file system takes; never empty, never hidden."""
    name = given.replace("\\", "/").rpartition("/")[2]
    name = _UNSAFE.sub("_", name).strip(" .")
    if len(name) > NAME_LENGTH_MAX:
        stem, dot, ending = name.rpartition(".")
        keep = NAME_LENGTH_MAX - len(ending) - 1
        name = f"{stem[:keep]}.{ending}" if dot and keep > 0 else name[:NAME_LENGTH_MAX]
    # A file system counts bytes; a Chinese character has three.
    while len(name.encode()) > 240:
        name = name[1:]
    return name or "file"


class Uploads:
    """The uploads of one home."""

    def __init__(self, home: Path) -> None:
        self._root = home / FOLDER

    def folder(self, import_id: str) -> Path:
        """Where the upload lies. NotFound when there is none."""
        folder = self._root / import_id
        if not _ID.fullmatch(import_id) or not (folder / _NOTE).is_file():
            raise NotFound(f"There is no import {import_id}", remedy="Open the list of imports")
        return folder

    def make(self) -> UploadNote:
        """A new one, without files. LimitExceeded when too many are kept already."""
        with _disk():
            self._root.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
            if len(self.all_ids()) >= UPLOADS_MAX:
                self._drop_empty()
            if len(self.all_ids()) >= UPLOADS_MAX:
                raise LimitExceeded(
                    f"{UPLOADS_MAX} uploads are kept already", remedy="Remove uploads that are done with"
                )
            note = UploadNote(import_id=ids.new_id(), created_at=clock.now())
            folder = self._root / note.import_id
            folder.mkdir(mode=_PRIVATE_FOLDER)  # of folders made on the way the mode would be ignored
            (folder / _FILES).mkdir(mode=_PRIVATE_FOLDER)
            self.write(note)
        return note

    def all_ids(self) -> list[str]:
        """Ids of the uploads that are kept."""
        if not self._root.is_dir():
            return []
        return [
            one.name for one in self._root.iterdir() if _ID.fullmatch(one.name) and (one / _NOTE).is_file()
        ]

    def read(self, import_id: str) -> UploadNote:
        """What is noted of an upload. One that was running when its server ended is `interrupted`."""
        note = UploadNote.model_validate_json((self.folder(import_id) / _NOTE).read_bytes())
        if note.stage in ACTIVE and not self.is_running(import_id):
            # It may have ended between the two looks.
            note = UploadNote.model_validate_json((self.folder(import_id) / _NOTE).read_bytes())
            if note.stage in ACTIVE:
                note = note.model_copy(update={"stage": Stage.INTERRUPTED, "interrupted_in": note.stage})
        return note

    def write(self, note: UploadNote) -> None:
        """Keep the note, whole or not at all."""
        folder = self._root / note.import_id
        part = folder / f".{_NOTE}.{ids.new_id()}"
        with _disk():
            part.write_text(note.model_dump_json(indent=1, round_trip=True), "utf-8")
            part.chmod(_PRIVATE)
            part.replace(folder / _NOTE)

    def remove(self, import_id: str) -> None:
        """Throw the files and the note away; what is in the books stays. InputError while it runs."""
        folder = self.folder(import_id)
        if self.is_running(import_id):
            raise InputError("this import is running", remedy="Wait until it has ended")
        with _disk():
            shutil.rmtree(folder)

    def is_running(self, import_id: str) -> bool:
        """Whether some server of this home works on it."""
        with self._locked(import_id) as free:
            return not free

    @contextmanager
    def running(self, import_id: str) -> Generator[bool]:
        """Mark it as worked on for the length of the block; false when another server does so."""
        with self._locked(import_id) as free:
            yield free

    @contextmanager
    def _locked(self, import_id: str) -> Generator[bool]:
        descriptor = os.open(self.folder(import_id) / _LOCK, os.O_RDWR | os.O_CREAT, _PRIVATE)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)

    async def receive(self, import_id: str, given_name: str, body: AsyncIterator[bytes]) -> UploadedFile:
        """Store the bytes as a file of the upload, in place of one of the same name. Nothing stays when it breaks off."""
        note = self.read(import_id)
        if note.stage in ACTIVE or note.stage is Stage.FINISHED:
            raise InputError("this import takes no more files", remedy="Begin a new import")
        name = safe_name(given_name)
        kept = [one for one in note.files if one.name != name]
        if len(kept) >= FILES_MAX:
            raise LimitExceeded(f"one import takes at most {FILES_MAX} files", remedy="Begin another import")
        target = self.folder(import_id) / _FILES / name
        part = target.with_name(f".{ids.new_id()}")
        digest, size = hashlib.sha256(), 0
        try:
            with (
                _disk(),
                os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as stream,
            ):
                async for piece in body:
                    size += len(piece)
                    if size > FILE_BYTES_MAX:
                        raise LimitExceeded(
                            f"the file is larger than {FILE_BYTES_MAX // 2**30} GiB",
                            remedy="Import it with `loantrail import FILE` on the server",
                        )
                    digest.update(piece)
                    stream.write(piece)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        found = UploadedFile(name=name, size_bytes=size, sha256=digest.hexdigest())
        note = self.read(import_id)
        others = [one for one in note.files if one.name != name]
        self.write(note.model_copy(update={"files": [*others, found], "stage": Stage.OPEN, "checked": []}))
        return found

    def drop_file(self, import_id: str, name: str) -> UploadNote:
        """Take one file out of an upload that has not begun."""
        note = self.read(import_id)
        if note.stage in ACTIVE or note.stage is Stage.FINISHED:
            raise InputError("this import has begun", remedy="Its files stay as they are")
        left = [one for one in note.files if one.name != name]
        if len(left) == len(note.files):
            raise NotFound(f"The import has no file {name}", remedy="Open the import again")
        with _disk():
            (self.folder(import_id) / _FILES / name).unlink(missing_ok=True)
        checked: list[CheckedFile] = [one for one in note.checked if one.name != name]
        stage = Stage.CHECKED if left and note.stage is Stage.CHECKED else Stage.OPEN
        note = note.model_copy(update={"files": left, "checked": checked, "stage": stage})
        self.write(note)
        return note

    def open_files(self, note: UploadNote, options: ImportOptions) -> list[Opened | Unusable]:
        """The files with the adapters that read them, under the name that the books know them by."""
        folder = self.folder(note.import_id) / _FILES
        opened = open_files([folder / one.name for one in note.files], options.given())
        return [
            Opened(
                SourceFile(
                    one.source.path, book_name(note.import_id, one.source.path.name), one.source.options
                ),
                one.adapter,
                one.bytes_total,
            )
            if isinstance(one, Opened)
            else Unusable(book_name(note.import_id, Path(one.name).name), one.problem)
            for one in opened
        ]

    def stored_path(self, name_in_books: str) -> Path | None:
        """The file that the books call so, if it came through the page and is still here."""
        parts = name_in_books.split("/")
        if (
            len(parts) != 3
            or parts[0] != FOLDER
            or not _ID.fullmatch(parts[1])
            or safe_name(parts[2]) != parts[2]
        ):
            return None
        path = self._root / parts[1] / _FILES / parts[2]
        return path if path.is_file() else None

    def _drop_empty(self) -> None:
        """Uploads that never got a file are in nobody's way but their number's."""
        for import_id in self.all_ids():
            note = self.read(import_id)
            if not note.files and note.stage is Stage.OPEN:
                shutil.rmtree(self._root / import_id, ignore_errors=True)


def book_name(import_id: str, name: str) -> str:
    """How the books call a file that came through the page, wherever the home lies."""
    return f"{FOLDER}/{import_id}/{name}"


@contextmanager
def _disk() -> Generator[None]:
    try:
        yield
    except OSError as problem:
        raise StorageExhausted(
            f"the upload cannot be kept: {problem.strerror or problem}",
            remedy="Make room under LOANTRAIL_HOME, or let the server write there",
        ) from problem
