"""The one typed road to numba. Compiled code is cached on disk, so that it compiles once, during set-up."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast


def _choose_cache_folder() -> None:
    """One folder per content of all kernel files: numba looks only at the file of a function, not at the
    files it calls, and would otherwise run stale code after an upgrade."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    package = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted([*package.rglob("kernel*.py"), package / "tracing" / "model.py", Path(__file__)]):
        digest.update(path.read_bytes())
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    os.environ["NUMBA_CACHE_DIR"] = str(base / "loantrail" / "numba" / digest.hexdigest())


_choose_cache_folder()

import numba  # noqa: E402  the cache folder must be chosen first

Function = TypeVar("Function", bound=Callable[..., Any])


def jit(function: Function) -> Function:
    """Compile `function` to machine code: no Python objects, no global interpreter lock, cached."""
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast(Function, compiled)


def jit_inner(function: Function) -> Function:
    """As `jit`, for functions that only compiled code calls: no wrapper for Python, which halves the time to
    compile; the caller's cache holds their code."""
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # unknown to the stubs
    compiled = numba.njit(nogil=True, error_model="numpy", **options)(function)
    return cast(Function, compiled)
