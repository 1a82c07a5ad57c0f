"""Whether requests can be sent here: for load balancers and orchestrators."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from pydantic import Field

from loantrail.errors import DatabaseUnavailable
from loantrail.http.access import public, web_connections
from loantrail.http.connections import Lending
from loantrail.http.pages.model import Answer
from loantrail.http.problems import problem_responses
from loantrail.postgres.migrate import current_version, versions

router = APIRouter(tags=["health"])


class Ready(Answer):
    """Requests can be sent here."""

    status: str = Field(description="`ready`; anything else is an answer of 503.")
    tables_version: str = Field(description="Version of the database's tables.")


class NotReady(DatabaseUnavailable):
    """The server runs, and requests should go elsewhere for now."""

    code = "not_ready"


@router.get(
    "/readiness",
    dependencies=[public("says whether requests can be sent here; names nothing")],
    responses=problem_responses(HTTPStatus.SERVICE_UNAVAILABLE),
)
def readiness(request: Request, connections: Lending) -> Ready:
    """Whether requests can be sent here: the database answers, to the role that pages read as too, its tables are of this version,
    the server is not stopping."""
    if getattr(request.app.state, "stopping", False):
        raise NotReady("the server is stopping", remedy="Send requests to another one")
    with connections.connection() as connection:
        found = current_version(connection)
    with web_connections(request).connection():
        pass  # that there is one is what is asked
    if found is None or found != versions()[-1]:
        raise NotReady(
            f"the database's tables have version {found or 'none'}, this software needs {versions()[-1]}",
            remedy="Run `loantrail database migrate`"
            if found is None or found in versions()
            else "Install the newer release of the software that made them",
        )
    return Ready(status="ready", tables_version=found)
