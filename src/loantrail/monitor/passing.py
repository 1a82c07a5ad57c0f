"""Groups of nothing but lines that can say nothing of any loan, on their way into the books: nobody needs the state for them.

They are told by what is committed and shown (`Held.tells`), and wait behind the state when they are committed (`Held.later`). Whoever
commits them has the state as well, or is the guest of who has it: else somebody could read the lines from the database before they are
known to wait, and they would be shown twice.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from loantrail.monitor.asked import Asked
from loantrail.monitor.bystanders import View
from loantrail.monitor.held import Held
from loantrail.policy.reading import parameters_in_force

if TYPE_CHECKING:
    from psycopg import Connection

    from loantrail.monitor.arrived import Arrived

LATER_MOST: Final = 10_000
"""More do not wait to be shown."""


class Passing:
    """At most one group of each thread."""

    def __init__(self) -> None:
        self._under_way: dict[int, tuple[Held, Arrived, bool]] = {}

    def begin(
        self,
        connection: Connection[Any],
        held: Held,
        arrived: Arrived,
        guest_by: View | None,
        *,
        run_is_expected: bool,
    ) -> bool:
        """Whether the group passes: then `end` must follow in the same thread. `guest_by`: it is a guest, and this tells what may pass.
        `run_is_expected`: a run over the books is being made for this process, and the state of before stands until its own is
        there."""
        footing, tells = arrived.footing, held.tells if guest_by is None else guest_by
        passes = (
            (run_is_expected or footing.run_id == held.run_id)
            and footing.last_arrival <= max(held.last_arrival, held.guests_arrival)
            and held.later_count + len(arrived.entered) <= LATER_MOST
            and parameters_in_force(connection, footing.last_change) is held.standing.parameters
            and held.lets_pass(Asked.of_lines([one.line for one in arrived.entered]), tells)
        )
        if passes:
            self._under_way[threading.get_ident()] = held, arrived, guest_by is not None
        return passes

    def end(self, *, is_committed: bool) -> Held | None:
        """The state that the group of this thread passed, where there is one. Its lines wait to be shown once they are committed."""
        found = self._under_way.pop(threading.get_ident(), None)
        if found is None:
            return None
        held, arrived, is_guest = found
        if is_committed:
            held.later.add(arrived)
            if is_guest:
                held.guests_arrival = arrived.last_arrival
            else:
                held.last_arrival = arrived.last_arrival
        return held
