"""Corrections as JSON: a sentence with the calls that it means in a house."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from octopus_hub.config.errors import InputError
from octopus_hub.config.house import Device, House
from octopus_hub.config.plan import Correction, Named, Number, Plan, PlannedCall, Target, Where
from octopus_hub.daemon.structured import plan_of
from octopus_hub.daemon.wire import read_calls


def read_corrections(name: str, value: object, house: House) -> tuple[Correction, ...]:
    """Those of the list `value`, which is called `name` in errors; none where it is None. Raises InputError."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InputError(f'"{name}" must be a list')
    return tuple(_correction(f"{name}[{index}]", item, house) for index, item in enumerate(value))


def _correction(name: str, item: object, house: House) -> Correction:
    text = item.get("text") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(text, str) or not text.strip():
        raise InputError(f'"{name}" must have a "text" and "calls"')
    plan, _ = plan_of(read_calls(f"{name}.calls", item.get("calls")), house)
    return Correction(text, Plan(tuple(_called_by_name(call, house) for call in plan.calls)))


def _called_by_name(call: PlannedCall, house: House) -> PlannedCall:
    """The call in the words of a sentence: devices by their names instead of their ids, percentages as bare numbers."""
    meant = [house.by_id[each.name] for each in call.target.include if isinstance(each, Named)] if call.target else []
    bare = {key: Number(v.value) if isinstance(v, Number) and v.unit == "%" else v for key, v in call.arguments.items()}
    return replace(call, target=Target(tuple(_named(meant, house))) if meant else None, arguments=bare)


def _named(devices: Sequence[Device], house: House) -> Iterator[Named]:
    names = Counter(device.name.casefold() for device in house.devices)
    for device in devices:
        has_twins = names[device.name.casefold()] > 1 and device.area is not None
        yield Named(device.name, Where(area=device.area) if has_twins else None)
