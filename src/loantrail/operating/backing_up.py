"""Makes a back-up: pg_dump writes one state of the database while, over the same state, every table is counted and hashed."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

from loantrail import clock
from loantrail.errors import ConfigurationError, DatabaseUnavailable
from loantrail.operating import store_backup as store
from loantrail.operating.archive import Manifest, Writer, file_hash, writing
from loantrail.operating.dump_programs import PG_DUMP, Program, find_program
from loantrail.postgres.connection import Database, address_and_password
from loantrail.postgres.migrate import current_version
from loantrail.settings import Settings

if TYPE_CHECKING:
    from psycopg import Connection

WORDS_MOST: Final = 600


@dataclass(frozen=True, slots=True)
class Made:
    """A back-up that was made."""

    path: Path
    manifest: Manifest
    size_bytes: int
    sha256: str
    seconds: float


def back_up(books: Database, path: Path, settings: Settings) -> Made:
    """Write a back-up of the whole database; others go on working meanwhile.

    ConfigurationError: there is such a file, there is nothing to back up, no program fits. DatabaseUnavailable: the database
    or pg_dump fails. StorageExhausted. A file is left only where all went well.
    """
    begun = clock.monotonic_seconds()
    with books.connect() as connection:
        connection.autocommit = True
        schema_version = current_version(connection)
        if schema_version is None:
            raise ConfigurationError(
                "the database has no tables yet: there is nothing to back up",
                remedy="Check LOANTRAIL_HOME and LOANTRAIL_DATABASE_URL",
            )
        major = connection.info.server_version // 10_000
        program = find_program(PG_DUMP, major, settings, embedded=books.embedded)
        snapshot = store.begin_snapshot(connection)
        store.fix_text_of_rows(connection)
        hidden = store.tables_not_seen_whole(connection)
        if hidden:
            raise ConfigurationError(
                f"this role does not see all rows of {len(hidden)} tables, {hidden[0]} among them",
                remedy="Back up as the role that migrated the tables",
            )
        made_at = clock.now()
        with writing(path) as writer:
            found = _dump(connection, books, program, snapshot, writer)
            manifest = Manifest(
                software_version=version("loantrail"),
                made_at=made_at.isoformat(),
                schema_version=schema_version,
                server_version=store.server_version(connection),
                dump_program=program.version,
                owners=tuple(store.owners(connection)),
                roles=store.other_roles(connection),
                tables=found,
                sequences=store.sequences(connection),
                dump_sha256=writer.dump_sha256,
                dump_bytes=writer.dump_bytes,
            )
            writer.manifest(manifest)
        connection.execute("ROLLBACK")
    seconds = clock.monotonic_seconds() - begun
    return Made(path, manifest, path.stat().st_size, file_hash(path), seconds)


def _dump(
    connection: Connection[Any], books: Database, program: Program, snapshot: str, writer: Writer
) -> tuple[store.Content, ...]:
    """The dump goes to the writer in a thread, while this one counts and hashes."""
    address, secrets = address_and_password(books.url())
    command = [str(program.path), "--format=custom", "--compress=0", f"--snapshot={snapshot}", "--no-password",
               "--no-publications", "--no-subscriptions", "--no-security-labels", "--no-tablespaces",
               f"--dbname={address}"]  # fmt: skip
    if store.row_security_holds(connection):
        # The owner sees every row by a policy of its own; without this word pg_dump would not ask.
        command.append("--enable-row-security")
    with tempfile.TemporaryFile() as words, ThreadPoolExecutor(1, "back-up") as threads:
        process = _started(command, secrets, words)
        try:
            dumping: Future[None] = threads.submit(writer.dump, cast(IO[bytes], process.stdout))
            found: list[store.Content] = []
            for table in store.tables(connection):
                found.append(store.content_of(connection, table))
                if dumping.done() and dumping.exception() is not None:
                    break
            dumping.result()
            status = process.wait()
        finally:
            end(process)
        if status != 0:
            raise program_failed(PG_DUMP, words)
    return tuple(found)


def _started(command: list[str], secrets: Mapping[str, str], words: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  a program of PostgreSQL
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=words,
        env={**os.environ, "LC_ALL": "C", **secrets},
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Whatever it was at, a program of ours is over."""
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()


def program_failed(name: str, words: IO[bytes]) -> DatabaseUnavailable:
    """The error of a program of PostgreSQL, from what it said."""
    words.seek(0)
    said = " ".join(words.read().decode(errors="replace").split())[-WORDS_MOST:] or "it said nothing"
    remedy = "See the server's log"
    if "SSL support is not compiled in" in said or "does not support SSL" in said:
        remedy = "Install PostgreSQL's client programs, or name their folder by LOANTRAIL_DATABASE_PROGRAMS"
    return DatabaseUnavailable(f"the program {name} failed: {said}", remedy=remedy)
