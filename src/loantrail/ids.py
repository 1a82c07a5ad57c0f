"""Ids and randomness come only from here.

Ids of derived records are hashes of their inputs, so a replay makes the same ids and dedupes itself.
"""

from __future__ import annotations

import hashlib
import random
import secrets
import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def derived_id(*parts: str | int | None) -> str:
    """A 128-bit id, as 32 hexadecimal digits, of the given parts. Each part is length-prefixed: no two
    different lists of parts share an encoding."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        encoded = b"\x00" if part is None else b"\x01" + str(part).encode()
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.hexdigest()


def derived_ids(prefix: Sequence[str | int | None], *columns: Iterable[str | int]) -> list[str]:
    """`derived_id(*prefix, a, b, ...)` for each row (a, b, ...) of the columns, several times as quick."""
    shared = hashlib.blake2b(digest_size=16)
    for part in prefix:
        encoded = b"\x00" if part is None else b"\x01" + str(part).encode()
        shared.update(len(encoded).to_bytes(8, "little"))
        shared.update(encoded)
    heads = [length.to_bytes(8, "little") + b"\x01" for length in range(256)]
    found: list[str] = []
    for row in zip(*columns, strict=True):
        digest = shared.copy()
        for part in row:
            encoded = str(part).encode()
            length = len(encoded) + 1
            head = heads[length] if length < 256 else length.to_bytes(8, "little") + b"\x01"
            digest.update(head + encoded)
        found.append(digest.hexdigest())
    return found


def content_hash(chunks: Iterable[bytes]) -> str:
    """SHA-256 of the concatenated chunks, as hexadecimal digits."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def new_id() -> str:
    """A fresh random id for a record that a person or a process creates."""
    return uuid.uuid4().hex


def secret_token() -> str:
    """A fresh token that nobody can guess: 144 random bits, as 24 characters that are safe in addresses."""
    return secrets.token_urlsafe(18)


def secret_bytes(count: int) -> bytes:
    """Fresh random bytes that nobody can guess: keys and nonces."""
    return secrets.token_bytes(count)


def seeded_random(seed: int) -> random.Random:
    """A generator of pseudo-random numbers that a seed fixes. Never for secrets."""
    return random.Random(seed)  # noqa: S311  simulation and demo data, not secrets


def seeded_generator(seed: int, stream: str = "") -> np.random.Generator:
    """A numpy generator that a seed fixes. Each named `stream` of a seed is independent of the others, so that
    drawing more in one place changes nothing elsewhere. Never for secrets."""
    import numpy as np  # most users of this module need no arrays

    words = hashlib.blake2b(stream.encode(), digest_size=8).digest()
    return np.random.Generator(np.random.PCG64([seed, int.from_bytes(words, "little")]))
