"""Tables that are answered as a spreadsheet: how many rows one takes, and the file that leaves once it is sent."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from loantrail.clock import business_date
from loantrail.errors import LimitExceeded
from loantrail.reports.routes import XLSX
from loantrail.reports.table_sheet import SHEET_ROWS_MAX


def refuse_too_many(count: int) -> None:
    """LimitExceeded where a sheet would take more rows than it can."""
    if count > SHEET_ROWS_MAX:
        raise LimitExceeded(
            f"the filter finds {count:,} rows; one sheet takes {SHEET_ROWS_MAX:,}",
            remedy="Narrow the filter, for instance by unit or by date, and export in parts",
        )


def sheet_answer(stem: str, made_at: datetime.datetime, write: Callable[[Path], object]) -> FileResponse:
    """The file that `write` makes, to save under `stem` and the date; gone once it is sent."""
    with tempfile.NamedTemporaryFile(prefix="loantrail-", suffix=".xlsx", delete=False) as file:
        path = Path(file.name)
    try:
        write(path)
    except BaseException:
        path.unlink()
        raise
    return FileResponse(
        path,
        media_type=XLSX,
        filename=f"{stem}-{business_date(made_at):%Y%m%d}.xlsx",
        background=BackgroundTask(path.unlink),
    )
