"""Who is signed in, and how far they see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from loantrail.identity.abilities import Ability, Role

Reaches = Literal["bank", "units", "none"]


@dataclass(frozen=True, slots=True)
class Reach:
    """Which loans, customers and accounts are seen: all, or those of `units` (each with all below it, spelled out), and
    those that one of `staff` manages."""

    kind: Reaches = "none"
    units: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()


NOTHING: Final = Reach()


@dataclass(frozen=True, slots=True)
class Signed:
    """A person who is signed in, or a system with a key, for one request."""

    person_id: str
    """`key:` and the key's id for a system."""
    name: str
    staff_id: str | None
    """The person on the bank's staff list; None for administrators who are not on it, and for systems."""
    unit_id: str | None
    roles: frozenset[Role]
    abilities: frozenset[Ability]
    reach: Reach
    session_id: str = ""
    standing_in_for: tuple[str, ...] = ()
    """Persons whose work this one does while they are away."""
    address: str = ""
    request_id: str = ""
    must_change_password: bool = False
    needs_second_factor: bool = False

    @property
    def acting(self) -> str:
        """The name that writes are recorded under."""
        return self.staff_id or self.person_id

    def may(self, ability: Ability) -> bool:
        return ability in self.abilities
