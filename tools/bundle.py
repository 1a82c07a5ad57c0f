"""Makes an offline bundle: every wheel that Loantrail needs on one kind of machine, Loantrail's own with the built page, an
install script that checks hashes and needs no network, and the manual.

    python tools/bundle.py --platform x86_64 --python 3.11 [--out dist]
    python tools/bundle.py --platform aarch64 --python 3.12 --list      only say which wheels there are, and which lack

Run it in the checkout's environment (`python3 tools/set_up.py run`) on a machine that reaches a package index; the kind of that
machine does not matter. Versions and hashes are those of requirements.lock. docs/operating/offline.md tells how to use the bundle.
"""

from __future__ import annotations

import argparse
import email
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = ("x86_64", "aarch64")
PRODUCT = "loantrail"
GLIBC_MINOR = 28
"""glibc 2.28 is that of RHEL 8, openEuler 20.03, Kylin V10, UOS 20 and Debian 10; wheels for older ones fit too."""
OLDEST_GLIBC_MINOR = 17
_ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$")


@dataclass(frozen=True)
class Pinned:
    """A package of the lock file as one kind of machine needs it."""

    name: str
    version: str
    hashes: tuple[str, ...]

    def line(self, hashes: Iterable[str] = ()) -> str:
        chosen = " ".join(f"--hash=sha256:{one}" for one in (hashes or self.hashes))
        return f"{self.name}=={self.version} {chosen}\n"


def environment_of(platform: str, python: str) -> dict[str, str]:
    """What markers ask about, of a machine of that kind."""
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{python}.0",
        "os_name": "posix",
        "platform_machine": platform,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
        "extra": "",
    }


def pinned(lock: str, platform: str, python: str) -> list[Pinned]:
    """The lock file's packages for that kind of machine, its markers decided."""
    about = environment_of(platform, python)
    found: list[Pinned] = []
    name, hashes = None, []
    for line in [*lock.splitlines(), "end==0"]:
        entry = _ENTRY.match(line)
        if entry is None:
            hashes += re.findall(r"--hash=sha256:([0-9a-f]{64})", line)
            continue
        if name is not None:
            found.append(Pinned(name[0], name[1], tuple(hashes)))
        wanted = entry[3] is None or Marker(entry[3]).evaluate(about)
        name, hashes = ((entry[1], entry[2]) if wanted else None), []
    return found


def platform_tags(platform: str) -> list[str]:
    """What pip calls the machines whose wheels fit, the newest first."""
    newer = [f"manylinux_2_{minor}_{platform}" for minor in range(GLIBC_MINOR, OLDEST_GLIBC_MINOR - 1, -1)]
    older = [f"manylinux2014_{platform}"]
    if platform == "x86_64":
        older += [f"manylinux_2_12_{platform}", f"manylinux2010_{platform}", f"manylinux_2_5_{platform}", f"manylinux1_{platform}"]  # fmt: skip
    return [*newer, *older, f"linux_{platform}"]


def fitting(platform: str, python: str) -> list[str]:
    """Options of pip that choose wheels for that kind of machine."""
    nodot = python.replace(".", "")
    # The lock file says what fits which Python; pip would ask the one that it runs on.
    options = [
        "--only-binary",
        ":all:",
        "--ignore-requires-python",
        "--implementation",
        "cp",
        "--python-version",
        python,
    ]
    for tag in platform_tags(platform):
        options += ["--platform", tag]
    for abi in (f"cp{nodot}", "abi3", "none"):
        options += ["--abi", abi]
    return options


def fetch(package: Pinned, into: Path, platform: str, python: str) -> str:
    """Fetch the wheel of one package; why there is none, or an empty text."""
    wanted = into / ".wanted.txt"
    wanted.write_text(package.line())
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--require-hashes", "--dest", str(into), *fitting(platform, python), "-r", str(wanted)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wanted.unlink()
    return "" if done.returncode == 0 else " ".join(done.stderr.split())[-300:]


