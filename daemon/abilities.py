"""Can this device do what is asked of it, by what its state and the house file tell? Pure.

Only what is known to be impossible counts: a device that tells nothing can do everything of its kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from functools import cache

from octopus_hub.adapters.features import FEATURES, has_feature
from octopus_hub.config.function_table import FUNCTIONS
from octopus_hub.config.functions import Function, ValueType
from octopus_hub.config.house import Device, DeviceState, House
from octopus_hub.config.plan import PlannedCall, Word
from octopus_hub.daemon.values import match_option, options_of

COLOR_MODES = frozenset({"hs", "rgb", "rgbw", "rgbww", "xy"})
LIGHT_MODES: Mapping[str, frozenset[str]] = {
    "set_brightness": COLOR_MODES | {"brightness", "color_temp", "white"},
    "step_brightness": COLOR_MODES | {"brightness", "color_temp", "white"},
    "set_color": COLOR_MODES,
    "set_color_temperature": frozenset({"color_temp", "rgbww"}),
    "step_color_temperature": frozenset({"color_temp", "rgbww"}),
}
"""What a light must offer in `supported_color_modes`, one of these."""


TELLING = frozenset({"supported_color_modes", "supported_features"})
"""Attributes by which a device tells what it can do."""
BY_ARGUMENT = frozenset({"alarm_arm"})
"""Functions of which a device may be able to do some: how to arm."""


class Ability(IntEnum):
    """What is known of a device's ability."""

    NO = 0
    MAYBE = 1
    YES = 2


def ability(planned: PlannedCall, function: Function, device: Device, state: DeviceState | None) -> Ability:
    """Can the device do this? YES where it lists the option that was named, NO where it lists others."""
    words = {name: value.text for name, value in planned.arguments.items() if isinstance(value, Word)}
    if not has_light_mode(function, state) or not has_feature(function.name, device.kind, words, state):
        return Ability.NO
    found = [Ability.MAYBE]
    for parameter in function.parameters:
        value = planned.arguments.get(parameter.name)
        if parameter.type is ValueType.OPTION and isinstance(value, Word) and (options := options_of(parameter, device, state)):
            found.append(Ability.NO if match_option(value.text, options) is None else Ability.YES)
    return Ability.NO if Ability.NO in found else max(found)


def inabilities(house: House, states: Mapping[str, DeviceState]) -> dict[str, frozenset[str]]:
    """What devices are known not to do, by what their states tell: names of functions, by device id."""
    found = {}
    for device in house.devices:
        state = states.get(device.id)
        if state is None or TELLING.isdisjoint(state.attributes):
            continue
        cannot = frozenset(
            function.name
            for function in _told_by_features(device.kind)
            if not (has_light_mode(function, state) and has_feature(function.name, device.kind, {}, state))
        )
        if cannot:
            found[device.id] = cannot
    return found


@cache
def _told_by_features(kind: str) -> tuple[Function, ...]:
    """The functions of which a device of this kind may tell that it has them not."""
    names = {*LIGHT_MODES, *FEATURES.get(kind, ())} - BY_ARGUMENT
    return tuple(function for function in FUNCTIONS if kind in function.kinds and function.name in names)


def has_light_mode(function: Function, state: DeviceState | None) -> bool:
    """Has the light one of the colour modes that the function needs?"""
    needed = LIGHT_MODES.get(function.name)
    told = state.attributes.get("supported_color_modes") if state is not None else None
    if needed is None or not isinstance(told, list | tuple) or not told:
        return True
    return not needed.isdisjoint(map(str, told))
