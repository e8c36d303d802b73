"""Answers out of states, in short English with units."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from support.small_house import HOUSE, States, device, state

from octopus_hub.config.function_table import EVERY_KIND, PROPERTIES, STATES
from octopus_hub.config.house import Device, DeviceState, House
from octopus_hub.config.kinds import KINDS
from octopus_hub.config.plan import Call
from octopus_hub.daemon.answers import ANSWERED, answer
from octopus_hub.daemon.conditions import CONDITIONS, shows
from octopus_hub.daemon.properties import PROPERTIES as SOURCES
from octopus_hub.daemon.replies import Code

NOW = datetime(2025, 11, 20, 18, 5, tzinfo=UTC)
ALL_LIGHTS = ("hallway_light", "kitchen_ceiling", "counter")


def say(function: str, *ids: str, states: States | None = None, **arguments: str) -> str:
    return answer(Call(function, ids, arguments), HOUSE, states or {}, NOW).text


LOCKED: States = {"front_door": state("locked"), "back_door": state("unlocked")}
LIT: States = {"hallway_light": state("on"), "kitchen_ceiling": state("off"), "counter": state("on")}
ALL_OUT: States = dict.fromkeys(ALL_LIGHTS, state("off"))
ONE_DARK: States = {**ALL_OUT, "counter": state("unavailable")}
TWO_ITEMS: States = {"shopping_list": state("2", items=["milk", "eggs"])}

FORECAST = [
    {"datetime": "2025-11-20T11:00:00+00:00", "condition": "sunny", "temperature": 12},
    {"datetime": "2025-11-21T11:00:00+00:00", "condition": "rainy", "temperature": 9},
    {"datetime": "2025-11-22T11:00:00+00:00", "condition": "cloudy", "temperature": 7},
    {"datetime": "2025-11-23T11:00:00+00:00", "condition": "sunny"},
]

RANGE = {"temperature": 14.5, "templow": 4, "precipitation_probability": 60}
HOURS = [
    {"datetime": "2025-11-20T15:00:00+00:00", "condition": "sunny", "temperature": 11},
    {"datetime": "2025-11-20T18:00:00+00:00", "condition": "clear-night", "temperature": 8, "precipitation_probability": 10},
    {"datetime": "2025-11-21T04:00:00+01:00", "condition": "rainy", "temperature": 3, "precipitation_probability": 40},
    {"datetime": "2025-11-21T09:00:00+00:00", "condition": "fog", "temperature": 2},
    {"condition": "when?"},
]

ANSWERS = [
    ("get_state", ("front_door",), {"state": "locked"}, LOCKED, "Yes, the Front Door is locked."),
    ("get_state", ("back_door",), {"state": "locked"}, LOCKED, "No, the Back Door is unlocked."),
    ("get_state", ("front_door",), {}, LOCKED, "The Front Door is locked."),
    ("get_state", ("front_door", "back_door"), {}, LOCKED, "Front Door is locked and Back Door is unlocked."),
    ("get_state", ("front_door", "back_door"), {"state": "locked"}, LOCKED, "1 of 2 locks is locked: Front Door."),
    ("get_state", ALL_LIGHTS, {"state": "on"}, {}, "I don't know that now."),
    ("get_state", ALL_LIGHTS, {"state": "on"}, ONE_DARK, "No, none of the 2 lights is on. I don't know about Counter."),
    (
        "get_state",
        ALL_LIGHTS,
        {"state": "off"},
        ONE_DARK,
        "2 of 3 lights are off: Hallway Light and Ceiling. I don't know about Counter.",
    ),
    ("get_state", ALL_LIGHTS, {"state": "unavailable"}, ONE_DARK, "1 of 3 lights is unavailable: Counter."),
    ("get_state", ("hallway_light", "counter"), {"state": "on"}, LIT, "Yes, all 2 lights are on."),
    ("get_state", ("front_door",), {"state": "locked"}, {}, "I don't know how the Front Door is now."),
    ("get_state", ("tv",), {}, {"tv": state("unavailable")}, "The TV isn't available at the moment."),
    ("get_state", ("bedroom_window",), {"state": "open"}, {"bedroom_window": state("off")}, "No, the Bedroom Window is closed."),
    ("get_state", ("nest",), {"state": "heating"}, {"nest": state("heat", hvac_action="idle")}, "No, the Nest is not heating."),
    ("get_state", ("anna",), {"state": "home"}, {"anna": state("not_home")}, "No, Anna is away."),
    (
        "get_value",
        ("nest",),
        {"property": "temperature"},
        {"nest": state("heat", current_temperature=21.5)},
        "It is 21.5 °C in the Hallway.",
    ),
    (
        "get_value",
        ("nest",),
        {"property": "target temperature"},
        {"nest": state("heat", temperature=20)},
        "The target temperature of the Nest is 20 °C.",
    ),
    (
        "get_value",
        ("bedside",),
        {"property": "brightness"},
        {"bedside": state("on", brightness=128)},
        "The brightness of the Bedside is 50 %.",
    ),
    (
        "get_value",
        ("bedside",),
        {"property": "color"},
        {"bedside": state("on", color_mode="hs", rgb_color=[255, 131, 116])},
        "The color of the Bedside is salmon.",
    ),
    (
        "get_value",
        ("bedside",),
        {"property": "color"},
        {"bedside": state("on", color_mode="color_temp", color_temp_kelvin=2700, rgb_color=[255, 167, 87])},
        "The color of the Bedside is warm white.",
    ),
    ("get_value", ("radio",), {"property": "title"}, {"radio": state("playing", media_title="Blue")}, "The Radio is playing Blue."),
    ("get_value", ("radio",), {"property": "title"}, {"radio": state("idle")}, "I don't know what the Radio is playing now."),
    ("get_value", ("volvo",), {"property": "range"}, {"volvo": state("locked", range=212)}, "The range of the Volvo is 212 km."),
    ("list_devices", ALL_LIGHTS, {"state": "on"}, LIT, "2 lights are on: Hallway Light and Counter."),
    ("list_devices", ("bedroom_window",), {"state": "open"}, {"bedroom_window": state("on")}, "1 window is open: Bedroom Window."),
    ("list_devices", ("bedroom_window",), {"state": "open"}, {"bedroom_window": state("off")}, "No window is open."),
    ("count_devices", ALL_LIGHTS, {"state": "on"}, LIT, "2 lights are on."),
    ("count_devices", ALL_LIGHTS, {"state": "on"}, ALL_OUT, "No light is on."),
    ("count_devices", ALL_LIGHTS, {"state": "on"}, {}, "I don't know that now."),
    ("list_devices", ALL_LIGHTS, {"state": "on"}, ONE_DARK, "No light is on. I don't know about Counter."),
    ("get_value", ("volvo",), {"property": "location"}, {}, "I don't know where the Volvo is now."),
    ("get_value", ("nest",), {"property": "humidity"}, {}, "I don't know the humidity of the Nest now."),
    ("get_weather", ("sky",), {}, {}, "I don't know what the weather is now."),
    ("todo_read", ("shopping_list",), {}, {}, "I don't know what the Shopping List shows now."),
    ("get_time", (), {}, {}, "It is 18:05."),
    ("get_date", (), {}, {}, "It is Thursday, 20 November 2025."),
    ("get_weather", ("sky",), {}, {"sky": state("partlycloudy", temperature=12)}, "It is partly cloudy and 12 °C."),
    (
        "get_weather",
        ("sky",),
        {"day": "tomorrow"},
        {"sky": state("sunny", temperature=12)},
        "I only know the weather of now: sunny and 12 °C.",
    ),
    (
        "get_weather",
        ("sky",),
        {"day": "tomorrow"},
        {"sky": state("sunny", forecast=FORECAST)},
        "Tomorrow: rainy and 9 °C.",
    ),
    (
        "get_weather",
        ("sky",),
        {"day": "weekend"},
        {"sky": state("sunny", forecast=FORECAST)},
        "Saturday: cloudy and 7 °C; Sunday: sunny.",
    ),
    (
        "get_weather",
        ("sky",),
        {"day": "week"},
        {"sky": state("sunny", forecast=FORECAST)},
        "Tomorrow: rainy and 9 °C; Saturday: cloudy and 7 °C; Sunday: sunny.",
    ),
    (
        "get_weather",
        ("sky",),
        {"day": "today"},
        {"sky": state("sunny", temperature=12, forecast=[{"datetime": "2025-11-20", "condition": "rainy", **RANGE}])},
        "It is sunny and 12 °C. Today: rainy, 4 to 14.5 °C, 60 % chance of rain.",
    ),
    (
        "get_weather",
        ("sky",),
        {"day": "tonight"},
        {"sky": state("sunny", temperature=12, hourly_forecast=HOURS)},
        "Tonight: clear and rainy, 3 to 8 °C, 40 % chance of rain.",
    ),
    (
        "get_weather",
        ("sky",),
        {"day": "tonight"},
        {"sky": state("sunny", temperature=12, hourly_forecast=HOURS[:1])},
        "I only know the weather of now: sunny and 12 °C.",
    ),
    (
        "todo_read",
        ("shopping_list",),
        {},
        {"shopping_list": state("2", items=["milk", "eggs"])},
        "On the Shopping List: milk and eggs.",
    ),
    ("todo_read", ("shopping_list",), {}, {"shopping_list": state("0", items=[])}, "The Shopping List is empty."),
    ("todo_read", ("shopping_list",), {}, {"shopping_list": state("3")}, "The Shopping List has 3 items."),
]


@pytest.mark.parametrize(("function", "ids", "arguments", "states", "text"), ANSWERS)
def test_answer(function: str, ids: tuple[str, ...], arguments: dict[str, str], states: States, text: str) -> None:
    """The answer says what the states show, and no more."""
    assert say(function, *ids, states=states, **arguments) == text


@pytest.mark.parametrize(
    ("shown", "unit", "text"),
    [
        ("0.342", "EUR/kWh", "0.342 EUR/kWh"),
        ("0.04", "kWh", "0.04 kWh"),
        ("7.25", "pH", "7.25 pH"),
        ("230.129", "V", "230.1 V"),
        ("12345678", "Wh", "12345678 Wh"),
        ("21.0", "°C", "21 °C"),
    ],
)
def test_a_reading_keeps_its_digits(shown: str, unit: str, text: str) -> None:
    """As many as people read, and no exponent."""
    house = House(devices=(Device("meter", "Meter", "sensor"),))
    states = {"meter": DeviceState(shown, {"unit_of_measurement": unit})}
    assert answer(Call("get_value", ("meter",), {"property": "value"}), house, states, NOW).text == f"The Meter is {text}."


def test_a_timer_that_runs_is_told_by_its_end() -> None:
    """Home Assistant's `remaining` is what it was when the timer began; of one that is paused it is what is left."""
    house = House(devices=(Device("egg", "Egg Timer", "timer"),))
    for shown, text in (("active", "0:02:00"), ("paused", "0:10:00")):
        states = {"egg": DeviceState(shown, {"remaining": "0:10:00", "finishes_at": "2025-11-20T18:07:00+00:00"})}
        assert answer(Call("timer_query", ("egg",)), house, states, NOW).text == f"The Egg Timer has {text} left."


