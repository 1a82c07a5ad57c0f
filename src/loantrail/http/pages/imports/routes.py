"""Files handed over through the page: stored, read for a first look, imported in the background."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Path, Request
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from loantrail.errors import InputError, LimitExceeded
from loantrail.http.access import Opening, Reading, Recording, allowed
from loantrail.http.connections import Connections, Lending
from loantrail.http.pages.imports.model import (
    FormatName,
    Import,
    ImportFile,
    ImportHistory,
    ImportOptions,
    ImportOverview,
    Nothing,
    Stage,
    UploadedFile,
    UploadNote,
)
from loantrail.http.pages.imports.running import BackgroundImports
from loantrail.http.pages.imports.uploads import FILE_BYTES_MAX, FILES_MAX, Uploads, book_name
from loantrail.http.pages.routes import LIST_PROBLEMS, LOAN_PROBLEMS, Limit, Offset
from loantrail.http.problems import WRITE_STATUSES, problem_responses
from loantrail.http.processes import of_the_monitor
from loantrail.identity.abilities import Ability
from loantrail.ledger.outcome import store
from loantrail.settings import read_settings
from loantrail.sources.mapping import SHIPPED
from loantrail.sources.registry import adapters
from loantrail.tracing.routes_evaluation import Tracer

LISTED: Final = 50
"""Uploads that the overview lists."""
_OCTETS: Final = "application/octet-stream"
_STARTING: Final = threading.Lock()
_WRITES: Final = problem_responses(HTTPStatus.NOT_FOUND, *WRITE_STATUSES)
_MADE: Final = problem_responses(*WRITE_STATUSES)

ImportId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Id of files handed over together.")]
FileName = Annotated[str, Path(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f/]*$")]

router = APIRouter(tags=["imports"])


@of_the_monitor
def _background(request: Request, connections: Lending, tracer: Tracer) -> BackgroundImports:
    """The one that works for this server; begun when first asked for."""
    with _STARTING:
        known: BackgroundImports | None = getattr(request.app.state, "imports", None)
        if known is None:
            known = BackgroundImports(Uploads(read_settings().home), connections, tracer)
            request.app.state.imports = known
        return known


def kept_uploads() -> Uploads:
    """The uploads of this server's home."""
    return Uploads(read_settings().home)


Kept = Annotated[Uploads, Depends(kept_uploads)]
Background = Annotated[BackgroundImports, Depends(_background)]


class _Tells:
    """Imports as they stand, asked in the order in which they end: what this server is at, what is noted of them, the books.
    The other way round one that ends in between would be told as over and as it stood before, and nobody would ask again."""

    def __init__(self, opened: Opening, uploads: Kept, background: Background) -> None:
        self._opened, self._uploads, self._background = opened, uploads, background

    def one(self, import_id: str) -> Import:
        asked, progress = self._at(import_id)
        note = self._uploads.read(import_id)
        with self._opened() as connection:
            return _import(connection, note, asked, progress)

    def newest(self, number: int) -> list[Import]:
        """Those with a file, newest first."""
        ids = self._uploads.all_ids()
        at = {import_id: self._at(import_id) for import_id in ids}
        notes = [note for import_id in ids if (note := self._uploads.read(import_id)).files]
        notes.sort(key=lambda note: note.created_at, reverse=True)
        with self._opened() as connection:
            return [_import(connection, note, *at[note.import_id]) for note in notes[:number]]

    def _at(self, import_id: str) -> tuple[Stage | None, Mapping[str, int]]:
        return self._background.asked(import_id), self._background.progress(import_id)


Tells = Annotated[_Tells, Depends()]


@router.get("/imports", dependencies=[allowed(Ability.READ_DATA)], responses=LIST_PROBLEMS)
def list_imports(tells: Tells) -> ImportOverview:
    """What was handed over through the page, newest first, and what can be."""
    return ImportOverview(
        items=tells.newest(LISTED),
        formats=[
            FormatName(name=one.name, chinese=one.chinese) for one in adapters() if one.name != "mapping"
        ],
        mappings=_mappings(),
        file_bytes_max=FILE_BYTES_MAX,
        files_max=FILES_MAX,
    )


