"""Is what came out what was meant? The rules by which `octopus bench accuracy` scores, pure; docs/accuracy.md says them in words.

Strict: the same functions in the same order, on the same devices, with the same values as said, put off where that was said.
Devices are compared after the resolver, values before it: how much "a bit" is, and what 21 °C is in °F, are other tests' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import TargetRule, ValueType
from octopus_hub.config.house import DeviceState, House
from octopus_hub.config.plan import Duration, Nested, Number, Plan, PlannedCall, Value
from octopus_hub.daemon.accuracy_cases import UNIT, Expected, Said
from octopus_hub.daemon.resolver import Resolution, completed, resolve

TOLERANCE = 1e-6
DEFAULTS: Mapping[tuple[str, str], Said] = {("alarm_arm", "mode"): "away"}
"""What a function's documentation says an unsaid argument means; saying it makes no difference."""

NUMBER_WORDS: Mapping[str, float] = {"half": 50.0}
"""Words for numbers that mean the same on every device; "max" does not."""

LEADING = frozenset({"at", "on", "for", "to", "the", "a", "some"})
"""Words that may or may not be part of copied text."""

OPPOSITES: tuple[tuple[str, str], ...] = (
    ("turn_on", "turn_off"),
    ("lock", "unlock"),
    ("open", "close"),
    ("open_window", "close_window"),
    ("open_sunroof", "close_sunroof"),
    ("open_trunk", "close_trunk"),
    ("alarm_arm", "alarm_disarm"),
    ("mute", "unmute"),
    ("start", "stop"),
    ("media_play", "media_pause"),
    ("media_play", "media_stop"),
    ("media_next", "media_previous"),
    ("start_engine", "stop_engine"),
    ("start_charging", "stop_charging"),
    ("vehicle_climate_start", "vehicle_climate_stop"),
    ("timer_pause", "timer_resume"),
)
OPPOSITE_DIRECTIONS: tuple[tuple[str, str], ...] = (
    ("up", "down"),
    ("open", "close"),
    ("warmer", "cooler"),
    ("forward", "reverse"),
    ("forward", "backward"),
)


class Verdict(StrEnum):
    """What became of a sentence: first what did nothing, then what did something."""

    REFUSED = "refused"
    DOUBTED = "doubted"
    ASKED = "asked"
    UNRESOLVED = "unresolved"
    FAILED = "failed"
    RIGHT = "right"
    WRONG_FUNCTION = "wrong function"
    WRONG_TARGET = "wrong target"
    WRONG_VALUE = "wrong value"
    WRONG_TIME = "wrong time"
    ANSWERED = "answered"
    PUT_OFF = "put off"
    ACTED = "acted"


NOTHING_DONE = frozenset({Verdict.REFUSED, Verdict.DOUBTED, Verdict.ASKED, Verdict.UNRESOLVED, Verdict.FAILED})


@dataclass(frozen=True, slots=True)
class Found:
    """A planned call with the devices its target means. `default_ids`: what would be meant without the target, if it may lack."""

    function: str
    device_ids: frozenset[str]
    arguments: Mapping[str, Said | Found]
    is_later: bool = False
    is_named: bool = True
    default_ids: frozenset[str] | None = None


AnyCall = TypeVar("AnyCall", Expected, Found)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a sentence is resolved in."""

    house: House
    states: Mapping[str, DeviceState]
    area: str | None
    now: datetime
    text: str = ""


def find(plan: Plan, scene: Scene) -> tuple[Found, ...] | Resolution:
    """The plan's calls with their devices; the resolution where that is a question or a refusal."""
    plan = completed(plan)
    whole = _resolve(plan, scene)
    return tuple(_found(call, scene) for call in plan.calls) if whole.calls else whole


def _resolve(plan: Plan, scene: Scene) -> Resolution:
    return resolve(plan, scene.house, scene.states, scene.area, now=scene.now, text=scene.text)


def _found(call: PlannedCall, scene: Scene) -> Found:
    """One call of a plan that resolves."""
    may_lack = by_name()[call.function].target is TargetRule.OPTIONAL and call.target is not None
    return Found(
        function=call.function,
        device_ids=_devices(call, scene),
        arguments=_arguments(call, scene),
        is_later=call.when is not None,
        is_named=call.target is not None,
        default_ids=_devices(replace(call, target=None), scene) if may_lack else None,
    )


def _devices(call: PlannedCall, scene: Scene) -> frozenset[str]:
    return frozenset(device_id for found in _resolve(Plan((call,)), scene).calls for device_id in found.device_ids)


def _arguments(call: PlannedCall, scene: Scene) -> dict[str, Said | Found]:
    found: dict[str, Said | Found] = {}
    for name, value in call.arguments.items():
        found[name] = _found(value.call, scene) if isinstance(value, Nested) else as_said(value)
        if by_name()[call.function].parameter(name).type is ValueType.AREA:
            found[name] = scene.house.own_name_of_area(str(found[name]))
        if isinstance(value, Number) and value.unit in ("°C", "°F"):
            found[name + UNIT] = value.unit[-1]
    return found


