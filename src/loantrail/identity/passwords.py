"""Passwords: kept as argon2id (RFC 9106, its second recommended choice: 64 MiB, 3 passes, 4 lanes), and what makes one good
enough."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Final

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from loantrail.errors import InputError, Place
from loantrail.identity.decide import Limits
from loantrail.ids import secret_bytes, secret_token

LONGEST: Final = 256
"""Characters; a longer one is refused before it costs anything."""
AT_ONCE: Final = 4
"""So many are hashed at the same time: each takes 64 MiB."""
ONE_TIME_LETTERS: Final = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Of passwords that are read out or typed over: no l, I, 1, o, O, 0."""
SPECIAL: Final = "!#%+=?@"

_hasher: Final = argon2.PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
_turns: Final = threading.BoundedSemaphore(AT_ONCE)


def _plain(password: str) -> str:
    # The same characters typed on another keyboard are the same password.
    return unicodedata.normalize("NFKC", password)


def hashed(password: str) -> str:
    """What is kept of a password: argon2id in its own notation, with a fresh salt."""
    with _turns:
        return _hasher.hash(_plain(password))


def is_right(kept: str | None, password: str) -> bool:
    """Whether the password is the one that was kept. Without a kept one the answer is no, after as long a time."""
    if len(password) > LONGEST:
        return False
    with _turns:
        try:
            return _hasher.verify(kept or _nobody(), _plain(password)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Whether it was hashed at another cost than passwords are now: then it is hashed again at the next sign-in."""
    return _hasher.check_needs_rehash(kept)


@cache
def _nobody() -> str:
    """The hash of a password that nobody has."""
    return _hasher.hash(secret_token())


def one_time_password() -> str:
    """A password that somebody is given and must change: 15 characters of four kinds, 78 bits."""
    letters = "".join(ONE_TIME_LETTERS[byte % len(ONE_TIME_LETTERS)] for byte in secret_bytes(12))
    ends = secret_bytes(3)
    return f"{letters}{SPECIAL[ends[0] % len(SPECIAL)]}{'ACEGHKMPRTXY'[ends[1] % 12]}{ends[2] % 8 + 2}"


class PasswordRefused(InputError):
    """A password that cannot be taken, and why."""

    code = "password_refused"


def refused(
    password: str, names: Sequence[str], earlier: Sequence[str], limits: Limits
) -> PasswordRefused | None:
    """Why a new password cannot be taken; None where it can. `names`: the sign-in name and others that it must not hold.
    `earlier`: kept hashes, the present one first."""
    plain = _plain(password)
    if len(plain) < limits.password_length:
        return _no(f"the password has fewer than {limits.password_length} characters", "Choose a longer one")
    if len(plain) > LONGEST:
        return _no(f"the password has more than {LONGEST} characters", "Choose a shorter one")
    if _kinds(plain) < limits.password_kinds:
        return _no(
            f"the password holds fewer than {limits.password_kinds} kinds of characters",
            "Mix small and capital letters, digits and other characters",
        )
    folded = plain.casefold()
    if any(len(name) > 2 and name.casefold() in folded for name in names):
        return _no("the password holds your name", "Choose one that nobody guesses")
    if len(set(folded)) < 5 or _core(folded) in _commonest():
        return _no("the password is one of the commonest", "Choose one that nobody guesses")
    if any(is_right(kept, password) for kept in earlier[: limits.password_history]):
        return _no("the password was used before", "Choose a new one")
    return None


def _no(problem: str, remedy: str) -> PasswordRefused:
    return PasswordRefused(problem, Place(field="new_password"), remedy)


def _kinds(plain: str) -> int:
    """How many of small letters, capital letters, digits and all else there are; Chinese characters are else."""
    small = any(one.isascii() and one.islower() for one in plain)
    capital = any(one.isascii() and one.isupper() for one in plain)
    digit = any(one.isdigit() for one in plain)
    return small + capital + digit + any(not (one.isascii() and one.isalnum()) for one in plain)


_LEET: Final = str.maketrans("013457@$!", "oieastasi")


def _core(folded: str) -> str:
    """What is left of a password without its decorated ends, figures for letters, and doubling: Passw0rd2024! is password."""
    core = folded.rstrip("0123456789!@#$%^&*._-+=?~ ").lstrip("!@#$%^&*._-+=?~ ").translate(_LEET)
    core = "".join(one for one in core if one.isalnum())
    half = len(core) // 2
    return core[:half] if core and core[:half] * 2 == core else core


@cache
def _commonest() -> frozenset[str]:
    text = resources.files("loantrail.identity").joinpath("common_passwords.txt").read_text("utf-8")
    words = [line.strip().casefold() for line in text.splitlines() if line and not line.startswith("#")]
    # What is all ends has no core.
    return frozenset(_core(word) for word in words) | {""}
