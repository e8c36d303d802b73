"""What the words and numbers of a plan become: units, limits, steps, options, nested questions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.small_house import HOUSE, States, device, many, one, plan, planned, state

from octopus_hub.config.house import House, Units
from octopus_hub.config.plan import Call, Duration, Nested, Number, PlannedCall, Scalar, Text, Value, Word
from octopus_hub.daemon.replies import Code
from octopus_hub.daemon.resolver import resolve

NEST_F: States = {"nest": state("heat", temperature=68, min_temp=45, max_temp=95)}


def calls(call: PlannedCall, states: States | None = None, house: House = HOUSE) -> tuple[Call, ...]:
    found = resolve(plan(call), house, states or {}, None)
    assert found.calls, found
    return found.calls


def arguments(call: PlannedCall, states: States | None = None, house: House = HOUSE) -> dict[str, Scalar]:
    (only,) = calls(call, states, house)
    return dict(only.arguments)


def refusal_text(call: PlannedCall, states: States | None = None, house: House = HOUSE) -> str:
    found = resolve(plan(call), house, states or {}, None)
    assert found.refusal is not None, found
    return found.refusal.text


PLAIN_VALUES: list[tuple[str, str, str, Value, Scalar]] = [
    ("set_brightness", "Bedside", "level", Number(40), 40),
    ("set_brightness", "Bedside", "level", Number(40, "%"), 40),
    ("set_brightness", "Bedside", "level", Word("max"), 100),
    ("set_brightness", "Bedside", "level", Word("min"), 1),
    ("set_volume", "TV", "level", Word("max"), 100),
    ("set_volume", "TV", "level", Word("min"), 0),
    ("set_volume", "Radio", "level", Word("max"), 60),
    ("set_position", "Left Blind", "position", Word("half"), 50),
    ("set_tilt", "Left Blind", "position", Number(30), 30),
    ("set_fan_speed", "Breeze", "level", Word("low"), 33),
    ("set_fan_speed", "Breeze", "level", Word("medium"), 66),
    ("set_fan_speed", "Breeze", "level", Word("high"), 100),
    ("set_fan_speed", "Breeze", "level", Word("min"), 33),
    ("set_color_temperature", "Bedside", "temperature", Word("candle"), 2000),
    ("set_color_temperature", "Bedside", "temperature", Word("daylight"), 6500),
    ("set_color_temperature", "Bedside", "temperature", Number(3000, "K"), 3000),
    ("set_value", "Desk", "value", Number(110.5), 110.5),
    ("set_hvac_mode", "Nest", "mode", Word("Heating"), "heat"),
    ("select_source", "TV", "source", Word("hdmi 1"), "HDMI 1"),
    ("select_source", "Radio", "source", Word("Bluetooth"), "Bluetooth"),
    ("set_color", "Bedside", "color", Word("sky blue"), "sky blue"),
    ("announce", "Radio", "message", Text("dinner is ready"), "dinner is ready"),
    ("clean_area", "Robbie", "area", Word("Kitchen"), "Kitchen"),
    ("set_charge_limit", "Volvo", "level", Word("max"), 100),
]


@pytest.mark.parametrize(("function", "name", "parameter", "value", "expected"), PLAIN_VALUES)
def test_value(function: str, name: str, parameter: str, value: Value, expected: Scalar) -> None:
    """Words become numbers, numbers stay, options get the device's own spelling."""
    call = replace(planned(function, name), arguments={parameter: value})
    assert arguments(call)[parameter] == expected


DEGREES: list[tuple[Value, States, Scalar, str]] = [
    (Number(21), {}, 21, "°C"),
    (Number(21, "°C"), {}, 21, "°C"),
    (Number(70, "°F"), {}, 21, "°C"),
    # 70 is out of the question in °C, and quite usual in °F.
    (Number(70), {}, 21, "°C"),
    (Word("max"), {}, 26, "°C"),
    (Word("min"), {}, 15, "°C"),
]


@pytest.mark.parametrize(("value", "states", "expected", "unit"), DEGREES)
def test_temperature(value: Value, states: States, expected: Scalar, unit: str) -> None:
    """A temperature ends in the device's unit."""
    assert arguments(planned("set_temperature", "Nest", temperature=value), states) == {"temperature": expected, "unit": unit}


@pytest.mark.parametrize(
    ("value", "expected"), [(Number(70), 70), (Number(21, "°C"), 70), (Number(21), 70), (Word("max"), 79), (Number(62, "°F"), 62)]
)
def test_temperature_of_a_fahrenheit_device(value: Value, expected: float) -> None:
    """A device whose own numbers are in °F gets °F, and its limits in °C hold."""
    found = arguments(planned("set_temperature", "Nest", temperature=value), NEST_F)
    assert found["unit"] == "°F"
    assert float(found["temperature"]) == pytest.approx(expected, abs=0.3)


