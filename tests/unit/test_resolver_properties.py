"""Whatever a model may say of this house, the resolver ends in calls, a question or a refusal, and keeps its promises."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.small_house import HOUSE, States, every, many, one, plan, state

from octopus_hub.config.function_table import FUNCTIONS, by_name
from octopus_hub.config.functions import Parameter, ValueType
from octopus_hub.config.kinds import NOUNS
from octopus_hub.config.plan import (
    Described,
    Duration,
    GroupNamed,
    Named,
    Number,
    PlannedCall,
    Quantifier,
    Selector,
    Target,
    Text,
    Value,
    Word,
)
from octopus_hub.daemon.resolver import resolve

PLACES = st.sampled_from([None, "here", "Kitchen", "Living Room", "Garage", "floor Upper"])
SELECTORS: st.SearchStrategy[Selector] = st.one_of(
    st.sampled_from(HOUSE.devices).map(lambda each: Named(each.name)),
    st.just(GroupNamed("Reading Corner")),
    st.builds(lambda how, noun, where: how(noun.name, where), st.sampled_from([one, many, every]), st.sampled_from(NOUNS), PLACES),
)
STATE_NAMES = ["on", "off", "locked", "unlocked", "open", "closed", "playing", "paused", "unavailable", "unknown", "21.5", "heat"]
SOME_STATES = st.dictionaries(
    st.sampled_from([each.id for each in HOUSE.devices]),
    st.builds(
        state, st.sampled_from(STATE_NAMES), temperature=st.none() | st.floats(0, 90), brightness=st.none() | st.integers(0, 255)
    ),
)


def values_of(parameter: Parameter) -> st.SearchStrategy[Value]:
    """What the model may write for a parameter."""
    words: st.SearchStrategy[Value] = st.sampled_from(parameter.choices).map(Word) if parameter.choices else st.nothing()
    numbers = st.floats(-50, 300, allow_nan=False)
    match parameter.type:
        case ValueType.CHOICE:
            return words
        case ValueType.TEMPERATURE:
            return words | st.builds(Number, numbers, st.sampled_from(["", "°C", "°F"]))
        case ValueType.PERCENT | ValueType.NUMBER:
            return words | st.builds(Number, numbers)
        case ValueType.DURATION:
            return st.builds(Duration, st.integers(1, 86400))
        case ValueType.OPTION | ValueType.AREA:
            return st.sampled_from(["heat", "Netflix", "party", "Kitchen"]).map(Word)
    return st.just(Text("some words"))


@st.composite
def planned_calls(draw: st.DrawFn) -> PlannedCall:
    function = draw(st.sampled_from(FUNCTIONS))
    arguments = {each.name: draw(values_of(each)) for each in function.parameters if each.required or draw(st.booleans())}
    targets = draw(st.lists(SELECTORS, max_size=2))
    without = tuple(draw(st.lists(SELECTORS, max_size=1)))
    return PlannedCall(function.name, Target(tuple(targets), without) if targets else None, arguments)


@given(call=planned_calls(), states=SOME_STATES, area=st.sampled_from([None, "Kitchen", "Bedroom", "Moon"]))
def test_every_plan_ends_in_one_of_three(call: PlannedCall, states: States, area: str | None) -> None:
    """Whatever the model may say: calls of devices that can be called so, or a question between several, or a refusal."""
    found = resolve(plan(call), HOUSE, states, area)
    assert sum((bool(found.calls), found.question is not None, found.refusal is not None)) == 1
    kinds = by_name()[call.function].kinds
    for each in found.calls:
        assert each.function == call.function
        assert len(set(each.device_ids)) == len(each.device_ids)
        assert all(HOUSE.by_id[device_id].kind in kinds for device_id in each.device_ids)
        assert all(isinstance(value, str | int | float | bool) for value in each.arguments.values())
    if found.question is not None:
        assert len(found.question.device_ids) > 1
        assert found.question.text.endswith(("?", "."))


@given(call=planned_calls(), states=SOME_STATES)
def test_sweeping_never_takes_what_must_be_named(call: PlannedCall, states: States) -> None:
    """Neither "the …s" nor "all …" ever means a hazard, or a device that the owner keeps out."""
    swept = call.target is not None and all(
        isinstance(each, Described) and each.quantifier is not Quantifier.ONE for each in call.target.include
    )
    if not swept or by_name()[call.function].is_read:
        return
    for each in resolve(plan(call), HOUSE, states, "Kitchen").calls:
        assert {"fridge", "heater"}.isdisjoint(each.device_ids)
