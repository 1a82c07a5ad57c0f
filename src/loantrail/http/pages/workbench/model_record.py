"""What the workbench tells of the audit log and of who may sign in: for auditors and administrators."""

from __future__ import annotations

import datetime

from pydantic import Field

from loantrail.http.pages.model import Answer


class RecordStanding(Answer):
    """Whether the record is whole, and what in it wants a look. Counts begin with the working day before."""

    since: datetime.datetime
    entry_count: int = Field(description="Of the whole log.")
    last_at: datetime.datetime | None = Field(description="Of the newest entries; null in an empty log.")
    verified_at: datetime.datetime | None = Field(description="Null: never yet.")
    verified_whole: bool | None = Field(description="What the last verification found.")
    refused_count: int = Field(description="What somebody asked for and was refused.")
    sign_in_refused_count: int = Field(description="Sign-ins that were refused, of them.")
    identifiers_count: int = Field(description="Identity and telephone numbers read in clear.")
    unmasking_count: int = Field(
        description="Proposals to see third parties in clear, and decisions on them."
    )
    export_count: int = Field(description="Files of many rows handed out.")


class PersonChanged(Answer):
    """A change of who may do what that a second person decided."""

    request_id: str
    title_chinese: str
    title_english: str
    approved: bool
    decided_at: datetime.datetime
    maker_name: str
    checker_name: str


class PeopleStanding(Answer):
    """Who may sign in, and what of it wants an act or is new since the working day before."""

    since: datetime.datetime
    until: datetime.datetime = Field(description="As far as endings are counted.")
    active_count: int
    locked_count: int = Field(description="Locked out now, after wrong passwords.")
    suspended_count: int
    away_count: int = Field(description="Somebody stands in for them now.")
    keys_ending_count: int = Field(description="Keys of systems that end by `until`.")
    roles_ending_count: int = Field(description="Roles of active persons that end by `until`.")
    waiting_count: int = Field(description="Proposals about persons that wait for a second person.")
    changed: list[PersonChanged] = Field(description="Decided since, the newest first.")