@pytest.mark.parametrize(
    ("asked", "told", "expected"),
    [
        (0.05, {"step": 0.01, "min": 0, "max": 1}, 0.05),
        (0.125, {"step": 0.001, "min": 0, "max": 1}, 0.125),
        (1.75, {"step": 0.25, "min": 0, "max": 5}, 1.75),
        (0.25, {}, 0.25),
        (5, {"step": 10, "min": 5, "max": 95}, 5),
        (16, {"step": 5, "min": 1, "max": 51}, 16),
        (17, {"step": 5, "min": 1, "max": 51}, 16),
    ],
)
def test_a_number_has_the_steps_of_its_device(asked: float, told: dict[str, float], expected: float) -> None:
    """Counted from the lowest, as Home Assistant counts them; without steps it is what was said."""
    house = House(devices=(device("Valve", "number"),))
    assert arguments(planned("set_value", "Valve", value=Number(asked)), {"valve": state("0", **told)}, house) == {
        "value": expected
    }


def test_unit_of_the_house() -> None:
    """Where the device tells nothing, a bare number is in the house's unit."""
    house = replace(HOUSE, units=Units.IMPERIAL)
    assert arguments(planned("set_temperature", "Nest", temperature=Number(70)), house=house) == {"temperature": 70, "unit": "°F"}


def test_unit_of_the_device_comes_first() -> None:
    """A device's own unit counts more than the house's."""
    house = House(units=Units.IMPERIAL, devices=(device("Stove", "climate", temperature_unit="C"),))
    assert arguments(planned("set_temperature", "Stove", temperature=Number(20)), house=house)["unit"] == "°C"


RANGES = [
    (
        planned("set_temperature", "Nest", temperature=Number(50, "°C")),
        {},
        "50 °C is too high for the Nest: it takes 15 to 26 °C.",
    ),
    (planned("set_temperature", "Nest", temperature=Number(5)), {}, "5 °C is too low for the Nest: it takes 15 to 26 °C."),
    (planned("set_volume", "Radio", level=Number(80)), {}, "80 % is too high for the Radio: it takes 0 to 60 %."),
    (planned("set_brightness", "Bedside", level=Number(150)), {}, "150 % is too high for the Bedside: it takes 0 to 100 %."),
    (planned("set_value", "Desk", value=Number(20)), {}, "20 is too low for the Desk: it takes 65 to 125."),
    (
        planned("set_color_temperature", "Bedside", temperature=Number(9000)),
        {"bedside": state("on", min_color_temp_kelvin=2200, max_color_temp_kelvin=6500)},
        "9000 K is too high for the Bedside: it takes 2200 to 6500 K.",
    ),
    (
        planned("step_volume", "TV", direction=Word("up"), amount=Number(200)),
        {},
        "200 % is too high for the TV: it takes 0 to 100 %.",
    ),
]


@pytest.mark.parametrize(("call", "states", "text"), RANGES, ids=str)
def test_out_of_range(call: PlannedCall, states: States, text: str) -> None:
    """A value outside the device's limits is refused, and the limits are told."""
    found = resolve(plan(call), HOUSE, states, None)
    assert found.refusal is not None
    assert (found.refusal.code, found.refusal.text) == (Code.RANGE, text)


def test_no_such_option() -> None:
    """An option that the device does not list is refused, and its options are told."""
    call = planned("set_hvac_mode", "Nest", mode=Word("turbo"))
    assert refusal_text(call) == "The Nest has no turbo; it has off, heat and cool."


def test_no_such_light_mode() -> None:
    """A white lamp is not made red."""
    white = {"bedside": state("on", supported_color_modes=["brightness"])}
    assert refusal_text(planned("set_color", "Bedside", color=Word("red")), white) == "The Bedside can't do that."


def test_lamps_that_cannot_are_left_out_of_many() -> None:
    """Of "the lights" only those with colours are made red."""
    states = {"counter": state("on", supported_color_modes=["onoff"])}
    (call,) = calls(planned("set_color", many("light", "Kitchen"), color=Word("red")), states)
    assert call.device_ids == ("kitchen_ceiling",)


