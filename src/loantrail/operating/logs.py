"""The log of a server: lines for people, or one JSON object a line for machines that gather logs.

    {"time":"2026-03-01T02:15:00.123Z","level":"info","logger":"loantrail.access","message":"GET /api/v1/loans/{loan_id} 200",
     "process":"reading","request_id":"…","person":"…","method":"GET","route":"/api/v1/loans/{loan_id}","status":200,"duration_ms":12.4}

Names, account numbers and query strings of requests stand in no line of the access log: routes are told as templates.
"""

from __future__ import annotations

import datetime
import json
import logging
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from logging.handlers import WatchedFileHandler
from typing import Any, Final

from loantrail.errors import ConfigurationError, Place
from loantrail.settings import Settings

REQUEST_ID: Final[ContextVar[str]] = ContextVar("loantrail_request_id", default="")
"""Id of the request that this task or thread works for; empty outside of one."""
FIELDS: Final = "loantrail_fields"
"""Attribute of a record that holds more fields of its line."""
_PLAIN: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def fields(**values: Any) -> Mapping[str, Any]:
    """`extra` of a call of the log that adds these fields to its line."""
    return {FIELDS: values}


class JsonLines(logging.Formatter):
    """One JSON object a line; an exception with its traceback in `exception`."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": self._process,
        }
        request_id = REQUEST_ID.get()
        if request_id:
            line["request_id"] = request_id
        line |= getattr(record, FIELDS, {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class PlainLines(logging.Formatter):
    """For people; the request's id at the end."""

    def __init__(self) -> None:
        super().__init__(_PLAIN)

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        request_id = REQUEST_ID.get()
        return f"{text} [{request_id}]" if request_id and "\n" not in text else text


def set_up_logs(settings: Settings, process: str, *, production: bool) -> None:
    """Have everything that this process logs written as the settings say. ConfigurationError when the file cannot be opened."""
    form = settings.log_format or ("json" if production else "text")
    level = settings.log_level or ("info" if production else "warning")
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if settings.log_file is not None:
        try:
            # Opened anew when it was moved away: the system's own means (logrotate) keep it short.
            handler = WatchedFileHandler(settings.log_file, encoding="utf-8")
        except OSError as problem:
            raise ConfigurationError(
                f"the log cannot be written: {problem.strerror or problem}",
                Place(str(settings.log_file)),
                "Make its folder and let this user write there, or leave LOANTRAIL_LOG_FILE out",
            ) from None
    handler.setFormatter(JsonLines(process) if form == "json" else PlainLines())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    # A line for each request that was answered is ours to write; theirs hold addresses with numbers in them.
    for noisy in ("httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
