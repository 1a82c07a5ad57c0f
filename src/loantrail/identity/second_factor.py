"""The second factor: a code that changes every 30 seconds (TOTP, RFC 6238, as in every authenticator), and recovery codes.

A secret lies sealed in the database (AES-256-GCM, bound to its person) by the key of this installation, so that a copy of the
database alone signs nobody in.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyotp.totp import TOTP

from loantrail.errors import ConfigurationError
from loantrail.ids import secret_bytes

ISSUER: Final = "贷迹 Loantrail"
STEP_SECONDS: Final = 30
STEPS_AROUND: Final = 1
"""The step before and after count too: clocks differ, and typing takes time."""
DIGITS: Final = 6
RECOVERY_CODES: Final = 8
_SECRET_BYTES: Final = 20
_NONCE_BYTES: Final = 12
_SEALED_1: Final = b"\x01"


def new_secret() -> str:
    """A fresh secret of 160 bits, in base 32."""
    return base64.b32encode(secret_bytes(_SECRET_BYTES)).decode()


def enrolment_address(secret: str, person_id: str) -> str:
    """What an authenticator reads as a QR code: `otpauth://totp/...`."""
    return TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(
        name=person_id, issuer_name=ISSUER
    )


def step_of(now: datetime.datetime) -> int:
    """The number of the 30-second step of an instant."""
    return int(now.timestamp()) // STEP_SECONDS


def matching_step(secret: str, code: str, now: datetime.datetime, after_step: int) -> int | None:
    """The step whose code this is, later than the last one that was used; None where there is none: a code signs in once
    (RFC 6238, 5.2)."""
    digits = "".join(code.split())
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    generator = TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    present = step_of(now)
    found: int | None = None
    for step in range(present - STEPS_AROUND, present + STEPS_AROUND + 1):
        if hmac.compare_digest(generator.generate_otp(step), digits) and step > after_step and found is None:
            found = step
    return found


def sealed(secret: str, person_id: str, key: bytes) -> bytes:
    """The secret as it is kept. `key`: 32 bytes."""
    nonce = secret_bytes(_NONCE_BYTES)
    return _SEALED_1 + nonce + AESGCM(key).encrypt(nonce, secret.encode(), person_id.encode())


def unsealed(kept: bytes, person_id: str, key: bytes) -> str:
    """The secret again; ConfigurationError where another key or another person's row sealed it."""
    body = bytes(kept)
    nonce, inside = body[1 : 1 + _NONCE_BYTES], body[1 + _NONCE_BYTES :]
    try:
        if body[:1] != _SEALED_1:
            raise InvalidTag
        return AESGCM(key).decrypt(nonce, inside, person_id.encode()).decode()
    except (InvalidTag, ValueError):
        raise ConfigurationError(
            "the secret key of this installation is not the one that second factors were sealed with",
            remedy="Bring back LOANTRAIL_SECRET_KEY or the file secret.key of the home folder, or have second factors reset",
        ) from None


def recovery_codes() -> list[str]:
    """Fresh codes that each sign in once in place of the second factor: 10 characters of base 32, 50 bits."""
    codes = [base64.b32encode(secret_bytes(10)).decode().lower()[:10] for _ in range(RECOVERY_CODES)]
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def recovery_hash(person_id: str, code: str) -> bytes:
    """What is kept of a recovery code, however it was typed."""
    plain = "".join(one for one in code.lower() if one.isalnum())
    return hashlib.sha256(f"{person_id}\0{plain}".encode()).digest()


def may_be_recovery_code(code: str) -> bool:
    return sum(one.isalnum() for one in code) == 10
