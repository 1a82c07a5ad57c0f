"""The key of this installation, which seals second factors: from the settings, or a file that is made at the first use."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Final

from loantrail.errors import ConfigurationError, Place
from loantrail.ids import new_id, secret_bytes
from loantrail.settings import Settings, read_settings

FILE: Final = "secret.key"
SHORTEST: Final = 32
"""Characters of a key that is given: as hexadecimal digits that is 128 bits."""


def installation_key(settings: Settings | None = None) -> bytes:
    """32 bytes. ConfigurationError where the one given is too short, or the file cannot be made, read or is open to others."""
    settings = settings or read_settings()
    if settings.secret_key:
        if len(settings.secret_key) < SHORTEST:
            raise ConfigurationError(
                f"LOANTRAIL_SECRET_KEY has fewer than {SHORTEST} characters",
                remedy="Set it to a long random text, such as `openssl rand -hex 32` prints",
            )
        return hashlib.sha256(b"loantrail second factor\0" + settings.secret_key.encode()).digest()
    return _of_file(settings.home / FILE)


def _of_file(path: Path) -> bytes:
    try:
        if not path.exists():
            _make(path)
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError as problem:
        raise ConfigurationError(
            f"the secret key cannot be kept: {problem.strerror or problem}",
            Place(str(path)),
            "Let this user write to the home folder, or set LOANTRAIL_SECRET_KEY",
        ) from None
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(
            "the secret key can be read by other users", Place(str(path)), "Close it: chmod 600"
        )
    if len(content) != 32:
        raise ConfigurationError(
            "the secret key is damaged", Place(str(path)), "Bring it back from a back-up of the home folder"
        )
    return content


def _make(path: Path) -> None:
    """Whole or not at all, and never over one that another process made at the same moment."""
    path.parent.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{new_id()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            return
    finally:
        fresh.unlink(missing_ok=True)
