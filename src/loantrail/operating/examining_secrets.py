"""Examines whether this installation's key opens the second factors that stand in the database: after a restore without the key, or on
a machine with a key of its own, nobody who has one can sign in."""

from __future__ import annotations

from loantrail.errors import ConfigurationError
from loantrail.identity.second_factor import unsealed
from loantrail.identity.secret_key import FILE, installation_key
from loantrail.operating import store
from loantrail.operating.model import Finding, Level
from loantrail.postgres.connection import Database
from loantrail.settings import Settings


def examine_second_factors(books: Database, settings: Settings) -> Finding | None:
    """None where nobody has a second factor. Makes no key. ConfigurationError for a key that cannot be used at all."""
    with books.connection() as connection:
        kept = store.sealed_second_factors(connection)
    if not kept:
        return None
    there = settings.secret_key or (settings.home / FILE).exists()
    key = installation_key(settings) if there else b""
    closed = sum(not _opens(sealed, person_id, key) for person_id, sealed in kept) if key else len(kept)
    if closed:
        return Finding(
            "second_factors",
            Level.PROBLEM,
            f"the secret key of this installation does not open {closed} of {len(kept)} second factors",
            "Bring back LOANTRAIL_SECRET_KEY or the file secret.key of the home folder, or have second factors reset",
        )
    return Finding(
        "second_factors",
        Level.OK,
        f"the secret key of this installation opens all {len(kept)} second factors",
    )


def _opens(sealed: bytes, person_id: str, key: bytes) -> bool:
    try:
        unsealed(sealed, person_id, key)
    except ConfigurationError:
        return False
    return True
