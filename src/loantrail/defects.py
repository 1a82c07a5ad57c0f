"""What a defect raises: a panic of the frames is no Exception, and what goes on without the one thing that failed must outlive it."""

from __future__ import annotations

from typing import Final

from polars.exceptions import PanicException

DEFECTS: Final[tuple[type[BaseException], ...]] = (Exception, PanicException)


def told(problem: BaseException) -> Exception:
    """What is told to who waits for an answer."""
    return problem if isinstance(problem, Exception) else RuntimeError(f"{type(problem).__name__}: {problem}")
