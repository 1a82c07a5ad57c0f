"""Runs every script of `bench/`, one after the other, and tells which failed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run `bench/bench_*.py`, or those whose names are given."""
    wanted = sys.argv[1:]
    scripts = [
        script
        for script in sorted((ROOT / "bench").glob("bench_*.py"))
        if not wanted or script.stem.removeprefix("bench_") in wanted
    ]
    if not scripts:
        print("no such benchmark in bench/", file=sys.stderr)
        return 2
    failed: list[str] = []
    for script in scripts:
        print(f"== {script.stem}", flush=True)
        if subprocess.run([sys.executable, str(script)], cwd=ROOT, check=False).returncode != 0:
            failed.append(script.stem)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
