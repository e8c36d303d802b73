"""Sentences to the daemon as a process, with the shipped model, into a real Home Assistant: what its entities show afterwards.

Sentences are plain ones: how well the model understands is measured elsewhere (docs/accuracy.md).
"""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from support.ha_house import CAR, EXTRA, MADE
from support.home_assistant import HomeAssistant
from support.hub import DEADLINE_MS, PRODUCT, Client, client, hub_in
from support.processes import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]

ENTITIES = (
    "light.kitchen_ceiling", "light.counter", "light.floor_lamp", "light.bedroom", "light.hallway", "switch.kettle",
    "switch.coffee_machine", "fan.bedroom", "lock.front_door", "lock.back_door", "cover.blinds", "cover.curtains",
    "media_player.tv", "media_player.kitchen_speaker", "climate.nest", "vacuum.rosie", "valve.garden", "alarm_control_panel.home",
    "humidifier.bedroom", "water_heater.boiler", "lawn_mower.shaun", "siren.attic", "button.doorbell", "number.bass",
    "select.wash_program", "todo.shopping", "scene.it", "script.it", "automation.it",
)  # fmt: skip

HOUSE = f"""
version: 1
house: {{name: Test Home, units: metric}}
areas:
  - {{name: Kitchen}}
  - {{name: Living Room}}
  - {{name: Bedroom}}
  - {{name: Hallway}}
  - {{name: Garden}}
devices:
  - {{name: Ceiling Light, kind: light, area: Kitchen, home_assistant: light.kitchen_ceiling}}
  - {{name: Counter Light, kind: light, area: Kitchen, home_assistant: light.counter}}
  - {{name: Floor Lamp, kind: light, area: Living Room, home_assistant: light.floor_lamp,
      options: {{effect_list: [candle, rainbow]}}}}
  - {{name: Bedside Light, kind: light, area: Bedroom, home_assistant: light.bedroom}}
  - {{name: Hallway Light, kind: light, area: Hallway, home_assistant: light.hallway}}
  - {{name: Kettle, kind: switch, area: Kitchen, home_assistant: switch.kettle}}
  - {{name: Coffee Machine, kind: switch, area: Kitchen, home_assistant: switch.coffee_machine}}
  - {{name: Ceiling Fan, kind: fan, area: Bedroom, home_assistant: fan.bedroom}}
  - {{name: Front Door, kind: lock, area: Hallway, home_assistant: lock.front_door}}
  - {{name: Back Door, kind: lock, area: Kitchen, home_assistant: lock.back_door}}
  - {{name: Blinds, kind: cover, device_class: blind, area: Living Room, home_assistant: cover.blinds}}
  - {{name: Curtains, kind: cover, device_class: curtain, area: Bedroom, home_assistant: cover.curtains}}
  - {{name: TV, kind: media_player, device_class: tv, area: Living Room, home_assistant: media_player.tv,
      options: {{source_list: [HDMI 1, HDMI 2, Radio]}}}}
  - {{name: Kitchen Speaker, kind: media_player, device_class: speaker, area: Kitchen,
      home_assistant: media_player.kitchen_speaker}}
  - {{name: Nest, kind: climate, area: Hallway, aliases: [thermostat, heating], home_assistant: climate.nest,
      limits: {{temperature_c: [15, 26]}},
      options: {{hvac_modes: ["off", heat, cool, heat_cool], preset_modes: [none, eco, sleep], fan_modes: [auto, low, high]}}}}
  - {{name: Rosie, kind: vacuum, area: Living Room, home_assistant: vacuum.rosie}}
  - {{name: Garden Valve, kind: valve, area: Garden, home_assistant: valve.garden}}
  - {{name: House Alarm, kind: alarm_control_panel, home_assistant: alarm_control_panel.home}}
  - {{name: Bedroom Humidifier, kind: humidifier, area: Bedroom, home_assistant: humidifier.bedroom,
      options: {{available_modes: [auto, boost, sleep]}}}}
  - {{name: Boiler, kind: water_heater, home_assistant: water_heater.boiler, class: comfort}}
  - {{name: Shaun, kind: lawn_mower, area: Garden, home_assistant: lawn_mower.shaun}}
  - {{name: Doorbell, kind: button, area: Hallway, home_assistant: button.doorbell, class: comfort}}
  - {{name: Bass, kind: number, area: Living Room, home_assistant: number.bass}}
  - {{name: Wash Program, kind: select, area: Kitchen, home_assistant: select.wash_program,
      options: {{options: [one, two, quick]}}}}
  - {{name: Shopping List, kind: todo, home_assistant: todo.shopping}}
  - {{name: Movie Night, kind: scene, home_assistant: scene.it, class: comfort}}
  - {{name: Volvo, kind: vehicle, home_assistant: {json.dumps({"main": CAR["lock_front_left"], **CAR})}}}
"""