def build_product(into: Path) -> Path:
    """Loantrail's own wheel, with the built page and the lock file in it."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--no-build-isolation", "--wheel-dir", str(into), str(ROOT)]  # fmt: skip
    subprocess.run(command, check=True)
    return next(into.glob(f"{PRODUCT}-*.whl"))


def metadata_of(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def needed(wheels: Iterable[Path], platform: str, python: str) -> set[str]:
    """Names of the packages that the product needs on that kind of machine: the lock file holds those that build it too."""
    requires = {
        canonicalize_name(str(told["Name"])): [
            Requirement(one) for one in told.get_all("Requires-Dist") or []
        ]
        for told in map(metadata_of, wheels)
    }
    found: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(PRODUCT, frozenset[str]())]
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found.add(name)
        waiting += list(_next(requires.get(name, []), extras, environment_of(platform, python)))
    return found


def _next(
    requirements: Iterable[Requirement], extras: frozenset[str], about: dict[str, str]
) -> Iterator[tuple[str, frozenset[str]]]:
    for one in requirements:
        if one.marker is None or any(
            one.marker.evaluate(about | {"extra": extra}) for extra in ("", *extras)
        ):
            yield canonicalize_name(one.name), frozenset(one.extras)


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def name_of(wheel: Path) -> str:
    return canonicalize_name(wheel.name.split("-")[0])


INSTALL = """#!/bin/sh
# Installs Loantrail from this folder, without a network. 离线安装贷迹。
#     ./install.sh [FOLDER]        FOLDER: where to (default /opt/loantrail); PYTHON=python{python} chooses the interpreter
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
target=${{1:-/opt/loantrail}}
python=${{PYTHON:-python{python}}}
fail() {{ echo "install: $1" >&2; exit 1; }}

command -v "$python" >/dev/null 2>&1 || fail "there is no $python: install Python {python}, or name one by PYTHON (没有找到 $python)"
found=$("$python" -c 'import platform, sys; print("%d.%d" % sys.version_info[:2], platform.machine(), sys.platform)')
[ "$found" = "{python} {platform} linux" ] || fail "this bundle is for Python {python} on {platform} linux, this is $found (安装包与本机不符)"
"$python" -m venv --help >/dev/null 2>&1 || fail "Python's venv module is missing (Debian: python{python}-venv)"
[ -e "$target" ] && fail "$target exists already: name another folder, or move it away (目标文件夹已存在)"

echo "Checking every file (核对文件) ..."
(cd "$here" && sha256sum --check --quiet --strict SHA256SUMS) || fail "a file is not the one that was delivered: nothing was installed (文件已被改动，没有安装)"

echo "Installing into $target (安装) ..."
"$python" -m venv "$target"
# Nothing of pip's own settings: no index, no proxy, no other source.
PIP_CONFIG_FILE=/dev/null PIP_NO_INDEX=1 "$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-index \\
    --find-links "$here/wheels" --no-deps --require-hashes --no-cache-dir -r "$here/requirements.txt" \\
    || {{ rm -rf "$target"; fail "the packages could not be installed (软件包未能安装)"; }}
"$target/bin/loantrail" --version
if [ "${{PREPARE:-yes}}" != no ]; then
    echo "Compiling kernels, once; PREPARE=no leaves it to their first use (编译内核) ..."
    "$target/bin/loantrail" prepare || echo "install: the kernels will be compiled at their first use" >&2
