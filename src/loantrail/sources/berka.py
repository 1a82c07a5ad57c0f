"""The Berka ledger: a Czech bank of 1993-1998, published for the PKDD'99 Discovery Challenge.

Eight tables, one file each; `docs/concepts/sources.md` says what becomes of every column. Loans, cards and accounts
need the owner of an account, so `disp.asc` and `account.asc` are looked for beside the file that is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from loantrail.errors import FileUnreadable, Place
from loantrail.records import RecordType
from loantrail.sources.balance_order import order_within_days
from loantrail.sources.canonical import RECORD_TYPES
from loantrail.sources.columns import Reading, accept
from loantrail.sources.delimited import Block
from loantrail.sources.exact import scaled_integers
from loantrail.sources.model import Batch, SourceFile
from loantrail.sources.tables import merged, read_head, read_table, reading_of, table_columns

ZONE: Final = "Europe/Prague"
CURRENCY: Final = "CZK"
"""The ledger names none. The koruna of 1993 was Czechoslovak until 8 February and Czech after, at par."""
LAST_DAY: Final = "19981231"
"""The tables state how things stood at the end of 1998."""

TABLES: Final[dict[str, tuple[str, ...]]] = {
    "account": ("account_id", "district_id", "frequency", "date"),
    "card": ("card_id", "disp_id", "type", "issued"),
    "client": ("client_id", "birth_number", "district_id"),
    "disp": ("disp_id", "client_id", "account_id", "type"),
    "district": tuple(f"A{number}" for number in range(1, 17)),
    "loan": ("loan_id", "account_id", "date", "amount", "duration", "payments", "status"),
    "order": ("order_id", "account_id", "bank_to", "account_to", "amount", "k_symbol"),
    "trans": (
        "trans_id", "account_id", "date", "type", "operation", "amount", "balance", "k_symbol", "bank", "account",
    ),
}  # fmt: skip
"""Table -> its columns; a file of the table has them all."""

_LOAN_STATES: Final = {"A": "settled", "B": "overdue", "C": "outstanding", "D": "overdue"}
_FIVE_CLASSES: Final = {"A": "normal", "B": "doubtful", "C": "normal", "D": "substandard"}
_DIRECTIONS: Final = {"PRIJEM": "credit", "VYDAJ": "debit", "VYBER": "debit"}


@dataclass(frozen=True, slots=True)
class Berka:
    """Reads any of the tables, as delimited text or Parquet."""

    name: str = "berka"
    chinese: str = "Berka 银行账簿 (PKDD'99)"

    def recognises(self, path: Path, head: bytes) -> int:
        return 95 if table_columns(path, head, lambda columns: _table_of(columns) is not None) else 0

    def first_record_type(self, source: SourceFile) -> str | None:
        """What the table becomes: tables that others refer to are read first."""
        head = read_head(source.path, source.name)
        columns = table_columns(source.path, head, lambda columns: _table_of(columns) is not None)
        return _FIRST_RECORD_TYPES.get(_table_of(columns) or "") if columns else None

    def read(self, source: SourceFile) -> Iterator[Batch]:
        block = _whole(source)
        table = _table_of(tuple(block.texts.columns))
        assert table is not None  # _whole found its header by it
        base = Reading(zone=ZONE, defaults={"currency": CURRENCY}, date_formats=("%Y%m%d",))
        yield from _READERS[table](_Table(source, block, reading_of(source, base)))


def _table_of(columns: tuple[str, ...]) -> str | None:
    return next((table for table, needed in TABLES.items() if set(needed) <= set(columns)), None)


def _whole(source: SourceFile) -> Block:
    blocks = list(read_table(source, lambda columns: _table_of(columns) is not None))
    return Block(
        texts=pl.concat([block.texts for block in blocks]).with_columns(
            pl.col(pl.Float64).cast(pl.String), pl.col(pl.Int64).cast(pl.String)
        ),
        positions=pl.concat([block.positions for block in blocks]),
        originals=[original for block in blocks for original in block.originals],
        refusals=tuple(refusal for block in blocks for refusal in block.refusals),
        bytes_read=source.path.stat().st_size,
    )


@dataclass(slots=True)
class _Table:
    """One table being read: its rows, and the tables beside it."""

    source: SourceFile
    block: Block
    reading: Reading
    told: bool = False

    @property
    def rows(self) -> pl.DataFrame:
        return self.block.texts.with_columns(self.block.positions.alias("position"))

    def beside(self, table: str) -> pl.DataFrame:
        """The rows of another table in the same folder. Raises FileUnreadable when it is not there."""
        for path in sorted(self.source.path.parent.iterdir()):
            if path.is_file() and path.name.split(".")[0] == table:
                return _whole(SourceFile(path, path.name)).texts
        raise FileUnreadable(
            f"this table needs the table {table} beside it", Place(self.source.name), f"Put {table}.asc there"
        )

    def batch(self, record_type: RecordType, rows: pl.DataFrame) -> Batch:
        """`rows` (fields and `position`) accepted; what is wrong with the lines themselves is told once."""
        numbers = rows.get_column("position")
        index = dict(zip(self.block.positions.to_list(), range(len(self.block.positions)), strict=True))
        held = self.block.originals
        originals = [held[index[number]] for number in numbers.to_list()] if len(held) else None
        accepted = accept(
            record_type, rows, self.source.name, originals, reading=self.reading, positions=numbers
        )
        block = self.block if not self.told else Block(rows, numbers, (), (), 0)
        self.told = True
        refusals = merged(block, accepted.refusals)
        read = len(accepted.rows) + len(refusals)
        return Batch(record_type.name, accepted.rows, refusals, read, self.block.bytes_read)


def _day(column: str) -> pl.Expr:
    """930705 or `931107 00:00:00` as 19930705."""
    return pl.concat_str(pl.lit("19"), pl.col(column).str.slice(0, 6))


def _unit(column: str = "district_id") -> pl.Expr:
    return pl.concat_str(pl.lit("district-"), pl.col(column))


def _partner(bank: str, account: str) -> pl.Expr:
    """An account at another bank, in the national notation number/bank."""
    missing = pl.col(account).is_null() | (pl.col(account).str.strip_chars() == "0")
    return pl.when(~missing & pl.col(bank).is_not_null()).then(pl.concat_str(account, pl.lit("/"), bank))


def _owners(table: _Table) -> pl.DataFrame:
    """`account_id`, and its owner as `party_id`."""
    owners = table.beside("disp").filter(pl.col("type") == "OWNER")
    return owners.select("account_id", party_id=pl.concat_str(pl.lit("client-"), "client_id")).unique(
        "account_id"
    )


def _accounts(table: _Table) -> Iterator[Batch]:
    rows = table.rows.join(_owners(table), on="account_id", how="left", maintain_order="left")
    yield table.batch(
        RECORD_TYPES["account"],
        rows.select(
            "position",
            "party_id",
            account="account_id",
            kind=pl.lit("settlement"),
            opened_on=_day("date"),
            unit_id=_unit(),
        ),
    )


def _cards(table: _Table) -> Iterator[Batch]:
    holders = table.beside("disp").unique("disp_id").select("disp_id", "client_id", "account_id")
    places = table.beside("account").select("account_id", "district_id").unique("account_id")
    rows = table.rows.join(holders, on="disp_id", how="left", maintain_order="left").join(
        places, on="account_id", how="left", maintain_order="left"
    )
    yield table.batch(
        RECORD_TYPES["account"],
        rows.select(
            "position",
            account=pl.concat_str(pl.lit("card-"), "card_id"),
            party_id=pl.concat_str(pl.lit("client-"), "client_id"),
            name=pl.concat_str(pl.col("type"), pl.lit(" card of account "), pl.col("account_id")),
            kind=pl.lit("card"),
            opened_on=_day("issued"),
            unit_id=_unit(),
        ),
    )


def _clients(table: _Table) -> Iterator[Batch]:
    yield table.batch(
        RECORD_TYPES["party"],
        table.rows.select(
            "position",
            party_id=pl.concat_str(pl.lit("client-"), "client_id"),
            unit_id=_unit(),
            kind=pl.lit("individual"),
            name=pl.concat_str(pl.lit("client "), "client_id"),
            identity_kind=pl.lit("other"),
            identity_number="birth_number",
        ),
    )


def _dispositions(table: _Table) -> Iterator[Batch]:
    """Owners go to their accounts. Who else may dispose of a borrower's account is a declared related party."""
    loans = table.beside("loan").select("loan_id", "account_id")
    places = table.beside("account").select("account_id", "district_id").unique("account_id")
    rows = (
        table.rows.filter(pl.col("type") != "OWNER")
        .join(loans, on="account_id", maintain_order="left")
        .join(places, on="account_id", how="left", maintain_order="left")
    )
    yield table.batch(
        RECORD_TYPES["contract_party"],
        rows.select(
            "position",
            contract_id="loan_id",
            party_id=pl.concat_str(pl.lit("client-"), "client_id"),
            role=pl.lit("declared_related_party"),
            unit_id=_unit(),
        ),
    )


