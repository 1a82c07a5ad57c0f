"""What a script is told by `loantrail dispute verify`, as it is installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.disputes.bank import LOAN
from tests.ledger.test_importing import Books

from loantrail.cli.main import main
from loantrail.disputes.composing import Wanted
from loantrail.disputes.making import make_sheet

pytestmark = pytest.mark.database


def _status(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["loantrail", *arguments])
    try:
        main()
    except SystemExit as leaving:
        return leaving.code
    return 0


def test_a_sheet_that_was_altered_ends_the_verification_with_a_status(
    bank: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bank.database.connect() as connection:
        sheet = make_sheet(connection, Wanted(LOAN, "securities", None, None), "核查员")
    assert not _status(monkeypatch, "dispute", "verify", sheet.number)
    altered = sheet.model_dump(mode="json")
    altered["content"]["line_fen"] = "30001"
    file = tmp_path / "altered.json"
    file.write_text(json.dumps(altered, ensure_ascii=False))
    assert _status(monkeypatch, "dispute", "verify", str(file)) == 1
