"""Run the demo bank: build it in a database of its own, trace it, hand on what was found, show the page."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from loantrail.clock import monotonic_seconds, now
from loantrail.demo.evaluate import Evaluation, evaluate
from loantrail.demo.evaluate_warnings import Budget, judge_warnings
from loantrail.demo.generate import Summary, generate
from loantrail.demo.model import FIRST_DAY
from loantrail.demo.store_people import make_people
from loantrail.demo.truth import read_truth
from loantrail.early_warning.store_reading import read_warnings
from loantrail.errors import ConfigurationError
from loantrail.http.server import listen, serve
from loantrail.ledger.importing import import_files
from loantrail.ledger.model import RECORD_TYPES as LEDGER_TYPES
from loantrail.monitor.beside import Beside
from loantrail.parties.model import RECORD_TYPES as PARTY_TYPES
from loantrail.policy.reading import parameters_in_force
from loantrail.postgres.attach import supervisor_alive
from loantrail.postgres.connection import Database, database
from loantrail.postgres.layout import Layout
from loantrail.rules import store_volume
from loantrail.settings import Settings, read_settings
from loantrail.sources.dry_run import Outcome
from loantrail.sources.files import open_files
from loantrail.tracing import store
from loantrail.tracing.database import Found, trace_books

POOL_WAIT_SECONDS: Final = 10.0
JUDGING: Final = (
    "early_warning/patterns*.py",
    "early_warning/near_in_time.py",
    "early_warning/handing_on.py",
    "early_warning/debts.py",
    "early_warning/payments.py",
    "early_warning/related.py",
    "early_warning/view.py",
    "early_warning/words.py",
    "parameter_values/*.yaml",
    "destinations/*.py",
    "destinations/dictionaries/*.csv",
)
"""What decides which leads a bank has."""
UNRELATED: Final = ("evaluate", "running", "store_people", "identity")
"""Beginnings of names of files among those that make no other bank: they compare, show, or say who may sign in."""


@dataclass(frozen=True, slots=True)
class Making:
    """The files of a bank are being made."""

    size: str
    seed: int


@dataclass(frozen=True, slots=True)
class Reading:
    """They are being read into the database."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the trace, in the sentence that it is told by."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The bank stands, that many seconds after its making began."""

    seconds: float


Told = Making | Summary | Reading | Outcome | Step | Found | Ready
"""What is told of a bank's making, in this order; the command line has the words."""
Tell = Callable[[Told], object]


def demo_settings(size: str, seed: int) -> Settings:
    """Settings whose embedded database holds nothing but this demo bank. ConfigurationError for an external one:
    a demo bank must never mix with a bank's own books."""
    settings = read_settings()
    if settings.database_url:
        raise ConfigurationError(
            "LOANTRAIL_DATABASE_URL names a database of your own",
            remedy="The demo bank is kept apart: unset the variable to run it in the embedded database",
        )
    return replace(settings, home=settings.home / "demo" / f"{size}-{seed}-{_fingerprint()}")


def _forget_older(home: Path, size: str, seed: int) -> None:
    """Banks that another version of the generator made, unless something still runs on them."""
    for folder in home.parent.glob(f"{size}-{seed}-*"):
        if folder != home and not supervisor_alive(Layout(folder)):
            shutil.rmtree(folder, ignore_errors=True)


def _fingerprint() -> str:
    """Changes whenever the generator does, or what looks for misuse: a bank that another version made or judged is made
    anew. What only compares with the truth changes nothing."""
    digest = hashlib.blake2b(version("loantrail").encode(), digest_size=8)
    package = Path(__file__).parents[1]
    files = [path for path in package.glob("demo/*.py") if not path.name.startswith(UNRELATED)]
    for pattern in JUDGING:
        files += (path for path in package.glob(pattern) if not path.name.startswith(UNRELATED))
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _bank_folder(settings: Settings, size: str, seed: int, tell: Tell) -> Path:
    """The delivered files of the bank, generated if they are not there."""
    folder = settings.home / "bank"
    mark = folder / "complete"
    if mark.is_file():
        return folder
    tell(Making(size, seed))
    shutil.rmtree(folder, ignore_errors=True)
    summary = generate(size, seed, folder)
    mark.touch()
    tell(summary)
    return folder


@contextmanager
def open_demo_bank(size: str, seed: int, tell: Tell) -> Generator[Database]:
    """The demo bank's database, filled and traced; what is done already is not done again."""
    settings = demo_settings(size, seed)
    started = monotonic_seconds()
    _forget_older(settings.home, size, seed)
    folder = _bank_folder(settings, size, seed, tell)
    with database(settings) as books:
        with books.connect() as connection:
            run_id = store.current_run_id(connection)
            connection.rollback()
            if run_id is None:
                _fill(books, folder, tell)
                tell(trace_books(connection, "fifo", lambda sentence: tell(Step(sentence))))
                tell(Ready(monotonic_seconds() - started))
            make_people(connection, now())
            connection.commit()
        yield books


def _fill(books: Database, folder: Path, tell: Tell) -> None:
    tell(Reading())
    names = [record_type.name for record_type in (*PARTY_TYPES, *LEDGER_TYPES)]
    files = [folder / f"{name}.parquet" for name in names if (folder / f"{name}.parquet").is_file()]
    tell(import_files(open_files(files), books=books))


def serve_demo(
    books: Database, home: Path, port: int | None, opens: bool, announce: Callable[[str], None]
) -> None:
    """Serve the page of the demo bank that lies in `home` until interrupted. `announce` is given its address."""
    with (
        listen("127.0.0.1", port) as listening,
        books.pool(wait_seconds=POOL_WAIT_SECONDS) as connections,
        books.pool(wait_seconds=POOL_WAIT_SECONDS, web=True) as web_connections,
        Beside(books.url) as beside,
    ):

        def prepare(app: Any) -> None:
            app.state.beside = beside

        serve(connections, web_connections, listening, announce, opens, prepare, home)


def evaluate_demo_bank(size: str, seed: int, tell: Tell) -> Evaluation:
    """What was found in the demo bank against its known truth. Builds and traces the bank when need be."""
    with open_demo_bank(size, seed, tell) as books, books.connect() as connection:
        run_id = store.current_run_id(connection)
        connection.rollback()
        statement, leads = store.read_findings(connection, run_id or "")
        hits, threads = read_warnings(connection)
        volume = store_volume.volume(connection)
        connection.rollback()
        book = parameters_in_force(connection)
    planted, look_alikes, uses = read_truth(demo_settings(size, seed).home / "bank")
    evaluation = evaluate(planted, look_alikes, uses, statement, leads)
    budget = Budget(
        book.at_or_first("warning_threads_per_thousand_loans", FIRST_DAY).number,
        book.at_or_first("warning_threads_severe_per_thousand_loans", FIRST_DAY).number,
    )
    judged = judge_warnings(planted, look_alikes, hits, threads, volume, budget)
    return replace(evaluation, warnings=judged)
