"""Files with many rows are handed out after a second person approved; every file that is handed out is on record."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, Request

from loantrail import clock
from loantrail.approvals import store
from loantrail.clock import business_date
from loantrail.http.access import Person, Recording, query_as_sent
from loantrail.http.connections import Connections, Lending
from loantrail.http.problems import NotAllowed
from loantrail.policy.reading import parameters_in_force

_NOT_CONDITIONS: Final = frozenset(("language",))


class ExportToApprove(NotAllowed):
    """The file has more rows than one person is handed out alone."""

    code = "export_to_approve"


def content_of(path: str, query: str) -> dict[str, str]:
    """What is approved: the address with its conditions, in one order."""
    asked = sorted(
        pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in _NOT_CONDITIONS
    )
    return {"path": path, "query": urlencode(asked)}


class Exporter:
    """Call it with the number of rows before a file is made."""

    def __init__(self, request: Request, connections: Connections, person: Person, record: Recording) -> None:
        self._request, self._connections = request, connections
        self._person, self._record = person, record

    def __call__(self, rows: int) -> None:
        """ExportToApprove where a second person has to approve first."""
        now = clock.now()
        # As it was sent, accounts masked: so it was proposed, and so it stands on record.
        content = content_of(self._request.url.path, query_as_sent(self._request))
        with self._connections.connection() as connection:
            book = parameters_in_force(connection)
            most = book.at_or_first("export_approval_rows", business_date(now)).number
            if rows > most and not store.export_is_open(connection, self._person.acting, content, now):
                raise ExportToApprove(
                    f"a file with more than {most} rows is handed out after a second person approved",
                    remedy="Ask for it with a reason, or narrow the conditions",
                )
            self._record(connection, "data.export", "file", content["path"], after=content | {"rows": rows})


async def _exporting(request: Request, connections: Lending, person: Person, record: Recording) -> Exporter:
    return Exporter(request, connections, person, record)


Exporting = Annotated[Exporter, Depends(_exporting)]
"""For routes that hand out files of many rows."""
