"""The walls of the product stand, and the check that says so finds a breach when there is one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.walls import LONGEST_FILE_LINES, SOURCE, find_breaches


def test_the_walls_stand() -> None:
    assert [str(breach) for breach in find_breaches(SOURCE)] == []


PLANTED = [
    ("tracing/kernel.py", "import os", "may not import os"),
    ("tracing/kernel_lots.py", "from loantrail.clock import now", "may not import loantrail.clock"),
    ("tracing/trace.py", "frame = polars.read_parquet('x')", "may not call polars.read_parquet()"),
    ("rules/language.py", "open('x')", "may not call open()"),
    ("rules/language.py", "from ..postgres import connection", "may not import loantrail.postgres"),
    ("ledger/pairing.py", "def find():\n    import psycopg", "may not import psycopg"),
    (
        "ledger/pairing.py",
        "import loantrail.ledger.reader",
        "may not import socket (reached from the pure loantrail.ledger.pairing)",
    ),
    ("risk/score.py", "import random", "random is reached through loantrail.ids"),
    ("demo/build.py", "import time", "time is reached through loantrail.clock"),
    ("demo/build.py", "import datetime\nx = datetime.datetime.now()", "the present is reached through"),
    ("demo/build.py", "import datetime\nx = datetime.date.today()", "the present is reached through"),
    ("demo/build.py", "import numpy as np\nx = np.random.rand()", "chance is reached through"),
    ("demo/build.py", "from uuid import uuid4", "uuid is reached through"),
    ("tracing/run.py", "from numba import njit", "numba is reached through loantrail.jit"),
    ("cli/trace.py", "import psycopg", "psycopg stands only in store.py"),
    ("cli/trace.py", "text = 'SELECT a FROM b'", "SQL stands only in"),
    ("cli/trace.py", "text = f'INSERT INTO {1} VALUES (2)'", "SQL stands only in"),
    ("cli/serve.py", "from fastapi import FastAPI", "fastapi stands only in"),
    ("ledger/model.py", "amount_fen: float = 0", "may not be a float"),
    ("ledger/model.py", "def pay(amount_fen: 'float | None'): ...", "may not be a float"),
    ("ledger/utils.py", "", "says nothing of its role"),
    ("ledger/intake.py", "\n" * (LONGEST_FILE_LINES + 1), "lines, more than"),
]


@pytest.mark.parametrize(("file", "text", "complaint"), PLANTED)
def test_a_planted_breach_is_found(tmp_path: Path, file: str, text: str, complaint: str) -> None:
    package = tmp_path / "loantrail"
    (package / "ledger").mkdir(parents=True)
    (package / "ledger" / "reader.py").write_text("import socket\n")
    place = package / file
    place.parent.mkdir(exist_ok=True)
    place.write_text(text + "\n")
    breaches = [str(breach) for breach in find_breaches(package)]
    assert any(complaint in breach and file in breach for breach in breaches) or any(
        complaint in breach and "reader.py" in breach for breach in breaches
    ), breaches


ALLOWED = [
    ("clock.py", "import time\nimport datetime\nx = datetime.datetime.now()"),
    ("ids.py", "import random\nimport uuid"),
    ("jit.py", "import os\nimport numba"),
    ("ledger/store.py", "import psycopg\nq = 'SELECT a FROM b'"),
    ("http/app.py", "from fastapi import FastAPI"),
    (
        "tracing/kernel.py",
        "import numpy\nfrom loantrail.jit import jit\nfrom loantrail.errors import LoantrailError",
    ),
    ("tracing/trace.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pathlib"),
    ("demo/build.py", "import numpy as np\ndef draw(source: np.random.Generator): ..."),
    ("cli/trace.py", '"""SELECT words FROM a sentence."""'),
]


@pytest.mark.parametrize(("file", "text"), ALLOWED)
def test_what_has_its_place_is_let_be(tmp_path: Path, file: str, text: str) -> None:
    package = tmp_path / "loantrail"
    place = package / file
    place.parent.mkdir(parents=True)
    (package / "jit.py").write_text("import os\n")
    place.write_text(text + "\n")
    assert [str(breach) for breach in find_breaches(package)] == []
