"""Plans that can be written for a house and a sentence, for tests of writer, reader and mask."""

from __future__ import annotations

from hypothesis import strategies as st

from octopus_hub.config.function_table import FUNCTIONS
from octopus_hub.config.functions import Function, Parameter, Reason, TargetRule, ValueType
from octopus_hub.config.house import Device, House
from octopus_hub.config.kinds import NOUNS
from octopus_hub.config.plan import (
    Described,
    Duration,
    GroupNamed,
    Named,
    Nested,
    Number,
    Plan,
    PlannedCall,
    Quantifier,
    Selector,
    Target,
    Text,
    Value,
    When,
    Where,
    Word,
)
from octopus_hub.models.lexicon import DEFAULT_OPTIONS, answers_for

SENTENCE = "put Milk, eggs — and 2.5 pounds of the butter on my list at half past seven don't forget celsius fahrenheit"
WORDS = SENTENCE.replace(",", "").replace("— ", "").split()
PHRASES = tuple(
    SENTENCE[SENTENCE.index(WORDS[i]) : SENTENCE.index(WORDS[j]) + len(WORDS[j])]
    for i in range(len(WORDS))
    for j in range(i, len(WORDS))
)
"""Every run of words of the sentence, in its spelling; no word comes twice."""

UNITS = {ValueType.PERCENT: ("", "%"), ValueType.TEMPERATURE: ("", "°C", "°F"), ValueType.NUMBER: ("", "K", "%")}


@st.composite
def plans(draw: st.DrawFn, house: House) -> Plan:
    """A refusal, or one to six calls."""
    if draw(st.integers(0, 9)) == 0:
        return Plan((), draw(st.sampled_from(Reason)))
    functions = [f for f in FUNCTIONS if f.target is not TargetRule.REQUIRED or _supported(house, f)]
    with_devices = [f for f in functions if _supported(house, f)] or functions
    picked = draw(st.lists(st.sampled_from(with_devices) | st.sampled_from(functions), min_size=1, max_size=6))
    return Plan(tuple(_call(draw, house, function) for function in picked))


def _supported(house: House, function: Function) -> list[Device]:
    return [device for device in house.devices if device.kind in function.kinds]


def _call(draw: st.DrawFn, house: House, function: Function, nested: bool = False) -> PlannedCall:
    supported = _supported(house, function)
    target, meant = None, supported
    named = function.target is TargetRule.REQUIRED or (function.target is TargetRule.OPTIONAL and draw(st.integers(0, 1)) == 0)
    if supported and named:
        target, meant = _target(draw, house, function)
    can_have = [p for p in function.parameters if not p.kinds or {device.kind for device in supported} <= set(p.kinds)]
    arguments = {p.name: _value(draw, house, p, meant, nested) for p in can_have if p.required or draw(st.integers(0, 2)) == 0}
    return PlannedCall(function.name, target, arguments, None if nested else draw(st.none() | whens()))


def _target(draw: st.DrawFn, house: House, function: Function) -> tuple[Target, list[Device]]:
    """A target; of a function with options just one device, whose options are then meant."""
    supported = _supported(house, function)
    if any(p.type is ValueType.OPTION for p in function.parameters):
        name = draw(st.sampled_from(supported)).name
        return Target((Named(name),)), [device for device in supported if device.name == name]
    included = draw(st.integers(1, 3))
    excluded = draw(st.integers(0, 2))
    selectors = [_selector(draw, house, supported) for _ in range(included + excluded)]
    return Target(tuple(selectors[:included]), tuple(selectors[included:])), supported


def _selector(draw: st.DrawFn, house: House, supported: list[Device]) -> Selector:
    device = draw(st.sampled_from(supported))
    groups = [group.name for group in house.groups if device.id in group.device_ids]
    if draw(st.booleans()) and groups:
        return GroupNamed(groups[0])
    if draw(st.booleans()):
        namesakes = [other for other in supported if other.name == device.name]
        return Named(device.name, draw(_places(house, namesakes)) if len({other.area for other in namesakes}) > 1 else None)
    noun = draw(st.sampled_from([noun for noun in NOUNS if device.is_a(noun)]))
    meant = [other for other in supported if other.is_a(noun)]
    return Described(draw(st.sampled_from(Quantifier)), noun.name, draw(_places(house, meant)))


def _places(house: House, devices: list[Device]) -> st.SearchStrategy[Where | None]:
    areas = sorted({device.area for device in devices if device.area})
    floors = sorted({floor for area in areas if (floor := house.area_floor[area])})
    return st.sampled_from(
        [None, Where(here=True), *(Where(area=area) for area in areas), *(Where(floor=floor) for floor in floors)]
    )


def _value(draw: st.DrawFn, house: House, parameter: Parameter, meant: list[Device], nested: bool) -> Value:
    answers = answers_for(parameter)
    inner = [f for f in FUNCTIONS if f.name in answers and (f.target is not TargetRule.REQUIRED or _supported(house, f))]
    if inner and not nested and draw(st.integers(0, 3)) == 0:
        return Nested(_call(draw, house, draw(st.sampled_from(inner)), nested=True))
    if parameter.type in UNITS:
        if parameter.choices and draw(st.integers(0, 1)) == 0:
            return Word(draw(st.sampled_from(parameter.choices)))
        return draw(_numbers(parameter.type))
    if parameter.type is ValueType.DURATION:
        return draw(durations())
    words = [word for word in parameter.choices if all(parameter.is_of(device.kind, word) for device in meant)]
    if parameter.type is ValueType.AREA:
        words = [area.name for area in house.areas]
    if parameter.type is ValueType.OPTION:
        listed = [option for device in meant for option in device.options.get(parameter.option, ())]
        words = listed or list(DEFAULT_OPTIONS.get(parameter.option, ()))
    return Word(draw(st.sampled_from(words))) if words else Text(draw(st.sampled_from(PHRASES)))


def _numbers(value: ValueType) -> st.SearchStrategy[Number]:
    least = 0 if value is ValueType.PERCENT else -99_999_999
    amounts = st.integers(least, 99_999_999).map(lambda hundredths: hundredths / 100)
    return st.builds(Number, amounts | st.integers(max(least, -300), 300).map(float), st.sampled_from(UNITS[value]))


def durations() -> st.SearchStrategy[Duration]:
    """In one unit or several, as the grammar has room for."""
    one = st.builds(
        lambda amount, unit: Duration(amount * unit, unit), st.integers(1, 9999), st.sampled_from((1, 60, 3600, 86_400))
    )
    return one | st.integers(0, 9999 * 86_400).map(Duration)


def whens() -> st.SearchStrategy[When]:
    """After, for or at."""
    return (
        durations().map(lambda length: When(after_s=length.seconds, unit_s=length.unit_s))
        | durations().map(lambda length: When(for_s=length.seconds, unit_s=length.unit_s))
        | st.sampled_from(PHRASES).map(lambda phrase: When(at=phrase))
    )
