"""Sets the checkout up: virtual environment, packages, web page, compiled kernels, a browser for the tests.

    python3 tools/set_up.py run     what `make demo` and `make serve` need
    python3 tools/set_up.py test    that, and what the tests need
    python3 tools/set_up.py browser that, and a browser

Needs Python 3.11 or newer with venv, and nothing else installed. Each step is done once and again only when what
it depends on has changed. A step that fails says what failed and what to do. This file itself must also be
readable by an older Python, which it then names as too old.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from find_browser import OWN_FOLDER, find_browser

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
CACHE = ROOT / ".cache"
LOG = CACHE / "set-up.log"
BROWSER = CACHE / "browser"
"""The path of the browser for the tests stands in this file."""
STAMPS = ENVIRONMENT / "loantrail-set-up.json"
OLDEST_PYTHON = (3, 11)
NEWER_PYTHONS = ("python3.13", "python3.12", "python3.11")
WEB_PAGE = ROOT / "src" / "loantrail" / "http" / "static" / "index.html"
WEB_MADE = {"node_modules", "dist", ".vite", "schema.d.ts", "tsconfig.tsbuildinfo"}
"""What the build itself makes: no source of it."""


class StepFailed(Exception):
    """What failed, the end of what it said, and what to do."""

    def __init__(self, problem: str, remedy: str, said: str = "") -> None:
        super().__init__(problem)
        self.problem, self.remedy, self.said = problem, remedy, said


# --- steps ------------------------------------------------------------------------------------------------


def make_environment() -> None:
    """The virtual environment, with pip in it."""
    if ENVIRONMENT.exists():
        shutil.rmtree(ENVIRONMENT)
    run(
        [sys.executable, "-m", "venv", str(ENVIRONMENT)],
        "the virtual environment could not be made",
        "On Debian and Ubuntu: apt-get install python3-venv. Also check that this folder is writable",
    )


def environment_works() -> bool:
    """Whether the virtual environment's interpreter starts, is new enough and has pip."""
    test = f"import sys, pip; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    try:
        return subprocess.run([str(PYTHON), "-c", test], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install_uv() -> None:
    """The package installer, by pip and with its hash checked."""
    run_over_network(
        [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes",
         "--only-binary", ":all:", "-r", "requirements-bootstrap.lock"],
        "the package installer uv could not be installed",
    )  # fmt: skip


def install_packages(lock: str) -> None:
    """All packages of a lock file, each with its hash checked."""
    run_over_network(
        [*uv("pip", "install"), "--require-hashes", "-r", lock],
        f"the packages of {lock} could not be installed",
    )


def install_product() -> None:
    """Loantrail itself, from this checkout; this builds the web page."""
    run_over_network(
        [
            *uv("pip", "install"),
            "--no-deps",
            "--no-build-isolation",
            "--reinstall-package",
            "loantrail",
            "-e",
            ".",
        ],
        "Loantrail could not be installed from this checkout (its web page is built in this step)",
    )


def compile_kernels() -> None:
    run(
        [str(ENVIRONMENT / "bin" / "loantrail"), "prepare"],
        "the tracing kernels could not be compiled",
        "Free some memory and disk space and run this again",
    )


def find_or_install_browser() -> str:
    """Path of an installed Chromium or Chrome, else of Debian's package, else of Playwright's own download."""
    browser = find_browser()
    if browser:
        return browser
    tried: list[str] = []
    for way in (_browser_of_debian, _browser_of_playwright):
        try:
            if way():
                browser = find_browser()
                if browser:
                    return browser
                tried.append("it was installed but does not start")
        except StepFailed as problem:
            tried.append(f"{problem.problem}\n{problem.said}")
    raise StepFailed(
        "no Chromium or Chrome was found, and none could be installed: the browser tests are NOT RUN",
        "Install Chromium (Debian: apt-get install chromium), or set LOANTRAIL_BROWSER to its path",
        "\n".join(tried),
    )


def _browser_of_debian() -> bool:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    what = "Debian's chromium could not be installed"
    run(["apt-get", "update"], what, "", environment)
    run(["apt-get", "install", "--yes", "--no-install-recommends", "chromium"], what, "", environment)
    return True


def _browser_of_playwright() -> bool:
    run(
        [str(PYTHON), "-m", "playwright", "install", "chromium"],
        "Playwright's Chromium could not be downloaded",
        "",
        {"PLAYWRIGHT_BROWSERS_PATH": str(OWN_FOLDER)},
    )
    return True


# --- how steps are run ------------------------------------------------------------------------------------


def uv(*command: str) -> list[str]:
    return [str(ENVIRONMENT / "bin" / "uv"), *command, "--python", str(PYTHON)]


def network_settings() -> dict[str, str]:
    """What pip is set to (another package source, a company's certificate) holds for uv and npm as well."""
    done = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    pip: dict[str, str] = {}
    for line in done.stdout.splitlines():
        name, _, value = line.partition("=")
        pip[name.strip().rsplit(".", 1)[-1].replace("_", "-")] = value.strip().strip("'\"")
    settings = {
        "UV_HTTP_TIMEOUT": "120",
        "UV_NO_PROGRESS": "1",
        "UV_LINK_MODE": os.environ.get("UV_LINK_MODE", ""),
    }
    if "index-url" in pip:
        settings["UV_DEFAULT_INDEX"] = pip["index-url"]
    if "cert" in pip:
        settings["SSL_CERT_FILE"] = settings["NODE_EXTRA_CA_CERTS"] = pip["cert"]
    return {name: value for name, value in settings.items() if value and name not in os.environ}


def run_over_network(command: list[str], problem: str) -> None:
    """Run a step that downloads; tried three times, since networks fail for a moment now and then."""
    for attempt in range(3):
        try:
            run(command, problem, "Check the network connection and the free disk space, then run this again",
                network_settings())  # fmt: skip
        except StepFailed as failure:
            if "hash" in failure.said.lower() and "match" in failure.said.lower():
                failure.remedy = (
                    "A downloaded package is not the one that the lock file names: do not use it, and tell whoever "
                    "runs your package source"
                )
                raise
            if attempt == 2:
                raise
            time.sleep(3 * (attempt + 1))
        else:
            return


def run(command: list[str], problem: str, remedy: str, environment: dict[str, str] | None = None) -> None:
    """Run a program in the checkout; what it says goes to the log, its end into the error."""
    with LOG.open("a+b") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        start = log.seek(0, os.SEEK_END)
        try:
            done = subprocess.run(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})}, check=False,
            )  # fmt: skip
        except OSError as reason:
            raise StepFailed(f"{problem}: {reason}", remedy) from reason
        if done.returncode != 0:
            log.seek(start)
            said = log.read().decode(errors="replace").strip().splitlines()
            raise StepFailed(problem, remedy, "\n".join(said[-25:]))


