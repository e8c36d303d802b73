"""What an entity says it can do: Home Assistant's `supported_features`, by function and kind. Pure.

Source: the `EntityFeature` enumerations of Home Assistant's integrations (2024.3 to 2025.4); bits that only one of these versions
has are left out. One entity that can't do a thing makes Home Assistant refuse it for all that are told together.
"""

from __future__ import annotations

from collections.abc import Mapping

from octopus_hub.config.house import DeviceState
from octopus_hub.config.plan import Scalar

ARM_FEATURES: Mapping[str, int] = {"home": 1, "away": 2, "night": 4, "vacation": 32}

FEATURES: Mapping[str, Mapping[str, int]] = {
    "light": {"set_effect": 4},
    "cover": {"open": 1, "close": 2, "set_position": 4, "step_position": 4, "stop": 8, "set_tilt": 128},
    "valve": {"open": 1, "close": 2, "set_position": 4, "step_position": 4, "stop": 8},
    "climate": {
        "set_temperature": 1, "step_temperature": 1, "set_temperature_range": 2, "set_humidity": 4, "step_humidity": 4,
        "set_fan_mode": 8, "set_preset": 16,
    },
    "media_player": {
        "media_pause": 1, "set_volume": 4, "step_volume": 4 | 1024, "mute": 8, "unmute": 8, "media_previous": 16, "media_next": 32,
        "turn_on": 128, "turn_off": 256, "play_media": 512, "select_source": 2048, "media_stop": 4096, "media_play": 16384,
        "set_shuffle": 32768, "set_sound_mode": 65536, "set_repeat": 262144,
    },
    "fan": {"set_fan_speed": 1, "step_fan_speed": 1, "set_oscillation": 2, "set_fan_direction": 4, "set_preset": 8},
    "vacuum": {"pause": 4, "stop": 8, "return_to_base": 16, "locate": 512, "start": 8192, "clean_area": 8192},
    "lawn_mower": {"start": 1, "pause": 2, "stop": 2, "return_to_base": 4},
    "humidifier": {"set_mode": 1},
    "water_heater": {"set_temperature": 1, "step_temperature": 1, "set_mode": 2},
    "siren": {"turn_on": 1, "turn_off": 2},
    "alarm_control_panel": {"alarm_trigger": 8},
    "todo": {"todo_add": 1, "todo_remove": 2, "todo_complete": 4},
}  # fmt: skip
"""Bits of which one is needed, by kind and function; nothing is needed for what is not here."""


def has_feature(function: str, kind: str, arguments: Mapping[str, Scalar], state: DeviceState | None) -> bool:
    """Can a device in this state do it? True where it does not say what it can do."""
    told = None if state is None else state.attributes.get("supported_features")
    if not isinstance(told, int):
        return True
    needed = FEATURES.get(kind, {}).get(function, 0)
    if function == "alarm_arm":
        needed = ARM_FEATURES.get(str(arguments.get("mode", "away")), 0)
    return not needed or bool(told & needed)
