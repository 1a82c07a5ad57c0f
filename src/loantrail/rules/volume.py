"""What all that warns costs: patterns and published rules together, over the days that the books tell of.

The one definition of new warnings per 1,000 loans a month: threads that were not superseded, of the loans that were paid out, over
the days that the books tell of (`store_volume.volume`). A thread counts once, whatever hits it; one that rests only on a rule that was
stopped since is superseded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_DAYS_A_MONTH_TWELVE: Final = 365


def per_thousand_a_month(loans_new: int, loans: int, days: int) -> int:
    """Threads per 1,000 loans a month, in thousandths, rounded down; 0 without loans."""
    if loans == 0 or days == 0:
        return 0
    return loans_new * 1_000 * 1_000 * _DAYS_A_MONTH_TWELVE // (loans * days * 12)


@dataclass(frozen=True, slots=True)
class Volume:
    """`severe`: those of the threads that are orange or red. `days`: that the books tell of; 0 where nothing was judged."""

    threads: int
    severe: int
    loans: int
    days: int

    def milli(self, threads: int) -> int:
        """So many threads per 1,000 loans a month, in thousandths."""
        return per_thousand_a_month(threads, self.loans, self.days)

    @property
    def threads_milli(self) -> int:
        return self.milli(self.threads)

    @property
    def severe_milli(self) -> int:
        return self.milli(self.severe)
