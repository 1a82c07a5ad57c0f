"""Damaged samples: cut off or with flipped bits, a message is read as far as it goes or refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from loantrail.errors import InputError
from loantrail.ids import seeded_random
from loantrail.sources.model import SourceFile
from loantrail.sources.registry import named

pytestmark = pytest.mark.realdata

DAMAGES_OF_A_FILE = 4


def samples(folder: Path) -> list[tuple[str, Path]]:
    where = folder / "messages"
    found = [("iso20022", path) for path in sorted((where / "camt").glob("*.xml"))[::4]]
    found += [("iso20022", where / "cbpr_plus" / "pacs.008.min.xml")]
    found += [("mt940", path) for path in sorted((where / "mt940").rglob("*.sta"))[::4]]
    found += [("icbc", path) for path in sorted((where / "statements" / "icbc").rglob("*records.csv"))[:2]]
    found += [("alipay", path) for path in (where / "statements" / "alipay").glob("*records.csv")]
    found += [("wechat", path) for path in (where / "statements" / "wechat").glob("*records.*")]
    found += [("ccb", path) for path in (where / "statements" / "ccb").glob("*.xls")]
    return found


def test_a_damaged_sample_is_read_as_far_as_it_goes_or_refused_by_name(
    real_data: Path, tmp_path: Path
) -> None:
    random = seeded_random(20022)
    refused = read = 0
    for adapter_name, sample in samples(real_data):
        whole = sample.read_bytes()
        adapter = named(adapter_name)
        for number in range(DAMAGES_OF_A_FILE):
            data = bytearray(whole[: random.randrange(len(whole))] if number % 2 else whole)
            for _ in range(random.randrange(6) if data else 0):
                data[random.randrange(len(data))] ^= 1 << random.randrange(8)
            path = tmp_path / sample.name
            path.write_bytes(data)
            assert 0 <= adapter.recognises(path, bytes(data[:65536])) <= 100
            try:
                for batch in adapter.read(SourceFile(path, sample.name)):
                    assert batch.records_read == len(batch.rows) + sum(
                        one.position > 0 for one in batch.refusals
                    )
                    assert all(one.source_file == sample.name and one.reason for one in batch.refusals)
                    amounts = batch.rows.get_column("amount_fen").to_list()
                    assert all(isinstance(amount, int) and amount > 0 for amount in amounts)
                read += 1
            except InputError as problem:
                assert sample.name in str(problem)
                refused += 1
    assert read > 20
    assert refused > 5
