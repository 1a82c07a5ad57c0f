"""Where the data come from, and how fresh they are."""

from __future__ import annotations

from fastapi import APIRouter

from loantrail import clock
from loantrail.http.access import Reading, allowed
from loantrail.http.pages.imports import store_sources as store
from loantrail.http.pages.imports.model_sources import DataSources, RecordFreshness, SourceStanding
from loantrail.http.pages.routes import LIST_PROBLEMS
from loantrail.http.pages.store import current_run
from loantrail.identity.abilities import Ability
from loantrail.ledger.intake import LINE, RECORD_TYPES
from loantrail.operating.examining_database import STALE_DAYS

router = APIRouter(tags=["imports"])


@router.get("/data-sources", dependencies=[allowed(Ability.READ_DATA)], responses=LIST_PROBLEMS)
def data_sources(connection: Reading) -> DataSources:
    """By which ways files came in, when each kind of record was last delivered, and how far behind today the data are."""
    now = clock.now()
    run = current_run(connection)
    data_date = run["data_date"] if run else None
    behind = (clock.business_date(now) - data_date).days if data_date else None
    delivered = store.deliveries(connection, RECORD_TYPES, LINE)
    nothing = {
        "delivered_at": None, "name": None, "source": None, "business_date": None, "rows_accepted": 0, "rows_refused": 0
    }  # fmt: skip
    return DataSources(
        now=now,
        data_date=data_date,
        days_behind=behind,
        stale=behind is not None and behind > STALE_DAYS,
        traced_at=run["created_at"] if run else None,
        complete_date=store.complete_date(connection),
        sources=[SourceStanding.model_validate(row) for row in store.sources(connection)],
        records=[
            RecordFreshness.model_validate({"record_type": name} | (delivered.get(name) or nothing))
            for name in RECORD_TYPES
        ],
    )
