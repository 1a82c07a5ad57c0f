"""Lines in the books that are not judged yet: those that came another way than a group of deliveries, or were too many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from loantrail import clock
from loantrail.monitor import store
from loantrail.monitor.arrived import Arrived
from loantrail.monitor.asked import Asked
from loantrail.monitor.hosting import Hosting
from loantrail.monitor.model import RowDecision
from loantrail.postgres.failures import database_failures

if TYPE_CHECKING:
    from loantrail.monitor.bystanders import View


class Judge(Protocol):
    """Who judges what a group brings, before it is committed (`deciding.Deciding`)."""

    hosting: Hosting

    def lets_pass(self, asked: Asked) -> bool: ...

    def judge(
        self, connection: store.Database, arrived: Arrived, tells: View | None
    ) -> Mapping[str, RowDecision]: ...

    def catch_up(self, connection: store.Database) -> None: ...

    def judge_owed(self, connection: store.Database) -> None: ...

    @property
    def is_behind(self) -> bool: ...

    @property
    def owes(self) -> bool: ...

    def committed(self) -> None: ...

    def lost(self) -> None: ...


def judge_outstanding(connection: store.Database, judge: Judge) -> None:
    """Have lines judged that came into the books another way, such as by an import, or that were too many at once."""
    catch_up(connection, judge)
    while judge.is_behind:
        catch_up(connection, judge)


def catch_up(connection: store.Database, judge: Judge) -> None:
    """Have the first lines judged that are not, in a transaction of their own."""
    _in_turn(connection, judge, judge.catch_up)


def judge_owed(connection: store.Database, judge: Judge, until: float) -> None:
    """Have loans judged that are owed it, a few in a transaction, until that moment (`clock.monotonic_seconds`) at most. Half of the time
    is left to others."""
    while judge.owes and (begun := clock.monotonic_seconds()) < until:
        _in_turn(connection, judge, judge.judge_owed)
        if judge.owes:
            clock.sleep(clock.monotonic_seconds() - begun)


def _in_turn(connection: store.Database, judge: Judge, work: Callable[[store.Database], None]) -> None:
    try:
        with database_failures(), store.undone_on_error(connection):
            store.begin_group(connection)
            work(connection)
            connection.commit()
            judge.committed()
    except BaseException:
        judge.lost()
        raise
