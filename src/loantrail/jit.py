"""The one typed road to numba. Compiled code is cached on disk, so that it compiles once, during set-up."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast


def _choose_cache_folder() -> None:
    """Numba writes beside the source where it may; else in the user's cache folder."""
    if "NUMBA_CACHE_DIR" in os.environ or os.access(Path(__file__).parent, os.W_OK):
        return
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    os.environ["NUMBA_CACHE_DIR"] = str(Path(base) / "loantrail" / "numba")


_choose_cache_folder()

import numba  # noqa: E402  the cache folder must be chosen first

Function = TypeVar("Function", bound=Callable[..., Any])


def jit(function: Function) -> Function:
    """Compile `function` to machine code: no Python objects, no global interpreter lock, cached."""
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast(Function, compiled)


def jit_inline(function: Function) -> Function:
    """As `jit`, and inlined into its callers."""
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")(function)
    return cast(Function, compiled)
