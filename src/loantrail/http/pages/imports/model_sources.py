"""What the page of data is answered with about sources and freshness."""

from __future__ import annotations

import datetime

from pydantic import Field

from loantrail.http.pages.model import Answer


class SourceStanding(Answer):
    """One way by which files come in: a format, live lines, or the nightly deliveries (`nightly`)."""

    source: str
    file_count: int
    failed_count: int = Field(description="Files that could not be taken in.")
    rows_accepted: int
    rows_refused: int
    last_at: datetime.datetime | None
    last_name: str | None
    business_date: datetime.date | None = Field(description="Of nightly deliveries: the last one taken in.")


class RecordFreshness(Answer):
    """What brought one kind of record in last."""

    record_type: str
    delivered_at: datetime.datetime | None = Field(description="Null: nothing ever brought it.")
    name: str | None = Field(description="Of the file.")
    source: str | None
    business_date: datetime.date | None
    rows_accepted: int
    rows_refused: int


class DataSources(Answer):
    now: datetime.datetime
    data_date: datetime.date | None = Field(description="Up to which day the data reach that screens show.")
    days_behind: int | None = Field(description="Calendar days from it to today, Asia/Shanghai.")
    stale: bool = Field(description="Behind for longer than a long weekend: a delivery is missing.")
    traced_at: datetime.datetime | None
    complete_date: datetime.date | None = Field(description="Last date of the nightly files taken in whole.")
    sources: list[SourceStanding] = Field(description="The latest first.")
    records: list[RecordFreshness] = Field(description="Every kind of record, in the order of the books.")
