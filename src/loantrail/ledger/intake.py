"""Decisions of intake: which key a record has, what its content is, which rules it breaks. Pure: frames in, frames out.

A record is known by its **key**: the fields that its record type names, or, for a statement line,

- with a reference of the bank: account, currency, direction, business date and reference (journal numbers of core systems
  start again every day);
- without one: its whole content and how many equal rows stood before it in the same file. The same file, or another
  that overlaps it, gives the same keys again; two equal rows of one file stay two.

The **content** is every field but where the line stood (file, position, sequence) and whose statement it was (institution,
account name). The same key with the same content is a duplicate; with another content it is refused, unless the
running balances of its file prove that both rows happened (a fee often carries the number of the payment it belongs to).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
from stdnum.cn import ric, uscc

from loantrail.ledger import model as ledger_model
from loantrail.ledger.identity import HOME_CURRENCY, account_keys, names_account, normalised
from loantrail.ledger.pairing import BUSINESS_ZONE, NO_REFERENCE
from loantrail.ledger.reconcile import with_expected_balance
from loantrail.parties import model as party_model
from loantrail.records import RecordType

RECORD_TYPES: Final[Mapping[str, RecordType]] = {
    record_type.name: record_type for record_type in (*party_model.RECORD_TYPES, *ledger_model.RECORD_TYPES)
}
LINE: Final = ledger_model.STATEMENT_LINE.name
_NOT_CONTENT: Final = ("source_file", "position", "sequence", "institution", "account_name")
LINE_CONTENT: Final = tuple(
    field.name for field in ledger_model.STATEMENT_LINE.fields if field.name not in _NOT_CONTENT
)
"""The fields of a statement line that its content hash is of, in their order."""
_MARK_OF_NULL: Final = "\x00"
_BETWEEN: Final = "\x1f"
_ESCAPE: Final = "\x1e"
HEAD_OF_CONTENT: Final = "line"
KEY_COLUMNS: Final = ("row_number", "source_key", "content_hash", "proven", "is_first")


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that breaks a rule: its number in the batch, the field, a stable reason, and words."""

    row: int
    field: str
    reason: str
    message: str


class Occurrences:
    """How often each content without a reference was met so far in one file."""

    def __init__(self) -> None:
        self._count: dict[str, int] = {}

    def next_of(self, content: str) -> int:
        """1 for the first row of that content, 2 for the second, ..."""
        count = self._count.get(content, 0) + 1
        self._count[content] = count
        return count


