"""One call that could be, for every function and kind that does something to a device: what tests walk the table with."""

from __future__ import annotations

from collections.abc import Mapping

from octopus_hub.config.function_table import FUNCTIONS
from octopus_hub.config.functions import Function
from octopus_hub.config.plan import Call, Scalar

ARGUMENTS: Mapping[str, Mapping[str, Scalar]] = {
    "set_brightness": {"level": 40},
    "step_brightness": {"direction": "up", "amount": 20},
    "set_color": {"color": "green"},
    "set_color_temperature": {"temperature": 2700},
    "step_color_temperature": {"direction": "warmer", "amount": 1000, "kelvin": 3000},
    "set_effect": {"effect": "candle"},
    "set_position": {"position": 40},
    "step_position": {"direction": "open", "amount": 20, "position": 70},
    "set_tilt": {"position": 60},
    "set_temperature": {"temperature": 22, "unit": "°C"},
    "set_temperature_range": {"low": 19, "high": 23, "unit": "°C"},
    "step_temperature": {"direction": "up", "amount": 1, "temperature": 23, "unit": "°C"},
    "set_hvac_mode": {"mode": "cool"},
    "set_preset": {"preset": "sleep"},
    "set_fan_mode": {"mode": "low"},
    "set_humidity": {"humidity": 50},
    "step_humidity": {"direction": "up", "amount": 10, "humidity": 55},
    "set_mode": {"mode": "boost"},
    "set_volume": {"level": 20},
    "step_volume": {"direction": "up", "amount": 10},
    "play_media": {"query": "some jazz"},
    "select_source": {"source": "HDMI 1"},
    "set_sound_mode": {"mode": "movie"},
    "set_shuffle": {"shuffle": "on"},
    "set_repeat": {"repeat": "all"},
    "announce": {"message": "dinner is ready"},
    "set_fan_speed": {"level": 66},
    "step_fan_speed": {"direction": "up", "amount": 20},
    "set_oscillation": {"oscillating": "on"},
    "set_fan_direction": {"direction": "reverse"},
    "clean_area": {"area": "Kitchen"},
    "alarm_arm": {"mode": "home"},
    "set_value": {"value": 12},
    "step_value": {"direction": "up", "amount": 1, "value": 13},
    "select_option": {"option": "quick"},
    "send_command": {"command": "volume up"},
    "todo_add": {"item": "milk"},
    "todo_complete": {"item": "eggs"},
    "todo_remove": {"item": "eggs"},
    "timer_start": {"duration": 600},
    "timer_extend": {"direction": "up", "duration": 60},
    "set_cabin_temperature": {"temperature": 23, "unit": "°C"},
    "set_seat_heating": {"level": "high", "seat": "driver"},
    "move_seat": {"direction": "forward", "seat": "driver"},
    "open_window": {"window": "front left", "position": 50},
    "close_window": {"window": "front left"},
    "set_charge_limit": {"level": 90},
    "navigate_to": {"destination": "Vienna"},
    "defrost": {"part": "rear"},
}
"""Arguments as the resolver gives them; functions that are missing need none."""

ACTING: tuple[tuple[Function, str], ...] = tuple(
    (function, kind) for function in FUNCTIONS if not function.is_read for kind in function.kinds
)
"""Every function that does something, with every kind it is for."""

NAMES = [f"{function.name}-{kind}" for function, kind in ACTING]
"""Names for the cases of a walk."""


HOT_WATER: Mapping[str, Mapping[str, Scalar]] = {
    "set_temperature": {"temperature": 55, "unit": "°C"},
    "step_temperature": {"direction": "up", "amount": 1, "temperature": 51, "unit": "°C"},
}
"""What would be too cold for a boiler."""


def sample_call(function: Function, kind: str) -> Call:
    """A call of the function on a device of that kind, called "it"."""
    own = HOT_WATER if kind == "water_heater" else {}
    return Call(function.name, ("it",), dict(own.get(function.name) or ARGUMENTS.get(function.name, {})))
