"""`octopus import home-assistant` against a real Home Assistant: first written, then updated beside an installer's own changes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.home_assistant import HomeAssistant
from support.hub import Hub, hub_in
from support.processes import eventually, free_port

from octopus_hub.config.errors import Problem
from octopus_hub.config.loader import load_config
from octopus_hub.daemon.__main__ import main

ENTITIES = ("light.ceiling", "light.spare", "switch.pump", "climate.nest", "media_player.tv", "lock.door", "number.hidden")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeAssistant]:
    """Home Assistant with two areas, an alias, an entity that is not for voice, and one that is hidden."""
    made = HomeAssistant(tmp_path_factory.mktemp("home-assistant"), free_port(), ENTITIES)
    made.start()
    kitchen = made.command("config/area_registry/create", name="Kitchen", aliases=["cookhouse"])["area_id"]
    hall = made.command("config/area_registry/create", name="Hall")["area_id"]
    update = "config/entity_registry/update"
    made.command(update, entity_id="light.ceiling", area_id=kitchen, aliases=["big light"])
    made.command(update, entity_id="climate.nest", area_id=hall)
    made.command(update, entity_id="number.hidden", hidden_by="user")
    made.command(update, entity_id="switch.pump", options_domain="conversation", options={"should_expose": False})
    yield made
    made.stop()


@pytest.fixture
def directory(server: HomeAssistant, tmp_path: Path) -> Path:
    """A configuration with a house of its own."""
    (tmp_path / "hub.yaml").write_text(f"version: 1\nhome_assistant: {{url: '{server.url}', token: !secret token}}\n")
    (tmp_path / "secrets.yaml").write_text(f"token: {server.token}\n")
    (tmp_path / "secrets.yaml").chmod(0o600)
    (tmp_path / "house.yaml").write_text(
        "version: 1\nareas: [{name: Hall}]\ndevices: [{name: Spare, kind: light, home_assistant: light.spare}]\n"
    )
    return tmp_path


def run(directory: Path, *more: str) -> int:
    """The command."""
    return main(["import", "home-assistant", "--config", str(directory), *more])


def test_first_import(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What Home Assistant shows becomes devices with areas, aliases, limits and options; what is in other files stays there."""
    assert run(directory) == 0
    told = capsys.readouterr().out
    assert "+ ceiling (light.ceiling)" in told
    assert told.endswith(f"{directory}/house.d/home_assistant.yaml: 4 devices\n")
    house = load_config(directory).house
    by_entity = {device.home_assistant["main"]: device for device in house.devices}
    assert set(by_entity) == {"light.spare", "light.ceiling", "climate.nest", "media_player.tv", "lock.door"}
    ceiling, nest = by_entity["light.ceiling"], by_entity["climate.nest"]
    assert (ceiling.area, ceiling.aliases) == ("Kitchen", ("big light",))
    assert nest.options["preset_modes"] == ("none", "eco", "sleep")
    assert nest.limits["temperature_c"] == (7, 35)
    assert [(area.name, area.aliases) for area in house.areas] == [("Hall", ()), ("Kitchen", ("cookhouse",))]


