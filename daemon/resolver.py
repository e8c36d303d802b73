"""A plan's described targets and words become calls of devices with numbers, or a question back, or a refusal. Pure.

All or nothing: a plan with one step that cannot be resolved yields no calls. Knows nothing of models, adapters or permissions, and
reads no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import NUMBERS, Function, Parameter, TargetRule, ValueType
from octopus_hub.config.house import ActionClass, Device, DeviceState, House
from octopus_hub.config.plan import (
    Call,
    Described,
    Nested,
    Number,
    Plan,
    PlannedCall,
    Quantifier,
    Scalar,
    Target,
    Text,
    Value,
    When,
    Word,
)
from octopus_hub.daemon.abilities import has_light_mode
from octopus_hub.daemon.answers import ANSWERED, answer
from octopus_hub.daemon.policy import device_action_class
from octopus_hub.daemon.quantities import Subject
from octopus_hub.daemon.replies import OF_REASON, Code, Question, Refusal, Unresolved, refusal, the
from octopus_hub.daemon.scope import find_devices
from octopus_hub.daemon.search import Search, Surroundings
from octopus_hub.daemon.values import arguments_for, arguments_without_device
from octopus_hub.models.shards import words

NO_DATE = datetime.min.replace(tzinfo=UTC)

DEFAULT_TARGETS: Mapping[str, Described] = {
    "play_media": Described(Quantifier.ONE, "media player"),
    "announce": Described(Quantifier.ALL, "speaker"),
    "clean_area": Described(Quantifier.ONE, "vacuum"),
    "get_value": Described(Quantifier.ONE, "thing"),
    "get_weather": Described(Quantifier.ONE, "weather"),
    "navigate_to": Described(Quantifier.ONE, "vehicle"),
    "todo_add": Described(Quantifier.ONE, "to-do list"),
    "todo_complete": Described(Quantifier.ONE, "to-do list"),
    "todo_remove": Described(Quantifier.ONE, "to-do list"),
    "todo_read": Described(Quantifier.ONE, "to-do list"),
}
"""What is meant where the sentence names no device. Timers without a device are the hub's own."""

LIST_FUNCTIONS = frozenset({"todo_add", "todo_complete", "todo_remove", "todo_read"})


@dataclass(frozen=True, slots=True)
class Resolution:
    """Exactly one of: calls in order, a question, a refusal."""

    calls: tuple[Call, ...] = ()
    question: Question | None = None
    refusal: Refusal | None = None


def resolve(
    plan: Plan,
    house: House,
    states: Mapping[str, DeviceState],
    area: str | None = None,
    *,
    now: datetime | None = None,
    prefer: frozenset[str] = frozenset(),
    text: str = "",
) -> Resolution:
    """What is to be done. `area` is where the speaker is, `prefer` the devices chosen when asked, `now` for nested questions,
    `text` the sentence: of several devices that a plan may mean, one that was called by its name is meant."""
    if plan.refusal is not None:
        return Resolution(refusal=Refusal(OF_REASON[plan.refusal]))
    if not plan.calls:
        return Resolution(refusal=Refusal(Code.UNSURE))
    around = Surroundings(house, states, area and house.own_name_of_area(area), prefer, words(text))
    try:
        calls: list[Call] = []
        for planned in completed(plan).calls:
            calls += _calls(planned, around, now)
            around = replace(around, before=_areas_of(calls[-1], house))
    except Unresolved as stopped:
        verdict = stopped.verdict
        return Resolution(question=verdict) if isinstance(verdict, Question) else Resolution(refusal=verdict)
    return Resolution(tuple(calls))


def _areas_of(call: Call, house: House) -> frozenset[str]:
    return frozenset(area for device_id in call.device_ids if (area := house.by_id[device_id].area) is not None)


