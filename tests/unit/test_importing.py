"""Writing what was imported: what is read for the check, and what the file system refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from octopus_hub.adapters.found import Found, FoundEntity
from octopus_hub.config.errors import UnavailableService
from octopus_hub.config.loader import load_config
from octopus_hub.daemon import importing
from octopus_hub.daemon.cli import look_up
from octopus_hub.daemon.importing import Import, import_into


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with every file there may be; a lamp is found."""
    for name, text in (
        ("hub.yaml", "version: 1\nstate_directory: var\nmqtt: {host: broker.lan, password: !secret broker}\n"),
        ("house.yaml", "version: 1\nareas: [{name: Hall}]\n"),
        ("functions.yaml", "version: 1\nfunctions: []\n"),
        ("secrets.yaml", "broker: abc\n"),
        ("house.d/more.yaml", "version: 1\ndevices: [{name: Kettle, kind: switch, area: Hall}]\n"),
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (tmp_path / "secrets.yaml").chmod(0o600)
    lamp = FoundEntity("light.lamp", "Lamp", area="Hall", exposed=True)
    monkeypatch.setattr(importing, "_things", lambda *_: Found("Home", False, (), (), (lamp,)))
    return tmp_path


def run(directory: Path) -> Import:
    """The import."""
    return import_into(look_up(directory), "home-assistant")


def test_what_lies_beside_the_configuration_is_not_read(directory: Path) -> None:
    """A state directory among the files, with a socket in it, does no harm."""
    (directory / "var").mkdir()
    os.mkfifo(directory / "var" / "control.sock")
    assert run(directory).is_written
    assert [device.name for device in load_config(directory).house.devices] == ["Lamp", "Kettle"]


@pytest.mark.parametrize("taken", ["home_assistant.yaml.part", ".home_assistant.json"])
def test_what_the_file_system_refuses_is_told(directory: Path, taken: str) -> None:
    """A file that can't be written or read is an error that a daemon survives."""
    path = directory / "house.d" / taken
    path.mkdir()
    with pytest.raises(UnavailableService, match=f"{path} can't be read or written: Is a directory"):
        run(directory)
