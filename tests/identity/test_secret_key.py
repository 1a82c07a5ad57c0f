"""The key of the installation, and what it seals."""

from __future__ import annotations

import datetime
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantrail.errors import ConfigurationError
from loantrail.identity import second_factor
from loantrail.identity.secret_key import FILE, installation_key
from loantrail.settings import Settings


def settings(home: Path, key: str = "") -> Settings:
    return Settings(home, database_url="", database_grace_seconds=1, secret_key=key)


def test_the_key_is_made_once_and_for_this_user_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(lambda _: installation_key(settings(home)), range(16)))

    assert len(made) == 1
    assert stat.S_IMODE((home / FILE).stat().st_mode) == 0o600
    assert [one.name for one in home.iterdir()] == [FILE]
    assert installation_key(settings(home)) in made


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    installation_key(settings(tmp_path))
    (tmp_path / FILE).chmod(0o640)
    with pytest.raises(ConfigurationError, match="can be read by other users"):
        installation_key(settings(tmp_path))


def test_a_damaged_key_is_not_used(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"short")
    (tmp_path / FILE).chmod(0o600)
    with pytest.raises(ConfigurationError, match="damaged"):
        installation_key(settings(tmp_path))


def test_a_key_of_the_settings_goes_before_the_file(tmp_path: Path) -> None:
    given_key = installation_key(settings(tmp_path, "k" * 32))
    assert not (tmp_path / FILE).exists()
    assert given_key != installation_key(settings(tmp_path, "l" * 32))
    with pytest.raises(ConfigurationError, match="fewer than 32"):
        installation_key(settings(tmp_path, "k" * 31))


def test_a_sealed_secret_opens_with_its_key_for_its_person_alone() -> None:
    kept = second_factor.sealed("ABC", "E1", b"k" * 32)
    assert second_factor.unsealed(kept, "E1", b"k" * 32) == "ABC"
    for body, person, key in (
        (kept, "E2", b"k" * 32),
        (kept, "E1", b"l" * 32),
        (kept[:-1] + bytes((kept[-1] ^ 1,)), "E1", b"k" * 32),
        (b"\x02" + kept[1:], "E1", b"k" * 32),
        (b"", "E1", b"k" * 32),
    ):
        with pytest.raises(ConfigurationError, match="secret key of this installation"):
            second_factor.unsealed(body, person, key)


RFC_6238_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B (SHA-1), the last six of its eight digits."""
    at = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    assert second_factor.matching_step(RFC_6238_SECRET, code, at, 0) == seconds // 30


@given(st.integers(0, 4_000_000_000), st.integers(-5, 5), st.integers(-5, 5))
def test_a_code_counts_one_step_around_and_only_after_the_last_one_used(
    seconds: int, steps: int, used: int
) -> None:
    at = datetime.datetime.fromtimestamp(seconds + 400, datetime.UTC)
    present = second_factor.step_of(at)
    code = second_factor.TOTP(RFC_6238_SECRET).generate_otp(present + steps)

    found = second_factor.matching_step(RFC_6238_SECRET, code, at, present + used)

    if abs(steps) <= 1 and steps > used:
        assert found is not None
    elif found is not None:  # two steps may share six digits
        assert second_factor.TOTP(RFC_6238_SECRET).generate_otp(found) == code
        assert abs(found - present) <= 1
        assert found > present + used


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "12 34 5"])
def test_what_is_no_code_is_none(code: str) -> None:
    at = datetime.datetime.fromtimestamp(59, datetime.UTC)
    assert second_factor.matching_step(RFC_6238_SECRET, code, at, 0) is None
