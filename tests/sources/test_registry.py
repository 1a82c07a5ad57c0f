"""Which adapter reads a file; a bank's own adapter as a plug-in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from loantrail.cli.import_ import command
from loantrail.errors import ConfigurationError, FileUnreadable
from loantrail.sources import registry

# The example of docs/operating/connect.md, as a bank would install it.
PLUG_IN = Path(__file__).parents[2] / "docs" / "operating" / "connect.md"


@pytest.fixture(autouse=True)
def _fresh_registry() -> Iterator[None]:
    registry.adapters.cache_clear()
    yield
    registry.adapters.cache_clear()


def install(
    folder: Path, code: str, monkeypatch: pytest.MonkeyPatch, points_to: str = "harbour_adapter:Harbour"
) -> None:
    """Put a distribution with one entry point in the group on the import path."""
    (folder / "harbour_adapter.py").write_text(code, encoding="utf-8")
    metadata = folder / "harbour_adapter-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: harbour-adapter\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[loantrail.sources]\nharbour = {points_to}\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "harbour_adapter", raising=False)


def documented_example() -> str:
    """The first Python block of the page that tells how to write an adapter."""
    text = PLUG_IN.read_text(encoding="utf-8")
    return text.split("```python\n", 1)[1].split("```", 1)[0]


def test_a_plug_in_written_as_documented_reads_its_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, documented_example(), monkeypatch)
    monkeypatch.chdir(tmp_path)
    day = tmp_path / "day.hbr"
    day.write_text(
        "HARBOUR1\n20240305101500|62220001|D|120.50|9558|货款\n20240230101500|62220001|C|1.00|9558|\n"
    )
    assert registry.recognise(day).name == "harbour"
    result = CliRunner().invoke(command, ["--dry-run", "--out", "out", "day.hbr"])
    assert result.exit_code == 0, result.output
    import polars as pl

    rows = pl.read_parquet(tmp_path / "out" / "rows.parquet")
    assert rows.select("account", "direction", "amount_fen", "purpose_text").rows() == [
        ("62220001", "debit", 12050, "货款")
    ]
    assert "day.hbr,2,booked_at,date_impossible" in (tmp_path / "out" / "refused.csv").read_text(
        encoding="utf-8"
    )


def test_a_plug_in_that_breaks_is_named_and_costs_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = documented_example().replace(
        "def read(self, source):", "def read(self, source):\n        raise KeyError('oops')\n        yield"
    )
    assert "oops" in broken
    install(tmp_path, broken, monkeypatch)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "day.hbr").write_text("HARBOUR1\n20240305101500|62220001|D|120.50|9558|x\n")
    (tmp_path / "account.csv").write_text("account\n1\n")
    result = CliRunner().invoke(command, ["--dry-run", "--out", "out", "day.hbr", "account.csv"])
    assert result.exit_code == 1
    assert "day.hbr: the adapter harbour failed: KeyError: 'oops'" in result.stderr
    assert (tmp_path / "out" / "account.parquet").exists()


@pytest.mark.parametrize(
    ("code", "told"),
    [("import nothing_of_that_name\n", "cannot be loaded: No module named"), ("class Harbour:\n    name = 'x'\n", "is no adapter")],
)  # fmt: skip
def test_a_plug_in_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, told: str
) -> None:
    install(tmp_path, code, monkeypatch)
    with pytest.raises(ConfigurationError, match=f"plug-in harbour .*{told}"):
        registry.adapters()


def test_a_file_of_no_known_format_says_what_was_tried(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("just some words\n")
    with pytest.raises(
        FileUnreadable, match=r"notes\.txt: the format is not recognised\. Tried .*berka.*mapping"
    ):
        registry.recognise(path, "notes.txt")
    with pytest.raises(FileUnreadable, match="the file is empty"):
        path.write_bytes(b"\xef\xbb\xbf\r\n")
        registry.recognise(path)
    with pytest.raises(FileUnreadable, match="cannot be opened"):
        registry.recognise(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="no adapter called camel"):
        registry.named("camel")


def test_recognising_never_fails_whatever_the_bytes(tmp_path: Path) -> None:
    from loantrail.ids import seeded_random

    source = seeded_random(7)
    path = tmp_path / "noise"
    for size in (1, 2, 7, 100, 5000):
        for start in (b"", b"PAR1", b"<?xml", b"{1:", b"PK\x03\x04", b'"'):
            path.write_bytes(start + source.randbytes(size))
            for adapter in registry.adapters():
                assert 0 <= adapter.recognises(path, path.read_bytes()) <= 100
