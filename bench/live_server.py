"""A server of its own over a bank, as benchmarks that send over HTTP start it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from measuring import LOANTRAIL


class Server:
    """`url`: its database; `port`: where it listens; `key`: what sends lines and asks about payments."""

    def __init__(self, home: Path) -> None:
        self.environment = {**os.environ, "LOANTRAIL_HOME": str(home), "LOANTRAIL_DATABASE_URL": ""}
        self.url = self._told("database", "start")
        self.key = self._told("users", "key", "bench", "--ability", "send_live")
        self.process = subprocess.Popen(
            [str(LOANTRAIL), "serve", "--port", "0"],
            env={**self.environment, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = re.search(r"127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found[1])
                break

    def _told(self, *words: str) -> str:
        done = subprocess.run(
            [str(LOANTRAIL), *words], env=self.environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip().splitlines()[-1]

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=60)
        subprocess.run([str(LOANTRAIL), "database", "stop", "--force"], env=self.environment, check=False)
