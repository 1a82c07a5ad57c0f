#!/bin/sh
# Resolves the packages of pyproject.toml for every system and Python that the product supports, and writes the
# lock files: versions and hashes, no addresses, so that they hold wherever the packages come from.
set -eu
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
[ -x "$uv" ] || uv=uv
lock() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header "$@"
}
lock pyproject.toml --group build --output-file requirements.lock
lock pyproject.toml --group build --group test --constraint requirements.lock --output-file requirements-test.lock
printf 'uv\n' | lock - --output-file requirements-bootstrap.lock
