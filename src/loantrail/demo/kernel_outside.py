"""Which payments from accounts elsewhere can be money that was seen to arrive there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loantrail.jit import jit


@jit
def covered_outside(
    debit: NDArray[np.int32],
    credit: NDArray[np.int32],
    amount_fen: NDArray[np.int64],
    own: NDArray[np.bool_],
    covered: NDArray[np.bool_],
) -> None:
    """Set `covered[n]` where the debit account of movement n is at another bank and all that it pays had been seen to
    arrive there before; what an outside account pays beyond what it received here is money of its own. `own` has
    shape [accounts]; the other arrays [n]."""
    seen = np.zeros(len(own), np.int64)
    for row in range(len(debit)):
        payer = debit[row]
        if payer >= 0 and not own[payer] and seen[payer] >= amount_fen[row]:
            covered[row] = True
            seen[payer] -= amount_fen[row]
        payee = credit[row]
        if payee >= 0 and not own[payee]:
            seen[payee] += amount_fen[row]
