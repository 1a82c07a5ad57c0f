"""Reads and imports uploads in the background, one after the other."""

from __future__ import annotations

import csv
import logging
import queue
import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

from psycopg import Connection

from loantrail import clock
from loantrail.errors import InputError, LoantrailError, unforeseen
from loantrail.http.connections import Connections
from loantrail.http.pages.imports.model import (
    CheckedFile,
    ImportOptions,
    ImportTotals,
    RecordCounts,
    RefusedRow,
    Stage,
    UploadNote,
)
from loantrail.http.pages.imports.uploads import Uploads
from loantrail.ledger.importing import import_files
from loantrail.sources.dry_run import Outcome, dry_run, record_types_in_order
from loantrail.sources.files import Opened, Unusable
from loantrail.tracing import store_evaluation
from loantrail.tracing.retrace import Retracing

SHOWN_ROWS: Final = 200
"""Refused rows of one file that a check lists."""
NOTED_SECONDS: Final = 0.5
"""How often progress is written down."""
_LOG = logging.getLogger(__name__)


class _Lent:
    """Connections of the server, as an import wants them."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def connect(self) -> AbstractContextManager[Connection[Any]]:
        return self._connections.session()


class BackgroundImports:
    """One thread that works off what is asked for. It ends with the server; what it leaves can be taken up again."""

    def __init__(self, uploads: Uploads, connections: Connections, retracing: Retracing) -> None:
        self._uploads = uploads
        self._connections = connections
        self._retracing = retracing
        self._work: queue.SimpleQueue[tuple[str, Stage]] = queue.SimpleQueue()
        self._asked: dict[str, Stage] = {}
        self._progress: dict[str, dict[str, int]] = {}
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self, import_id: str, stage: Stage, options: ImportOptions | None = None) -> None:
        """Have the upload read (`CHECKING`) or imported (`IMPORTING`). Asked twice, it is done once."""
        with self._guard:
            if import_id in self._asked or self._uploads.is_running(import_id):
                return
            note = self._uploads.read(import_id)
            _check_may_begin(note)
            changes: dict[str, object] = {"problem": None, "interrupted_in": None}
            if options is not None:
                changes["options"] = options
            self._uploads.write(note.model_copy(update=changes))
            self._asked[import_id] = stage
            self._work.put((import_id, stage))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="imports", daemon=True)
                self._thread.start()

    def asked(self, import_id: str) -> Stage | None:
        """What it is waiting for, or at."""
        return self._asked.get(import_id)

    def progress(self, import_id: str) -> Mapping[str, int]:
        """File -> bytes read so far, of one that runs."""
        return dict(self._progress.get(import_id, {}))

    def _run(self) -> None:
        while True:
            import_id, stage = self._work.get()
            try:
                with self._uploads.running(import_id) as free:
                    if free:
                        self._take(import_id, stage)
            except Exception as problem:
                # One upload that fails in a way nobody foresaw must not end the thread that serves the others.
                _LOG.exception("the import %s failed", import_id, exc_info=problem)
            finally:
                self._progress.pop(import_id, None)
                self._asked.pop(import_id, None)

    def _take(self, import_id: str, stage: Stage) -> None:
        note = self._uploads.read(import_id)
        started = note.started_at if stage is Stage.IMPORTING and note.started_at else clock.now()
        note = note.model_copy(
            update={
                "stage": stage,
                "started_at": started,
                "ended_at": None,
                "interrupted_in": None,
                "bytes_done": {},
            }
        )
        self._uploads.write(note)
        try:
            work = self._check if stage is Stage.CHECKING else self._import
            note = work(note)
        except LoantrailError as problem:
            note = note.model_copy(update={"stage": Stage.FAILED, "problem": str(problem)})
        except Exception as problem:
            note = note.model_copy(update={"stage": Stage.FAILED, "problem": unforeseen(problem)})
            self._uploads.write(note.model_copy(update={"ended_at": clock.now()}))
            raise
        self._uploads.write(
            note.model_copy(update={"ended_at": clock.now(), "bytes_done": dict(self.progress(import_id))})
        )

    def _on_progress(self, note: UploadNote) -> Callable[[str, int], None]:
        done = self._progress.setdefault(note.import_id, {})
        noted = clock.monotonic_seconds()

        def on_progress(name: str, bytes_read: int) -> None:
            nonlocal noted
            short = name.rpartition("/")[2]
            done[short] = max(done.get(short, 0), bytes_read)
            if clock.monotonic_seconds() - noted >= NOTED_SECONDS:
                noted = clock.monotonic_seconds()
                self._uploads.write(note.model_copy(update={"bytes_done": dict(done)}))

        return on_progress

    def _check(self, note: UploadNote) -> UploadNote:
        on_progress = self._on_progress(note)
        out = self._uploads.folder(note.import_id) / "check"
        checked: list[CheckedFile] = []
        try:
            for file in self._uploads.open_files(note, note.options):
                outcome = dry_run([file], out, on_progress)
                with (out / "refused.csv").open(encoding="utf-8", newline="") as stream:
                    rows = [row for row, _ in zip(csv.DictReader(stream), range(SHOWN_ROWS), strict=False)]
                checked.append(_checked(file, outcome, rows))
        finally:
            shutil.rmtree(out, ignore_errors=True)
        order = {one.name: place for place, one in enumerate(note.files)}
        checked.sort(key=lambda one: order.get(one.name, len(order)))
        return note.model_copy(update={"stage": Stage.CHECKED, "checked": checked, "started_at": None})

    def _import(self, note: UploadNote) -> UploadNote:
        files = self._uploads.open_files(note, note.options)
        outcome = import_files(files, self._on_progress(note), _Lent(self._connections))
        if outcome.accepted.total():
            have_traced(self._connections, self._retracing)
        return note.model_copy(update={"stage": Stage.FINISHED, "totals": _totals(outcome)})


def have_traced(connections: Connections, retracing: Retracing) -> None:
    """Records came in through the page: the trace is to follow without a terminal."""
    with connections.connection() as connection:
        change = store_evaluation.request_for_records(connection)
    if change is not None:
        retracing.start()


def _check_may_begin(note: UploadNote) -> None:
    if not note.files:
        raise InputError("this import has no files", remedy="Add files first")
    if note.stage is Stage.FINISHED:
        raise InputError("this import is finished", remedy="Begin a new import")


def _records(outcome: Outcome) -> list[RecordCounts]:
    return [
        RecordCounts(
            record_type=name,
            read=outcome.read[name],
            accepted=outcome.accepted[name],
            duplicate=outcome.duplicate[name],
        )
        for name in record_types_in_order(outcome)
    ]


def _totals(outcome: Outcome) -> ImportTotals:
    return ImportTotals(
        records=_records(outcome),
        refused={reason: count for reason, count in outcome.refused.most_common() if count},
        accounts_reconciled=outcome.accounts_reconciled,
        accounts_without_balances=outcome.accounts_without_balances,
        differences=len(outcome.differences),
    )


def _checked(file: Opened | Unusable, outcome: Outcome, rows: list[dict[str, str]]) -> CheckedFile:
    name = file.source.name if isinstance(file, Opened) else file.name
    problem = outcome.unusable[0].problem if outcome.unusable else None
    return CheckedFile(
        name=name.rpartition("/")[2],
        format=file.adapter.name if isinstance(file, Opened) else None,
        problem=f"{problem.problem}. {problem.remedy}".strip() if problem else None,
        refused_rows=[
            RefusedRow(
                position=int(row["position"]),
                field=row["field"],
                reason=row["reason"],
                message=row["message"],
            )
            for row in rows
        ],
        **_totals(outcome).model_dump(),
    )
