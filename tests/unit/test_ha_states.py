"""Home Assistant's stream of states, and states of devices made of those of entities."""

from __future__ import annotations

import pytest

from octopus_hub.adapters.confirmation import is_confirmed
from octopus_hub.adapters.features import has_feature
from octopus_hub.adapters.ha_states import apply, device_state
from octopus_hub.adapters.ha_timers import seconds, started_anew, time_left_s
from octopus_hub.adapters.services import ServiceCall
from octopus_hub.adapters.watch import toggled
from octopus_hub.config.house import Device, DeviceState, number
from octopus_hub.config.plan import Call
from octopus_hub.daemon.conditions import attribute

LAMP = Device("lamp", "Lamp", "light", home_assistant={"main": "light.lamp"})


def test_stream() -> None:
    """Entities are added, changed by what is more and what is less, and removed; what was told before is not touched."""
    states: dict[str, DeviceState] = {}
    assert apply(states, {"a": {"light.lamp": {"s": "on", "a": {"brightness": 9, "effect": "x"}}}}) == {"light.lamp"}
    first = states["light.lamp"]
    apply(states, {"c": {"light.lamp": {"+": {"a": {"brightness": 12}}, "-": {"a": ["effect"]}}}})
    assert states["light.lamp"] == DeviceState("on", {"brightness": 12})
    apply(states, {"c": {"light.lamp": {"+": {"s": "off"}}}})
    assert states["light.lamp"].state == "off"
    assert first == DeviceState("on", {"brightness": 9, "effect": "x"})
    assert apply(states, {"r": ["light.lamp"]}) == {"light.lamp"}
    assert states == {}


def test_other_roles_are_attributes() -> None:
    """A lock's battery stands under its role, as a number where it is one; the main entity's own attributes come first."""
    lock = Device("d", "Door", "lock", home_assistant={"main": "lock.d", "battery": "sensor.b", "note": "sensor.n"})
    entities = {"lock.d": DeviceState("locked", {"note": "own"}), "sensor.b": DeviceState("87"), "sensor.n": DeviceState("x")}
    assert device_state(lock, entities, "°C", {}) == DeviceState("locked", {"battery": 87.0, "note": "own"})


def test_units_and_lists() -> None:
    """A thermostat is in Home Assistant's unit; a list has its items; what is not there has no state."""
    nest = Device("n", "Nest", "climate", home_assistant={"main": "climate.n"})
    shopping = Device("s", "Shopping", "todo", home_assistant={"main": "todo.s"})
    entities = {"climate.n": DeviceState("heat"), "todo.s": DeviceState("1")}
    assert device_state(nest, entities, "°F", {}) == DeviceState("heat", {"temperature_unit": "°F"})
    assert device_state(shopping, entities, "°F", {"todo.s": {"items": ["milk"]}}) == DeviceState("1", {"items": ["milk"]})
    assert device_state(LAMP, entities, "°F", {}) is None


CAR = Device("c", "Car", "vehicle", home_assistant={
    "main": "lock.c", "climate": "climate.c", "windows": "cover.w", "seat_heating_driver": "number.s", "seat_heating": "switch.all",
    "defrost": "switch.d", "range": "sensor.r", "tire_pressure": "sensor.t", "battery": "sensor.b", "engine": "binary_sensor.e",
    "trunk": "lock.trunk", "location": "device_tracker.c",
})  # fmt: skip


