"""Sentences to the daemon as a process, with the shipped model, into a house as zigbee2mqtt has it and a car that speaks VSS: what
the devices tell afterwards. There is no Home Assistant.

Sentences are plain ones: how well the model understands is measured elsewhere (docs/accuracy.md).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from support.hub import DEADLINE_MS, PRODUCT, Client, client, hub_in
from support.mqtt_devices import Json, MqttHouse, mqtt_house
from support.processes import eventually, free_port, mosquitto

from octopus_hub.adapters.mqtt_client import Server
from octopus_hub.adapters.virtual_initial import initial_state
from octopus_hub.config import vss_signals as vss
from octopus_hub.config.house import Device, DeviceState, House, Units
from octopus_hub.config.ids import assign_ids
from octopus_hub.daemon.simulated_car import SimulatedCar, simulate

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]

ROOMS: dict[str, list[tuple[str, str, str | None]]] = {
    "Kitchen": [
        ("Kitchen Ceiling", "light", None), ("Worktop Light", "light", None), ("Kettle", "switch", None),
        ("Dishwasher", "switch", None), ("Kitchen Blind", "cover", "blind"),
        ("Kitchen Speaker", "media_player", "speaker"), ("Smoke Alarm", "binary_sensor", "smoke"),
        ("Wash Program", "select", None), ("Shopping List", "todo", None),
        ("Fridge Thermometer", "sensor", "temperature"),
    ],
    "Living Room": [
        ("Reading Lamp", "light", None), ("Sofa Light", "light", None), ("TV", "media_player", "tv"),
        ("Curtains", "cover", "curtain"), ("Robbie", "vacuum", None), ("Radiator", "climate", None),
        ("Aquarium Pump", "switch", None), ("Bass", "number", None), ("Room Thermometer", "sensor", "temperature"),
        ("Living Room Window", "binary_sensor", "window"),
    ],
    "Bedroom": [
        ("Bedside Lamp", "light", None), ("Wardrobe Light", "light", None), ("Ceiling Fan", "fan", None),
        ("Shutters", "cover", "shutter"), ("Humidifier", "humidifier", None), ("Bedroom Heating", "climate", None),
        ("Electric Blanket", "switch", None), ("Bedroom Window", "binary_sensor", "window"),
    ],
    "Hallway": [
        ("Hallway Light", "light", None), ("Front Door", "lock", None), ("Doorbell", "button", None),
        ("House Alarm", "alarm_control_panel", None), ("Siren", "siren", None),
        ("Hallway Motion", "binary_sensor", "motion"),
    ],
    "Garden": [
        ("Garden Lights", "light", None), ("Sprinkler", "valve", None), ("Shaun", "lawn_mower", None),
        ("Awning", "cover", "awning"), ("Fountain", "switch", None), ("Back Gate", "lock", None),
    ],
    "Cellar": [
        ("Boiler", "water_heater", None), ("Cellar Light", "light", None), ("Cellar Humidity", "sensor", "humidity"),
    ],
}  # fmt: skip
OPTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "Reading Lamp": {"effect_list": ("rainbow", "candle")},
    "Wash Program": {"options": ("cotton", "quick", "wool")},
    "Radiator": {"preset_modes": ("none", "eco", "sleep"), "hvac_modes": ("off", "heat", "auto")},
    "Humidifier": {"available_modes": ("auto", "sleep")},
    "TV": {"source_list": ("HDMI 1", "HDMI 2", "Netflix")},
}
COMFORT = ("Doorbell", "Boiler")
CAR = "volvo"


def the_house() -> House:
    """43 devices and a car."""
    named = [(name, kind, device_class, room) for room, things in ROOMS.items() for name, kind, device_class in things]
    ids = assign_ids([(None, name, kind) for name, kind, _, _ in named])
    things = tuple(
        Device(device_id, name, kind, room, device_class=device_class, options=OPTIONS.get(name, {}))
        for device_id, (name, kind, device_class, room) in zip(ids, named, strict=True)
    )
    return House(name="Zigbee House", devices=(*things, Device(CAR, "Volvo", "vehicle")))


def as_yaml(house: House) -> str:
    """The house's YAML, as JSON."""
    devices: list[Json] = [
        {
            "id": device.id, "name": device.name, "kind": device.kind, "mqtt": dict(device.mqtt),
            **({"area": device.area} if device.area else {}),
            **({"device_class": device.device_class} if device.device_class else {}),
            **({"options": {key: list(words) for key, words in device.options.items()}} if device.options else {}),
            **({"class": "comfort"} if device.name in COMFORT else {}),
        }
        for device in house.devices
    ]  # fmt: skip
    return json.dumps(
        {"version": 1, "house": {"name": house.name}, "areas": [{"name": room} for room in ROOMS], "devices": devices}
    )


