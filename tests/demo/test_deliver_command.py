"""`loantrail demo deliver`: nightly folders of the demo bank."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from loantrail.cli.demo import command


@pytest.mark.heavy
def test_the_last_nights_are_written_and_the_commands_to_read_them_told(tmp_path: Path) -> None:
    told = CliRunner().invoke(command, ["deliver", "--out", str(tmp_path), "--nights", "2"])
    assert told.exit_code == 0, told.output
    folders = sorted(folder for folder in tmp_path.iterdir())
    assert told.stdout.splitlines() == [f"loantrail nightly {one.name} --from {tmp_path}" for one in folders]
    assert len(folders) == 2
    first, second = (json.loads((folder / "manifest.json").read_text()) for folder in folders)
    assert second["previous_date"] == first["business_date"] == folders[0].name
    assert all((folder / "READY").is_file() for folder in folders)
