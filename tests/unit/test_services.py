"""Calls as Home Assistant services, a row for every function and kind."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from support.sample_calls import ACTING, ARGUMENTS, NAMES, sample_call
from support.small_house import device

from octopus_hub.adapters.colors import COLORS, is_same_color, name_of
from octopus_hub.adapters.confirmation import ROWS as SHOWN
from octopus_hub.adapters.services import ServiceCall, record_services, translate
from octopus_hub.config.errors import Unsupported
from octopus_hub.config.function_table import FUNCTIONS, by_name
from octopus_hub.config.functions import Confirmation, Function
from octopus_hub.config.house import Device, House
from octopus_hub.config.plan import Call, Scalar

VEHICLE_ROLES = {
    "lock": "lock.car",
    "climate": "climate.car",
    "engine": "switch.car_engine",
    "charging": "switch.car_charging",
    "charge_limit": "number.car_charge_limit",
    "trunk": "cover.car_trunk",
    "sunroof": "cover.car_sunroof",
    "windows": "cover.car_windows",
    "window_front_left": "cover.car_window_fl",
    "seat_heating_driver": "select.car_seat",
    "seat_forward": "button.car_seat_forward",
    "defrost": "switch.car_defrost",
    "flash_lights": "button.car_flash",
    "horn": "button.car_horn",
    "navigation": "text.car_destination",
}


def bound(kind: str, **entities: str) -> House:
    """A house with one device of a kind, called "it"."""
    roles = VEHICLE_ROLES if kind == "vehicle" else {"main": f"{kind}.it"}
    return House(devices=(Device("it", "It", kind, home_assistant=entities or roles),))


def services(function: str, arguments: Mapping[str, Scalar], house: House) -> list[tuple[str, tuple[str, ...], object]]:
    found = translate(Call(function, ("it",), arguments), house)
    return [(each.service, each.entity_ids, each.data) for each in found]


@pytest.mark.parametrize(("function", "kind"), ACTING, ids=NAMES)
def test_every_function_has_a_service_for_every_kind(function: Function, kind: str) -> None:
    """Each pair of the function table becomes one service with an entity, unless it is only the hub's."""
    (found,) = translate(sample_call(function, kind), bound(kind))
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", found.service)
    assert len(found.entity_ids) == 1


@pytest.mark.parametrize("function", [each for each in FUNCTIONS if each.is_read], ids=lambda each: str(each.name))
def test_questions_give_no_services(function: Function) -> None:
    """A question is answered from states and calls nothing."""
    for kind in function.kinds:
        assert translate(Call(function.name, ("it",), {"property": "battery", "state": "on"}), bound(kind)) == ()


def test_sample_arguments_fit_the_table() -> None:
    """The walk's arguments are those that the functions have, plus what the resolver adds."""
    added = {"unit", "position", "level", "temperature", "kelvin", "humidity", "value", "amount"}
    for name, arguments in ARGUMENTS.items():
        assert arguments.keys() <= {parameter.name for parameter in by_name()[name].parameters} | added


