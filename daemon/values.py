"""The arguments of a call for one device: words to numbers, units, limits, options. Pure.

Numbers end in the function's own unit (%, K, s) and temperatures in the device's, with a `unit` beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf

from octopus_hub.config.functions import Function, Parameter, ValueType
from octopus_hub.config.house import Device, DeviceState
from octopus_hub.config.plan import Duration, Number, PlannedCall, Scalar, Text, Value, Word
from octopus_hub.daemon.quantities import (
    BRIGHTNESS,
    CELSIUS,
    CHARGE,
    FAHRENHEIT,
    HUMIDITY,
    KELVIN,
    POSITION,
    SPEED,
    TEMPERATURE,
    TILT,
    VALUE,
    VOLUME,
    Quantity,
    Subject,
    convert,
    convert_difference,
    exact,
    limits,
    other_unit,
    spoken,
    tidy,
)
from octopus_hub.daemon.replies import Code, join, refusal, the
from octopus_hub.daemon.steps import out_of_range, step_arguments

Arguments = dict[str, Scalar]

PERCENT_WORDS: Mapping[str, float] = {"half": 50, "low": 33, "medium": 66, "high": 100}
KELVIN_WORDS: Mapping[str, float] = {"candle": 2000, "warm": 2700, "neutral": 4000, "cool": 5500, "daylight": 6500}
LEVELS: Mapping[str, Mapping[str, float]] = {
    "set_brightness": {"low": 25, "medium": 50, "high": 100}, "set_volume": {"low": 20, "medium": 50, "high": 80},
}  # fmt: skip
"""What these words mean where it is not thirds, as of a fan's speeds."""
LOWEST: Mapping[str, float] = {"set_brightness": 1, "set_fan_speed": 33}
"""What "min" means where 0 would switch it off."""

QUANTITIES: Mapping[str, Quantity] = {
    "set_brightness": BRIGHTNESS,
    "set_volume": VOLUME,
    "set_position": POSITION,
    "set_tilt": TILT,
    "set_fan_speed": SPEED,
    "set_humidity": HUMIDITY,
    "set_charge_limit": CHARGE,
    "set_color_temperature": KELVIN,
    "set_value": VALUE,
    "open_window": POSITION,
}

OPTION_LISTS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("available_modes", "water_heater"): ("available_modes", "operation_list"),
    ("hvac_modes", "water_heater"): ("available_modes", "operation_list"),
}
"""Where a kind keeps the list that a parameter names, if elsewhere than in an attribute of that name."""

OPTION_WORDS: Mapping[str, str] = {
    "heating": "heat",
    "cooling": "cool",
    "drying": "dry",
    "fan": "fan_only",
    "automatic": "auto",
    "auto": "heat_cool",
}
"""What a mode may also be called, tried where the device has no mode of the word itself."""


def arguments_for(planned: PlannedCall, function: Function, subject: Subject) -> Arguments:
    """The call's arguments for this device. Raises Unresolved where a value cannot be had or is out of range."""
    found: Arguments = {}
    for parameter in function.parameters:
        value = planned.arguments.get(parameter.name)
        if value is not None:
            found |= _resolve(_Slot(function, parameter, subject), value)
        elif parameter.required:
            raise refusal(Code.UNSURE)
    if function.name == "set_temperature_range" and float(found["low"]) > float(found["high"]):
        found["low"], found["high"] = found["high"], found["low"]
    return found | step_arguments(function, subject, found)


def arguments_without_device(planned: PlannedCall, function: Function) -> Arguments:
    """The arguments of a call that names no device: texts, durations and words as they are."""
    found: Arguments = {}
    for parameter in function.parameters:
        value = planned.arguments.get(parameter.name)
        if value is not None:
            found[parameter.name] = _plain(value)
        elif parameter.required:
            raise refusal(Code.UNSURE)
    return found


def options_of(parameter: Parameter, device: Device, state: DeviceState | None) -> tuple[str, ...]:
    """What the device can be set to for an OPTION parameter; empty where that is not known."""
    for key in OPTION_LISTS.get((parameter.option, device.kind), (parameter.option,)):
        told = device.options.get(key) or (state.attributes.get(key) if state is not None else None)
        if isinstance(told, list | tuple) and told:
            return tuple(map(str, told))
    return ()


def match_option(word: str, options: tuple[str, ...]) -> str | None:
    """The device's own spelling of `word`, else None."""
    spelled = {_plain_word(option): option for option in options}
    wanted = _plain_word(word)
    return spelled.get(wanted) or spelled.get(_plain_word(OPTION_WORDS.get(wanted, wanted)))


@dataclass(frozen=True, slots=True)
class _Slot:
    """One argument of one function for one device."""

    function: Function
    parameter: Parameter
    subject: Subject

    @property
    def name(self) -> str:
        return self.parameter.name

    @property
    def is_amount(self) -> bool:
        return self.parameter.name == "amount"

    @property
    def bounds(self) -> tuple[float, float]:
        low, high = self.parameter.minimum, self.parameter.maximum
        return -inf if low is None else low, inf if high is None else high

    @property
    def temperature_unit(self) -> str:
        """°C or °F: the parameter's if it is one of them, else the device's."""
        unit = self.parameter.unit
        return unit if unit in (CELSIUS, FAHRENHEIT) else self.subject.temperature_unit


def _resolve(slot: _Slot, value: Value) -> Arguments:
    if slot.function.told and slot.parameter.type in (ValueType.PERCENT, ValueType.NUMBER):
        return _amount(slot, value)
    return RESOLVERS[slot.parameter.type](slot, value)