@dataclass(frozen=True)
class Case:
    """A sentence, and what an entity shows afterwards: its state, and some attributes. `before` is the state it has first."""

    text: str
    entity: str
    state: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    before: tuple[str, dict[str, Any]] | None = None
    status: str = "done"


def on(entity: str, text: str) -> Case:
    """It was off."""
    return Case(text, entity, "on", before=("off", {}))


def off(entity: str, text: str) -> Case:
    """It was on."""
    return Case(text, entity, "off", before=("on", {}))


CASES = (
    on("light.counter", "turn on the counter light"),
    off("light.floor_lamp", "switch off the floor lamp please"),
    on("light.hallway", "could you turn the hallway light on"),
    off("light.bedroom", "turn off the bedside light"),
    Case("set the floor lamp to 40 percent", "light.floor_lamp", "on", {"brightness": 102}),
    Case("make the bedside light blue", "light.bedroom", "on", {"rgb_color": [0, 0, 255]}),
    Case("counter light to warm white", "light.counter", "on", {"color_temp_kelvin": 2700}),
    Case("start the candle effect on the floor lamp", "light.floor_lamp", "on", {"effect": "candle"}),
    Case("dim the hallway light", "light.hallway", "on", {"brightness": 179}, before=("on", {"brightness": 230})),
    on("switch.kettle", "turn the kettle on"),
    off("switch.coffee_machine", "coffee machine off"),
    on("fan.bedroom", "turn on the ceiling fan"),
    Case("set the ceiling fan to 75 percent", "fan.bedroom", "on", {"percentage": 75}),
    Case("let the ceiling fan oscillate", "fan.bedroom", None, {"oscillating": True}, before=("on", {"percentage": 50})),
    Case("lock the front door", "lock.front_door", "locked", before=("unlocked", {})),
    Case("make sure the back door is locked", "lock.back_door", "locked", before=("unlocked", {})),
    Case("open the blinds", "cover.blinds", "open", {"current_position": 100}),
    Case("close the curtains", "cover.curtains", "closed", before=("open", {"current_position": 100})),
    Case("set the blinds to 30 percent", "cover.blinds", "open", {"current_position": 30}),
    Case("curtains halfway", "cover.curtains", "open", {"current_position": 50}, before=("closed", {"current_position": 0})),
    Case("pause the tv", "media_player.tv", "paused", before=("playing", {})),
    Case("set the volume of the tv to 20 percent", "media_player.tv", None, {"volume_level": 0.2}, before=("playing", {})),
    Case("mute the tv", "media_player.tv", None, {"is_volume_muted": True}, before=("playing", {"is_volume_muted": False})),
    Case("switch the tv to hdmi 2", "media_player.tv", None, {"source": "HDMI 2"}, before=("on", {})),
    Case("turn off the tv", "media_player.tv", "off", before=("playing", {})),
    Case("shuffle on the kitchen speaker", "media_player.kitchen_speaker", None, {"shuffle": True}, before=("playing", {})),
    Case(
        "play some jazz on the kitchen speaker", "media_player.kitchen_speaker", None, {"media_title": "some jazz"}, status="sent"
    ),
    Case("set the thermostat to 21 degrees", "climate.nest", None, {"temperature": 21}, before=("heat", {"temperature": 18})),
    Case("make it two degrees warmer", "climate.nest", None, {"temperature": 22}, before=("heat", {"temperature": 20})),
    Case("turn the heating up by two degrees", "climate.nest", None, {"temperature": 22}, before=("heat", {"temperature": 20})),
    Case("set the nest to cool", "climate.nest", "cool", before=("heat", {"temperature": 20})),
    Case("put the nest on the eco preset", "climate.nest", None, {"preset_mode": "eco"}),
    Case("turn the heating off", "climate.nest", "off", before=("heat", {})),
    Case("start the vacuum", "vacuum.rosie", "cleaning", before=("docked", {})),
    Case("send rosie home", "vacuum.rosie", "returning", before=("cleaning", {})),
    Case("arm the alarm", "alarm_control_panel.home", "armed_away", before=("disarmed", {})),
    Case("close the garden valve", "valve.garden", "closed", before=("open", {"current_position": 100})),
    on("humidifier.bedroom", "turn on the humidifier"),
    Case("set the humidifier to 55 percent", "humidifier.bedroom", None, {"humidity": 55}, before=("on", {})),
    Case("humidifier on boost", "humidifier.bedroom", None, {"mode": "boost"}, before=("on", {})),
    Case("set the hot water to 55 degrees", "water_heater.boiler", None, {"temperature": 55}),
    Case("mow the lawn", "lawn_mower.shaun", "mowing", before=("docked", {})),
    Case("set the bass to 12", "number.bass", "12.0", before=("3", {})),
    Case("set the wash program to quick", "select.wash_program", "quick", before=("one", {})),
    Case("add milk to the shopping list", "todo.shopping", "1", before=("0", {"items": []})),
    Case("movie night", "switch.it", "on", status="sent"),
    Case("press the doorbell", "button.doorbell", status="sent"),
    Case("lock the volvo", CAR["lock_rear_left"], "locked", before=("unlocked", {})),
    Case("lock the volvo's rear left door", CAR["lock_rear_left"], "locked", before=("unlocked", {})),
    Case("start charging the car", CAR["charging"], "on", before=("off", {})),
    Case("set the charge limit of the volvo to 90 percent", CAR["charge_limit"], "90.0", before=("80", {})),
    Case("warm up the car", CAR["climate"], None, before=("off", {})),
    Case("set the car to 23 degrees", CAR["climate"], None, {"temperature": 23}, before=("heat", {"temperature": 20})),
    Case("driver seat heating on high in the car", CAR["seat_heating_driver"], "high", before=("off", {})),
    Case("defrost the rear window of the car", CAR["defrost_rear"], "on", before=("off", {})),
    Case("close all the windows of the volvo", CAR["window_front_left"], "closed", before=("open", {"current_position": 100})),
    Case("flash the car's lights", CAR["flash_lights"], status="sent"),
    Case("is the front door locked", "lock.front_door", "locked", before=("locked", {}), status="answered"),
    Case("how warm is it in the hallway", "climate.nest", status="answered"),
    Case("which lights are on", "light.counter", "on", before=("on", {}), status="answered"),
    Case("unlock the front door", "lock.front_door", "locked", before=("locked", {}), status="denied"),
    Case("why do fans make people feel cooler", "fan.bedroom", "off", before=("off", {}), status="refused"),
    Case(
        "set the thermostat to 35 degrees",
        "climate.nest",
        None,
        {"temperature": 20},
        before=("heat", {"temperature": 20}),
        status="refused",
    ),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeAssistant]:
    """Home Assistant with the house's entities."""
    made = HomeAssistant(tmp_path_factory.mktemp("home-assistant"), free_port(), [*ENTITIES, "switch.it", *MADE], EXTRA)
    made.start()
    yield made
    made.stop()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def asker(model: Path, server: HomeAssistant, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A client of a running daemon that is connected to it."""
    port = free_port()
    with hub_in(tmp_path_factory.mktemp("hub"), PRODUCT) as hub:
        settings = {"model": {"directory": str(model), "deadline_ms": DEADLINE_MS}, "mqtt": {"port": port}}
        hub.configure(HOUSE, {**settings, "home_assistant": {"url": server.url, "token": "TOKEN"}})
        written = (hub.configuration / "hub.yaml").read_text().replace('"TOKEN"', "!secret token")
        (hub.configuration / "hub.yaml").write_text(written)
        (hub.configuration / "secrets.yaml").write_text(f"token: {server.token}\n")
        (hub.configuration / "secrets.yaml").chmod(0o600)
        hub.start()
        await hub.ready()
        async with client(port) as one:
            yield one


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.text.replace(" ", "-"))
async def test_sentence(asker: Client, server: HomeAssistant, case: Case) -> None:
    """The entity shows what was asked for, and the Outcome says so."""
    if case.before is not None:
        server.set(case.entity, *case.before)
    outcome = await asker.ask("test", case.text)
    shown = server.get(f"/api/states/{case.entity}")
    assert outcome["status"] == case.status, outcome
    if case.state is not None:
        assert shown["state"] == case.state, outcome
    for name, value in case.attributes.items():
        got = shown["attributes"][name]
        same = (
            math.isclose(got, value, abs_tol=1.5)
            if isinstance(value, int | float) and not isinstance(value, bool)
            else got == value
        )
        assert same, (name, got, outcome)
