"""What the page is told of refused rows, and what it may ask for."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from loantrail.http.pages.model import Answer, Refusing

NOTE_LENGTH_MAX = 2_000

Note = Annotated[str, Field(max_length=NOTE_LENGTH_MAX, pattern=r"^[^\x00]*$")]
Reason = Annotated[
    str, Field(min_length=1, max_length=NOTE_LENGTH_MAX, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")
]
RefusalKey = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Value = Annotated[str, Field(max_length=65_536, pattern=r"^[^\x00]*$")]


@dataclass(frozen=True, slots=True)
class RefusalQuery:
    """`search` is a fragment of the file's name; `state`, `reason` and `record_type` None for all."""

    state: str | None
    reason: str
    record_type: str | None
    search: str
    offset: int
    limit: int


class RefusalRow(Refusing):
    refusal_id: str
    source_file: str
    position: int = Field(description="Number of the record in its file; 0 means the file as a whole.")
    record_type: str = Field(description="Empty when the refusal is of a whole file.")
    field: str
    reason: str
    state: str
    created_at: datetime.datetime
    changed_at: datetime.datetime | None
    changed_by: str | None
    note: str | None
    preview: str = Field(description="How the original begins, as text.")


class RefusalCount(Answer):
    state: str
    reason: str
    record_type: str
    count: int


class RefusalList(Answer):
    counts: list[RefusalCount] = Field(description="Over all refusals, whatever the filters.")
    items: list[RefusalRow]
    total_count: int
    offset: int
    limit: int


class RecordField(Answer):
    """A field that a correction may set."""

    name: str
    chinese: str
    kind: str
    required: bool
    is_key: bool
    choices: list[str]
    references: str = Field(description="`record_type.field` that the value points to; empty when none.")
    value: str = Field(description="What is known of it; amounts in fen. Empty when unknown.")


class Refusal(RefusalRow):
    """One refusal whole."""

    original_bytes: int
    encoding: str = Field(description="What the original was read as; empty when it is no text.")
    text: str = Field(
        description="The original as text, at most its beginning; bytes that fit nowhere are escaped."
    )
    hexadecimal: str = Field(description="The original's first bytes, two digits each.")
    header: list[str] = Field(description="Column names of its file, where the file is still kept.")
    told_by: str = Field(
        description="Where the fields' values come from: `correction`, `record`, `row` or `nothing`."
    )
    fields: list[RecordField] = Field(description="Empty when the refusal is of a whole file.")


class Replayed(Refusing):
    refusal_id: str
    outcome: str = Field(description="`accepted`, `duplicate` or `refused`.")
    reason: str


class CorrectionRequest(Answer):
    changes: dict[str, Value] = Field(
        max_length=64, description="Field -> new value; amounts in fen; an empty value clears the field."
    )
    note: Note = ""
    replay: bool = Field(True, description="Take it in again at once.")


class CorrectionResult(Answer):
    refusal: Refusal
    replayed: Replayed | None


class ReplayRequest(Answer):
    refusal_ids: list[RefusalKey] = Field(min_length=1, max_length=500)


class ReplayResult(Answer):
    items: list[Replayed]
    accepted_count: int


class DismissalRequest(ReplayRequest):
    note: Reason


class DismissalResult(Answer):
    dismissed_count: int