def completed(plan: Plan) -> Plan:
    """The plan with the list that was said once: "put milk and eggs on the shopping list" are two calls, one of which names it."""
    lists = [call.target for call in plan.calls if call.target and call.function in LIST_FUNCTIONS]
    if not lists:
        return plan
    calls = (
        replace(call, target=lists[0]) if call.target is None and call.function in LIST_FUNCTIONS else call for call in plan.calls
    )
    return replace(plan, calls=tuple(calls))


def _calls(planned: PlannedCall, around: Surroundings, now: datetime | None) -> list[Call]:
    """One planned call; several calls where the devices need different arguments."""
    function = by_name()[planned.function]
    planned = _with_answers(planned, function, around, now)
    at = _at(planned.when)
    target = planned.target or _default_target(function)
    if target is None:
        return [Call(function.name, (), arguments_without_device(planned, function), at)]
    devices = find_devices(Search(planned, function, around), target)
    if function.is_read:
        ids = tuple(device.id for device in devices)
        return [Call(function.name, ids, arguments_without_device(planned, function), at)]
    grouped: dict[tuple[tuple[str, Scalar], ...], list[str]] = {}
    for device in devices:
        arguments = _arguments(planned, function, device, around)
        grouped.setdefault(tuple(arguments.items()), []).append(device.id)
    if len(grouped) > 1:
        _refuse_hazards(function, devices)
    return [Call(function.name, tuple(ids), dict(arguments), at) for arguments, ids in grouped.items()]


def _refuse_hazards(function: Function, devices: tuple[Device, ...]) -> None:
    """Calls apart are each allowed on their own; that must not let a hazard slip through with others."""
    for device in devices:
        if device_action_class(function, device) is ActionClass.HAZARD:
            raise refusal(Code.HAZARD, device=the(device))


def _arguments(planned: PlannedCall, function: Function, device: Device, around: Surroundings) -> dict[str, Scalar]:
    state = around.state(device)
    if not has_light_mode(function, state):
        raise refusal(Code.NOT_SUPPORTED, device=the(device))
    return arguments_for(planned, function, Subject(device, state, around.house))


def _default_target(function: Function) -> Target | None:
    if function.name in DEFAULT_TARGETS:
        return Target((DEFAULT_TARGETS[function.name],))
    if function.target is TargetRule.REQUIRED:
        raise refusal(Code.UNSURE)
    return None


def _at(when: When | None) -> float | str | None:
    """Not for now, in seconds or words. "For ten minutes" needs an end that nobody sees to yet, so it is put off whole."""
    if when is None:
        return None
    if when.at is not None:
        return when.at
    seconds = when.after_s if when.after_s is not None else when.for_s
    assert seconds is not None  # exactly one is set
    return float(seconds)


# Nested questions


def _with_answers(planned: PlannedCall, function: Function, around: Surroundings, now: datetime | None) -> PlannedCall:
    """The planned call with the answers of its nested questions as plain values."""
    if not any(isinstance(value, Nested) for value in planned.arguments.values()):
        return planned
    filled: dict[str, Value] = {}
    for name, value in planned.arguments.items():
        if isinstance(value, Nested):
            value = _answered(value.call, function.parameter(name), around, now)
        filled[name] = value
    return replace(planned, arguments=filled)


def _answered(planned: PlannedCall, wanted: Parameter, around: Surroundings, now: datetime | None) -> Value:
    if planned.function not in ANSWERED or (now is None and planned.function in ("get_time", "get_date")):
        raise refusal(Code.UNSUPPORTED)
    (call,) = _calls(planned, around, now)
    found = answer(call, around.house, around.states, now or NO_DATE)
    if found.code is not None:
        raise refusal(found.code)
    if wanted.type is ValueType.TEXT:
        return Text(found.text)
    if wanted.type in NUMBERS:
        if isinstance(found.value, bool) or not isinstance(found.value, int | float):
            raise refusal(Code.UNSURE)
        return Number(float(found.value), found.unit)
    word = str(found.value)
    if wanted.choices and word not in wanted.choices:
        raise refusal(Code.UNSUPPORTED)
    return Word(word)