IT = ("light.it",)
EXPECTED: list[tuple[str, str, dict[str, Scalar], str, dict[str, object]]] = [
    ("turn_on", "light", {}, "light.turn_on", {}),
    ("turn_off", "climate", {}, "climate.turn_off", {}),
    ("toggle", "switch", {}, "switch.toggle", {}),
    ("toggle", "switch", {"state": "off"}, "switch.turn_off", {}),
    ("toggle", "water_heater", {}, "homeassistant.toggle", {}),
    ("set_brightness", "light", {"level": 40}, "light.turn_on", {"brightness_pct": 40}),
    ("step_brightness", "light", {"direction": "up", "amount": 20}, "light.turn_on", {"brightness_step_pct": 20}),
    ("step_brightness", "light", {"direction": "down", "amount": 10}, "light.turn_on", {"brightness_step_pct": -10}),
    ("set_color", "light", {"color": "sky blue"}, "light.turn_on", {"color_name": "skyblue"}),
    ("set_color", "light", {"color": "mint"}, "light.turn_on", {"rgb_color": [62, 180, 137]}),
    ("set_color_temperature", "light", {"temperature": 2700}, "light.turn_on", {"color_temp_kelvin": 2700}),
    ("set_effect", "light", {"effect": "candle"}, "light.turn_on", {"effect": "candle"}),
    ("lock", "lock", {}, "lock.lock", {}),
    ("unlock", "lock", {}, "lock.unlock", {}),
    ("open", "cover", {}, "cover.open_cover", {}),
    ("close", "valve", {}, "valve.close_valve", {}),
    ("stop", "lawn_mower", {}, "lawn_mower.pause", {}),
    ("set_position", "cover", {"position": 30}, "cover.set_cover_position", {"position": 30}),
    ("set_position", "valve", {"position": 30}, "valve.set_valve_position", {"position": 30}),
    ("set_tilt", "cover", {"position": 30}, "cover.set_cover_tilt_position", {"tilt_position": 30}),
    ("set_temperature", "climate", {"temperature": 21, "unit": "°C"}, "climate.set_temperature", {"temperature": 21}),
    (
        "set_temperature",
        "climate",
        {"temperature": 21, "unit": "°C", "mode": "heat"},
        "climate.set_temperature",
        {"temperature": 21, "hvac_mode": "heat"},
    ),
    (
        "set_temperature_range",
        "climate",
        {"low": 18, "high": 24, "unit": "°C"},
        "climate.set_temperature",
        {"target_temp_low": 18, "target_temp_high": 24},
    ),
    ("set_hvac_mode", "climate", {"mode": "cool"}, "climate.set_hvac_mode", {"hvac_mode": "cool"}),
    ("set_mode", "water_heater", {"mode": "eco"}, "water_heater.set_operation_mode", {"operation_mode": "eco"}),
    ("set_mode", "humidifier", {"mode": "eco"}, "humidifier.set_mode", {"mode": "eco"}),
    ("set_volume", "media_player", {"level": 35}, "media_player.volume_set", {"volume_level": 0.35}),
    ("step_volume", "media_player", {"direction": "down"}, "media_player.volume_down", {}),
    (
        "step_volume",
        "media_player",
        {"direction": "up", "amount": 20, "level": 60},
        "media_player.volume_set",
        {"volume_level": 0.6},
    ),
    ("mute", "media_player", {}, "media_player.volume_mute", {"is_volume_muted": True}),
    ("unmute", "media_player", {}, "media_player.volume_mute", {"is_volume_muted": False}),
    ("media_next", "media_player", {}, "media_player.media_next_track", {}),
    (
        "play_media",
        "media_player",
        {"query": "jazz", "service": "spotify"},
        "media_player.play_media",
        {"media_content_type": "music", "media_content_id": "jazz"},
    ),
    ("set_shuffle", "media_player", {"shuffle": "off"}, "media_player.shuffle_set", {"shuffle": False}),
    ("set_fan_speed", "fan", {"level": 66}, "fan.set_percentage", {"percentage": 66}),
    ("step_fan_speed", "fan", {"direction": "down"}, "fan.decrease_speed", {}),
    ("step_fan_speed", "fan", {"direction": "up", "amount": 30}, "fan.increase_speed", {"percentage_step": 30}),
    ("set_oscillation", "fan", {"oscillating": "on"}, "fan.oscillate", {"oscillating": True}),
    ("clean_area", "vacuum", {"area": "Kitchen"}, "vacuum.start", {}),
    ("start", "lawn_mower", {}, "lawn_mower.start_mowing", {}),
    ("return_to_base", "lawn_mower", {}, "lawn_mower.dock", {}),
    ("alarm_arm", "alarm_control_panel", {"mode": "night"}, "alarm_control_panel.alarm_arm_night", {}),
    ("run", "automation", {}, "automation.trigger", {}),
    ("run", "script", {}, "script.turn_on", {}),
    ("todo_complete", "todo", {"item": "milk"}, "todo.update_item", {"item": "milk", "status": "completed"}),
    ("timer_extend", "timer", {"direction": "down", "duration": 60}, "timer.change", {"duration": -60}),
]


@pytest.mark.parametrize(("function", "kind", "arguments", "service", "data"), EXPECTED)
def test_service(function: str, kind: str, arguments: dict[str, Scalar], service: str, data: dict[str, object]) -> None:
    """The service and its data are Home Assistant's."""
    assert services(function, arguments, bound(kind)) == [(service, (f"{kind}.it",), data)]


def test_announcement_speaks_through_the_player() -> None:
    """The engine speaks, and the player is told to it."""
    house = bound("media_player", main="media_player.it", tts="tts.own")
    data = {"media_player_entity_id": "media_player.it", "message": "dinner"}
    assert services("announce", {"message": "dinner"}, house) == [("tts.speak", ("tts.own",), data)]
    assert services("announce", {"message": "dinner"}, bound("media_player")) == [("tts.speak", ("tts.piper",), data)]


ALIASED = [
    ("turn_on", "switch", "input_boolean.it", {}, "input_boolean.turn_on"),
    ("turn_on", "light", "switch.it", {}, "switch.turn_on"),
    ("turn_on", "light", "group.it", {}, "homeassistant.turn_on"),
    ("set_value", "number", "input_number.it", {"value": 3}, "input_number.set_value"),
    ("select_option", "select", "input_select.it", {"option": "a"}, "input_select.select_option"),
    ("press", "button", "input_button.it", {}, "input_button.press"),
]


@pytest.mark.parametrize(("function", "kind", "entity", "arguments", "service"), ALIASED)
def test_domain_follows_the_entity(function: str, kind: str, entity: str, arguments: dict[str, Scalar], service: str) -> None:
    """A helper is called by its own domain."""
    assert services(function, arguments, bound(kind, main=entity))[0][:2] == (service, (entity,))


def test_entity_that_cannot() -> None:
    """A lamp that is a relay has no brightness, and that is said instead of sent."""
    with pytest.raises(Unsupported, match="It cannot set_brightness: switch"):
        services("set_brightness", {"level": 40}, bound("light", main="switch.it"))


