"""Imports the Parquet files of a folder in small batches; a test kills it. Arguments: database address, folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from loantrail.ledger.importing import import_files
from loantrail.ledger.model import STATEMENT_LINE
from loantrail.postgres.connection import Database
from loantrail.sources.columns import polars_schema
from loantrail.sources.files import Opened
from loantrail.sources.model import Batch, Refusal, SourceFile

ROWS_PER_BATCH = 40


class SmallBatches:
    """Statement lines, forty at a time; every row of 13 fen is refused."""

    name = "small_batches"
    chinese = "小批"

    def recognises(self, path: Path, head: bytes) -> int:
        return 0

    def read(self, source: SourceFile) -> Iterator[Batch]:
        names = list(polars_schema(STATEMENT_LINE))
        rows = (
            pl.read_parquet(source.path).with_columns(pl.lit(source.name).alias("source_file")).select(names)
        )
        for first in range(0, len(rows), ROWS_PER_BATCH):
            part = rows[first : first + ROWS_PER_BATCH]
            bad = part.filter(pl.col("amount_fen") == 13).get_column("position").to_list()
            refusals = tuple(
                Refusal(source.name, position, "amount_fen", "unlucky", "thirteen", str(position).encode())
                for position in bad
            )
            good = part.filter(pl.col("amount_fen") != 13)
            yield Batch("statement_line", good, refusals, records_read=len(part), bytes_read=first)


def main(url: str, folder: str) -> None:
    adapter = SmallBatches()
    files = [
        Opened(SourceFile(path, path.name), adapter, path.stat().st_size)
        for path in sorted(Path(folder).glob("*.parquet"))
    ]
    import_files(files, books=Database(url), rows_at_once=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
