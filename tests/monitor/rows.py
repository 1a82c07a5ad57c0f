"""Statement lines as core systems send them."""

from __future__ import annotations

import json
from typing import Any


def row(number: int, **values: Any) -> dict[str, Any]:
    return {
        "booked_at": f"2026-03-{1 + number % 28:02d}T10:00:00+08:00",
        "account": f"62{number % 7}",
        "direction": "debit",
        "amount_fen": 100 + number,
        "reference": f"R{number}",
        **values,
    }


def message(*numbers: int) -> bytes:
    return json.dumps([row(number) for number in numbers]).encode()


def csv(*numbers: int) -> str:
    lines = ["booked_at,account,direction,amount_fen,reference"]
    for number in numbers:
        one = row(number)
        lines.append(",".join(str(one[name]) for name in lines[0].split(",")))
    return "\n".join(lines) + "\n"
