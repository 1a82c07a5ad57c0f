"""Compute a sheet again from the books as they were, and say what differs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, cast

import polars as pl
from pydantic import ValidationError

from loantrail.disputes import store
from loantrail.disputes.composing import Composer, Wanted, versions_of
from loantrail.disputes.making import sheet_of
from loantrail.disputes.model import Comparison, Difference, compare, fingerprint
from loantrail.disputes.sheet import FieldDifference, Verification, Versions
from loantrail.disputes.texts import Texts
from loantrail.disputes.trail import LoanMoney
from loantrail.errors import FileUnreadable, InputError, Place
from loantrail.http.pages import store as pages
from loantrail.ledger.books.store_then import books_then
from loantrail.ledger.books.tracing_inputs import AsOf
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.tracing.books import Books, read_books, unlimited_accounts
from loantrail.tracing.loan_bounds import LoanBounds

FILE_MAX_BYTES: Final = 64 << 20


class FreshJudgements:
    """Classes judged anew over the books as they were."""

    def __init__(self, classes: pl.DataFrame) -> None:
        self._classes = classes

    def of(self, transfer_ids: Iterable[str]) -> Mapping[str, Mapping[str, object]]:
        wanted = pl.Series(sorted(set(transfer_ids)), dtype=pl.String)
        rows = self._classes.filter(pl.col("transaction_id").is_in(wanted.implode())).select(
            "transaction_id",
            pl.col("destination_class").cast(pl.String),
            pl.col("basis").cast(pl.String),
            "confidence_permille",
            "evidence",
        )
        return {row["transaction_id"]: row for row in rows.to_dicts()}


def verify(connection: type_of_connection, name: str) -> Verification:
    """Compute a stored sheet, by id or number, or the one in a JSON file, again.

    Raises InputError when there is no such sheet, FileUnreadable when a file cannot be read as one.
    """
    path = Path(name)
    if path.suffix.lower() == ".json" or path.is_file():
        stated, sha256, envelope = _from_file(path)
        sheet_id = str(envelope.get("sheet_id") or "")
        connection.rollback()
        row = store.find(connection, sheet_id) if sheet_id else None
        connection.rollback()
        stored = None if row is None else row["sha256"] == fingerprint(stated) and _same_head(envelope, row)
    else:
        connection.rollback()
        row = store.find(connection, name)
        connection.rollback()
        if row is None:
            raise InputError(
                f"there is no dispute sheet {name}",
                remedy="Give its number, its id, or the path of its JSON file",
            )
        stated, sha256, sheet_id = json.loads(row["content"]), str(row["sha256"]), str(row["sheet_id"])
        stored = True
    return _verified(connection, stated, sha256, sheet_id, stored)


def verify_row(connection: type_of_connection, row: store.Row) -> Verification:
    """As `verify`, of a stored row."""
    return _verified(connection, json.loads(row["content"]), str(row["sha256"]), str(row["sheet_id"]), True)


def _same_head(envelope: Mapping[str, object], row: store.Row) -> bool:
    """Number, maker and time are those of the stored sheet."""
    head = sheet_of(row).model_dump(mode="json", include={"number", "made_at", "made_by"})
    return all(envelope.get(name) == value for name, value in head.items())


def _from_file(path: Path) -> tuple[dict[str, Any], str, dict[str, object]]:
    place = Place(str(path))
    remedy = "Give a dispute sheet as Loantrail wrote it"
    try:
        if path.stat().st_size > FILE_MAX_BYTES:
            raise FileUnreadable("the file is too large to be a sheet", place, remedy)
        loaded: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as cause:
        raise FileUnreadable(f"cannot be read as a sheet ({cause})", place, remedy) from cause
    if not isinstance(loaded, dict):
        raise FileUnreadable("the file holds no sheet", place, remedy)
    sheet = cast("dict[str, object]", loaded)
    content = sheet.get("content")
    if not isinstance(content, dict) or not isinstance(sheet.get("sha256"), str):
        raise FileUnreadable("the file has no content with its fingerprint", place, remedy)
    return cast("dict[str, Any]", content), str(sheet["sha256"]), sheet


def _verified(
    connection: type_of_connection,
    stated: dict[str, Any],
    sha256: str,
    sheet_id: str,
    stored: bool | None,
) -> Verification:
    intact = fingerprint(stated) == sha256
    genuine = intact and stored is not False
    found, problem = recomputed(connection, stated)
    comparison = compare(stated, found)
    if problem:
        # Nothing could be composed: only versions are compared field by field.
        versions = [one for one in comparison.differences if one.field.startswith("versions")]
        comparison = Comparison((Difference("line_fen", str(stated.get("line_fen")), problem), *versions))
    return Verification(
        sheet_id=sheet_id or None,
        intact=intact,
        stored=stored,
        identical=comparison.identical and genuine,
        same_figures=comparison.same_figures and genuine,
        data_changed=comparison.data_changed,
        judgement_changed=comparison.judgement_changed,
        rules_changed=comparison.rules_changed,
        software_changed=comparison.software_changed,
        differences=[
            FieldDifference(field=one.field, stated=one.stated, found=one.found)
            for one in comparison.differences
        ],
    )


def recomputed(connection: type_of_connection, stated: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The content of the same sheet, out of the books as they were when the stated run read them; where the loan has
    no such line any more, its versions alone and what was wrong."""
    run = _run_of(stated)
    wanted = _wanted_of(stated)
    with books_then(connection, run["read_at"]) as then:
        as_of = AsOf(run["last_arrival"], run["read_at"], then)
        books: Books = read_books(connection, lambda _text: None, as_of)
        kept = LoanBounds(books.named, books.related, unlimited_accounts(books))
        connection.rollback()
        pages.read_one_state(connection)
        try:
            money = LoanMoney(kept, wanted.loan_id)
            texts, judgements = Texts(connection, as_of), FreshJudgements(books.classes)
            content = Composer(money, texts, judgements, wanted).content(run)
        except InputError as problem:
            return {"versions": versions_of(kept, run).model_dump(mode="json")}, problem.problem
    return content.model_dump(mode="json"), ""


def _run_of(stated: dict[str, Any]) -> dict[str, Any]:
    """The versions as they stand on the sheet; only data, rules and software are computed again."""
    try:
        versions = Versions.model_validate(stated["versions"])
    except (KeyError, ValidationError) as cause:
        raise _not_a_sheet("versions", cause) from cause
    return versions.model_dump(mode="python")


def _wanted_of(stated: dict[str, Any]) -> Wanted:
    try:
        subject = stated["subject"]
        part = bool(subject["is_part"])
        return Wanted(
            str(subject["loan_id"]),
            str(subject["use"]),
            None if subject["transfer_id"] is None else str(subject["transfer_id"]),
            int(subject["amount_fen"]) if part else None,
        )
    except (KeyError, TypeError, ValueError) as cause:
        raise _not_a_sheet("subject", cause) from cause


def _not_a_sheet(field: str, cause: Exception) -> FileUnreadable:
    return FileUnreadable(
        f"the sheet cannot be read ({type(cause).__name__})",
        Place(field=field),
        "Give a sheet as Loantrail wrote it",
    )
