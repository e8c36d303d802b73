"""The command line: which words are a command, and what mistakes look like."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.model_houses import encoder

from octopus_hub.config.loader import demo_directory, load_config
from octopus_hub.daemon.__main__ import SUBCOMMANDS, choose, main
from octopus_hub.models.prompt import house_prefix


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_command_is_found(name: str) -> None:
    """A command of one or two words is found, and the rest is its own."""
    subcommand, rest = choose([*name.split(), "--config", "x"])
    assert subcommand is SUBCOMMANDS[name]
    assert rest == ["--config", "x"]


@pytest.mark.parametrize("name", ["run", "say", "check", "interpret", "log", "status"])
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`octopus COMMAND --help` explains the command and ends well."""
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert f"usage: octopus {name}" in capsys.readouterr().out


def test_help_lists_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """`octopus --help` names every command."""
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert all(f"\n  {name}  " in told for name in SUBCOMMANDS if name != "bench footprint")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "octopus: a command is needed; try octopus --help\n"),
        (["sya", "hello"], "octopus: unknown command: sya hello; try octopus --help\n"),
        (["say"], "octopus say: the following arguments are required: TEXT; try octopus say --help\n"),
        (
            ["log", "-n", "0"],
            "octopus log: argument -n: expected a whole number from 1 to 2147483647, got '0'; try octopus log --help\n",
        ),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A slip on the command line is one line on stderr and exit code 64."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 64
    assert capsys.readouterr().err == message


def test_a_home_assistant_out_of_reach_is_one_line(tmp_path: Path) -> None:
    """No word of what was left open behind it."""
    (tmp_path / "hub.yaml").write_text('version: 1\nhome_assistant: {url: "http://127.0.0.1:9", token: !secret t}\n', "utf-8")
    (tmp_path / "house.yaml").write_text("version: 1\n", "utf-8")
    (tmp_path / "secrets.yaml").write_text("t: abc\n", "utf-8")
    (tmp_path / "secrets.yaml").chmod(0o600)
    command = [sys.executable, "-m", "octopus_hub.daemon", "import", "home-assistant", "--config", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 70
    assert re.fullmatch(r"octopus: Home Assistant cannot be reached at http://127.0.0.1:9: .*\n", ended.stderr)


def test_check_takes_the_directory_as_others_do(capsys: pytest.CaptureFixture[str]) -> None:
    """As an argument, or as --config."""
    assert main(["check", "--config", str(demo_directory())]) == 0
    assert "no problems; Maple Street 4" in capsys.readouterr().out


def test_check_of_a_good_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    """A configuration without problems says what it has."""
    assert main(["check", str(demo_directory())]) == 0
    assert "no problems; Maple Street 4: 8 areas" in capsys.readouterr().out


def test_check_tells_what_the_house_costs(capsys: pytest.CaptureFixture[str]) -> None:
    """The size of the house in the model's prompt, and how much there may be."""
    main(["check", str(demo_directory())])
    size = len(house_prefix(load_config(demo_directory()).house, encoder()))
    assert f"the house takes {size} tokens of the model's prompt; 7,558 fit\n" in capsys.readouterr().out


def test_check_tells_of_a_house_that_is_told_in_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A large house is no mistake, but it is said what that means."""
    lamps = [f"  - {{name: Lamp {number}, kind: light}}" for number in range(500)]
    (tmp_path / "house.yaml").write_text("\n".join(["version: 1", "devices:", *lamps, ""]), encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 0
    assert capsys.readouterr().out.endswith(
        "it is too large to be told as a whole: with each sentence, the model is told the devices that share words with it\n"
    )


def test_check_refuses_a_house_that_does_not_fit_the_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What leaves no room for a sentence is a problem like others."""
    rooms = [f"  - {{name: {'灯' * 60}{number:03}}}" for number in range(60)]
    (tmp_path / "house.yaml").write_text("\n".join(["version: 1", "areas:", *rooms, "devices: []", ""]), encoding="utf-8")
    size = len(house_prefix(load_config(tmp_path).house, encoder()))
    assert main(["check", str(tmp_path)]) == 78
    assert capsys.readouterr().out == (
        f"{tmp_path}/house.yaml:1:1: devices: expected a house of at most 7558 tokens of the model's prompt, got {size} for "
        "60 areas and 0 groups; leave out those that nobody speaks of\n"
    )


def test_check_tells_every_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each problem is a line with file, line and column, and the exit code is 78."""
    house = (demo_directory() / "house.yaml").read_text()
    (tmp_path / "house.yaml").write_text(house.replace("kind: lock", "kind: look").replace("kind: fan", "kind: fun"))
    assert main(["check", str(tmp_path)]) == 78
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{tmp_path}/house.yaml:")
    assert lines[0].endswith("devices.1.kind: unknown kind 'look'; did you mean 'lock'?")


@pytest.mark.parametrize("command", [["check"], ["say", "hello", "--config"], ["status", "--config"]])
def test_what_is_no_yaml_is_told(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that YAML can't read is one line with its place, and exit code 78, whatever the command."""
    (tmp_path / "house.yaml").write_text("version: 1\ndevices:\n  - {name: Lamp, kind: light\nareas: []\n")
    assert main([*command, str(tmp_path)]) == 78
    told = capsys.readouterr()
    message = "(file): not YAML: while parsing a flow mapping from line 3, expected ',' or '}', but got ':'"
    assert told.out + told.err == f"{tmp_path}/house.yaml:4:6: {message}\n"


NO_PLACE = "x" * 5000
"""Looking whether it is there is refused, as by a directory that is not for this user, and also for root."""


@pytest.mark.parametrize("command", [["status"], ["say", "hello"], ["log"], ["check"]])
def test_a_configuration_that_may_not_be_looked_for_is_told(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line and exit code 69."""
    monkeypatch.setenv("XDG_CONFIG_HOME", f"/{NO_PLACE}")
    assert main(command) == 69
    assert re.fullmatch(r"octopus: expected to see whether /x+/octopus-hub has a house.yaml: .+\n", capsys.readouterr().err)


def test_a_journal_that_may_not_be_looked_for_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line and exit code 74."""
    (tmp_path / "hub.yaml").write_text(f"version: 1\nstate_directory: {NO_PLACE}\n")
    (tmp_path / "house.yaml").write_text("version: 1\n")
    assert main(["log", "--config", str(tmp_path)]) == 74
    assert re.fullmatch(r"octopus: the journal .+/journal.db can't be opened: .+\n", capsys.readouterr().err)


def test_check_prints_the_schemas(capsys: pytest.CaptureFixture[str]) -> None:
    """`--schema` prints the JSON Schemas of the configuration."""
    assert main(["check", "--schema"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"house.yaml", "hub.yaml", "functions.yaml"}


def test_a_sentence_that_is_too_long_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in the sentence is one line and exit code 65, before anything is loaded."""
    assert main(["say", "x" * 501]) == 65
    assert capsys.readouterr().err == "octopus: a command has at most 500 characters, this one has 501\n"
