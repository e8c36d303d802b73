"""The house that the tests' Home Assistant has: an entity `it` of each kind, and a car of many entities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from octopus_hub.config.house import Device, DeviceState, House
from octopus_hub.config.hub import HomeAssistantSettings, Secret
from support.home_assistant import HomeAssistant
from support.processes import free_port

KINDS = (
    "light", "switch", "fan", "lock", "cover", "media_player", "climate", "vacuum", "valve", "alarm_control_panel", "humidifier",
    "water_heater", "lawn_mower", "siren", "remote", "button", "number", "select", "todo",
)  # fmt: skip
PLACES = ("front_left", "front_right", "rear_left", "rear_right")
SEATS = ("driver", "passenger", "rear_left", "rear_right")

CAR: Mapping[str, str] = {
    "climate": "climate.car", "engine": "switch.car_engine", "charging": "switch.car_charging",
    "charge_limit": "number.car_charge_limit", "trunk": "cover.car_trunk", "sunroof": "cover.car_sunroof",
    "flash_lights": "button.car_flash", "horn": "button.car_horn", "navigation": "text.car_destination",
    **{f"lock_{place}": f"lock.car_{place}" for place in PLACES},
    **{f"window_{place}": f"cover.car_window_{place}" for place in PLACES},
    **{f"seat_heating_{seat}": f"select.car_seat_{seat}" for seat in SEATS},
    **{f"defrost_{part}": f"switch.car_defrost_{part}" for part in ("front", "rear", "mirrors")},
    "seat_forward": "script.car_seat_forward", "seat_position_driver": "number.car_seat_position",
}  # fmt: skip
"""The car's entities by role."""

EXTRA = """\
weather:
  - platform: template
    name: it
    condition_template: sunny
    temperature_template: "20"
    humidity_template: "50"
    forecast_hourly_template: "{{ [{'datetime': '2030-05-01T22:00:00+00:00', 'condition': 'cloudy', 'temperature': 8}] }}"
    forecast_daily_template: "{{ [{'datetime': '2030-05-02T00:00:00+00:00', 'condition': 'rainy', 'temperature': 12}] }}"
timer:
  it: {duration: "00:10:00"}
scene:
  - {name: it, entities: {switch.it: "on"}}
script:
  it:
    sequence: []
  car_seat_forward:
    sequence:
      - service: number.set_value
        target: {entity_id: number.car_seat_position}
        data: {value: "{{ states('number.car_seat_position') | float + 10 }}"}
automation:
  - {id: it, alias: it, trigger: [], action: []}
"""

MADE = tuple(entity for entity in CAR.values() if not entity.startswith("script."))


def home_assistant_in(directory: Path) -> HomeAssistant:
    """Not started yet."""
    return HomeAssistant(directory, free_port(), [*(f"{kind}.it" for kind in KINDS), "light.other", "light.third", *MADE], EXTRA)


def settings_of(server: HomeAssistant) -> HomeAssistantSettings:
    """How the hub finds it."""
    return HomeAssistantSettings(server.url, Secret(server.token))


def bound(house: House) -> House:
    """Its devices bound to the entities of their kind; those bound already stay."""
    return replace(house, devices=tuple(_bound(device) for device in house.devices))


def _bound(device: Device) -> Device:
    if device.home_assistant:
        return device
    return replace(device, home_assistant=CAR if device.kind == "vehicle" else {"main": f"{device.kind}.it"})


def put(server: HomeAssistant, device: Device, state: DeviceState) -> None:
    """Bring the device's entities into a state."""
    main = device.home_assistant.get("main")
    if main is None:
        _put_car(server, state)
        return
    is_away = state.state == "unavailable"
    if main.partition(".")[0] in KINDS:
        server.fault(main, "unavailable" if is_away else "")
    if not is_away:
        server.set(main, state.state, state.attributes)


def _put_car(server: HomeAssistant, state: DeviceState) -> None:
    told = state.attributes
    for place in PLACES:
        server.set(CAR[f"lock_{place}"], state.state)
    server.set(CAR["climate"], "heat" if told.get("climate_on") else "off", {"temperature": told.get("temperature", 20)})
    for role, name in (
        ("engine", "engine_on"),
        ("charging", "charging"),
        *((f"defrost_{p}",) * 2 for p in ("front", "rear", "mirrors")),
    ):
        server.set(CAR[role], "on" if told.get(name) else "off")
    for role in ("trunk", "sunroof", *(f"window_{place}" for place in PLACES)):
        position = told.get(role, 0)
        server.set(CAR[role], "open" if position else "closed", {"current_position": position})
    for seat in SEATS:
        server.set(CAR[f"seat_heating_{seat}"], str(told.get(f"seat_heating_{seat}", "off")))
    server.set(CAR["charge_limit"], str(told.get("charge_limit", 80)))
    server.set(CAR["seat_position_driver"], "50")