def digest(text: str) -> str:
    """128 bits of BLAKE2b, as 32 hexadecimal digits."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def prepared(record_type: RecordType, rows: pl.DataFrame, default_unit: str) -> pl.DataFrame:
    """The rows as they are stored: accounts by their keys, absent units replaced by the default one."""
    names = rows.columns
    if record_type.name == "account":
        return rows.with_columns(
            normalised(rows, "account").alias("account_number"),
            account_keys(rows, "account", sub_account="sub_account"),
            pl.col("sub_account", "institution").fill_null(""),
            _unit(default_unit),
        )
    account_fields = [field.name for field in record_type.fields if names_account(field)]
    with_currency = "currency" in names
    rows = rows.with_columns(
        [account_keys(rows, name) if with_currency else normalised(rows, name) for name in account_fields]
    )
    if record_type.name == LINE:
        reference = pl.col("reference").str.strip_chars()
        is_none = reference.str.to_uppercase().is_in(NO_REFERENCE)
        return rows.with_columns(pl.when(~is_none).then(reference).alias("reference"))
    return (
        rows.with_columns(_unit(default_unit))
        if "unit_id" in names and record_type.name != "organisation_unit"
        else rows
    )


def _unit(default_unit: str) -> pl.Expr:
    return pl.col("unit_id").fill_null(default_unit)


# Keys --------------------------------------------------------------------------------------------------------


def with_keys(record_type: RecordType, rows: pl.DataFrame, occurrences: Occurrences) -> pl.DataFrame:
    """`rows` with `KEY_COLUMNS` added: the key and content hashes (32 hexadecimal digits), whether the running balance
    proves the row, and whether it is the first of its key in this batch. Exact repetitions of a key and content
    within the batch are left out."""
    rows = rows.with_row_index("row_number")
    if record_type.name == LINE:
        keyed = _line_keys(rows, occurrences)
    else:
        content = [name for name in rows.columns if name != "row_number"]
        keyed = rows.with_columns(
            _digests(rows, record_type.key, record_type.name).alias("source_key"),
            _digests(rows, content, record_type.name).alias("content_hash"),
            pl.lit(False).alias("proven"),
        )
    return keyed.unique(["source_key", "content_hash"], keep="first", maintain_order=True).with_columns(
        pl.col("source_key").is_first_distinct().alias("is_first")
    )


def _line_keys(rows: pl.DataFrame, occurrences: Occurrences) -> pl.DataFrame:
    content = _digests(rows, LINE_CONTENT, HEAD_OF_CONTENT)
    has_reference = rows.get_column("reference").is_not_null()
    date = pl.col("booked_at").dt.convert_time_zone(BUSINESS_ZONE).dt.date().cast(pl.String)
    by_reference = _digests(
        rows.with_columns(date.alias("_date")),
        ["account", "currency", "direction", "_date", "reference"],
        "line by reference",
    )
    # Filling by rows in file order: the count is what keeps two equal rows apart.
    keys = [
        known if with_reference else key_by_content(text, occurrences.next_of(text))
        for known, text, with_reference in zip(
            by_reference.to_list(), content.to_list(), has_reference.to_list(), strict=True
        )
    ]
    keyed = rows.with_columns(
        pl.Series("source_key", keys, dtype=pl.String),
        content.alias("content_hash"),
        pl.lit(False).alias("proven"),
    )
    if keyed.get_column("balance_fen").null_count() == len(keyed):
        return keyed
    return keyed.with_columns(
        pl.col("row_number").is_in(proven_rows(keyed.drop("proven")).implode()).alias("proven")
    )


def proven_rows(lines: pl.DataFrame) -> pl.Series:
    """`row_number` of the lines whose balance follows from the balances and amounts of the lines before them.

    Columns needed: `row_number` and those of `reconcile.with_expected_balance`.
    """
    return (
        with_expected_balance(lines)
        .filter(pl.col("expected_fen").is_not_null(), pl.col("expected_fen") == pl.col("balance_fen"))
        .get_column("row_number")
    )


def line_digest(head: str, texts: Sequence[str | None]) -> str:
    """Of one row what `_digests` gives of each row of a frame; None where a value is absent."""
    plain = _BETWEEN.join([head, *[_MARK_OF_NULL if text is None else text for text in texts]])
    if _ESCAPE not in plain and plain.count(_BETWEEN) == len(texts):
        return digest(plain)
    parts = [head, *[_MARK_OF_NULL if text is None else text for text in texts]]
    escaped = [part.replace(_ESCAPE, _ESCAPE * 2).replace(_BETWEEN, f"{_ESCAPE}.") for part in parts]
    return digest(_BETWEEN.join([*escaped, _ESCAPE]))


def key_by_reference(account: str, currency: str, direction: str, business_date: str, reference: str) -> str:
    """The key of a prepared line that has a reference; the date as YYYY-MM-DD."""
    return line_digest("line by reference", (account, currency, direction, business_date, reference))


def key_by_content(content_hash: str, occurrence: int) -> str:
    """The key of a line without a reference, that of the `occurrence`-th such row of its source."""
    return digest(f"line by content{_BETWEEN}{content_hash}{_BETWEEN}{occurrence}")


def repeat_key(source_key: str, content_hash: str) -> str:
    """The key of a proven row whose own key another row holds."""
    return digest(f"{source_key}{_BETWEEN}{content_hash}")


def _digests(rows: pl.DataFrame, fields: Sequence[str], head: str) -> pl.Series:
    """128 bits over the fields of each row, in which no two different records look alike."""
    parts = [pl.lit(head), *(pl.col(name).cast(pl.String).fill_null(_MARK_OF_NULL) for name in fields)]
    texts = rows.select(pl.concat_str(parts, separator=_BETWEEN).alias("text")).to_series()
    # A text that holds the separator could imitate two fields: such rows, hardly ever any, are written otherwise.
    odd = (texts.str.count_matches(_BETWEEN, literal=True) != len(fields)) | texts.str.contains(
        _ESCAPE, literal=True
    )
    if odd.any():
        escaped = [
            part.str.replace_all(_ESCAPE, _ESCAPE * 2, literal=True).str.replace_all(
                _BETWEEN, f"{_ESCAPE}.", literal=True
            )
            for part in parts
        ]
        # The separator at the end, which no plain text has, keeps both ways of writing apart.
        marked = pl.concat_str([*escaped, pl.lit(_ESCAPE)], separator=_BETWEEN)
        texts = texts.zip_with(~odd, rows.select(marked).to_series())
    blake2b = hashlib.blake2b
    return pl.Series(
        [blake2b(one.encode(), digest_size=16).hexdigest() for one in texts.to_list()], dtype=pl.String
    )


# Rules -------------------------------------------------------------------------------------------------------


def broken_rules(record_type: RecordType, rows: pl.DataFrame) -> list[Broken]:
    """Rows that break a rule which needs more than one field to see. One entry per row, the first rule that it breaks."""
    found: dict[int, Broken] = {}
    for broken in (*_broken_identities(record_type, rows), *_broken_periods(record_type, rows)):
        found.setdefault(broken.row, broken)
    return [found[row] for row in sorted(found)]


def _broken_identities(record_type: RecordType, rows: pl.DataFrame) -> Iterable[Broken]:
    if record_type.name != "party":
        return
    rules = {"unified_social_credit_code": uscc.is_valid, "resident_identity_card": ric.is_valid}
    for row, (kind, number) in enumerate(rows.select("identity_kind", "identity_number").iter_rows()):
        if kind in rules and number is not None and not rules[kind](number):
            yield Broken(
                row,
                "identity_number",
                "identity_number_invalid",
                f"identity_number is no valid {kind} (its check character or a part of it is wrong); "
                "correct it, or name another identity_kind",
            )


def _broken_periods(record_type: RecordType, rows: pl.DataFrame) -> Iterable[Broken]:
    names = rows.columns
    if "valid_from" in names and "valid_to" in names:
        # What ends on the day it begins was never valid; an order of one day is written with both days.
        strict = record_type.name == "party_relation"
        wrong = (
            pl.col("valid_to") <= pl.col("valid_from")
            if strict
            else pl.col("valid_to") < pl.col("valid_from")
        )
        for row in rows.select(wrong.fill_null(value=False).arg_true()).to_series().to_list():
            yield Broken(
                row,
                "valid_to",
                "period_reversed",
                "valid_to does not lie after valid_from; correct one of them",
            )
    if record_type.name == "party_relation":
        for row in (
            rows.select((pl.col("from_party_id") == pl.col("to_party_id")).arg_true()).to_series().to_list()
        ):
            yield Broken(
                row,
                "to_party_id",
                "relation_to_itself",
                "a party is not related to itself; correct one of them",
            )


def unknown_reference(record_type: RecordType, field: str, row: int, value: str) -> Broken:
    """The refusal of a record that points to one which is not there."""
    target = record_type.field(field).references
    return Broken(
        row,
        field,
        "unknown_reference",
        f"{field} {value!r} names a {target.split('.')[0]} that is not in the books; import that first: "
        "this record is taken in by itself then",
    )


def other_content(record_type: RecordType, row: int) -> Broken:
    """The refusal of a record whose key is taken by a record of another content."""
    key = "reference" if record_type.name == LINE else record_type.key[0]
    return Broken(
        row,
        key,
        "same_key_other_content",
        "a record with the same key and another content is in the books already; find out which is right: "
        "dismiss this one, or correct its key",
    )


def reference_fields(record_type: RecordType) -> list[tuple[str, RecordType, str]]:
    """`(field, record type it points to, that type's field)`."""
    found: list[tuple[str, RecordType, str]] = []
    for field in record_type.fields:
        if field.references:
            target, _, target_field = field.references.partition(".")
            found.append((field.name, RECORD_TYPES[target], target_field))
    return found


def auto_accounts(lines: pl.DataFrame) -> pl.DataFrame:
    """Accounts that statement lines name: `account, account_number, institution, currency, name, has_lines`, one row
    each, sorted. A counterparty of which only a masked number is known is no account."""
    own = lines.select(
        "account",
        "currency",
        pl.col("institution"),
        pl.col("account_name").alias("name"),
        pl.lit(True).alias("has_lines"),
    )
    others = lines.filter(
        pl.col("counterparty_account").is_not_null(), ~pl.col("counterparty_account").str.contains(r"[*＊]")
    ).select(
        pl.col("counterparty_account").alias("account"),
        "currency",
        pl.col("counterparty_institution").alias("institution"),
        pl.col("counterparty_name").alias("name"),
        pl.lit(False).alias("has_lines"),
    )
    suffix = pl.format("/{}", "currency")
    return (
        pl.concat([own, others])
        .group_by("account", "currency")
        .agg(pl.col("institution", "name").drop_nulls().first(), pl.col("has_lines").any())
        .with_columns(
            pl.col("institution").fill_null(""),
            pl.when(pl.col("currency") == HOME_CURRENCY)
            .then("account")
            .otherwise(pl.col("account").str.strip_suffix(suffix))
            .alias("account_number"),
        )
        .sort("account")
    )
