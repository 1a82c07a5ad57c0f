"""Restores a back-up into an empty database, in one transaction: either every table is as it was, or nothing is there."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

from loantrail import clock
from loantrail.errors import ConfigurationError, LoantrailError
from loantrail.operating import store_backup as store
from loantrail.operating.archive import CHUNK_BYTES, Archive, Manifest
from loantrail.operating.backing_up import end, program_failed
from loantrail.operating.dump_programs import PG_RESTORE, Program, find_program
from loantrail.operating.restore_script import Rows, Target, fitted, read_script
from loantrail.postgres.connection import Database
from loantrail.postgres.migrate import upgrade, versions
from loantrail.settings import Settings

if TYPE_CHECKING:
    from psycopg import Connection


class DatabaseNotEmpty(LoantrailError):
    """A back-up is restored into an empty database alone: it replaces nothing."""

    code = "database_not_empty"


class RestoredOtherwise(LoantrailError):
    """What was restored is not what was backed up; nothing of it was kept."""

    code = "restored_otherwise"


@dataclass(frozen=True, slots=True)
class Restored:
    """A back-up that was restored."""

    manifest: Manifest
    upgraded: Sequence[str]
    """Versions that the tables were brought on by."""
    roles_made: Sequence[str]
    seconds: float


def restore(books: Database, archive: Archive, settings: Settings) -> Restored:
    """Restore the database, verify every table, bring it to the version of this software.

    DatabaseNotEmpty; RestoredOtherwise where a table is not as it was; ConfigurationError where the back-up is of a newer
    version or no program fits; DatabaseUnavailable. Until all tables are verified nothing is kept.
    """
    begun = clock.monotonic_seconds()
    manifest = archive.manifest
    if manifest.schema_version not in versions():
        raise ConfigurationError(
            f"the back-up's tables have version {manifest.schema_version}, which this software does not know",
            remedy="Install the newer release of the software that made it",
        )
    least = int(manifest.dump_program.split(".")[0])
    program = find_program(PG_RESTORE, least, settings, embedded=books.embedded)
    with books.connect() as connection:
        there = store.things_there(connection)
        if there:
            raise DatabaseNotEmpty(
                f"the database holds {len(there)} tables and views already, {there[0]} among them",
                remedy="Restore into a new database (another LOANTRAIL_HOME or LOANTRAIL_DATABASE_URL)",
            )
        made = _roles(connection, manifest)
        _run(connection, archive, program)
        _verify(connection, manifest)
        connection.commit()
    with books.connect() as connection:
        upgraded = upgrade(connection)
        connection.commit()
        connection.autocommit = True
        store.analyze(connection)
    return Restored(manifest, upgraded, made, clock.monotonic_seconds() - begun)


def _roles(connection: Connection[Any], manifest: Manifest) -> list[str]:
    return [
        name
        for name, signs_in in manifest.roles.items()
        if store.make_role(connection, name, signs_in=signs_in)
    ]


def _run(connection: Connection[Any], archive: Archive, program: Program) -> None:
    """Run what pg_restore makes of the dump, in the transaction that is open."""
    command = [str(program.path), "--file=-", "--no-owner", "--no-publications", "--no-subscriptions",
               "--no-security-labels", "--no-tablespaces"]  # fmt: skip
    target = Target(store.known_settings(connection), connection.info.server_version)
    with tempfile.TemporaryFile() as words, archive.dump() as dump:
        process = subprocess.Popen(  # noqa: S603  a program of PostgreSQL
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words
        )
        feeding = threading.Thread(target=_feed, args=(dump, process.stdin), name="restore", daemon=True)
        feeding.start()
        try:
            assert process.stdout is not None
            for part in read_script(process.stdout):
                if isinstance(part, Rows):
                    store.copy_rows(connection, part.statement, part.chunks)
                elif (statements := fitted(part, archive.manifest.owners, target)) is not None:
                    store.run_text(connection, statements)
            status = process.wait()
        finally:
            process.kill()
            feeding.join()
            end(process)
        if status != 0:
            raise program_failed(PG_RESTORE, words)


def _feed(dump: IO[bytes], target: IO[bytes] | None) -> None:
    try:
        with cast(IO[bytes], target) as pipe:
            while chunk := dump.read(CHUNK_BYTES):
                pipe.write(chunk)
    except (BrokenPipeError, ValueError):
        return  # the program ended: its status tells why


def _verify(connection: Connection[Any], manifest: Manifest) -> None:
    store.fix_text_of_rows(connection)
    expected = {one.name: one for one in manifest.tables}
    found = {name: store.content_of(connection, name) for name in store.tables(connection)}
    differing = sorted(
        name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
    )
    sequences = store.sequences(connection)
    # A number may have been given out between the snapshot and the dump: then it is larger, never smaller.
    behind = sorted(name for name, last in manifest.sequences.items() if sequences.get(name, -1) < last)
    if differing or behind:
        named = [*differing, *behind]
        raise RestoredOtherwise(
            f"{len(named)} tables or sequences are not as they were backed up, {named[0]} among them; nothing was kept",
            remedy="Use another back-up, and tell the maintainers",
        )