fi
echo "Done. Next: $target/bin/loantrail doctor (安装完成)"
"""


def make(platform: str, python: str, out: Path) -> Path:
    """The bundle as a tar file beside its SHA-256; SystemExit names what lacks."""
    lock = pinned((ROOT / "requirements.lock").read_text("utf-8"), platform, python)
    out.mkdir(parents=True, exist_ok=True)
    draft = out / ".bundle"
    shutil.rmtree(draft, ignore_errors=True)
    wheels = draft / "wheels"
    wheels.mkdir(parents=True)
    product = build_product(wheels)
    version = str(metadata_of(product)["Version"])
    lacking: dict[str, str] = {}
    for number, package in enumerate(lock, 1):
        print(f"\r{number}/{len(lock)} {package.name:<40}", end="", file=sys.stderr, flush=True)
        problem = fetch(package, wheels, platform, python)
        if problem:
            lacking[canonicalize_name(package.name)] = f"{package.name} {package.version}: {problem}"
    print(file=sys.stderr)
    kept = needed(wheels.glob("*.whl"), platform, python)
    missing = [text for name, text in lacking.items() if name in kept]
    if missing:
        raise SystemExit(
            f"there is no wheel for Python {python} on {platform} (glibc 2.{GLIBC_MINOR}) of:\n  "
            + "\n  ".join(missing)
        )
    for wheel in wheels.glob("*.whl"):
        if name_of(wheel) not in kept:
            wheel.unlink()
    folder = out / f"{PRODUCT}-{version}-python{python}-linux-{platform}"
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    complete(folder, platform, python)
    archive = folder.with_suffix(folder.suffix + ".tar")
    with tarfile.open(archive, "w") as packed:
        packed.add(folder, folder.name)
    archive.with_name(archive.name + ".sha256").write_text(f"{sha256(archive)}  {archive.name}\n")
    return archive


def complete(folder: Path, platform: str, python: str) -> None:
    """All beside the wheels: what to install, the script, the manual, the hashes of everything."""
    wheels = sorted((folder / "wheels").glob("*.whl"))
    lines: list[str] = []
    for wheel in wheels:
        told = metadata_of(wheel)
        lines.append(Pinned(str(told["Name"]), str(told["Version"]), (sha256(wheel),)).line())
    (folder / "requirements.txt").write_text("".join(lines))
    script = folder / "install.sh"
    script.write_text(INSTALL.format(python=python, platform=platform), "utf-8")
    script.chmod(0o755)
    shutil.copytree(ROOT / "docs" / "operating", folder / "docs")
    shutil.copy(ROOT / "LICENSE", folder / "LICENSE")
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    (folder / "SHA256SUMS").write_text(
        "".join(f"{sha256(one)}  {one.relative_to(folder).as_posix()}\n" for one in files)
    )


def listed(platform: str, python: str) -> bool:
    """Print which wheel each package of the lock file has for that kind of machine; whether all have one. Fetches none."""
    whole = True
    lock = pinned((ROOT / "requirements.lock").read_text("utf-8"), platform, python)
    for package in lock:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet",
                   "--disable-pip-version-check", "--report", "-", "--target", str(ROOT / ".cache"),
                   *fitting(platform, python), f"{package.name}=={package.version}"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wheel = re.search(r'"url": "[^"]*/([^/"]+\.whl)', done.stdout)
        digest = re.search(r'"sha256": "([0-9a-f]{64})"', done.stdout)
        known = digest is not None and digest[1] in package.hashes
        whole = whole and wheel is not None and known
        told = wheel[1] if wheel else f"NO WHEEL ({' '.join(done.stderr.split())[-160:]})"
        print(
            f"{package.name:<28}{package.version:<14}{told}{'' if known or not wheel else '  NOT IN THE LOCK FILE'}",
            flush=True,
        )
    return whole


def main() -> int:
    parser = argparse.ArgumentParser(description="Make an offline bundle of Loantrail.")
    parser.add_argument("--platform", choices=PLATFORMS, required=True)
    parser.add_argument("--python", choices=PYTHONS, default="3.11")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--list", action="store_true", help="say which wheels there are; make nothing")
    given = parser.parse_args()
    if given.list:
        return 0 if listed(given.platform, given.python) else 1
    print(make(given.platform, given.python, given.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
