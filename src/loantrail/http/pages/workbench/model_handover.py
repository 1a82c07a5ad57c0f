"""What the workbench tells of who holds which work: for whoever gives it to others."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from loantrail.http.pages.model import Answer

Presence = Literal["here", "away", "no_role", "suspended", "left", "no_person"]
"""Whether somebody can do the work that they hold."""
GONE: tuple[Presence, ...] = ("left", "suspended", "no_person", "no_role")
"""Of these nobody does the work until it is given to somebody else."""


class WorkOfPerson(Answer):
    """Open warnings and checks that one member of staff holds, within the reach of who asks."""

    staff_id: str
    name: str
    unit_id: str | None
    unit_name: str | None
    presence: Presence = Field(
        description="`away`: somebody stands in now; `no_role`: may sign in, but no role holds; `no_person`: not one of those "
        "who may sign in."
    )
    stand_in_name: str | None = Field(description="Who stands in now.")
    warning_count: int
    warning_overdue_count: int
    check_count: int = Field(description="Open, or submitted and still to be reviewed.")
    check_overdue_count: int


class WorkHeld(Answer):
    """Who holds work: those who can do none first, then those with most that is late."""

    people_count: int
    gone_count: int = Field(description="Of them, those who left, are suspended, or have no role any more.")
    items: list[WorkOfPerson]
