"""The one seam through which time enters. Business dates are dates in Asia/Shanghai."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def _system_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


_now: Callable[[], datetime.datetime] = _system_now


def now() -> datetime.datetime:
    """The present instant, in UTC."""
    return _now()


def set_clock(source: Callable[[], datetime.datetime] | None) -> None:
    """Replace the clock (tests, simulation); None restores the system clock."""
    global _now  # noqa: PLW0603  the seam itself
    _now = source or _system_now


def monotonic_seconds() -> float:
    """Seconds on a clock that never goes back; only differences mean anything."""
    return time.monotonic()


def sleep(seconds: float, until: threading.Event | None = None) -> None:
    """Pause this thread, at most until that event."""
    if until is None:
        time.sleep(seconds)
    else:
        until.wait(seconds)


def microseconds(instant: datetime.datetime) -> int:
    """Since 1970, exactly."""
    return (instant - _EPOCH) // datetime.timedelta(microseconds=1)


def business_date(instant: datetime.datetime) -> datetime.date:
    """The Asia/Shanghai date of an aware instant."""
    return instant.astimezone(BUSINESS_ZONE).date()
