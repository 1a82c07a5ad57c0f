"""Whether a delivery may be taken in, and whether the loans agree with the general ledger. Pure."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loantrail.nightly.model import (
    ALARMS,
    FLAG,
    GENERAL_LEDGER,
    MANIFEST,
    Alarm,
    Compared,
    FoundFile,
    FoundFolder,
    Known,
    LedgerTotal,
    LoanTotal,
    Manifest,
    Subject,
)

SHRUNK_PERCENT: Final = 80
"""A full table of fewer rows than this share of the last one is taken for half a table."""
SMALL_TABLE: Final = 20
"""Tables of fewer rows are not judged by their size."""
_OF_ONE_DAY: Final = ("append", "incremental")
"""How files come that say what one day brought."""
ONE_DAY: Final = datetime.timedelta(days=1)

ALL_PRODUCTS: Final = "*"
USUAL_SUBJECTS: Final = (Subject("1303", "贷款", (ALL_PRODUCTS,)),)
"""Where a manifest names no subjects: 1303 贷款 of the accounting subjects of enterprises (财会〔2006〕18号)."""


def check(
    found: FoundFolder, known: Known, *, again: bool = False, accepted: Collection[str] = ()
) -> list[Alarm]:
    """Everything that is wrong with a delivery, found before anything is taken in.

    `again` means that a date in the books is to be run once more; `accepted` are codes that a person lets pass.
    """
    alarms = list(_of_folder(found))
    manifest = found.manifest
    if not alarms and manifest is not None:
        for file in found.files:
            alarms += _of_file(file, found.business_date)
        alarms += _of_content(found, known, again)
        alarms += _of_order(manifest, known)
        alarms += _of_tables(found, manifest, known)
        alarms += [Alarm("file_unlisted", name) for name in found.unlisted]
    return [alarm for alarm in alarms if not (alarm.kind.acceptable and alarm.code in accepted)]


def holds_back(alarms: Iterable[Alarm]) -> bool:
    """Whether the delivery stays out of the books."""
    return any(alarm.kind.holds_back for alarm in alarms)


_FOLDER: Final = (
    "folder_missing",
    "flag_missing",
    "manifest_missing",
    "manifest_unreadable",
    "wrong_business_date",
)
"""What is wrong with a folder, in the order in which it is looked at; nothing behind it is looked at then."""


@dataclass(frozen=True, slots=True)
class Unchecked:
    """What a check that broke off says nothing about: alarms of `codes`, and those of `of_files` about `files`."""

    codes: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    of_files: frozenset[str] = frozenset()


def unchecked(alarms: Sequence[Alarm]) -> Unchecked:
    """What was not looked at again in a delivery that was held back with these alarms."""
    codes = {alarm.code for alarm in alarms}
    # The books were not touched: nothing is known of what an attempt before did to them.
    rest = {code for code, kind in ALARMS.items() if not kind.holds_back}
    for place, code in enumerate(_FOLDER):
        if code in codes:
            return Unchecked(frozenset(rest | (ALARMS.keys() - set(_FOLDER[: place + 1]))))
    gone = {alarm.file for alarm in alarms if alarm.code in ("file_missing", "file_unreadable")}
    if gone:
        rest.add("table_shrunk")
    behind = ALARMS.keys() - {*_FOLDER, "file_missing", "changed_after_load"}
    return Unchecked(frozenset(rest), frozenset(gone), frozenset(behind))


def is_older(business_date: datetime.date, known: Known) -> bool:
    """Whether newer dates are in the books: then master data of this one must not replace theirs."""
    return known.newest is not None and business_date < known.newest


def _of_folder(found: FoundFolder) -> Iterable[Alarm]:
    day = found.business_date.isoformat()
    if not found.exists:
        yield Alarm("folder_missing", actual=day)
    elif not found.has_flag:
        yield Alarm("flag_missing", file=FLAG, expected=FLAG)
    elif not found.has_manifest:
        yield Alarm("manifest_missing", file=MANIFEST, expected=MANIFEST)
    elif found.manifest is None:
        yield Alarm("manifest_unreadable", file=MANIFEST, parameters={"problem": found.problem})
    elif found.manifest.business_date != found.business_date:
        yield Alarm(
            "wrong_business_date",
            file=MANIFEST,
            expected=day,
            actual=found.manifest.business_date.isoformat(),
        )


def _of_file(file: FoundFile, day: datetime.date) -> Iterable[Alarm]:
    declared = file.declared
    name = declared.file
    if not file.exists:
        yield Alarm("file_missing", name)
        return
    if declared.sha256 and declared.sha256.lower() != file.sha256:
        yield Alarm("hash_differs", name, declared.sha256, file.sha256)
    if file.problem:
        yield Alarm("file_unreadable", name, parameters={"problem": file.problem})
        return
    if file.rows != declared.rows:
        yield Alarm("row_count_differs", name, str(declared.rows), str(file.rows))
    for field, expected in sorted(declared.totals.items()):
        actual = file.totals.get(field, 0)
        if actual != expected:
            yield Alarm("total_differs", name, str(expected), str(actual), {"field": field})
    if file.latest is not None and file.latest > day:
        yield Alarm("lines_dated_later", name, day.isoformat(), file.latest.isoformat())
    for code, parameters in file.trouble:
        yield Alarm(code, name, parameters.get("expected", ""), parameters.get("actual", ""), parameters)


def _of_content(found: FoundFolder, known: Known, again: bool) -> Iterable[Alarm]:
    """Files of a loaded date that changed, and files of another date again."""
    day = found.business_date
    then = {file.file: file.content_hash for file in known.files_of(day)}
    now = {file.declared.file: file.sha256 for file in found.files}
    changed = {name for name, content in then.items() if now.get(name) != content}
    if day in known.dates:
        changed |= now.keys() - then.keys()
    if changed and not again:
        listed = sorted(changed)
        parameters = {"files": ", ".join(listed)}
        yield Alarm("changed_after_load", listed[0], actual=day.isoformat(), parameters=parameters)
    others = {file.content_hash: file for file in known.files if file.business_date != day and file.rows > 0}
    with_rows = [file for file in found.files if file.rows > 0 and file.exists]
    same = [file for file in with_rows if file.sha256 in others]
    # A full table may well be the same two days running; a day's lines or changes never are. Where a delivery has none of
    # these, not even empty ones as on a quiet day, all of it is not the same either.
    telling = [file for file in same if file.declared.mode in _OF_ONE_DAY]
    is_readable = all(file.exists and not file.problem for file in found.files)
    has_changes = any(file.declared.mode in _OF_ONE_DAY for file in found.files)
    if is_readable and not has_changes and len(same) == len(with_rows):
        telling = same
    for file in telling:
        other = others[file.sha256].business_date.isoformat()
        yield Alarm("repeated_delivery", file.declared.file, parameters={"other_date": other})


def _of_order(manifest: Manifest, known: Known) -> Iterable[Alarm]:
    day, newest = manifest.business_date, known.newest
    if newest is None or day <= newest:
        return
    left_out = [one for one in known.waiting if newest < one < day]
    before = manifest.previous_date or day - ONE_DAY
    missing = left_out[0] if left_out else before
    if left_out or before > newest:
        yield Alarm("date_gap", expected=missing.isoformat(), actual=newest.isoformat())


def _of_tables(found: FoundFolder, manifest: Manifest, known: Known) -> Iterable[Alarm]:
    earlier = [one for one in known.dates if one < manifest.business_date]
    if not earlier:
        return
    last = known.files_of(earlier[-1])
    for name in sorted({one.record_type for one in last} - {one.record_type for one in manifest.files}):
        yield Alarm("table_missing", expected=name, parameters={"record_type": name})
    rows_before: dict[str, int] = defaultdict(int)
    for one in last:
        if one.mode == "full":
            rows_before[one.record_type] += one.rows
    rows_now: dict[str, int] = defaultdict(int)
    for file in found.files:
        if file.declared.mode == "full":
            rows_now[file.declared.record_type] += file.rows
    # Of these something else is told.
    unread = {file.declared.record_type for file in found.files if file.problem or not file.exists}
    for name, before in sorted(rows_before.items()):
        now = None if name in unread else rows_now.get(name)
        if now is not None and before >= SMALL_TABLE and now * 100 < before * SHRUNK_PERCENT:
            yield Alarm(
                "table_shrunk", expected=str(before), actual=str(now), parameters={"record_type": name}
            )


# General ledger ----------------------------------------------------------------------------------------------


def compare_ledger(
    ledger: Sequence[LedgerTotal],
    loans: Sequence[LoanTotal],
    parents: Mapping[str, str | None],
    subjects: Sequence[Subject] = (),
) -> tuple[list[Compared], list[Alarm]]:
    """The balance of the loans per subject, unit and currency beside the general ledger's.

    A ledger kept at a branch counts the loans of the units below it: a loan belongs to the nearest unit upwards
    (`parents`: unit -> unit above) that has a row of its subject and currency.
    """
    subjects = tuple(subjects) or USUAL_SUBJECTS
    names = {one.subject: one.name for one in subjects}
    by_product = {product: one.subject for one in subjects for product in one.products}
    given: dict[tuple[str, str, str], int] = defaultdict(int)
    for total in ledger:
        if total.subject in names:
            given[total.subject, total.unit_id, total.currency] += total.balance_fen
    found: dict[tuple[str, str, str], tuple[int, int]] = dict.fromkeys(given, (0, 0))
    alarms: list[Alarm] = []
    unknown: dict[tuple[str, str], int] = defaultdict(int)
    for loan in loans:
        subject = by_product.get(loan.product, by_product.get(ALL_PRODUCTS))
        if subject is None:
            unknown[loan.product, loan.currency] += loan.balance_fen
            continue
        key = (subject, _unit_with_row(subject, loan, given, parents), loan.currency)
        balance, count = found.get(key, (0, 0))
        found[key] = (balance + loan.balance_fen, count + loan.count)
    compared = [
        Compared(subject, names[subject], unit, currency, given.get((subject, unit, currency)), fen, count)
        for (subject, unit, currency), (fen, count) in sorted(found.items())
        if (subject, unit, currency) in given or fen != 0
    ]
    alarms += [_difference(one) for one in compared if one.ledger_fen is None or one.difference_fen]
    alarms += [
        Alarm("subject_unknown", actual=str(fen), parameters={"product": product, "currency": currency})
        for (product, currency), fen in sorted(unknown.items())
        if fen
    ]
    return compared, alarms


def _unit_with_row(
    subject: str,
    loan: LoanTotal,
    given: Mapping[tuple[str, str, str], int],
    parents: Mapping[str, str | None],
) -> str:
    unit: str | None = loan.unit_id
    seen: set[str] = set()
    while unit is not None and unit not in seen:
        if (subject, unit, loan.currency) in given:
            return unit
        seen.add(unit)
        unit = parents.get(unit)
    return loan.unit_id


def _difference(one: Compared) -> Alarm:
    parameters = {
        "subject": one.subject,
        "subject_name": one.subject_name,
        "unit": one.unit_id,
        "currency": one.currency,
    }
    if one.ledger_fen is None:
        return Alarm("ledger_missing", GENERAL_LEDGER, actual=str(one.loans_fen), parameters=parameters)
    return Alarm(
        "ledger_difference",
        GENERAL_LEDGER,
        str(one.ledger_fen),
        str(one.loans_fen),
        {**parameters, "difference": str(one.difference_fen)},
    )