@router.post(
    "/imports", dependencies=[allowed(Ability.TAKE_DATA)], status_code=HTTPStatus.CREATED, responses=_MADE
)
def begin_import(
    connections: Lending, record: Recording, uploads: Kept, tells: Tells, meant: Annotated[Nothing, Body()]
) -> Import:
    """A place for files that are to be imported together."""
    del meant
    made = uploads.make()
    _note(connections, record, "begin", made.import_id)
    return tells.one(made.import_id)


@router.get("/import-runs", dependencies=[allowed(Ability.READ_DATA)], responses=LIST_PROBLEMS)
def list_runs(connection: Reading, offset: Offset = 0, limit: Limit = 20) -> ImportHistory:
    """Every run of an import, those of the command line too, newest first."""
    runs, total = store.import_runs(connection, offset, limit)
    return ImportHistory.model_validate(
        {"items": runs, "total_count": total, "offset": offset, "limit": limit}
    )


@router.get("/imports/{import_id}", dependencies=[allowed(Ability.READ_DATA)], responses=LOAN_PROBLEMS)
def one_import(tells: Tells, import_id: ImportId) -> Import:
    """How far it has come, file by file."""
    return tells.one(import_id)


@router.put(
    "/imports/{import_id}/files/{file_name}",
    dependencies=[allowed(Ability.TAKE_DATA)],
    responses=_WRITES,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file's bytes.",
            "content": {_OCTETS: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def put_file(
    request: Request,
    connections: Lending,
    record: Recording,
    uploads: Kept,
    import_id: ImportId,
    file_name: FileName,
) -> UploadedFile:
    """Hand over one file as it is. One of the same name is replaced."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > FILE_BYTES_MAX:
        raise LimitExceeded(
            f"the file is larger than {FILE_BYTES_MAX // 2**30} GiB",
            remedy="Import it with `loantrail import FILE` on the server",
        )
    try:
        taken = await uploads.receive(import_id, file_name, request.stream())
    except ClientDisconnect as problem:
        raise InputError("the file broke off on its way", remedy="Hand it over again") from problem
    after = {"file": taken.name, "size_bytes": taken.size_bytes}
    await run_in_threadpool(_note, connections, record, "put_file", import_id, after)
    return taken


@router.delete(
    "/imports/{import_id}/files/{file_name}", dependencies=[allowed(Ability.TAKE_DATA)], responses=_WRITES
)
def drop_file(
    connections: Lending,
    record: Recording,
    uploads: Kept,
    background: Background,
    tells: Tells,
    import_id: ImportId,
    file_name: FileName,
) -> Import:
    """Leave one file out."""
    _check_at_rest(background, import_id)
    _note(connections, record, "drop_file", import_id, {"file": file_name})
    uploads.drop_file(import_id, file_name)
    return tells.one(import_id)


@router.post(
    "/imports/{import_id}/check",
    dependencies=[allowed(Ability.TAKE_DATA)],
    status_code=HTTPStatus.ACCEPTED,
    responses=_WRITES,
)
def check_import(
    uploads: Kept,
    background: Background,
    tells: Tells,
    import_id: ImportId,
    options: Annotated[ImportOptions, Body()],
) -> Import:
    """Read the files without the books, in the background: formats, rows, what would be refused."""
    uploads.folder(import_id)
    _check_options(options)
    background.begin(import_id, Stage.CHECKING, options)
    return tells.one(import_id)


@router.post(
    "/imports/{import_id}/start",
    dependencies=[allowed(Ability.TAKE_DATA)],
    status_code=HTTPStatus.ACCEPTED,
    responses=_WRITES,
)
def start_import(
    connections: Lending,
    record: Recording,
    background: Background,
    tells: Tells,
    import_id: ImportId,
    meant: Annotated[Nothing, Body()],
) -> Import:
    """Take the files into the books, in the background. One that was broken off goes on where it was."""
    del meant
    background.begin(import_id, Stage.IMPORTING)
    _note(connections, record, "start", import_id)
    return tells.one(import_id)


@router.delete(
    "/imports/{import_id}",
    dependencies=[allowed(Ability.TAKE_DATA)],
    status_code=HTTPStatus.NO_CONTENT,
    responses=_WRITES,
)
def remove_import(
    connections: Lending, record: Recording, uploads: Kept, background: Background, import_id: ImportId
) -> None:
    """Throw the uploaded files away. What is in the books stays."""
    _check_at_rest(background, import_id)
    _note(connections, record, "remove", import_id)
    uploads.remove(import_id)


def _note(
    connections: Connections, record: Recording, verb: str, import_id: str, after: object = None
) -> None:
    with connections.connection() as connection:
        record(connection, f"import.{verb}", "import", import_id, after=after)


def _check_at_rest(background: BackgroundImports, import_id: str) -> None:
    if background.asked(import_id) is not None:
        raise InputError("this import is running", remedy="Wait until it has ended")


def _mappings() -> list[str]:
    return sorted(file.stem for file in SHIPPED.glob("*.yaml"))


def _check_options(options: ImportOptions) -> None:
    if options.format and options.format not in {one.name for one in adapters()}:
        raise InputError(f"there is no format {options.format}", remedy="Choose one of the list")
    if options.mapping and options.mapping not in _mappings():
        raise InputError(f"there is no shipped mapping {options.mapping}", remedy="Choose one of the list")


def _import(connection: Any, note: UploadNote, asked: Stage | None, progress: Mapping[str, int]) -> Import:
    names = [book_name(note.import_id, one.name) for one in note.files]
    entries = store.files_named(connection, names)
    refused = store.refusals_of_files(connection, names)
    earlier = store.earlier_imports(connection, [one.sha256 for one in note.files], names)
    # `interrupted` is what a note looks like until its thread has begun.
    stage = note.stage if asked is None else asked
    running = asked is not None and note.stage is asked
    done = {**note.bytes_done, **progress} if stage is note.stage else {}
    checks = {one.name: one for one in note.checked}
    files: list[ImportFile] = []
    for one, name in zip(note.files, names, strict=True):
        entry = entries.get(name)
        before = earlier.get(one.sha256)
        files.append(
            ImportFile(
                name=one.name,
                book_name=name,
                size_bytes=one.size_bytes,
                bytes_done=min(done.get(one.name, 0), one.size_bytes),
                state=_state(stage, entry["state"] if entry else None),
                rows_read=entry["rows_read"] if entry else 0,
                rows_accepted=entry["rows_accepted"] if entry else 0,
                rows_duplicate=entry["rows_duplicate"] if entry else 0,
                rows_refused=entry["rows_refused"] if entry else 0,
                refused=refused.get(name, {}),
                imported_before_at=before["finished_at"] if before else None,
                check=checks.get(one.name),
            )
        )
    return Import(
        import_id=note.import_id,
        created_at=note.created_at,
        stage=stage,
        interrupted_in=note.interrupted_in,
        waiting=asked is not None and not running,
        options=note.options,
        files=files,
        started_at=note.started_at,
        ended_at=note.ended_at,
        problem=note.problem,
        totals=note.totals,
    )


def _state(stage: Stage, entry: str | None) -> str:
    if entry is not None:
        return entry
    # A file that no adapter reads never gets an entry.
    return "failed" if stage is Stage.FINISHED else "waiting"


def stored_file(source_file: str) -> FilePath | None:
    """The file that the books call so, if it came through the page and is still kept."""
    return kept_uploads().stored_path(source_file)