def test_import_again_changes_nothing(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And writes nothing."""
    run(directory)
    written = (directory / "house.d" / "home_assistant.yaml").read_text()
    capsys.readouterr()
    assert run(directory) == 0
    assert capsys.readouterr().out == f"{directory}/house.d/home_assistant.yaml: up to date\n"
    assert (directory / "house.d" / "home_assistant.yaml").read_text() == written


def test_what_the_installer_changed_stays(server: HomeAssistant, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names, classes and comments stay; an entity that was renamed is followed, and so is an area that was not touched."""
    run(directory)
    path = directory / "house.d" / "home_assistant.yaml"
    text = path.read_text().replace("name: door", "name: Big Door  # the oak one\n  class: open")
    path.write_text(text)
    area = server.command("config/area_registry/create", name="Porch")["area_id"]
    server.command("config/entity_registry/update", entity_id="lock.door", new_entity_id="lock.oak_door", area_id=area)
    try:
        capsys.readouterr()
        assert run(directory) == 0
        told = capsys.readouterr().out
    finally:
        server.command("config/entity_registry/update", entity_id="lock.oak_door", new_entity_id="lock.door", area_id=None)
        server.command("config/area_registry/delete", area_id=area)
    assert "~ Big Door: home_assistant lock.door → lock.oak_door" in told
    assert "# the oak one" in path.read_text()
    door = next(device for device in load_config(directory).house.devices if device.kind == "lock")
    assert (door.id, door.name, door.area, door.home_assistant) == ("door", "Big Door", "Porch", {"main": "lock.oak_door"})
    assert str(door.action_class) == "open"
    assert path.with_name("home_assistant.yaml.bak").read_text() == text


def test_what_is_gone_is_told_and_stays(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is deleted that somebody may have written."""
    run(directory)
    path = directory / "house.d" / "home_assistant.yaml"
    path.write_text(path.read_text() + "- {name: Old Lamp, kind: light, home_assistant: light.old}\n")
    capsys.readouterr()
    assert run(directory, "--dry-run") == 0
    assert "- Old Lamp (light.old)" in capsys.readouterr().out


def test_what_is_gone_and_untouched_is_taken_out_if_asked(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was changed here stays even then."""
    run(directory)
    path, last = directory / "house.d" / "home_assistant.yaml", directory / "house.d" / ".home_assistant.json"
    old = {"name": "Old Lamp", "kind": "light", "home_assistant": "light.old"}
    mine = old | {"home_assistant": "light.mine"}
    path.write_text(path.read_text() + f"- {json.dumps(old)}\n- {json.dumps(mine | {'name': 'My Lamp'})}\n")
    known = json.loads(last.read_text())
    known["imported"] |= {"light.old": old, "light.mine": mine}
    last.write_text(json.dumps(known))
    capsys.readouterr()
    assert run(directory, "--remove") == 0
    told = capsys.readouterr().out
    assert "x Old Lamp (light.old)" in told
    assert "- My Lamp (light.mine)" in told
    names = {device.name for device in load_config(directory).house.devices}
    assert ("Old Lamp" in names, "My Lamp" in names) == (False, True)


def following(directory: Path, hub: Hub) -> None:
    """The configuration, imported once, becomes the hub's, and is to follow Home Assistant."""
    run(directory)
    settings = (directory / "hub.yaml").read_text().replace("token: !secret token}", "token: !secret token, follow: true}")
    directory.rename(hub.configuration)
    own = {"state_directory": str(hub.directory / "state"), "mqtt": {"port": free_port()}}
    (hub.configuration / "hub.yaml").write_text(settings + "".join(f"{key}: {json.dumps(value)}\n" for key, value in own.items()))


@pytest.mark.timeout(60)
async def test_a_running_hub_follows(server: HomeAssistant, directory: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An entity that is renamed in Home Assistant is the same device a moment later; its id stays."""

    async def rename(entity_id: str, new_id: str) -> None:
        what = {"entity_id": entity_id, "new_entity_id": new_id}
        await asyncio.to_thread(server.command, "config/entity_registry/update", **what)

    with hub_in(tmp_path_factory.mktemp("hub")) as hub:
        await asyncio.to_thread(following, directory, hub)
        hub.start()
        await hub.ready()
        await rename("lock.door", "lock.oak_door")
        try:
            await eventually(lambda: "reloaded house" in hub.log, 40)
        finally:
            await rename("lock.oak_door", "lock.door")
        door = next(device for device in load_config(hub.configuration).house.devices if device.kind == "lock")
    assert door.id == "door"
    assert "home_assistant lock.door → lock.oak_door" in hub.log


def test_dry_run_and_all(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It only tells; with --all also what is hidden or not for voice."""
    assert run(directory, "--dry-run", "--all") == 0
    told = capsys.readouterr().out
    assert "+ pump (switch.pump)" in told
    assert "+ hidden (number.hidden)" in told
    assert not (directory / "house.d").exists()


def test_ids_of_other_files_are_not_taken(directory: Path) -> None:
    """A device that is new gets a free one."""
    (directory / "house.yaml").write_text("version: 1\ndevices: [{name: Twin, id: ceiling, kind: light}]\n")
    assert run(directory) == 0
    ids = {device.home_assistant.get("main"): device.id for device in load_config(directory).house.devices}
    assert ids["light.ceiling"] == "ceiling_2"


def test_nothing_is_written_that_check_would_refuse(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Problems are told, and the files stay as they were."""
    monkeypatch.setattr("octopus_hub.daemon.importing.check", lambda *_, **__: [Problem("f", 1, 1, "devices", "too many")])
    assert run(directory) == 78
    assert not (directory / "house.d").exists()


def test_import_without_home_assistant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told where it is to be named."""
    (tmp_path / "house.yaml").write_text("version: 1\n")
    assert run(tmp_path) == 65
    assert capsys.readouterr().err.startswith(f"octopus: expected home_assistant in {tmp_path}/hub.yaml, got none")
