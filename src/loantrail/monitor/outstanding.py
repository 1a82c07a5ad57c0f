"""Lines in the books that are not judged yet: those that came another way than a group of deliveries, or were too many at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from loantrail.monitor import store
from loantrail.monitor.model import RowDecision
from loantrail.postgres.failures import database_failures


class Judge(Protocol):
    """Who judges what a group brings, before it is committed (`deciding.Deciding`)."""

    def judge(self, connection: store.Database) -> Mapping[str, RowDecision]: ...

    def catch_up(self, connection: store.Database) -> None: ...

    @property
    def is_behind(self) -> bool: ...

    def committed(self) -> None: ...

    def lost(self) -> None: ...


def judge_outstanding(connection: store.Database, judge: Judge) -> None:
    """Have lines judged that came into the books another way, such as by an import, or that were too many at once."""
    catch_up(connection, judge)
    while judge.is_behind:
        catch_up(connection, judge)


def catch_up(connection: store.Database, judge: Judge) -> None:
    """Have the first lines judged that are not, in a transaction of their own."""
    try:
        with database_failures(), store.undone_on_error(connection):
            store.begin_group(connection)
            judge.catch_up(connection)
            connection.commit()
            judge.committed()
    except BaseException:
        judge.lost()
        raise