def test_a_car_of_many_entities() -> None:
    """One state in the words of the protocol, in km and kPa; what is unknown is left out."""
    entities = {
        "lock.c": DeviceState("locked"),
        "climate.c": DeviceState("off", {"temperature": 21, "current_temperature": 9}),
        "cover.w": DeviceState("open", {"current_position": 40}),
        "number.s": DeviceState("3"),
        "switch.d": DeviceState("on"),
        "sensor.r": DeviceState("100", {"unit_of_measurement": "mi"}),
        "sensor.t": DeviceState("2.5", {"unit_of_measurement": "bar"}),
        "sensor.b": DeviceState("unavailable"),
        "binary_sensor.e": DeviceState("off"),
        "lock.trunk": DeviceState("unlocked"),
        "device_tracker.c": DeviceState("home"),
    }
    car = device_state(CAR, entities, "°C", {})
    assert car is not None
    assert car.state == "locked"
    told = car.attributes
    assert (told["climate_on"], told["temperature"], told["current_temperature"]) == (False, 21, 9)
    assert {told[f"window_{place}"] for place in ("front_left", "front_right", "rear_left", "rear_right")} == {40}
    assert (told["seat_heating_driver"], told["defrost_front"], told["defrost_rear"]) == ("high", True, True)
    assert told["range"] == pytest.approx(160.9, abs=0.1)
    assert told["tire_pressure"] == pytest.approx(250)
    assert (told["engine_on"], told["trunk"], told["location"]) == (False, 100, "home")
    assert "battery_level" not in told


def test_a_car_without_a_lock() -> None:
    """It is on while something of it answers, else unavailable."""
    car = Device("c", "Car", "vehicle", home_assistant={"main": "climate.c", "battery": "sensor.b"})
    there = {"climate.c": DeviceState("heat"), "sensor.b": DeviceState("64")}
    assert device_state(car, there, "°C", {}) == DeviceState(
        "on", {"temperature_unit": "°C", "climate_on": True, "battery_level": 64}
    )
    away = device_state(car, {"climate.c": DeviceState("unavailable")}, "°C", {})
    assert away is not None
    assert away.state == "unavailable"


@pytest.mark.parametrize(
    ("role", "attribute", "yes", "no", "neither"),
    [
        ("plugged_in", "plugged_in", "on plugged Connected charging", "off unplugged not_plugged_in DISCONNECTED", "plug_error 3"),
        ("charging", "charging", "on charging charge_in_progress", "off not_charging complete Idle", "connected plugged_in"),
        ("engine", "engine_on", "on running", "off stopped", "locked 2030-01-01T00:00:00+00:00"),
        ("defrost", "defrost_front", "on active", "off inactive", "2030-01-01T00:00:00+00:00"),
        ("climate", "climate_on", "heat heat_cool fan_only on", "off", "?"),
        ("lock_rear_left", "locked_rear_left", "on locked", "off unlocked open", "jammed locking"),
    ],
)
def test_a_truth_of_a_car(role: str, attribute: str, yes: str, no: str, neither: str) -> None:
    """By words for yes and for no; what is neither is not known, and a moving car not at the plug."""
    car = Device("c", "Car", "vehicle", home_assistant={role: "sensor.c"})
    for words, truth in ((yes, True), (no, False), (neither, None)):
        for word in (*words.split(), *(each.replace("_", " ") for each in words.split())):
            state = device_state(car, {"sensor.c": DeviceState(word)}, "°C", {})
            assert state is not None
            assert state.attributes.get(attribute) is truth, word


@pytest.mark.parametrize("role", ["lock", "lock_rear_left"])
def test_a_lock_that_is_a_binary_sensor(role: str) -> None:
    """Home Assistant's sensors of the class lock are on where it is unlocked."""
    car = Device("c", "Car", "vehicle", home_assistant={role: "binary_sensor.l"})
    for told, expected in (("on", "unlocked"), ("off", "locked")):
        state = device_state(car, {"binary_sensor.l": DeviceState(told, {"device_class": "lock"})}, "°C", {})
        assert state is not None
        assert state.state == expected


@pytest.mark.parametrize(("told", "expected"), [("ajar", 100), ("Closed", 0), ("off", 0), ("tilted 3", None)])
def test_a_window_of_a_car_in_words(told: str, expected: int | None) -> None:
    """Open or closed; another word tells nothing."""
    car = Device("c", "Car", "vehicle", home_assistant={"window_front_left": "sensor.w"})
    state = device_state(car, {"sensor.w": DeviceState(told)}, "°C", {})
    assert state is not None
    assert state.attributes.get("window_front_left") == expected