VEHICLE = [
    ("lock", {}, [("lock.lock", "lock.car", {})]),
    ("open_trunk", {}, [("cover.open_cover", "cover.car_trunk", {})]),
    ("set_cabin_temperature", {"temperature": 22, "unit": "°C"}, [("climate.set_temperature", "climate.car", {"temperature": 22})]),
    ("set_seat_heating", {"level": "on"}, [("select.select_option", "select.car_seat", {"option": "medium"})]),
    ("open_window", {"window": "driver"}, [("cover.open_cover", "cover.car_window_fl", {})]),
    ("open_window", {"window": "rear"}, [("cover.open_cover", "cover.car_windows", {})]),
    ("set_charge_limit", {"level": 80}, [("number.set_value", "number.car_charge_limit", {"value": 80})]),
    ("navigate_to", {"destination": "Graz"}, [("text.set_value", "text.car_destination", {"value": "Graz"})]),
    ("start_engine", {}, [("switch.turn_on", "switch.car_engine", {})]),
    ("stop_charging", {}, [("switch.turn_off", "switch.car_charging", {})]),
]


@pytest.mark.parametrize(("function", "arguments", "expected"), VEHICLE)
def test_vehicle(function: str, arguments: dict[str, Scalar], expected: list[tuple[str, str, dict[str, object]]]) -> None:
    """A vehicle's parts are told by the entities of their roles."""
    assert services(function, arguments, bound("vehicle")) == [(service, (entity,), data) for service, entity, data in expected]


def test_lock_stands_for_no_other_part() -> None:
    """A vehicle bound to its lock alone can be locked; opening its trunk does not unlock it."""
    house = bound("vehicle", main="lock.car")
    assert services("lock", {}, house) == [("lock.lock", ("lock.car",), {})]
    with pytest.raises(Unsupported):
        services("open_trunk", {}, house)


def test_doors_of_a_vehicle() -> None:
    """Each door has a lock of its own; the one for all stands for no door, and is told alone where all are meant."""
    doors = {"lock_front_left": "lock.fl", "lock_rear_left": "lock.rl", "lock_rear_right": "lock.rr"}
    cases: list[tuple[dict[str, str], dict[str, Scalar], tuple[str, ...]]] = [
        ({"main": "lock.fl", **doors}, {}, ("lock.fl", "lock.rl", "lock.rr")),
        ({"lock": "lock.car", **doors}, {}, ("lock.car",)),
        ({"lock": "lock.car", **doors}, {"door": "driver"}, ("lock.fl",)),
        ({"lock": "lock.car", **doors}, {"door": "rear"}, ("lock.rl", "lock.rr")),
    ]
    for roles, arguments, told in cases:
        assert services("unlock", arguments, bound("vehicle", **roles)) == [("lock.unlock", told, {})]
    with pytest.raises(Unsupported):
        services("unlock", {"door": "driver"}, bound("vehicle", main="lock.car"))


TWO = House(devices=(device("A", "light"), device("B", "light"), device("C", "switch"), Device("d", "D", "light")))


def test_equal_services_are_one_call() -> None:
    """Entities with one service and equal data are called together; a device without a binding is left out."""
    found = translate(Call("turn_off", ("a", "c", "b", "d")), TWO)
    assert found == (ServiceCall("light.turn_off", ("light.a", "light.b")), ServiceCall("switch.turn_off", ("switch.c",)))


def test_record_carries_when() -> None:
    """A call put off carries `at`, others do not."""
    calls = [Call("set_brightness", ("a",), {"level": 40}), Call("turn_off", ("a",), {}, 600.0)]
    assert record_services(calls, TWO) == [
        {"service": "light.turn_on", "entity_ids": ["light.a"], "data": {"brightness_pct": 40}},
        {"service": "light.turn_off", "entity_ids": ["light.a"], "data": {}, "at": 600.0},
    ]


def test_every_color_has_a_value() -> None:
    """Each colour that can be said can be sent and recognised."""
    assert set(COLORS) == set(by_name()["set_color"].parameter("color").choices)
    assert all(is_same_color(name, COLORS[name]) for name in COLORS)
    assert not is_same_color("red", (0, 0, 255))
    assert not is_same_color("white", (255, 0, 0))


@pytest.mark.parametrize(
    ("shown", "name"),
    [((255, 0, 0), "red"), ((255, 120, 0), "orange"), ((0, 255, 0), "green"), ((10, 40, 255), "blue"), ((255, 252, 250), "white")],
)
def test_names_of_colors(shown: tuple[int, int, int], name: str) -> None:
    """What a lamp shows is told in the word that people use."""
    assert name_of(shown) == name


@pytest.mark.parametrize("function", dict(ACTING), ids=lambda each: str(each.name))
def test_every_function_that_is_confirmed_says_by_what(function: Function) -> None:
    """What is confirmed by state has a rule; of what is only sent nothing is claimed."""
    assert (function.name in SHOWN) == (function.confirmation is not Confirmation.SENT)