def as_said(value: Value) -> Said:
    """A planned value in the form of an expected one; a nested call has none."""
    if isinstance(value, Number):
        return value.value
    if isinstance(value, Duration):
        return float(value.seconds)
    return value.text if not isinstance(value, Nested) else ""


# Acting where something was meant


def judge(expected: Sequence[Expected], found: Sequence[Found]) -> Verdict:
    """RIGHT, or the first thing that is wrong. Calls in a row that differ only in their devices count as one."""
    wanted, got = merged(expected), merged(found)
    if [call.function for call in wanted] != [call.function for call in got]:
        return Verdict.WRONG_FUNCTION
    pairs = list(zip(wanted, got, strict=True))
    if not all(_same_devices(*pair) for pair in pairs):
        return Verdict.WRONG_TARGET
    if not all(_same_arguments(*pair) for pair in pairs):
        return Verdict.WRONG_VALUE
    if not all(want.is_later == call.is_later for want, call in pairs):
        return Verdict.WRONG_TIME
    return Verdict.RIGHT


def merged(calls: Iterable[AnyCall]) -> list[AnyCall]:
    """The calls, those that follow each other and differ only in their devices made one."""
    found: list[AnyCall] = []
    for call in calls:
        last = found[-1] if found else None
        if last is not None and last.device_ids and call.device_ids and replace(last, device_ids=call.device_ids) == call:
            found[-1] = replace(last, device_ids=last.device_ids | call.device_ids)
        else:
            found.append(call)
    return found


def _same_devices(want: Expected, call: Found) -> bool:
    """Where no device was said, none need be named: the default is meant, or whatever comes to the same."""
    if want.device_ids:
        return want.device_ids == call.device_ids
    return not call.is_named or call.device_ids == call.default_ids


def _same_arguments(want: Expected, call: Found) -> bool:
    defaults = {name: value for (function, name), value in DEFAULTS.items() if function == want.function}
    wanted, got = {**defaults, **want.arguments}, {**defaults, **call.arguments}
    return wanted.keys() == got.keys() and all(_same_value(want.function, name, wanted[name], got[name]) for name in wanted)


def _same_value(function: str, name: str, wanted: Said, got: Said | Found) -> bool:
    if isinstance(wanted, Expected) or isinstance(got, Found | Expected):
        return isinstance(wanted, Expected) and isinstance(got, Found) and judge((wanted,), (got,)) is Verdict.RIGHT
    if name.endswith(UNIT):
        return wanted == got
    kind = by_name()[function].parameter(name).type
    first, second = canonical(wanted, kind), canonical(got, kind)
    if isinstance(first, float) and isinstance(second, float):
        return abs(first - second) <= TOLERANCE
    return first == second


def canonical(value: str | float, kind: ValueType) -> str | float:
    """A value in the one form of all that mean the same."""
    if kind in (ValueType.TEXT, ValueType.TIME):
        return copied(str(value))
    if not isinstance(value, str):
        return float(value)
    word = " ".join(re.split(r"[\s_-]+", value.casefold().strip()))
    return NUMBER_WORDS.get(word, word) if kind in (ValueType.PERCENT, ValueType.NUMBER) else word


def copied(text: str) -> str:
    """Copied words without case, leading small words, and punctuation around them."""
    words = text.casefold().strip().strip("\"'“”‘’.,!?;:").split()
    while len(words) > 1 and words[0] in LEADING:
        words = words[1:]
    return " ".join(words)


def is_reversed(expected: Sequence[Expected], found: Sequence[Found]) -> bool:
    """Is a device told the opposite of what was meant, and not also what was meant?"""
    return any(
        any(_opposed(want, call) for want in expected) and not any(_agreed(want, call) for want in expected) for call in found
    )


def _opposed(want: Expected, call: Found) -> bool:
    if not _share_devices(want, call):
        return False
    if want.function == call.function:
        return _either_way(want.arguments.get("direction"), call.arguments.get("direction"), OPPOSITE_DIRECTIONS)
    return _either_way(want.function, call.function, OPPOSITES)


def _agreed(want: Expected, call: Found) -> bool:
    same = want.function == call.function and want.arguments.get("direction") == call.arguments.get("direction")
    return same and _share_devices(want, call)


def _share_devices(want: Expected, call: Found) -> bool:
    return not want.device_ids or not call.device_ids or not want.device_ids.isdisjoint(call.device_ids)


def _either_way(first: object, second: object, pairs: Iterable[tuple[str, str]]) -> bool:
    return any({first, second} == {one, other} for one, other in pairs)


# Acting where nothing was meant


def judge_nothing(found: Sequence[Found]) -> Verdict:
    """ACTED if one call would act now, PUT_OFF if later, ANSWERED if all only answer."""
    acting = [call for call in found if not by_name()[call.function].is_read]
    if not acting:
        return Verdict.ANSWERED
    return Verdict.PUT_OFF if all(call.is_later for call in acting) else Verdict.ACTED
