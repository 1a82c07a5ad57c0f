"""Lines that can say nothing of any loan, shown in a thread of its own while others are taken in and answered.

While it is at it the state of the step is its own. What may wait then is told by the state as it was when the showing began (`Held.tells`):
what is being shown says nothing of a loan either, and so makes nobody concern one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

PATIENCE_SECONDS: Final = 1.0
"""Who needs the state waits so long for a showing that has no connection yet."""


class Showing:
    """One showing of the first lines that wait. Begins when it is made."""

    def __init__(self, groups: int, work: Callable[[Callable[[], bool]], bool]) -> None:
        """`groups`: of those that wait, how many are shown. `work` shows them; False where they are left to who may judge them. When it
        has its connection it asks what it is given whether it still may."""
        self.groups, self._work = groups, work
        self._guard = threading.Lock()
        self._has_begun = self._is_given_up = self._is_shown = False
        self._is_decided = threading.Event()
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="showing", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether the state may be used again."""
        return self._is_given_up or not self._thread.is_alive()

    def wait(self) -> None:
        """Until it is over. Where it has no connection in time it is given up: who waits here has the state, and others may wait for that
        with the connections that there are."""
        if not self._is_given_up:
            self._is_decided.wait(PATIENCE_SECONDS)
        with self._guard:
            self._is_given_up = not self._has_begun
        if self._has_begun:
            self._thread.join()

    def outcome(self) -> bool:
        """Whether they are shown; waits for the end. Raises what went wrong."""
        self.wait()
        if self._problem is not None:
            raise RuntimeError("lines could not be shown") from self._problem
        return self._is_shown

    def _run(self) -> None:
        try:
            self._is_shown = self._work(self._begin)
        except BaseException as problem:  # a panic of the frames is no Exception
            self._problem = problem
        finally:
            self._is_decided.set()

    def _begin(self) -> bool:
        """Whether somebody still wants it."""
        with self._guard:
            self._has_begun = not self._is_given_up
        self._is_decided.set()
        return self._has_begun
