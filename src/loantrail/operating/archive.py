"""The file of a back-up: a zip of two parts, read whole and checked before anything is done with it.

    database.dump.zst   what pg_dump wrote (its custom format), compressed by zstandard
    manifest.json       when and by what it was made, what every table holds, and the SHA-256 of the dump; written last

A file that was cut off has no table of contents; one that was changed has another SHA-256.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import zipfile
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

import pyarrow as pa

from loantrail.errors import ConfigurationError, FileUnreadable, Place, StorageExhausted
from loantrail.operating.store_backup import Content

FORMAT: Final = 1
DUMP: Final = "database.dump.zst"
MANIFEST: Final = "manifest.json"
CHUNK_BYTES: Final = 1 << 20


class BackupDamaged(FileUnreadable):
    """A file that is no back-up, or not the one that was written."""

    code = "backup_damaged"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a back-up says of itself."""

    software_version: str
    made_at: str
    """ISO 8601, UTC."""
    schema_version: str
    server_version: str
    dump_program: str
    """Version of pg_dump."""
    owners: tuple[str, ...]
    """Roles that own the tables, quoted."""
    roles: Mapping[str, bool]
    """Other roles that rights were given to -> whether they may sign in."""
    tables: tuple[Content, ...]
    sequences: Mapping[str, int]
    dump_sha256: str
    """Of the dump as it stands in the file."""
    dump_bytes: int

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.tables)


class Writer:
    """Takes the dump, then the manifest."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.dump_sha256 = ""
        self.dump_bytes = 0

    def dump(self, stream: IO[bytes]) -> None:
        """Take the dump from a stream, to its end."""
        with self._archive.open(DUMP, "w", force_zip64=True) as part:
            counted = _Counted(part)
            sink = pa.PythonFile(cast(Any, counted), mode="w")
            with pa.CompressedOutputStream(sink, "zstd") as packed:
                while chunk := stream.read(CHUNK_BYTES):
                    packed.write(chunk)
            self.dump_sha256, self.dump_bytes = counted.digest.hexdigest(), counted.size

    def manifest(self, manifest: Manifest) -> None:
        """Write what the back-up says of itself: the last part."""
        told = {"product": "loantrail", "format": FORMAT, **asdict(manifest)}
        self._archive.writestr(MANIFEST, json.dumps(told, ensure_ascii=False, indent=1))


class _Counted:
    """Writes on, and takes the hash of what it writes."""

    closed = False

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self._target.write(data)

    def flush(self) -> None:
        """Whoever owns the target does."""

    def close(self) -> None:
        """Whoever owns the target does."""


@contextmanager
def writing(path: Path) -> Generator[Writer]:
    """A new file that is there when the block has ended well, and only then. Only its owner may read it.

    ConfigurationError when there is such a file already or it cannot be written; StorageExhausted when the disk is full.
    """
    if path.exists():
        raise ConfigurationError("there is such a file already", Place(str(path)), "Name another file")
    draft = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                yield Writer(archive)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageExhausted(
                "the disk is full", Place(str(path)), "Free some space, or write the back-up to another disk"
            ) from problem
        raise ConfigurationError(
            f"the back-up cannot be written: {problem.strerror or problem}",
            Place(str(path)),
            "Name a file in a folder that this user may write to",
        ) from problem
    finally:
        draft.unlink(missing_ok=True)


class Archive:
    """A back-up that was read whole and is as it was written."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest

    @contextmanager
    def dump(self) -> Generator[IO[bytes]]:
        """The dump as pg_dump wrote it."""
        with zipfile.ZipFile(self.path) as archive, archive.open(DUMP) as part:
            yield cast(IO[bytes], pa.CompressedInputStream(pa.PythonFile(cast(Any, part), mode="r"), "zstd"))


def read_archive(path: Path, file_sha256: str = "") -> Archive:
    """The back-up, checked from end to end.

    BackupDamaged when it is none, is cut off, was changed, is not the file of that SHA-256, or was made by newer software;
    FileUnreadable when it cannot be read.
    """
    try:
        found = file_hash(path) if file_sha256 else ""
        if found != file_sha256.lower():
            raise BackupDamaged(
                f"the file has SHA-256 {found}, not the one that was given",
                Place(str(path)),
                "It is another file, or was changed: use the one that was written",
            )
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive, path)
            with archive.open(DUMP) as part:
                digest = _digest(iter(lambda: part.read(CHUNK_BYTES), b""))
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError) as problem:
        raise BackupDamaged(
            "the file is no back-up of Loantrail, is cut off, or is damaged",
            Place(str(path)),
            "Copy it again from where it was written, or use another one",
        ) from problem
    except OSError as problem:
        raise FileUnreadable(
            f"cannot be read ({problem.strerror or problem})", Place(str(path)), "Check the path"
        ) from problem
    if digest != manifest.dump_sha256:
        raise BackupDamaged(
            "the dump in the file is not the one that was written",
            Place(str(path)),
            "Copy it again from where it was written, or use another one",
        )
    return Archive(path, manifest)


def _manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    remedy = "Copy it again from where it was written, or use the release that wrote it"
    text = archive.read(MANIFEST)
    try:
        told: dict[str, Any] = json.loads(text)
        if told.pop("product") != "loantrail":
            raise ValueError
        newer = int(told.pop("format")) > FORMAT
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise BackupDamaged(
            "the manifest of the back-up cannot be read", Place(str(path)), remedy
        ) from problem
    if newer:
        raise BackupDamaged(
            "the back-up has a form that this software does not know",
            Place(str(path)),
            "Use the release that wrote it, or a newer one",
        )
    try:
        told["tables"] = tuple(Content(**one) for one in told["tables"])
        told["owners"] = tuple(told["owners"])
        return Manifest(**told)
    except (TypeError, KeyError) as problem:
        raise BackupDamaged(
            "the manifest of the back-up cannot be read", Place(str(path)), remedy
        ) from problem


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    return _digest(_chunks_of(path))


def _digest(chunks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