def _plain(value: Value) -> Scalar:
    if isinstance(value, Duration):
        return value.seconds
    if isinstance(value, Number):
        return tidy(value.value)
    if isinstance(value, Word | Text):
        return value.text
    raise refusal(Code.UNSURE)


def _as_is(slot: _Slot, value: Value) -> Arguments:
    return {slot.name: _plain(value)}


def _area(slot: _Slot, value: Value) -> Arguments:
    return {slot.name: slot.subject.house.own_name_of_area(_word(value))}


def _percent(slot: _Slot, value: Value) -> Arguments:
    if slot.is_amount:
        return _amount(slot, value)
    quantity = QUANTITIES[slot.function.name]
    low, high = limits(quantity, slot.subject)
    if isinstance(value, Number):
        return {slot.name: tidy(_checked(slot, value.value, (low, high), quantity.unit))}
    word = _word(value)
    if word in ("max", "min"):
        lowest = max(low, _lowest(slot))
        return {slot.name: tidy(high if word == "max" else lowest)}
    percent = LEVELS.get(slot.function.name, PERCENT_WORDS).get(word, PERCENT_WORDS[word])
    return {slot.name: tidy(min(max(percent, low), high))}


def _lowest(slot: _Slot) -> float:
    steps = slot.subject.attribute("percentage_step") if slot.function.name == "set_fan_speed" else None
    return steps or LOWEST.get(slot.function.name, 0)


def _number(slot: _Slot, value: Value) -> Arguments:
    if slot.is_amount:
        return _amount(slot, value)
    quantity = QUANTITIES[slot.function.name]
    low, high = limits(quantity, slot.subject)
    if isinstance(value, Number):
        checked = _checked(slot, value.value, (low, high), quantity.unit)
        if quantity is not VALUE:
            return {slot.name: tidy(checked)}
        step = slot.subject.attribute("step")
        return {slot.name: tidy(checked, step, slot.subject.attribute("min") or 0.0) if step else checked}
    return {slot.name: tidy(min(max(KELVIN_WORDS[_word(value)], low), high))}


def _temperature(slot: _Slot, value: Value) -> Arguments:
    is_own, unit = slot.function.told is not None, slot.temperature_unit
    if not isinstance(value, Number) and (is_own or slot.is_amount):
        return {slot.name: _word(value)}
    if isinstance(value, Number) and slot.is_amount:
        difference = convert_difference(value.value, value.unit or unit, unit)
        return {slot.name: _checked(slot, difference, slot.bounds, unit) if is_own else tidy(difference)}
    low, high = slot.bounds if is_own else limits(TEMPERATURE, slot.subject)
    if isinstance(value, Number):
        return {slot.name: _degrees(slot, value, (low, high)), "unit": unit}
    return {slot.name: tidy(high if _word(value) == "max" else low), "unit": unit}


def _degrees(slot: _Slot, value: Number, bounds: tuple[float, float]) -> float:
    """A temperature in the slot's unit; a bare number that fits only in the other unit is taken as that."""
    own = slot.temperature_unit
    said = value.unit or own
    here = convert(value.value, said, own)
    if not value.unit and not _inside(here, bounds):
        turned = convert(value.value, other_unit(own), own)
        if _inside(turned, bounds):
            said, here = other_unit(own), turned
    if not _inside(here, bounds):
        raise out_of_range(slot.subject, spoken(value.value, said), is_above=here > bounds[1], bounds=bounds, unit=own)
    if said == own:
        return tidy(here)
    step = slot.subject.attribute("target_temp_step") or (0.5 if own == CELSIUS else 1)
    return min(max(tidy(here, step), bounds[0]), bounds[1])


def _inside(value: float, bounds: tuple[float, float]) -> bool:
    # What was converted may miss a limit by its rounding.
    return bounds[0] - 0.05 <= value <= bounds[1] + 0.05


def _amount(slot: _Slot, value: Value) -> Arguments:
    if isinstance(value, Number):
        return {slot.name: _checked(slot, value.value, slot.bounds, slot.parameter.unit)}
    return {slot.name: _word(value)}


def _checked(slot: _Slot, value: float, bounds: tuple[float, float], unit: str) -> float:
    if not bounds[0] <= value <= bounds[1]:
        raise out_of_range(slot.subject, spoken(value, unit), is_above=value > bounds[1], bounds=bounds, unit=unit)
    return exact(value)


def _option(slot: _Slot, value: Value) -> Arguments:
    word, device = _word(value), slot.subject.device
    options = options_of(slot.parameter, device, slot.subject.state)
    found = match_option(word, options) if options else word
    if found is None:
        raise refusal(Code.OPTION, device=the(device), option=word, options=join(options[:8]))
    return {slot.name: found}


def _word(value: Value) -> str:
    if not isinstance(value, Word | Text):
        raise refusal(Code.UNSURE)
    return value.text


def _plain_word(text: str) -> str:
    return text.casefold().replace("_", " ").replace("-", " ").strip()


RESOLVERS: Mapping[ValueType, Callable[[_Slot, Value], Arguments]] = {
    ValueType.PERCENT: _percent,
    ValueType.TEMPERATURE: _temperature,
    ValueType.NUMBER: _number,
    ValueType.OPTION: _option,
    ValueType.DURATION: _as_is,
    ValueType.TIME: _as_is,
    ValueType.TEXT: _as_is,
    ValueType.CHOICE: _as_is,
    ValueType.AREA: _area,
}
"""How each type of parameter is understood."""
