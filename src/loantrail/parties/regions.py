"""Names of administrative divisions (GB/T 2260): provinces, prefectures, counties by the first two, four, six digits.

Chinese names are those of the list that python-stdnum brings. Names of counties stand in English texts as they are, like other
proper names of the books; provinces have their English names.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

PROVINCE_DIGITS: Final = 2
PREFECTURE_DIGITS: Final = 4
COUNTY_DIGITS: Final = 6

_PROVINCES: Final = {
    "11": "Beijing", "12": "Tianjin", "13": "Hebei", "14": "Shanxi", "15": "Inner Mongolia", "21": "Liaoning", "22": "Jilin",
    "23": "Heilongjiang", "31": "Shanghai", "32": "Jiangsu", "33": "Zhejiang", "34": "Anhui", "35": "Fujian", "36": "Jiangxi",
    "37": "Shandong", "41": "Henan", "42": "Hubei", "43": "Hunan", "44": "Guangdong", "45": "Guangxi", "46": "Hainan",
    "50": "Chongqing", "51": "Sichuan", "52": "Guizhou", "53": "Yunnan", "54": "Tibet", "61": "Shaanxi", "62": "Gansu",
    "63": "Qinghai", "64": "Ningxia", "65": "Xinjiang", "71": "Taiwan", "81": "Hong Kong", "82": "Macao",
}  # fmt: skip
_HEADINGS: Final = frozenset(("市辖区", "县"))
_PERIOD: Final = re.compile(r"^\[[0-9]*-[0-9]*\]")


def region_named(code: str) -> tuple[str, str] | None:
    """Chinese and English name of a division of two, four or six digits; None where the list has none."""
    if not code.isdigit() or len(code) not in (PROVINCE_DIGITS, PREFECTURE_DIGITS, COUNTY_DIGITS):
        return None
    chinese = _chinese(code)
    if not chinese:
        return None
    return chinese, _PROVINCES.get(code, chinese) if len(code) == PROVINCE_DIGITS else chinese


@lru_cache(maxsize=4_096)
def _chinese(code: str) -> str:
    parts: list[tuple[str, dict[str, str]]] = _list().info(code.ljust(COUNTY_DIGITS, "0"))
    if len(code) == PROVINCE_DIGITS:
        return parts[0][1].get("province", "") if parts else ""
    name = parts[1][1].get("county", "") if len(parts) > 1 else ""
    # A code that changed hands lists each name with its years: `[1982-1990]甲县,[1990-]乙市`; the last one holds.
    name = _PERIOD.sub("", name.split(",")[-1])
    # Below a municipality stands no prefecture, but a heading for its districts or counties.
    return _chinese(code[:PROVINCE_DIGITS]) if name in _HEADINGS else name


@lru_cache(maxsize=1)
def _list() -> Any:
    # Read when first needed: three thousand names.
    from stdnum import numdb

    return numdb.get("cn/loc")
