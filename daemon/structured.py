"""Calls that came as calls instead of a sentence, put in the words of a plan: they meet the same limits and rules. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from octopus_hub.config.errors import InputError
from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Function, Parameter, TargetRule, ValueType
from octopus_hub.config.house import Device, House
from octopus_hub.config.plan import Call, Duration, Named, Number, Plan, PlannedCall, Scalar, Target, Text, Value, When, Word
from octopus_hub.config.suggestions import near_miss
from octopus_hub.daemon.steps import worked_out

UNIT = "unit"
"""The argument beside a temperature that says °C or °F."""

UNITS = ("", "°C", "°F")


def plan_of(calls: tuple[Call, ...], house: House) -> tuple[Plan, House]:
    """A plan that means exactly these calls, and the house to resolve it in: devices are called by their ids in it.

    Raises InputError that names the call and what is wrong with it.
    """
    planned = tuple(_planned(f"calls[{index}]", call, house) for index, call in enumerate(calls))
    by_ids = tuple(replace(device, name=device.id, aliases=()) for device in house.devices)
    return Plan(planned), replace(house, devices=by_ids)


def _planned(name: str, call: Call, house: House) -> PlannedCall:
    function = by_name().get(call.function)
    if function is None:
        raise InputError(f'"{name}": no function "{call.function}"{near_miss(call.function, list(by_name()))}')
    if not call.device_ids and function.target is TargetRule.REQUIRED:
        raise InputError(f'"{name}": {function.name} needs "devices"')
    if call.device_ids and function.target is TargetRule.NONE:
        raise InputError(f'"{name}": {function.name} takes no devices')
    devices = [_device(name, each, function, house) for each in call.device_ids]
    for device in devices:
        if not function.takes(device, call.arguments):
            message = f'"{name}": {function.name} is not for "{device.id}" with these arguments, which is of kind {device.kind}'
            raise InputError(message)
    return PlannedCall(
        function=function.name,
        target=Target(tuple(Named(device.id) for device in devices)) if devices else None,
        arguments=_arguments(name, call.arguments, function),
        when=None if call.at is None else When(at=call.at) if isinstance(call.at, str) else When(after_s=int(call.at)),
    )


def _device(name: str, wanted: str, function: Function, house: House) -> Device:
    """By id, else by a name that only one device has."""
    called = [device for device in house.devices if device.name.casefold() == wanted.casefold()]
    device = house.by_id.get(wanted) or (called[0] if len(called) == 1 else None)
    if device is None:
        reason = f"{len(called)} devices are" if called else "no device is"
        raise InputError(f'"{name}": {reason} called "{wanted}"' + ("; use the id" if called else ""))
    if not function.takes(device):
        raise InputError(f'"{name}": {function.name} is not for "{wanted}", which is of kind {device.kind}')
    return device


def _arguments(name: str, given: Mapping[str, Scalar], function: Function) -> dict[str, Value]:
    """What the hub worked out itself, as an Outcome has it, is passed over: it is worked out anew."""
    parameters = {parameter.name: parameter for parameter in function.parameters}
    takes_unit = any(parameter.type is ValueType.TEMPERATURE for parameter in function.parameters)
    known = [*parameters, *([UNIT] if takes_unit else [])]
    given = {key: value for key, value in given.items() if key in known or key not in worked_out(function.name)}
    for key in given:
        if key not in known:
            raise InputError(f'"{name}": {function.name} has no argument "{key}"; it has {", ".join(known) or "none"}')
    for parameter in function.parameters:
        if parameter.required and parameter.name not in given:
            raise InputError(f'"{name}": {function.name} needs the argument "{parameter.name}" ({parameter.doc})')
    unit = str(given.get(UNIT, ""))
    if unit not in UNITS:
        raise InputError(f'"{name}.{UNIT}" must be {" or ".join(UNITS[1:])}, got {unit!r}')
    return {key: _value(f"{name}.{key}", parameters[key], value, unit) for key, value in given.items() if key != UNIT}


def _value(name: str, parameter: Parameter, value: Scalar, unit: str) -> Value:
    match parameter.type, value:
        case ((ValueType.PERCENT | ValueType.TEMPERATURE | ValueType.NUMBER), bool()):
            pass
        case ValueType.PERCENT, (int() | float()):
            return Number(value, "%")
        case ValueType.TEMPERATURE, (int() | float()):
            return Number(value, unit)
        case ValueType.NUMBER, (int() | float()):
            return Number(value)
        case ValueType.DURATION, (int() | float()) if not isinstance(value, bool) and value > 0:
            return Duration(int(value))
        case ((ValueType.TEXT | ValueType.TIME), str()):
            return Text(value)
        case ((ValueType.OPTION | ValueType.AREA), str()):
            return Word(value)
        case _, str() if value in parameter.choices:
            return Word(value)
    raise InputError(f'"{name}" must be {_expected(parameter)}, got {value!r}')


def _expected(parameter: Parameter) -> str:
    by_type = {
        ValueType.CHOICE: "",
        ValueType.DURATION: "seconds",
        ValueType.PERCENT: "a percentage",
        ValueType.TEMPERATURE: "degrees",
        ValueType.NUMBER: "a number",
    }
    kinds = [by_type.get(parameter.type, "text"), f"one of {', '.join(parameter.choices)}" if parameter.choices else ""]
    return " or ".join(kind for kind in kinds if kind)
