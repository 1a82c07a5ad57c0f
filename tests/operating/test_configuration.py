"""Settings come from the environment, a file, or as shipped, in that order; what cannot be used is named."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from loantrail.cli.configuration import command
from loantrail.errors import ConfigurationError
from loantrail.operating.effective import hidden
from loantrail.operating.known_settings import SETTINGS
from loantrail.settings import BY_FILE, known_variables, read_given, read_settings
from loantrail.wording import in_chinese

DOCS = Path(__file__).resolve().parents[2] / "docs" / "operating"
EXAMPLE = DOCS / "loantrail.example.toml"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def write(home: Path, text: str) -> dict[str, str]:
    """A file of settings in that home folder, and the environment that leads to it."""
    (home / "loantrail.toml").write_text(text, "utf-8")
    return {"LOANTRAIL_HOME": str(home)}


def test_a_file_in_the_home_folder_is_read_and_the_environment_goes_before_it(home: Path) -> None:
    environment = write(home, 'operator = "值班员"\nlive_trace_seconds = 12.5\nworkers = 3\n')

    of_file = read_settings(environment)
    of_both = read_settings({**environment, "LOANTRAIL_OPERATOR": "night", "LOANTRAIL_WORKERS": ""})

    assert (of_file.operator, of_file.live_trace_seconds, of_file.workers) == ("值班员", 12.5, 3)
    assert (of_both.operator, of_both.live_trace_seconds, of_both.workers) == ("night", 12.5, 3)
    assert of_file.database_grace_seconds == 30


def test_a_file_that_is_named_replaces_that_of_the_home_folder_and_may_say_where_home_is(
    home: Path, tmp_path: Path
) -> None:
    write(home, 'operator = "not read"')
    named = tmp_path / "etc" / "bank.toml"
    named.parent.mkdir()
    named.write_text(f'home = "{home}"\nchannels = "channels.yaml"\n')

    settings = read_settings({"LOANTRAIL_CONFIG": str(named)})

    assert settings.home == home
    assert settings.operator == "operator"
    assert settings.channels == named.parent / "channels.yaml", "a path begins at the folder of the file"


def test_a_file_is_read_again_when_it_has_changed(home: Path) -> None:
    environment = write(home, 'operator = "a"')
    assert read_settings(environment).operator == "a"
    write(home, 'operator = "somebody else"')
    assert read_settings(environment).operator == "somebody else"


@pytest.mark.parametrize("layer", ["environment", "file"])
def test_a_secret_may_stand_in_a_file_of_its_own(home: Path, tmp_path: Path, layer: str) -> None:
    secret = tmp_path / "password"
    secret.write_text("geheim#1\n")
    if layer == "file":
        environment = write(home, f'database_password_file = "{secret}"')
    else:
        environment = {**write(home, ""), "LOANTRAIL_DATABASE_PASSWORD_FILE": str(secret)}

    assert read_settings(environment).database_password == "geheim#1"

    secret.unlink()
    with pytest.raises(ConfigurationError, match="cannot be read") as refused:
        read_settings(environment)
    assert str(secret) in str(refused.value)
    assert in_chinese(str(refused.value)) is not None


@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ('databse_url = "x"', "there is no setting databse_url", "Did you mean database_url?"),
        ('zzz = "x"', "there is no setting zzz", "loantrail configuration"),
        ("operator_file = '/x'", "there is no setting operator_file", ""),
        ("[database]\nurl = 'x'", "there is no setting database", ""),
        ("workers = 0", "workers is '0', which is no whole number", "Set it to such a number"),
        ("workers = 'many'", "workers is 'many'", ""),
        ("metrics_port = 70000", "metrics_port is '70000', which is no port", "65535"),
        ("live_trace_seconds = 'soon'", "live_trace_seconds is 'soon'", ""),
        ("log_format = 'xml'", "log_format is 'xml'", "text, json"),
        ("operator = [1]", "operator is neither a text nor a number", ""),
        ("operator = ", "file of settings cannot be read", "loantrail.example.toml"),
        ("home = '/elsewhere'", "home cannot be set in a file that lies in it", "LOANTRAIL_HOME"),
        ("database_url = 'a'\ndatabase_url_file = '/x'", "are both given", "Leave one"),
    ],
)
def test_what_cannot_be_used_is_named_with_the_file(home: Path, text: str, problem: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_settings(write(home, text))
    told = str(refused.value)
    assert problem in told
    assert remedy in told
    assert str(home / "loantrail.toml") in told
    chinese = in_chinese(told)
    assert chinese is not None, f"no Chinese for: {told}"
    assert re.search("[一-鿿]", chinese)


def test_a_variable_that_cannot_be_used_is_named_by_its_own_name() -> None:
    with pytest.raises(ConfigurationError, match="LOANTRAIL_METRICS_PORT is 'x', which is no port"):
        read_settings({"LOANTRAIL_METRICS_PORT": "x"})


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        read_settings({"LOANTRAIL_CONFIG": str(tmp_path / "none.toml")})


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://a:b@h/d", "postgresql://a:***@h/d"),
        ("postgresql://a:b/@c@h:5432/d?sslmode=require", "postgresql://a:***@h:5432/d?sslmode=require"),
        (
            "postgresql://a@h/d?password=geheim&sslmode=require",
            "postgresql://a@h/d?password=***&sslmode=require",
        ),
        ("host=h user=a password='x \\' y' dbname=d", "host=h user=a password=*** dbname=d"),
        ("postgresql://h:5432/d", "postgresql://h:5432/d"),
        ("", ""),
    ],
)
def test_of_an_address_everything_but_its_password_is_shown(address: str, shown: str) -> None:
    assert hidden(address) == shown


def test_the_command_says_what_is_in_force_and_why_and_tells_no_secret(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "password"
    secret.write_text("geheim#1")
    environment = write(home, f'operator = "值班员"\ndatabase_password_file = "{secret}"')
    for name in known_variables():
        monkeypatch.delenv(name, raising=False)
    for name, value in {**environment, "LOANTRAIL_DATABASE_URL": "postgresql://a:geheim@h/d"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LC_ALL", "C")

    english = CliRunner().invoke(command, []).output
    told = json.loads(CliRunner().invoke(command, ["--json"]).output)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    chinese = CliRunner().invoke(command, []).output

    for text in (english, chinese, json.dumps(told)):
        assert "geheim" not in text
    by_name = {one["name"]: one for one in told["settings"]}
    assert list(by_name) == [one.name for one in SETTINGS]
    assert told["file"] == str(home / "loantrail.toml")
    assert (by_name["operator"]["value"], by_name["operator"]["source"]) == ("值班员", "file")
    assert by_name["database_url"]["place"] == "LOANTRAIL_DATABASE_URL"
    assert by_name["database_password"]["secret_file"] == str(secret)
    assert by_name["database_grace_seconds"]["source"] == "default"
    assert "environment LOANTRAIL_DATABASE_URL" in english
    assert "环境变量 LOANTRAIL_DATABASE_URL" in chinese
    assert all(one.meaning_chinese in chinese for one in SETTINGS)


def test_the_example_names_every_setting_and_can_be_used_as_it_is(home: Path, tmp_path: Path) -> None:
    text = EXAMPLE.read_text("utf-8")
    assert tomllib.loads(text) == {}, "as it stands it sets nothing"

    uncommented = re.sub(r"^#(?=[a-z_]+ = )", "", text, flags=re.MULTILINE)
    named = tmp_path / "all.toml"
    named.write_text(uncommented, "utf-8")
    given = read_given({"LOANTRAIL_CONFIG": str(named)})
    read_settings({"LOANTRAIL_CONFIG": str(named)})

    assert {one.source for one in given.values()} == {"file"}
    for one in SETTINGS:
        if one.default:
            assert given[one.name].text == one.default, f"the example shows another default of {one.name}"
        assert not one.secret or f"{one.name}{BY_FILE}" in text


def test_the_page_on_configuration_names_every_setting() -> None:
    text = (DOCS / "configuration.md").read_text("utf-8")
    assert [one.name for one in SETTINGS if f"`{one.name}`" not in text] == []
