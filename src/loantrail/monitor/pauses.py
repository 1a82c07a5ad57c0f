"""Keeps the pauses short that Python's collector of cyclic garbage makes.

A full collection looks at every object of the process, and stops all its threads meanwhile: with the modules of this product
loaded 100 to 300 ms, which is several times what a line may take from receipt to commit.
"""

from __future__ import annotations

import gc
import sys
import threading
from typing import Final

from loantrail.collecting import collect_seldom

SWITCH_SECONDS: Final = 0.0005
"""So long a thread computes before another that is ready has its turn. Who writes has it a dozen times for each group, and would wait
5 ms each time (Python's own) while lines are shown or judged."""
_GUARD: Final = threading.Lock()


def keep_pauses_short() -> None:
    """What is there now is there to stay, and is not looked at again; what comes is looked at less often. For a process that
    serves, once it has loaded what it needs; takes the time of one full collection."""
    sys.setswitchinterval(SWITCH_SECONDS)
    with _GUARD:
        gc.unfreeze()  # what stayed before may be garbage by now
        gc.collect()
        gc.freeze()
        collect_seldom()
