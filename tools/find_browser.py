"""Finds a Chromium or Chrome for the browser tests. Needs nothing but the standard library."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OWN_FOLDER = ROOT / ".cache" / "browsers"
"""Where Playwright's own download goes."""
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "chrome-headless-shell",
)


def candidates() -> list[str]:
    """Programs that may be such a browser, the likeliest first."""
    chosen = os.environ.get("LOANTRAIL_BROWSER")
    if chosen:
        return [chosen]
    found = [path for path in map(shutil.which, NAMES) if path]
    for pattern in ("chromium-*/chrome-linux*/chrome", "chromium_headless_shell-*/chrome-*/*headless*shell"):
        found += sorted(str(path) for path in OWN_FOLDER.glob(pattern) if os.access(path, os.X_OK))
    return found


def works(program: str) -> bool:
    """Whether it opens a page without a screen: an installed browser may lack a library."""
    command = [program, "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom", "about:blank"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.insert(1, "--no-sandbox")
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and b"<html" in done.stdout


def find_browser() -> str | None:
    """Path of the first that works; None when there is none."""
    return next((program for program in candidates() if works(program)), None)