class Shown:
    """Shows a step while it runs: one line, with the seconds counted where somebody watches."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._begun = time.monotonic()
        self._over = threading.Event()
        self._watched = sys.stderr.isatty()

    def __enter__(self) -> None:
        print(f"  {self._title} ...", end="" if self._watched else "\n", file=sys.stderr, flush=True)
        if self._watched:
            self._counter = threading.Thread(target=self._count, daemon=True)
            self._counter.start()

    def _count(self) -> None:
        while not self._over.wait(1):
            print(
                f"\r  {self._title} ... {time.monotonic() - self._begun:.0f} s",
                end="",
                file=sys.stderr,
                flush=True,
            )

    def __exit__(self, kind: object, *_: object) -> None:
        self._over.set()
        if self._watched:
            self._counter.join()
        took = f"{'failed' if kind else 'done'} after {time.monotonic() - self._begun:.1f} s"
        start = f"\r  {self._title} ..." if self._watched else f"  {self._title}:"
        print(f"{start} {took}", file=sys.stderr, flush=True)


# --- what each step depends on ----------------------------------------------------------------------------


def digest(paths: list[Path]) -> str:
    """One hash over names and contents."""
    total = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        total.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()


def web_sources() -> list[Path]:
    """Every file that the web page is built from."""
    found: list[Path] = []
    for folder, folders, files in os.walk(ROOT / "web"):
        folders[:] = sorted(name for name in folders if name not in WEB_MADE)
        found += [Path(folder) / name for name in sorted(files) if name not in WEB_MADE]
    return found


def existing(*names: str) -> list[Path]:
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def kernels() -> list[Path]:
    return sorted((ROOT / "src" / "loantrail").rglob("kernel*.py")) + existing("src/loantrail/jit.py")


class Steps:
    """Runs steps whose inputs changed and remembers them, in a file inside the virtual environment."""

    def __init__(self) -> None:
        try:
            self._stamps: dict[str, str] = json.loads(STAMPS.read_text())
        except (OSError, ValueError):
            self._stamps = {}

    def forget(self) -> None:
        self._stamps = {}

    def done(self, name: str, stamp: str) -> bool:
        return self._stamps.get(name) == stamp

    def remember(self, name: str, stamp: str) -> None:
        self._stamps[name] = stamp
        draft = STAMPS.with_suffix(".new")
        draft.write_text(json.dumps(self._stamps, indent=1))
        draft.replace(STAMPS)


def set_up(purpose: str) -> None:
    """Do what is needed and not yet done."""
    steps = Steps()
    if not environment_works():
        steps.forget()
        with Shown("Making the virtual environment"):
            make_environment()
    bootstrap = digest(existing("requirements-bootstrap.lock"))
    if not steps.done("uv", bootstrap) or not (ENVIRONMENT / "bin" / "uv").exists():
        with Shown("Installing the package installer"):
            install_uv()
        steps.remember("uv", bootstrap)
    # The tests' lock file holds all that the product's does, and more.
    product_lock, test_lock = (digest(existing(f"requirements{kind}.lock")) for kind in ("", "-test"))
    wanted = "run" if purpose == "run" else "test"
    if not (steps.done("packages", test_lock) or (wanted == "run" and steps.done("packages", product_lock))):
        lock = "requirements.lock" if wanted == "run" else "requirements-test.lock"
        with Shown("Installing packages (some hundred megabytes at the first time)"):
            install_packages(lock)
        steps.remember("packages", product_lock if wanted == "run" else test_lock)
    product = digest([*existing("pyproject.toml", "hatch_build.py"), *web_sources()])
    if not steps.done("product", product) or (existing("hatch_build.py") and not WEB_PAGE.exists()):
        with Shown("Building the web page and installing Loantrail"):
            install_product()
        steps.remember("product", product)
    compiled = digest(kernels()) + product_lock
    if not steps.done("kernels", compiled):
        with Shown("Compiling the tracing kernels"):
            compile_kernels()
        steps.remember("kernels", compiled)
    if purpose == "browser":
        set_up_browser()


def set_up_browser() -> None:
    """A missing browser is an error in CI; elsewhere the browser tests are reported as not run."""
    chosen = os.environ.get("LOANTRAIL_BROWSER")
    if not chosen and BROWSER.exists() and os.access(BROWSER.read_text(), os.X_OK):
        return
    BROWSER.unlink(missing_ok=True)
    try:
        with Shown("Looking for a browser for the tests"):
            BROWSER.write_text(find_or_install_browser())
    except StepFailed as problem:
        if os.environ.get("CI") == "true":
            raise
        tell_failure(problem)


def tell_failure(problem: StepFailed) -> None:
    if problem.said:
        print(problem.said, file=sys.stderr)
    print(f"\n{problem.problem}.", file=sys.stderr)
    if problem.remedy:
        print(f"What to do: {problem.remedy}.", file=sys.stderr)
    print(f"All output of the steps: {LOG}", file=sys.stderr)


def main() -> int:
    purpose = sys.argv[1] if len(sys.argv) == 2 else ""
    if purpose not in ("run", "test", "browser"):
        print(__doc__, file=sys.stderr)
        return 2
    if sys.version_info < OLDEST_PYTHON:
        newer = next((path for path in map(shutil.which, NEWER_PYTHONS) if path), None)
        if newer:
            os.execv(newer, [newer, *sys.argv])
        print(
            f"Loantrail needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}.\n"
            "What to do: install a newer one and name it: make PYTHON=python3.12 ...",
            file=sys.stderr,
        )
        return 1
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "set-up.lock").open("w") as lock:
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)  # a second `make` waits for the first
        try:
            set_up(purpose)
        except StepFailed as problem:
            tell_failure(problem)
            return 1
        except KeyboardInterrupt:
            print("\nstopped; the next run goes on where this one stopped", file=sys.stderr)
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
