"""What the routes of the audit log take and answer."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from loantrail.audit.model import FIELD_LENGTH_MAX, Algorithm, Fault
from loantrail.destinations.routes import Wanted
from loantrail.http.pages.model import Answer
from loantrail.http.pages.routes import PRINTABLE

Words = Annotated[str, Field(max_length=FIELD_LENGTH_MAX, pattern=PRINTABLE)]
HEADS_MAX: Final = 1_000
_FIRST_DAY: Final = datetime.date(1900, 1, 1)
_LAST_DAY: Final = datetime.date(2999, 12, 31)


class AuditFilter(BaseModel):
    """Which entries are looked for."""

    model_config = ConfigDict(extra="forbid")

    person: Words = Field("", description="Who acted.")
    action: Words = Field("", description="Noun and verb, such as `warning.dispose`.")
    object_kind: Words = ""
    object_id: Words = ""
    outcome: Literal["done", "refused", "failed"] | None = None
    request_id: Words = ""
    text: str = Field(
        "",
        max_length=200,
        pattern=PRINTABLE,
        description="Stands anywhere in the entry, in capitals or not.",
    )
    from_date: datetime.date | None = Field(
        None, ge=_FIRST_DAY, le=_LAST_DAY, description="First day, of Asia/Shanghai."
    )
    to_date: datetime.date | None = Field(
        None, ge=_FIRST_DAY, le=_LAST_DAY, description="Last day, of Asia/Shanghai."
    )


class AuditPart(AuditFilter):
    """A filter, and the part of what was found that is asked for."""

    before: str = Field(
        "",
        max_length=40,
        pattern=r"^([0-9]{1,18}-[0-9]{1,18})?$",
        description="`next` of the page before.",
    )
    limit: int = Field(50, ge=1, le=200)


class AuditSheet(AuditFilter):
    """A filter, and the language of the sheet."""

    language: Literal["zh", "en"] = "zh"


class AuditEntry(Answer):
    """One act, as it stands in the log."""

    entry_no: int
    batch_no: int
    at: datetime.datetime
    person: str
    person_name: str
    acting_for: str | None = Field(description="Whom the person stood in for.")
    acting_for_name: str | None
    action: str
    object_kind: str
    object_id: str
    outcome: str
    unit_id: str | None
    unit_name: str | None
    why: str
    before: Any = Field(description="What was there, as JSON; null where nothing is told.")
    after: Any = Field(description="What is there since, as JSON; null where nothing is told.")
    request_id: str
    address: str
    algorithm: str
    hash: str = Field(description="Of the entry and all before it, hexadecimal.")


class AuditEntries(Answer):
    items: list[AuditEntry]
    next: str | None = Field(description="Ask with it as `before` for older entries; null: there are none.")


class AuditPerson(Answer):
    person: str
    name: str


class AuditChoices(Answer):
    """What stands in the log, to choose from."""

    actions: list[str]
    object_kinds: list[str]
    persons: list[AuditPerson]


class AuditBreak(Answer):
    """The first broken entry, and what differs. `since`: the first that the fault can lie in."""

    fault: Fault
    entry_no: int
    batch_no: int
    expected: str
    found: str
    column: str
    since: int


class AuditVerification(Answer):
    """A verification of the whole log, and what it found."""

    at: datetime.datetime
    person: str
    person_name: str
    entry_count: int = Field(description="So many entries are whole.")
    batch_count: int
    anchors: int = Field(description="So many heads that were kept elsewhere were compared with it.")
    broken: AuditBreak | None


class AuditHead(Answer):
    """Where the chain ends, how long entries are kept, and when the log was last verified."""

    batch_no: int
    entry_no: int
    algorithm: str
    head: str = Field(description="Hash of the last entry, hexadecimal; empty in an empty log.")
    made_at: datetime.datetime | None
    first_at: datetime.datetime | None = Field(description="When the oldest entry was written.")
    line: str = Field(description="The head as a line of a file, to be kept elsewhere.")
    kept_years: int = Field(description="Entries are kept at least so long; none is ever removed.")
    kept_basis: str
    verified: AuditVerification | None
    verified_entries_max: int = Field(description="A longer log is verified by the command line.")


class AnchoredHead(Wanted):
    """A head that was kept elsewhere."""

    batch_no: int = Field(ge=0, le=2**53)
    entry_no: int = Field(ge=0, le=2**53)
    algorithm: Algorithm | Literal[""]
    head: str = Field(pattern=r"^([0-9a-f]{64})?$")


class WantedVerification(Wanted):
    heads: list[AnchoredHead] = Field(
        default_factory=list[AnchoredHead],
        max_length=HEADS_MAX,
        description="Heads that were kept elsewhere.",
    )
