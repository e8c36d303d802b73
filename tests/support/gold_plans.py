"""Plans that say exactly what is expected, with every device by its name: what a perfect interpreter could have decoded."""

from __future__ import annotations

from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import ValueType
from octopus_hub.config.house import House
from octopus_hub.config.plan import Duration, Named, Nested, Number, Plan, PlannedCall, Target, Text, Value, When, Where, Word
from octopus_hub.daemon.accuracy_cases import UNIT, Case, Expected, Said

UNITS = {"C": "°C", "F": "°F"}


def gold_plan(case: Case) -> Plan:
    """The plan of a case where something is meant."""
    return Plan(tuple(gold_call(call, case.house) for call in case.expected))


def gold_call(call: Expected, house: House) -> PlannedCall:
    """One call; put off by a minute where it is put off."""
    arguments = {name: _value(call, name, value, house) for name, value in call.arguments.items() if not name.endswith(UNIT)}
    target = Target(tuple(_named(device_id, house) for device_id in sorted(call.device_ids))) if call.device_ids else None
    return PlannedCall(call.function, target, arguments, When(after_s=60) if call.is_later else None)


def _named(device_id: str, house: House) -> Named:
    device = house.by_id[device_id]
    is_shared = sum(each.name == device.name for each in house.devices) > 1
    return Named(device.name, Where(area=device.area) if is_shared else None)


def _value(call: Expected, name: str, value: Said, house: House) -> Value:
    kind = by_name()[call.function].parameter(name).type
    if isinstance(value, Expected):
        return Nested(gold_call(value, house))
    if kind in (ValueType.TEXT, ValueType.TIME):
        return Text(str(value))
    if isinstance(value, str):
        return Word(value)
    unit = call.arguments.get(name + UNIT)
    return Duration(int(value)) if kind is ValueType.DURATION else Number(value, UNITS[unit] if isinstance(unit, str) else "")
