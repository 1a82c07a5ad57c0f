"""Runs a night and kills itself, hard, when it says a certain word. Arguments: database address, root, date, word."""

from __future__ import annotations

import datetime
import os
import signal
import sys
from pathlib import Path

from loantrail.nightly.running import run_night
from loantrail.postgres.connection import Database


def main(url: str, root: str, day: str, word: str) -> None:
    def say(text: str) -> None:
        if text == word:
            os.kill(os.getpid(), signal.SIGKILL)

    run_night(Database(url), Path(root), datetime.date.fromisoformat(day), traces=False, say=say)


if __name__ == "__main__":
    main(*sys.argv[1:])