def test_days_of_a_forecast_are_those_of_the_house() -> None:
    """Local midnight is told in UTC, which is the evening before."""
    berlin = datetime(2025, 11, 20, 18, 5, tzinfo=ZoneInfo("Europe/Berlin"))
    told = [{"datetime": f"2025-11-{day}T23:00:00+00:00", "condition": sky} for day, sky in ((20, "rainy"), (21, "fog"))]
    states = {"sky": state("sunny", forecast=told)}
    assert answer(Call("get_weather", ("sky",), {"day": "tomorrow"}), HOUSE, states, berlin).text == "Tomorrow: rainy."


def test_value_for_another_call() -> None:
    """An answer carries its number and unit."""
    found = answer(
        Call("get_value", ("office_temperature",), {"property": "temperature"}),
        HOUSE,
        {"office_temperature": DeviceState("21.5", {"unit_of_measurement": "°C"})},
        NOW,
    )
    assert (found.value, found.unit, found.code) == (21.5, "°C", None)


def test_unknown_has_a_code() -> None:
    """What is not known says so by a code."""
    found = answer(Call("get_value", ("nest",), {"property": "humidity"}), HOUSE, {}, NOW)
    assert found.code is Code.UNKNOWN_STATE


def test_every_state_word_has_a_meaning() -> None:
    """Each choice of `state` is understood, for every kind and with any state."""
    assert set(STATES) - {"unavailable"} <= CONDITIONS.keys()
    for word in STATES:
        for kind in KINDS:
            assert shows(device("A", kind), DeviceState("something"), word) in (True, False)
            assert shows(device("A", kind), None, word) is (word == "available")


def test_every_property_has_a_source() -> None:
    """Each choice of `property` can be read somewhere, and only kinds that exist are looked at."""
    assert set(PROPERTIES) == SOURCES.keys()
    kinds = {kind for sources in SOURCES.values() for source in sources for kind in source.kinds}
    assert kinds <= set(EVERY_KIND)


def test_questions_that_are_the_hubs_own() -> None:
    """Reminders and the like are not answered from states."""
    assert {"reminder_list", "alarm_clock_list", "repeat"}.isdisjoint(ANSWERED)
