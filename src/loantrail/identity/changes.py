"""What is proposed of a person by one administrator and done when a second one approves: the content of an approval."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from loantrail.identity.abilities import Role

PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"
PERSON_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$"
UNIT_PATTERN: Final = r"^[^\x00-\x1f\x7f]{1,128}$"

PersonKey = Annotated[str, Field(pattern=PERSON_PATTERN, description="The sign-in name.")]
UnitKey = Annotated[str, Field(pattern=UNIT_PATTERN)]
Version = Annotated[
    int,
    Field(
        ge=1, le=2**31 - 1, description="The version of the person that was read; another one answers 409."
    ),
]


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Grant(_Content):
    """A role to be held from a time on, until another where one is given."""

    role: Role
    unit_id: UnitKey | None = Field(None, description="The unit with all below it; null: the whole bank.")
    valid_from: AwareDatetime | None = Field(None, description="Null: from the approval on.")
    valid_to: AwareDatetime | None = None


class CreatePerson(_Content):
    """A new person, of the staff list or, for outside staff and administrators, not of it."""

    kind: Literal["create"]
    person_id: PersonKey
    staff_id: str | None = Field(None, max_length=128, pattern=PLAIN, description="Of the bank's staff list.")
    name: str = Field("", max_length=100, pattern=PLAIN, description="Empty: as on the staff list.")
    unit_id: UnitKey | None = Field(None, description="Null: as on the staff list.")
    openid_subject: str | None = Field(None, min_length=1, max_length=255, pattern=PLAIN)
    with_password: bool = Field(
        True, description="Whether a one-time password is made; false: signs in elsewhere."
    )
    roles: list[Grant] = Field(default_factory=list[Grant], max_length=8)


class EditPerson(_Content):
    """Another name, unit, or subject at the bank's sign-in server."""

    kind: Literal["edit"]
    person_id: PersonKey
    version: Version
    name: str = Field(min_length=1, max_length=100, pattern=PLAIN)
    unit_id: UnitKey | None
    openid_subject: str | None = Field(None, min_length=1, max_length=255, pattern=PLAIN)


class AssignRole(_Content):
    kind: Literal["assign"]
    person_id: PersonKey
    version: Version
    grant: Grant


class WithdrawRole(_Content):
    kind: Literal["withdraw"]
    person_id: PersonKey
    version: Version
    assignment_id: str = Field(pattern=r"^[0-9a-f]{32}$")


class ResumePerson(_Content):
    """Let a suspended person sign in again."""

    kind: Literal["resume"]
    person_id: PersonKey
    version: Version


class ResetSignIn(_Content):
    """A fresh one-time password, and the second factor taken away, for who lost them. Ends the person's sessions."""

    kind: Literal["reset_sign_in"]
    person_id: PersonKey
    version: Version
    password: bool = True
    second_factor: bool = False


class MakeKey(_Content):
    """A key of a system. Its secret was shown to who proposed it; here stands its SHA-256."""

    kind: Literal["make_key"]
    key_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    secret_hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    name: str = Field(min_length=1, max_length=100, pattern=PLAIN)
    abilities: list[str] = Field(min_length=1, max_length=16)
    unit_id: UnitKey | None = None
    expires_at: AwareDatetime


Change = CreatePerson | EditPerson | AssignRole | WithdrawRole | ResumePerson | ResetSignIn | MakeKey
WantedChange = Annotated[
    CreatePerson | EditPerson | AssignRole | WithdrawRole | ResumePerson | ResetSignIn,
    Field(discriminator="kind"),
]
"""What a client may propose; keys have a route of their own, which makes the secret."""

_ADAPTER: Final[TypeAdapter[Change]] = TypeAdapter(Annotated[Change, Field(discriminator="kind")])


def read_change(content: Any) -> Change:
    """The change of a stored content (`written_change`). pydantic's ValidationError where it is none."""
    return _ADAPTER.validate_python(content)


def written_change(change: Change) -> dict[str, Any]:
    """The content to be stored and hashed: plain JSON."""
    return change.model_dump(mode="json")


def subject_of(change: Change) -> str:
    """Whom or what it is about: the sign-in name, or the key's id."""
    return f"key:{change.key_id}" if isinstance(change, MakeKey) else change.person_id


def period_of(grant: Grant, now: datetime.datetime) -> tuple[datetime.datetime, datetime.datetime | None]:
    """From when to when a grant holds that takes effect now: never from before now."""
    start = now if grant.valid_from is None or grant.valid_from < now else grant.valid_from
    return start, grant.valid_to