def _districts(table: _Table) -> Iterator[Batch]:
    """Districts are sub-branches, their regions branches; the head office stands above."""
    rows = table.rows
    region = pl.concat_str(pl.lit("region-"), pl.col("A3").str.to_lowercase().str.replace_all(" ", "-"))
    districts = rows.select(
        "position", unit_id=_unit("A1"), name="A2", kind=pl.lit("sub_branch"), parent_unit_id=region
    )
    regions = rows.unique("A3", keep="first", maintain_order=True).select(
        "position", unit_id=region, name="A3", kind=pl.lit("branch"), parent_unit_id=pl.lit("head-office")
    )
    above = rows.head(1).select(
        "position",
        unit_id=pl.lit("head-office"),
        name=pl.lit("Head office"),
        kind=pl.lit("head_office"),
        parent_unit_id=pl.lit(None, dtype=pl.String),
    )
    yield table.batch(RECORD_TYPES["organisation_unit"], pl.concat([above, regions, districts]))


def _loans(table: _Table) -> Iterator[Batch]:
    places = table.beside("account").select("account_id", "district_id").unique("account_id")
    rows = (
        table.rows.join(_owners(table), on="account_id", how="left", maintain_order="left")
        .join(places, on="account_id", how="left", maintain_order="left")
        .with_columns(
            unit_id=_unit(),
            day=_day("date"),
            months=pl.col("duration").cast(pl.Int64, strict=False),
            contract_id="loan_id",
            balance=_balance(),
        )
        .with_columns(ends=_months_after("months"))
    )
    contracts = table.batch(
        RECORD_TYPES["loan_contract"],
        rows.select(
            "position", "contract_id", "unit_id",
            borrower_party_id="party_id",
            product=pl.lit("consumer_loan"),
            purpose_text=pl.lit("not recorded"),
            payment_mode=pl.lit("autonomous_payment"),
            amount_fen="amount",
            signed_on="day",
            valid_to="ends",
        ),
    )  # fmt: skip
    yield contracts
    # a loan whose contract is refused is refused once, not four times
    refused = [refusal.position for refusal in contracts.refusals]
    rows = rows.filter(~pl.col("position").is_in(refused))
    yield table.batch(
        RECORD_TYPES["loan_note"],
        rows.select(
            "position", "loan_id", "contract_id", "unit_id",
            disbursement_account="account_id",
            repayment_account="account_id",
            amount_fen="amount",
            issued_on="day",
            matures_on="ends",
            rate_ppm=pl.lit("0"),
            balance_fen="balance",
            state=pl.col("status").replace(_LOAN_STATES),
            five_class=pl.col("status").replace(_FIVE_CLASSES),
        ),
    )  # fmt: skip
    yield table.batch(
        RECORD_TYPES["disbursement"],
        rows.select(
            "position", "loan_id", "unit_id",
            disbursement_id=pl.concat_str(pl.lit("disbursement-"), "loan_id"),
            account="account_id",
            amount_fen="amount",
            booked_at="day",
            payment_mode=pl.lit("autonomous_payment"),
        ),
    )  # fmt: skip
    instalments = rows.with_columns(instalment_no=pl.int_ranges(1, pl.col("months") + 1)).explode(
        "instalment_no"
    )
    yield table.batch(
        RECORD_TYPES["repayment_schedule"],
        instalments.select(
            "position", "loan_id", "instalment_no", "unit_id",
            due_on=_months_after("instalment_no"),
            principal_fen="payments",
            interest_fen=pl.lit("0"),
        ),
    )  # fmt: skip


