"""Lines that can say nothing of any loan, shown in a thread of its own while others are taken in and answered.

While it is at it the state of the step is its own. What may wait then is told by the state as it was when the showing began: what is being
shown says nothing of a loan either, and so makes nobody concern one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


class Showing:
    """One showing of the first lines that wait. Begins when it is made."""

    def __init__(
        self, count: int, leaves_alone: Callable[[pl.DataFrame], bool], work: Callable[[], bool]
    ) -> None:
        """`count`: of the groups that wait, those that are shown. `leaves_alone`: what the state said when this began. `work` shows
        them; False where they are left to who may judge them."""
        self.count, self.leaves_alone = count, leaves_alone
        self._work = work
        self._is_shown = False
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="showing", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether the state may be used again."""
        return not self._thread.is_alive()

    def wait(self) -> None:
        """Until it is over."""
        self._thread.join()

    def outcome(self) -> bool:
        """Whether they are shown; waits for the end. Raises what went wrong."""
        self.wait()
        if self._problem is not None:
            raise RuntimeError("lines could not be shown") from self._problem
        return self._is_shown

    def _run(self) -> None:
        try:
            self._is_shown = self._work()
        except BaseException as problem:  # a panic of the frames is no Exception
            self._problem = problem
