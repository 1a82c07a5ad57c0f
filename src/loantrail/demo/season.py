"""When things happen: industries with their season, working days, hours."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from loantrail.demo.model import DAYS, FIRST_DAY, MONTHS

Int64 = NDArray[np.int64]

_MICROSECONDS: Final = 1_000_000
_DAY_SECONDS: Final = 86_400
_ZONE_SECONDS: Final = 8 * 3600  # Asia/Shanghai, no summer time in these years


@dataclass(frozen=True, slots=True)
class Industry:
    """A GB/T 4754 code, trade words for names, and the share of a year's sales by calendar month (12 weights)."""

    code: str
    trades: tuple[str, ...]
    season: tuple[float, ...]


INDUSTRIES: Final = (
    Industry("1713", ("纺织", "针织", "服饰"), (0.9, 0.6, 1.1, 1.2, 1.0, 0.8, 0.8, 1.0, 1.2, 1.3, 1.2, 0.9)),
    Industry(
        "3311", ("金属制品", "五金", "机电"), (0.8, 0.6, 1.1, 1.1, 1.1, 1.0, 1.0, 1.0, 1.1, 1.0, 1.1, 1.1)
    ),
    Industry(
        "5164", ("建材", "钢材贸易", "物资贸易"), (0.6, 0.4, 1.0, 1.3, 1.3, 1.2, 0.9, 0.9, 1.2, 1.3, 1.1, 0.8)
    ),
    Industry(
        "4710",
        ("建筑工程", "市政工程", "装饰工程"),
        (0.6, 0.3, 0.9, 1.2, 1.3, 1.3, 1.0, 1.0, 1.2, 1.3, 1.1, 0.8),
    ),
    Industry(
        "0511", ("农产品", "种业", "粮油"), (0.7, 0.6, 0.8, 0.8, 0.9, 1.2, 0.9, 0.9, 1.5, 1.8, 1.2, 0.7)
    ),
    Industry(
        "1351", ("食品", "肉类食品", "茶业"), (1.8, 1.0, 0.8, 0.8, 0.9, 0.9, 0.8, 0.9, 1.3, 0.9, 0.9, 1.2)
    ),
    Industry("5261", ("汽车销售", "汽车服务"), (1.2, 0.6, 0.9, 0.9, 1.0, 1.0, 0.8, 0.9, 1.1, 1.1, 1.2, 1.3)),
    Industry(
        "6510", ("软件", "信息技术", "数据科技"), (0.7, 0.5, 0.9, 0.9, 0.9, 1.1, 0.9, 0.9, 1.1, 1.0, 1.2, 2.0)
    ),
    Industry(
        "5430", ("物流", "运输", "供应链"), (0.9, 0.6, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.1, 1.1, 1.3, 1.1)
    ),
    Industry("6110", ("酒店", "餐饮", "旅游"), (1.0, 1.4, 0.8, 0.9, 1.2, 0.9, 1.4, 1.4, 0.9, 1.5, 0.7, 0.8)),
    Industry("5122", ("服装贸易", "百货贸易"), (1.3, 0.8, 0.9, 1.0, 1.0, 0.9, 0.7, 0.8, 1.1, 1.2, 1.3, 1.2)),
    Industry("2710", ("医药", "医疗器械"), (1.0, 0.8, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.2)),
    Industry(
        "7010",
        ("置业", "房地产开发", "土地整理"),
        (0.7, 0.5, 1.1, 1.0, 1.1, 1.2, 0.8, 0.8, 1.3, 1.1, 1.1, 1.3),
    ),
)
REAL_ESTATE: Final = 12
"""Index of the real-estate industry."""
CAR_TRADE: Final = 6

MONTH_OF_DAY: Final[Int64] = np.array(
    [
        (day.year - FIRST_DAY.year) * 12 + day.month - FIRST_DAY.month
        for day in (FIRST_DAY + datetime.timedelta(days=d) for d in range(DAYS))
    ],
    dtype=np.int64,
)
"""Month number 0..11 of each day."""
MONTH_START: Final[Int64] = np.searchsorted(MONTH_OF_DAY, np.arange(MONTHS + 1)).astype(np.int64)
"""First day of each month, and the end."""
WORKING: Final[NDArray[np.bool_]] = np.array(
    [(FIRST_DAY + datetime.timedelta(days=d)).weekday() < 5 for d in range(DAYS)]
)
NEXT_WORKING: Final[Int64] = np.array(
    [next((x for x in range(d, DAYS) if WORKING[x]), DAYS - 1) for d in range(DAYS)], dtype=np.int64
)
"""The day itself when it is a weekday, else the next one that is."""
_FIRST_INSTANT: Final = (
    int(datetime.datetime.combine(FIRST_DAY, datetime.time(), datetime.UTC).timestamp()) - _ZONE_SECONDS
)

SEASONS: Final = np.array(
    [
        [industry.season[(FIRST_DAY.month - 1 + month) % 12] for month in range(MONTHS)]
        for industry in INDUSTRIES
    ]
)
"""[industry, month number] weight, about 1 on average."""


def date_of(day: int) -> datetime.date:
    """The date of a day number (any integer)."""
    return FIRST_DAY + datetime.timedelta(days=int(day))


def instants(day: Int64, second: Int64) -> Int64:
    """UTC microseconds of a local second (0..86399) of a day number."""
    return (_FIRST_INSTANT + day * _DAY_SECONDS + second) * _MICROSECONDS


def day_of(instant: Int64) -> Int64:
    """Day numbers of UTC microseconds, in local time."""
    return (instant // _MICROSECONDS - _FIRST_INSTANT) // _DAY_SECONDS


def office_seconds(generator: np.random.Generator, count: int) -> Int64:
    """Seconds of the day in office hours, 09:00 to 17:30, two humps."""
    morning = generator.triangular(9 * 3600, 10.5 * 3600, 12 * 3600, count)
    afternoon = generator.triangular(13.3 * 3600, 15 * 3600, 17.5 * 3600, count)
    return np.where(generator.random(count) < 0.55, morning, afternoon).astype(np.int64)


def waking_seconds(generator: np.random.Generator, count: int) -> Int64:
    """Seconds of the day in the hours of private life, 07:00 to 23:30."""
    return generator.triangular(7 * 3600, 19 * 3600, 23.5 * 3600, count).astype(np.int64)


def days_in_month(
    generator: np.random.Generator, month: Int64, first: float = 0.0, last: float = 1.0
) -> Int64:
    """A random day of each month number, within the given part of the month."""
    start = MONTH_START[month]
    length = MONTH_START[month + 1] - start
    return start + (length * generator.uniform(first, last, len(month))).astype(np.int64).clip(0, length - 1)
