"""Which rules stand: the content of every parameter file and dictionary, by its hash."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from loantrail.ids import content_hash

FOLDERS: Final = ("parameter_values", "destinations/dictionaries")


def rule_files(package: Traversable | None = None) -> dict[str, str]:
    """File -> SHA-256 of its bytes, in the order of names."""
    root = package or resources.files("loantrail")
    found: dict[str, str] = {}
    for name in FOLDERS:
        folder = root.joinpath(name)
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if file.name.endswith((".yaml", ".csv")):
                found[f"{name}/{file.name}"] = content_hash([file.read_bytes()])
    return found


def rules_hash(files: dict[str, str]) -> str:
    """One hash of them all."""
    return content_hash([f"{name}\n{files[name]}\n".encode() for name in sorted(files)])