def _months_after(months: str) -> pl.Expr:
    """The day that many months after `day`, as text."""
    day = pl.col("day").str.to_date("%Y%m%d", strict=False)
    return day.dt.offset_by(pl.format("{}mo", pl.col(months))).dt.strftime("%Y%m%d")


def _balance() -> pl.Expr:
    """What is owed at the end of 1998: nothing of a settled loan; of one that runs without trouble, what its
    schedule leaves; of the others the whole amount, since what was repaid is not known."""
    day = pl.col("date").str.slice(0, 6)
    year = pl.concat_str(pl.lit("19"), day.str.slice(0, 2)).cast(pl.Int64, strict=False)
    month = day.str.slice(2, 2).cast(pl.Int64, strict=False)
    paid = 12 * (int(LAST_DAY[:4]) - year) + int(LAST_DAY[4:6]) - month
    months = pl.col("duration").cast(pl.Int64, strict=False)
    payment = pl.col("payments").cast(pl.Decimal(20, 2), strict=False)
    left = (payment * (months - pl.min_horizontal(paid, months))).cast(pl.String)
    return (
        pl.when(pl.col("status") == "A")
        .then(pl.lit("0"))
        .when(pl.col("status") == "C")
        .then(left)
        .otherwise("amount")
    )


def _orders(table: _Table) -> Iterator[Batch]:
    """A standing order tells of an account at another bank. An account that several orders pay comes once for
    each: the import counts the repeats as duplicates."""
    yield table.batch(
        RECORD_TYPES["account"],
        table.rows.select(
            "position",
            account=_partner("bank_to", "account_to"),
            institution="bank_to",
            kind=pl.lit("external"),
        ),
    )


