"""Examines a whole installation, part by part; one part that fails does not hide the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from loantrail.errors import LoantrailError
from loantrail.operating import examining_place, examining_software
from loantrail.operating.examining_database import examine_database
from loantrail.operating.examining_secrets import examine_second_factors
from loantrail.operating.model import Finding, Level
from loantrail.postgres.connection import database
from loantrail.postgres.layout import Layout
from loantrail.settings import Settings, read_settings

Examination = Callable[[], Finding | Sequence[Finding] | None]


def examine(environment: Mapping[str, str], home: Path | None = None) -> list[Finding]:
    """Everything that can be looked at. `home`: where the books lie, if not where the environment says (the demo bank has a
    folder of its own). Starts the embedded server where it rests; makes and changes nothing."""
    found = [
        *_of("python", examining_software.examine_python),
        *_of("packages", examining_software.examine_packages),
        *_of("page", examining_software.examine_page),
        *_of("fonts", examining_software.examine_fonts),
    ]
    try:
        settings = read_settings(environment)
    except LoantrailError as problem:
        return [*found, Finding("settings", Level.PROBLEM, str(problem), "")]
    there = settings if home is None else replace(settings, home=home)
    return [
        *found,
        *_of("settings", lambda: examining_place.examine_settings(environment)),
        *_of("home", lambda: examining_place.examine_home(there)),
        *_of("secret_key", lambda: examining_place.examine_secret_key(settings)),
        *_of("disk", lambda: examining_place.examine_disk(there)),
        *_of("database", lambda: _database(there, settings)),
        *_of("supervisor", lambda: examining_place.examine_supervisor(there)),
        *_of("nightly", lambda: examining_place.examine_nightly(settings)),
        *_of("channels", lambda: examining_place.examine_channels(settings, environment)),
    ]


def _database(there: Settings, settings: Settings) -> list[Finding]:
    made = (Layout(there.home).data / "PG_VERSION").exists()
    if not there.database_url and not made:
        return []  # `supervisor` says that it is not made yet; looking must not make it
    with database(there, migrated=False) as books:
        found = examine_database(books)
        if any(one.check == "web_role" for one in found):  # it answers, with tables of this version
            found += _of("second_factors", lambda: examine_second_factors(books, settings))
        return found


def _of(check: str, examination: Examination) -> Sequence[Finding]:
    try:
        found = examination()
    except LoantrailError as problem:
        return [Finding(check, Level.PROBLEM, problem.problem, problem.remedy)]
    except Exception as problem:  # an examination that fails is itself a finding
        return [
            Finding(
                check,
                Level.PROBLEM,
                f"this could not be examined ({type(problem).__name__}: {problem})",
                "Tell the maintainers",
            )
        ]
    if found is None:
        return []
    return [found] if isinstance(found, Finding) else found