STEPS: list[tuple[PlannedCall, States, dict[str, Scalar]]] = [
    (planned("step_brightness", "Bedside", direction=Word("up")), {}, {"amount": 20}),
    (planned("step_brightness", "Bedside", direction=Word("down"), amount=Word("little")), {}, {"amount": 10}),
    (planned("step_brightness", "Bedside", direction=Word("down"), amount=Word("lot")), {}, {"amount": 40}),
    (planned("step_brightness", "Bedside", direction=Word("down"), amount=Number(15)), {}, {"amount": 15}),
    (planned("step_volume", "TV", direction=Word("up")), {"tv": state("on", volume_level=0.4)}, {}),
    (planned("step_volume", "TV", direction=Word("up"), amount=Word("lot")), {}, {"amount": 20}),
    (
        planned("step_volume", "TV", direction=Word("down"), amount=Word("little")),
        {"tv": state("on", volume_level=0.4)},
        {"amount": 5, "level": 35},
    ),
    # The owner's limit holds for steps, too.
    (planned("step_volume", "Radio", direction=Word("up")), {"radio": state("on", volume_level=0.55)}, {"level": 60}),
    (planned("step_fan_speed", "Breeze", direction=Word("up")), {}, {}),
    (planned("step_fan_speed", "Breeze", direction=Word("up"), amount=Number(30)), {}, {"amount": 30}),
    (
        planned("step_position", "Left Blind", direction=Word("open")),
        {"left_blind": state("open", current_position=30)},
        {"amount": 20, "position": 50},
    ),
    (
        planned("step_position", "Left Blind", direction=Word("close")),
        {"left_blind": state("open")},
        {"amount": 20, "position": 80},
    ),
    (
        planned("step_temperature", "Nest", direction=Word("up")),
        {"nest": state("heat", temperature=20)},
        {"amount": 1, "temperature": 21, "unit": "°C"},
    ),
    (
        planned("step_temperature", "Nest", direction=Word("down"), amount=Word("little")),
        {"nest": state("heat", temperature=20)},
        {"amount": 0.5, "temperature": 19.5, "unit": "°C"},
    ),
    (
        planned("step_temperature", "Nest", direction=Word("up"), amount=Number(9)),
        {"nest": state("heat", temperature=20)},
        {"amount": 9, "temperature": 26, "unit": "°C"},
    ),
    (planned("step_temperature", "Nest", direction=Word("up")), NEST_F, {"amount": 2, "temperature": 70, "unit": "°F"}),
    (
        planned("step_temperature", "Nest", direction=Word("up"), amount=Number(9, "°F")),
        {"nest": state("heat", temperature=18)},
        {"amount": 5, "temperature": 23, "unit": "°C"},
    ),
    (planned("step_value", "Desk", direction=Word("up")), {"desk": state("100", step=5)}, {"amount": 5, "value": 105}),
    (
        planned("step_color_temperature", "Bedside", direction=Word("warmer")),
        {"bedside": state("on", color_temp_kelvin=4000)},
        {"kelvin": 3000, "amount": 1000},
    ),
]


@pytest.mark.parametrize(("call", "states", "added"), STEPS, ids=str)
def test_step(call: PlannedCall, states: States, added: dict[str, Scalar]) -> None:
    """A step stays a step; where the device can only be told an end, that is added."""
    assert arguments(call, states) == {"direction": str(call.arguments["direction"]), **added}


LOUD: States = {"radio": state("on", volume_level=0.8)}
BEYOND: list[tuple[PlannedCall, States, str]] = [
    (planned("step_volume", "Radio", direction=Word("up")), LOUD, "80 % is too high for the Radio: it takes 0 to 60 %."),
    (
        planned("step_temperature", "Nest", direction=Word("down")),
        {"nest": state("heat", temperature=12)},
        "12 °C is too low for the Nest: it takes 15 to 26 °C.",
    ),
    (
        planned("step_position", "Hatch", direction=Word("close"), amount=Word("little")),
        {"hatch": state("closed", current_position=0)},
        "0 % is too low for the Hatch: it takes 10 to 100 %.",
    ),
]


@pytest.mark.parametrize(("call", "states", "text"), BEYOND, ids=str)
def test_a_step_is_never_turned_round(call: PlannedCall, states: States, text: str) -> None:
    """Beyond a limit already, "close it a bit" does not open, nor does "louder" turn down."""
    house = replace(HOUSE, devices=(*HOUSE.devices, device("Hatch", "cover", limits={"position_pct": (10, 100)})))
    assert refusal_text(call, states, house) == text


def test_a_step_towards_the_limits_ends_there() -> None:
    """What is beyond a limit may come back to it; what is at it stays, also where the numbers are not exact."""
    quieter = planned("step_volume", "Radio", direction=Word("down"))
    assert arguments(quieter, LOUD)["level"] == 60
    house = House(devices=(device("Radio", "media_player", limits={"volume_pct": (0, 55)}),))
    louder = planned("step_volume", "Radio", direction=Word("up"))
    assert arguments(louder, {"radio": state("on", volume_level=0.55)}, house)["level"] == 55