def _transactions(table: _Table) -> Iterator[Batch]:
    rows = table.rows.with_columns(
        day=pl.when(pl.col("date").cast(pl.String).str.contains("-"))
        .then(pl.col("date").cast(pl.String).str.replace_all("-", ""))
        .otherwise(_day("date").str.slice(0, 8)),
        direction=pl.col("type").replace(_DIRECTIONS),
        partner=_partner("bank", "account"),
    )
    amount = scaled_integers(rows.get_column("amount"), 2)
    balance = scaled_integers(rows.get_column("balance"), 2)
    moved = amount.zip_with((rows.get_column("direction") == "credit").fill_null(value=False), -amount)
    rows = rows.with_columns(
        sequence=order_within_days(rows.get_column("account_id"), rows.get_column("day"), moved, balance)
    )
    yield table.batch(
        RECORD_TYPES["statement_line"],
        rows.select(
            "position", "sequence", "direction",
            booked_at="day",
            account="account_id",
            amount_fen="amount",
            balance_fen="balance",
            counterparty_account="partner",
            counterparty_institution=pl.when(pl.col("partner").is_not_null()).then("bank"),
            purpose_text=pl.concat_str("operation", "k_symbol", separator=" ", ignore_nulls=True),
            reference="trans_id",
        ),
    )  # fmt: skip


_READERS: Final[dict[str, Callable[[_Table], Iterator[Batch]]]] = {
    "account": _accounts,
    "card": _cards,
    "client": _clients,
    "disp": _dispositions,
    "district": _districts,
    "loan": _loans,
    "order": _orders,
    "trans": _transactions,
}

_FIRST_RECORD_TYPES: Final = {
    "account": "account", "card": "account", "client": "party", "disp": "contract_party", "order": "account",
    "district": "organisation_unit", "loan": "loan_contract", "trans": "statement_line",
}  # fmt: skip

ADAPTERS: Final = (Berka(),)