@dataclass(frozen=True)
class Case:
    """A sentence, what a device tells afterwards (some of it), and the state that it is in before, if that matters."""

    text: str
    device: str
    told: dict[str, Any] = field(default_factory=dict)
    before: DeviceState | None = None
    status: str = "done"


def state(name: str, **attributes: object) -> DeviceState:
    return DeviceState(name, attributes)


def on(device: str, text: str) -> Case:
    """It was off."""
    return Case(text, device, {"state": "ON"}, state("off"))


def off(device: str, text: str) -> Case:
    """It was on."""
    return Case(text, device, {"state": "OFF"}, state("on"))


BLUE = {"x": 0.15, "y": 0.06}
DOOR, WINDOW = f"{vss.DOORS[0]}.IsLocked", f"{vss.DOORS[0]}.Window.Position"
DRIVER, STATION = f"{vss.CABIN}.Seat.Row1.DriverSide", f"{vss.HVAC}.Station.Row1.Left.Temperature"

CASES = (
    on("worktop_light", "turn on the worktop light"),
    off("reading_lamp", "switch off the reading lamp please"),
    on("hallway_light", "could you turn the hallway light on"),
    on("cellar_light", "cellar light on"),
    off("garden_lights", "turn the garden lights off"),
    Case("set the reading lamp to 40 percent", "reading_lamp", {"state": "ON", "brightness": 102}),
    Case("make the bedside lamp blue", "bedside_lamp", {"color": BLUE}),
    Case("sofa light to warm white", "sofa_light", {"color_temp": 370}),
    Case("dim the hallway light", "hallway_light", {"state": "ON", "brightness": 178}, state("on", brightness=230)),
    on("kettle", "turn the kettle on"),
    off("dishwasher", "turn off the dishwasher"),
    on("electric_blanket", "switch the electric blanket on"),
    off("fountain", "stop the fountain please, switch it off"),
    on("ceiling_fan", "turn on the ceiling fan"),
    Case("set the ceiling fan to 70 percent", "ceiling_fan", {"speed": 7}),
    Case("let the ceiling fan oscillate", "ceiling_fan", {"oscillation": "oscillate_on"}, state("on", percentage=50)),
    Case("lock the front door", "front_door", {"state": "LOCK"}, state("unlocked")),
    Case("lock the back gate", "back_gate", {"state": "LOCK"}, state("unlocked")),
    Case("open the kitchen blind", "kitchen_blind", {"position": 100}, state("closed", current_position=0)),
    Case("close the curtains", "curtains", {"position": 0}, state("open", current_position=100)),
    Case("set the shutters to 30 percent", "shutters", {"position": 30}),
    Case("curtains halfway", "curtains", {"position": 50}, state("closed", current_position=0)),
    Case("pause the tv", "tv", {"state": "paused"}, state("playing")),
    Case("mute the tv", "tv", {"attributes": {"is_volume_muted": True}}, state("playing")),
    Case("set the volume of the kitchen speaker to 20 percent", "kitchen_speaker", {"attributes": {"volume_level": 0.2}},
         state("playing")),
    Case("set the radiator to 21 degrees", "radiator", {"temperature": 21.0}, state("heat", temperature=18)),
    Case("set the bedroom heating to 19 degrees", "bedroom_heating", {"temperature": 19.0}, state("heat", temperature=17)),
    Case("turn the radiator up by two degrees", "radiator", {"temperature": 22.0}, state("heat", temperature=20)),
    Case("turn the bedroom heating off", "bedroom_heating", {"mode": "off"}, state("heat")),
    Case("start the vacuum", "robbie", {"state": "cleaning"}, state("docked")),
    Case("send robbie home", "robbie", {"state": "returning"}, state("cleaning")),
    Case("arm the alarm", "house_alarm", {"state": "armed_away"}, state("disarmed")),
    Case("close the sprinkler", "sprinkler", {"position": 0}, state("open", current_position=100)),
    on("humidifier", "turn on the humidifier"),
    Case("set the humidifier to 55 percent", "humidifier", {"target_humidity": 55.0}, state("on")),
    Case("set the hot water to 55 degrees", "boiler", {"temperature": 55.0}, state("eco")),
    Case("mow the lawn", "shaun", {"state": "mowing"}, state("docked")),
    Case("set the bass to 12", "bass", {"state": "12"}),
    Case("set the wash program to quick", "wash_program", {"state": "quick"}, state("wool")),
    Case("add milk to the shopping list", "shopping_list", {"attributes": {"items": ["milk"]}}, state("0", items=[])),
    Case("press the doorbell", "doorbell", {"state": "PRESS"}, status="sent"),
    Case("is the front door locked", "front_door", {"state": "LOCK"}, state("locked"), status="answered"),
    Case("how warm is it in the living room", "room_thermometer", status="answered"),
    Case("is the bedroom window open", "bedroom_window", status="answered"),
    Case("unlock the front door", "front_door", {"state": "LOCK"}, state("locked"), status="denied"),
    Case("why do fans make people feel cooler", "ceiling_fan", {"state": "OFF"}, state("off"), status="refused"),
    Case("turn on the hallway light and lock the front door", "front_door", {"state": "LOCK"}, state("unlocked")),
    Case("lock the rear left door of the car", CAR, {f"{vss.DOORS[2]}.IsLocked": True}),
    Case("lock the car", CAR, {DOOR: True}),
    Case("start charging the car", CAR, {vss.CHARGING: True}),
    Case("stop charging the volvo", CAR, {vss.CHARGING: False}),
    Case("set the charge limit of the volvo to 90 percent", CAR, {vss.CHARGE_LIMIT: 90}),
    Case("turn on the car's air conditioning", CAR, {vss.CLIMATE: True}),
    Case("set the car to 23 degrees", CAR, {STATION: 23}),
    Case("driver seat heating on high in the car", CAR, {f"{DRIVER}.Heating": 100}),
    Case("close all the windows of the volvo", CAR, {WINDOW: 0}),
    Case("close the trunk of the car", CAR, {vss.TRUNK: False}),
    Case("defrost the rear window of the car", CAR, {vss.DEFROSTERS["rear"][0]: True}),
    Case("flash the car's lights", CAR, {vss.FLASH: True}, status="sent"),
    Case("how far can the volvo drive", CAR, status="answered"),
    Case("is the car locked", CAR, {DOOR: True}, status="answered"),
    Case("open the trunk of the car", CAR, {vss.TRUNK: False}, status="denied"),
)  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """A client of a running daemon, the devices, and the car's signals."""

    client: Client
    played: MqttHouse
    car: SimulatedCar

    def told(self, device_id: str) -> Json:
        """What a device tells now."""
        return self.car.signals if device_id == CAR else self.played.told(device_id)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def scene(model: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """Broker, devices, car and daemon, each started and ended."""
    house, port = the_house(), free_port()
    states = {device.id: initial_state(device, Units.METRIC) for device in house.devices}
    with mosquitto(tmp_path_factory.mktemp("broker"), port), hub_in(tmp_path_factory.mktemp("hub"), PRODUCT) as hub:
        async with mqtt_house(port, house, states) as played:
            car = SimulatedCar()
            driving = asyncio.create_task(simulate(car, Server("127.0.0.1", port), f"cars/{CAR}", moment_s=0.05))
            settings = {"model": {"directory": str(model), "deadline_ms": DEADLINE_MS}, "mqtt": {"host": "127.0.0.1", "port": port}}
            hub.configure(as_yaml(played.house), settings)
            hub.start()
            await hub.ready()
            async with client(port) as one:
                yield Scene(one, played, car)
            driving.cancel()
            await asyncio.wait([driving])


async def test_the_house_is_of_a_size() -> None:
    """Forty devices at least, and a car."""
    assert len(the_house().devices) > 40
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.text.replace(" ", "-"))
async def test_sentence(scene: Scene, case: Case) -> None:
    """The device tells what was asked for, and the Outcome says so."""
    if case.before is not None:
        await scene.played.put(case.device, case.before)
        await asyncio.sleep(0.05)
    outcome = await scene.client.ask("test", case.text)
    assert outcome["status"] == case.status, outcome

    def shows() -> bool:
        told = scene.told(case.device)
        return all(_is(told.get(name), value) for name, value in case.told.items())

    await eventually(shows, 3)


def _is(got: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(_is(got.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, float | int) and isinstance(got, float | int):
        return abs(got - wanted) <= (1.5 if wanted > 1.5 else 0.02)
    return bool(got == wanted)
