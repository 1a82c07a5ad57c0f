"""The manifest of a delivery: JSON read into `model.Manifest`, each mistake named with its place."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path, PurePosixPath
from typing import Any, Final, cast

from loantrail.errors import FileUnreadable, InputError, Place, ValueRefused
from loantrail.ledger.intake import LINE, RECORD_TYPES
from loantrail.nightly.model import CONTROL_COLUMNS, GENERAL_LEDGER, MODES, Declared, Manifest, Subject
from loantrail.records import Kind

_GIVEN_MODES: Final = {LINE: "append", GENERAL_LEDGER: "totals"}
"""Tables that are delivered in one way only."""
_DIGITS_MAX: Final = 30


def business_date_of(text: str) -> datetime.date:
    """The date written as 20260331 or 2026-03-31. ValueRefused for anything else."""
    for form in ("%Y%m%d", "%Y-%m-%d"):
        try:
            return datetime.datetime.strptime(text.strip(), form).date()  # noqa: DTZ007  a date, no instant
        except ValueError:
            continue
    raise ValueRefused(f"{text!r} is no business date", remedy="Write it as 20260331 or 2026-03-31")


def read_manifest(path: Path) -> Manifest:
    """The manifest in the file. Raises InputError saying what is wrong with it."""
    name = path.name
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except OSError as problem:
        raise FileUnreadable(f"cannot be read ({problem.strerror})", Place(name)) from None
    except (ValueError, RecursionError) as problem:
        raise FileUnreadable(f"is not JSON ({problem})", Place(name)) from None
    if not isinstance(content, dict):
        raise ValueRefused("holds no object", Place(name))
    given = cast(dict[str, Any], content)
    unit = given.get("amount_unit", "fen")
    if unit not in ("fen", "yuan"):
        raise ValueRefused(f"amount_unit is {unit!r}, not fen or yuan", Place(name, field="amount_unit"))
    listed = given.get("files")
    if not isinstance(listed, list) or not listed:
        raise ValueRefused("names no files", Place(name, field="files"))
    files = tuple(_file(one, place, unit) for place, one in enumerate(cast(list[Any], listed), start=1))
    names = [one.file for one in files]
    twice = next((one for one in names if names.count(one) > 1), None)
    if twice is not None:
        raise ValueRefused(f"names {twice} twice", Place(name, field="files"))
    previous = given.get("previous_date")
    return Manifest(
        business_date=business_date_of(_text(given, "business_date")),
        files=files,
        subjects=tuple(_subject(one) for one in given.get("subjects") or ()),
        previous_date=None if previous is None else business_date_of(str(previous)),
    )


def _text(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key)
    if not isinstance(value, (str, int)) or isinstance(value, bool) or not str(value).strip():
        raise ValueRefused(f"{key} is missing", Place(field=key))
    return str(value).strip()


def _file(given: object, place: int, unit: str) -> Declared:
    if not isinstance(given, dict):
        raise ValueRefused("is no object", Place(row=place, field="files"))
    one = cast(dict[str, Any], given)
    try:
        return _declared(one, unit)
    except InputError as problem:
        raise ValueRefused(problem.problem, Place(row=place, field=problem.place.field)) from None


def _declared(one: Mapping[str, Any], unit: str) -> Declared:
    file, table = _text(one, "file"), _text(one, "table")
    plain = PurePosixPath(file)
    if plain.is_absolute() or ".." in plain.parts or "\\" in file or "\x00" in file:
        raise ValueRefused(f"file {file!r} does not lie in the folder", Place(field="file"))
    if table != GENERAL_LEDGER and table not in RECORD_TYPES:
        raise ValueRefused(
            f"table {table!r} is not known; known are {', '.join((*RECORD_TYPES, GENERAL_LEDGER))}",
            Place(field="table"),
        )
    mode = str(one.get("mode") or _GIVEN_MODES.get(table, "full"))
    if mode not in MODES or (table in _GIVEN_MODES) != (mode in ("append", "totals")):
        raise ValueRefused(f"{table} cannot be delivered as {mode!r}", Place(field="mode"))
    rows = one.get("rows")
    if not isinstance(rows, int) or isinstance(rows, bool) or rows < 0:
        raise ValueRefused("rows is no whole number", Place(field="rows"))
    totals = one.get("totals") or {}
    columns = one.get("columns") or {}
    if not isinstance(totals, dict) or not isinstance(columns, dict):
        raise ValueRefused("totals and columns are objects", Place(field="totals"))
    unknown = [name for name in cast(dict[str, Any], columns) if name not in CONTROL_COLUMNS]
    if unknown:
        raise ValueRefused(f"columns has no {unknown[0]}", Place(field="columns"))
    return Declared(
        file=file,
        record_type=table,
        mode=mode,
        rows=rows,
        totals={name: _fen(table, name, value, unit) for name, value in cast(dict[str, Any], totals).items()},
        sha256=str(one.get("sha256") or ""),
        mapping=str(one.get("mapping") or ""),
        columns={
            **CONTROL_COLUMNS,
            **{key: str(value) for key, value in cast(dict[str, Any], columns).items()},
        },
    )


def _fen(table: str, name: str, value: object, unit: str) -> int:
    """A total in fen; in yuan it may be a decimal number or text."""
    amounts = (
        {"balance_fen"}
        if table == GENERAL_LEDGER
        else {field.name for field in RECORD_TYPES[table].fields if field.kind is Kind.AMOUNT_FEN}
    )
    if name not in amounts:
        raise ValueRefused(f"{table} has no amount {name}", Place(field="totals"))
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise ValueRefused(f"the total of {name} is no number", Place(field="totals"))
    try:
        number = Decimal(value)
        if not number.is_finite() or number.adjusted() > _DIGITS_MAX:
            raise ValueError("amount_too_large")
        # A sum may be larger than any single amount: only its digits are checked.
        scaled = number.scaleb(2) if unit == "yuan" else number
        if scaled != scaled.to_integral_value():
            raise ValueError("amount_finer_than_minor_unit")
        return int(scaled)
    except (InvalidOperation, ValueError, OverflowError):
        raise ValueRefused(f"the total of {name} is {value!r}", Place(field="totals")) from None


def _subject(given: object) -> Subject:
    if not isinstance(given, dict):
        raise ValueRefused("a subject is no object", Place(field="subjects"))
    one = cast(dict[str, Any], given)
    products = one.get("products")
    if not isinstance(products, list) or not products:
        raise ValueRefused("a subject names no products", Place(field="subjects"))
    listed = tuple(str(product) for product in cast(list[Any], products))
    return Subject(_text(one, "subject"), str(one.get("name") or ""), listed)