@pytest.mark.parametrize("entity", ["button.c", "input_button.c", "scene.c"])
def test_a_button_of_a_car(entity: str) -> None:
    """Says when it was pressed, and nothing of the car."""
    car = Device("c", "Car", "vehicle", home_assistant={"main": "sensor.b", "lock": entity, "engine": entity, "sunroof": entity})
    entities = {entity: DeviceState("on"), "sensor.b": DeviceState("64")}
    assert device_state(car, entities, "°C", {}) == DeviceState("on", {"temperature_unit": "°C"})


@pytest.mark.parametrize("state", ["nan", "inf", "-inf", "1e999", "x", "9" * 400])
def test_what_is_no_number(state: str) -> None:
    """Is none in a state, an attribute, or what confirms a call."""
    lock = Device("d", "Door", "lock", home_assistant={"main": "lock.d", "battery": "sensor.b"})
    told = device_state(lock, {"lock.d": DeviceState("locked"), "sensor.b": DeviceState(state)}, "°C", {})
    assert told == DeviceState("locked", {"battery": state})
    assert number(state) is None
    assert attribute(told, "battery") is None
    call, dial = Call("set_value", ("n",), {"value": 3}), Device("n", "N", "number")
    assert not is_confirmed(call, dial, None, DeviceState(state))
    paint, lamp = Call("set_color", ("l",), {"color": "red"}), Device("l", "L", "light")
    assert not is_confirmed(paint, lamp, None, DeviceState("on", {"rgb_color": [state, 0, 0]}))


@pytest.mark.parametrize(("state", "percentage", "expected"), [("off", 0, False), ("on", 33, False), ("on", 20, True)])
def test_the_speed_of_a_fan(state: str, percentage: int, expected: bool) -> None:
    """One that is off shows no low speed, however few steps fans have."""
    call, fan = Call("set_fan_speed", ("f",), {"level": 15}), Device("f", "F", "fan")
    assert is_confirmed(call, fan, None, DeviceState(state, {"percentage": percentage})) is expected


def test_numbers() -> None:
    """Also as text, and however long; a truth is none."""
    values: tuple[object, ...] = (3, "2.5", True, 10**400, None, [])
    assert [number(value) for value in values] == [3, 2.5, None, None, None, None]


@pytest.mark.parametrize(
    ("state", "switching"), [("on", "off"), ("playing", "off"), ("standby", "on"), ("unknown", None), ("", None)]
)
def test_a_toggle(state: str, switching: str | None) -> None:
    """Comes to the other of on and off; of a state that is not known only the device knows, and what it shows then is it."""
    call, lamp = Call("toggle", ("l",)), Device("l", "L", "light")
    assert toggled(call, DeviceState(state)).get("state") == switching
    assert is_confirmed(call, lamp, DeviceState(state), DeviceState("on")) is (state not in ("on", "playing"))


@pytest.mark.parametrize(
    ("function", "kind", "arguments", "features", "expected"),
    [
        ("close", "cover", {}, 1, False),
        ("close", "cover", {}, 3, True),
        ("alarm_arm", "alarm_control_panel", {"mode": "night"}, 2, False),
        ("alarm_arm", "alarm_control_panel", {}, 2, True),
        ("step_volume", "media_player", {}, 1024, True),
        ("lock", "lock", {}, 0, True),
        ("close", "cover", {}, None, True),
    ],
)
def test_features(function: str, kind: str, arguments: dict[str, str], features: int | None, expected: bool) -> None:
    """One of the bits is needed; what says nothing, or needs none, can do it."""
    attributes = {} if features is None else {"supported_features": features}
    assert has_feature(function, kind, arguments, DeviceState("on", attributes)) is expected


def test_timers() -> None:
    """What is left of one that is paused, and a longer one instead of a change that is refused."""
    assert time_left_s(DeviceState("paused", {"remaining": "0:01:30"})) == 90
    assert time_left_s(DeviceState("idle")) is None
    assert time_left_s(DeviceState("active", {"finishes_at": "2020-01-01T00:00:00+00:00"})) == 0
    assert seconds("-1:00:00") == -3600
    assert seconds("soon") is None
    change = ServiceCall("timer.change", ("timer.t",), {"duration": "00:05:00"})
    assert started_anew(change, 90) == ServiceCall("timer.start", ("timer.t",), {"duration": 390})