@pytest.mark.parametrize(
    "call",
    [
        planned("step_temperature", "Nest", direction=Word("up")),
        planned("step_value", "Desk", direction=Word("up")),
        planned("step_volume", "Radio", direction=Word("up")),
    ],
    ids=str,
)
def test_step_from_nowhere(call: PlannedCall) -> None:
    """A step from an unknown value is refused where the end has to be known."""
    assert refusal_text(call).startswith("I don't know how the ")


def test_devices_with_different_ends_are_called_apart() -> None:
    """Two players at different volumes get a call each, in their order."""
    states = {"radio": state("on", volume_level=0.1), "tv": state("on", volume_level=0.5)}
    found = calls(planned("step_volume", "Radio", "TV", direction=Word("up"), amount=Number(10)), states)
    assert [(call.device_ids, call.arguments["level"]) for call in found] == [(("radio",), 20), (("tv",), 60)]


def test_toggle_says_where_it_goes() -> None:
    """A toggle of a device with a known state says the state it means."""
    assert arguments(planned("toggle", "Bedside"), {"bedside": state("on")}) == {"state": "off"}
    assert arguments(planned("toggle", "Bedside")) == {}


def test_range_of_temperatures_is_put_in_order() -> None:
    """Low and high are told apart by value, not by the order they were said in."""
    found = arguments(planned("set_temperature_range", "Nest", low=Number(24), high=Number(18)))
    assert found == {"low": 18, "high": 24, "unit": "°C"}


def test_duration_and_label() -> None:
    """A timer's length is in seconds."""
    assert arguments(planned("timer_start", duration=Duration(600), label=Text("pasta"))) == {"duration": 600, "label": "pasta"}


def nested(call: PlannedCall) -> Nested:
    return Nested(call)


def test_nested_number() -> None:
    """A temperature may be that of another room, with its unit."""
    asked = nested(planned("get_value", one("thing", "Office"), property=Word("temperature")))
    states = {"office_temperature": state("70", unit_of_measurement="°F")}
    assert arguments(planned("set_temperature", "Nest", temperature=asked), states) == {"temperature": 21, "unit": "°C"}


def test_nested_color() -> None:
    """A lamp may take the colour of another; a shade of white is none."""
    asked = nested(planned("get_value", "Bedside", property=Word("color")))
    call = planned("set_color", "Counter", color=asked)
    assert arguments(call, {"bedside": state("on", color_mode="hs", rgb_color=[0, 0, 250])}) == {"color": "blue"}
    white = {"bedside": state("on", color_mode="color_temp", color_temp_kelvin=4000)}
    refused = resolve(plan(call), HOUSE, white, None).refusal
    assert refused is not None
    assert refused.code is Code.UNSUPPORTED


def test_nested_text() -> None:
    """An announcement may be an answer."""
    asked = nested(planned("get_state", "Front Door", state=Word("locked")))
    found = arguments(planned("announce", "Radio", message=asked), {"front_door": state("locked")})
    assert found == {"message": "Yes, the Front Door is locked."}


def test_nested_time() -> None:
    """The time can be announced if the resolver was told it, and is refused otherwise."""
    call = plan(planned("announce", "Radio", message=nested(planned("get_time"))))
    assert resolve(call, HOUSE, {}, None, now=datetime(2025, 11, 20, 18, 5, tzinfo=UTC)).calls[0].arguments == {
        "message": "It is 18:05."
    }
    refused = resolve(call, HOUSE, {}, None).refusal
    assert refused is not None
    assert refused.code is Code.UNSUPPORTED


def test_nested_without_an_answer() -> None:
    """A value that nothing tells is not made up."""
    asked = nested(planned("get_value", one("thing", "Office"), property=Word("temperature")))
    refused = resolve(plan(planned("set_temperature", "Nest", temperature=asked)), HOUSE, {}, None).refusal
    assert refused is not None
    assert refused.code is Code.UNKNOWN_STATE


@given(value=st.floats(-100, 300), unit=st.sampled_from(["", "°C", "°F"]), lowest=st.integers(-20, 40), width=st.integers(1, 60))
def test_never_outside_the_limits(value: float, unit: str, lowest: int, width: int) -> None:
    """Whatever is said, the device is told a temperature inside its limits, or nothing."""
    low, high = float(lowest), float(lowest + width)
    house = House(devices=(device("Stove", "climate", limits={"temperature_c": (low, high)}, temperature_unit="C"),))
    found = resolve(plan(planned("set_temperature", "Stove", temperature=Number(value, unit))), house, {}, None)
    for call in found.calls:
        assert low - 0.1 <= float(call.arguments["temperature"]) <= high + 0.1
