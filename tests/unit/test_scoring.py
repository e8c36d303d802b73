"""Scoring is strict about what matters and blind to what does not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from support.small_house import HOUSE, every, many, one, plan, planned

from octopus_hub.config.functions import Reason, ValueType
from octopus_hub.config.plan import Duration, GroupNamed, Nested, Number, Plan, PlannedCall, Text, When, Word
from octopus_hub.daemon.accuracy import quiet_states
from octopus_hub.daemon.accuracy_cases import Expected, Said
from octopus_hub.daemon.resolver import Resolution
from octopus_hub.daemon.scoring import Found, Scene, Verdict, canonical, copied, find, is_reversed, judge, judge_nothing

SCENE = Scene(HOUSE, quiet_states(HOUSE), "Kitchen", datetime(2025, 11, 20, 18, 5, tzinfo=UTC))
LATER = When(after_s=600)


def expect(function: str, *ids: str, later: bool = False, **arguments: Said) -> Expected:
    """A call that should come out."""
    return Expected(function, frozenset(ids), arguments, later)


def found(*calls: PlannedCall) -> tuple[Found, ...]:
    """What a plan that resolves comes to."""
    result = find(plan(*calls), SCENE)
    assert not isinstance(result, Resolution), result
    return result


def verdict(expected: Expected | Sequence[Expected], *calls: PlannedCall) -> Verdict:
    """The verdict on a plan of these calls."""
    return judge((expected,) if isinstance(expected, Expected) else expected, found(*calls))


CELSIUS = expect("set_temperature", "nest", temperature=21.0, temperature_unit="C")
LOUDER = expect("step_volume", "radio", direction="up", amount="lot")
PASTA = expect("timer_start", duration=480.0, label="pasta")
OFFICE = planned("get_value", "Office Temperature", property=Word("temperature"))
NESTED = expect("set_temperature", "nest", temperature=expect("get_value", "office_temperature", property="temperature"))

RIGHT = [
    (expect("turn_on", "counter", "kitchen_ceiling"), planned("turn_on", many("light"))),
    (expect("turn_on", "counter", "kitchen_ceiling"), planned("turn_on", every("light", "Kitchen"))),
    (expect("turn_off", "floor_lamp", "heater"), planned("turn_off", GroupNamed("Reading Corner"))),
    (expect("set_brightness", "counter", level=50.0), planned("set_brightness", "Counter", level=Word("half"))),
    (expect("set_brightness", "counter", level=40.0), planned("set_brightness", "Counter", level=Number(40, "%"))),
    (LOUDER, planned("step_volume", "Radio", direction=Word("up"), amount=Word("lot"))),
    (CELSIUS, planned("set_temperature", "Nest", temperature=Number(21, "°C"))),
    (expect("turn_on", "counter", later=True), planned("turn_on", "Counter", when=LATER)),
    (expect("turn_on", "counter", later=True), planned("turn_on", "Counter", when=When(for_s=60))),
    (expect("set_effect", "floor_lamp", effect="Candle"), planned("set_effect", "Floor Lamp", effect=Word("candle"))),
    (expect("alarm_arm", "house_alarm", mode="away"), planned("alarm_arm", "House Alarm")),
    (expect("alarm_arm", "house_alarm"), planned("alarm_arm", "House Alarm", mode=Word("away"))),
    (expect("todo_add", "shopping_list", item="eggs"), planned("todo_add", item=Text("some Eggs."))),
    (expect("todo_add", item="eggs"), planned("todo_add", one("to-do list"), item=Text("eggs"))),
    (PASTA, planned("timer_start", duration=Duration(480, 60), label=Text("the pasta"))),
    (expect("alarm_clock_set", time="6:45"), planned("alarm_clock_set", time=Text("at 6:45"))),
    (NESTED, planned("set_temperature", "Nest", temperature=Nested(OFFICE))),
]


@pytest.mark.parametrize(("expected", "call"), RIGHT, ids=lambda each: str(each)[:60])
def test_same_meaning_is_right(expected: Expected, call: PlannedCall) -> None:
    """Other words for the same devices and values are right."""
    assert verdict(expected, call) is Verdict.RIGHT


WRONG = [
    (expect("turn_on", "counter"), planned("turn_off", "Counter"), Verdict.WRONG_FUNCTION),
    (expect("turn_on", "counter"), planned("turn_on", "Floor Lamp"), Verdict.WRONG_TARGET),
    (expect("turn_on", "counter"), planned("turn_on", many("light")), Verdict.WRONG_TARGET),
    (expect("announce", "radio", message="hi"), planned("announce", "TV", message=Text("hi")), Verdict.WRONG_TARGET),
    (expect("announce", message="hi"), planned("announce", "TV", message=Text("hi")), Verdict.WRONG_TARGET),
    (expect("set_brightness", "counter", level=40.0), planned("set_brightness", "Counter", level=Number(41)), Verdict.WRONG_VALUE),
    (
        expect("set_brightness", "counter", level=100.0),
        planned("set_brightness", "Counter", level=Word("max")),
        Verdict.WRONG_VALUE,
    ),
    (
        expect("step_volume", "radio", direction="up"),
        planned("step_volume", "Radio", direction=Word("up"), amount=Word("lot")),
        Verdict.WRONG_VALUE,
    ),
    (CELSIUS, planned("set_temperature", "Nest", temperature=Number(21)), Verdict.WRONG_VALUE),
    (NESTED, planned("set_temperature", "Nest", temperature=Number(21)), Verdict.WRONG_VALUE),
    (expect("alarm_arm", "house_alarm", mode="night"), planned("alarm_arm", "House Alarm"), Verdict.WRONG_VALUE),
    (expect("todo_add", "shopping_list", item="oat milk"), planned("todo_add", item=Text("milk")), Verdict.WRONG_VALUE),
    (expect("turn_on", "counter"), planned("turn_on", "Counter", when=LATER), Verdict.WRONG_TIME),
    (expect("turn_on", "counter", later=True), planned("turn_on", "Counter"), Verdict.WRONG_TIME),
]


@pytest.mark.parametrize(("expected", "call", "wrong"), WRONG, ids=lambda each: str(each)[:60])
def test_first_mistake_is_told(expected: Expected, call: PlannedCall, wrong: Verdict) -> None:
    """Function, target, value, time: the first that is wrong is the verdict."""
    assert verdict(expected, call) is wrong


def test_order_and_number_of_calls_count() -> None:
    """The same calls in another order, or one too many, are wrong."""
    expected = [expect("turn_on", "counter"), expect("lock", "front_door")]
    on, lock = planned("turn_on", "Counter"), planned("lock", "Front Door")
    assert verdict(expected, on, lock) is Verdict.RIGHT
    assert verdict(expected, lock, on) is Verdict.WRONG_FUNCTION
    assert verdict(expected, on, lock, lock) is Verdict.RIGHT, "saying it twice of one device changes nothing"
    assert verdict(expected, on, lock, on) is Verdict.WRONG_FUNCTION


def test_calls_that_differ_only_in_devices_are_one() -> None:
    """One call of two devices is two calls of one, but only with the same values."""
    both = expect("set_brightness", "counter", "floor_lamp", level=40.0)
    first, second = (
        planned("set_brightness", "Counter", level=Number(40)),
        planned("set_brightness", "Floor Lamp", level=Number(40)),
    )
    assert verdict(both, first, second) is Verdict.RIGHT
    apart = [expect("set_brightness", "counter", level=40.0), expect("set_brightness", "floor_lamp", level=40.0)]
    assert verdict(apart, planned("set_brightness", "Counter", "Floor Lamp", level=Number(40))) is Verdict.RIGHT
    third = planned("set_brightness", "Floor Lamp", level=Number(30))
    assert verdict(both, first, third) is Verdict.WRONG_FUNCTION


@pytest.mark.parametrize(
    ("said", "same"),
    [("at six", "six"), ("For the pasta.", "pasta"), ("some milk", "Milk"), ("The", "the"), ("“Frozen”!", "frozen"), ("a  b", "b")],
)
def test_copied_text_is_compared_by_its_words(said: str, same: str) -> None:
    """Case, leading small words and punctuation around do not count; what is left never is nothing."""
    assert copied(said) == same.casefold()


@pytest.mark.parametrize(
    ("value", "kind", "form"),
    [
        ("heat_cool", ValueType.OPTION, "heat cool"),
        ("High-Demand", ValueType.OPTION, "high demand"),
        ("half", ValueType.PERCENT, 50.0),
        ("half", ValueType.CHOICE, "half"),
        (3, ValueType.NUMBER, 3.0),
        ("Kitchen", ValueType.AREA, "kitchen"),
    ],
)
def test_values_have_one_form(value: str | float, kind: ValueType, form: str | float) -> None:
    """Spelling of options does not count, and half is fifty where it is a number."""
    assert canonical(value, kind) == form


REVERSED = [
    (expect("lock", "front_door"), planned("unlock", "Front Door"), True),
    (expect("lock", "front_door"), planned("unlock", "Back Door"), False),
    (expect("close", "garage_door"), planned("open", "Garage Door"), True),
    (expect("alarm_arm", "house_alarm"), planned("alarm_disarm", "House Alarm"), True),
    (expect("turn_on", "counter", "floor_lamp"), planned("turn_off", "Counter"), True),
    (expect("start", "robbie"), planned("stop", "Robbie"), True),
    (expect("step_volume", "radio", direction="up"), planned("step_volume", "Radio", direction=Word("down")), True),
    (expect("step_volume", "radio", direction="up"), planned("step_volume", "Radio", direction=Word("up")), False),
    (expect("mute", "radio"), planned("turn_off", "Radio"), False),
]


@pytest.mark.parametrize(("expected", "call", "reverses"), REVERSED, ids=lambda each: str(each)[:60])
def test_reversals_are_seen(expected: Expected, call: PlannedCall, reverses: bool) -> None:
    """A device that is told the opposite counts; another device, or another mistake, does not."""
    assert is_reversed((expected,), found(call)) is reverses


def test_what_is_also_meant_is_no_reversal() -> None:
    """Off and on again in one sentence is not the reverse of itself."""
    expected = [expect("turn_off", "counter"), expect("turn_on", "counter")]
    assert not is_reversed(expected, found(planned("turn_on", "Counter"), planned("turn_off", "Counter")))


@pytest.mark.parametrize(
    ("calls", "what"),
    [
        ((planned("turn_on", "Counter"),), Verdict.ACTED),
        ((planned("turn_on", "Counter", when=LATER),), Verdict.PUT_OFF),
        ((planned("get_state", "Front Door"),), Verdict.ANSWERED),
        ((planned("cancel"), planned("repeat")), Verdict.ANSWERED),
        ((planned("get_time"), planned("turn_on", "Counter")), Verdict.ACTED),
        ((planned("turn_on", "Counter", when=LATER), planned("lock", "Front Door")), Verdict.ACTED),
        ((planned("timer_start", duration=Duration(60)),), Verdict.ACTED),
    ],
)
def test_acting_where_nothing_is_meant(calls: tuple[PlannedCall, ...], what: Verdict) -> None:
    """Questions are answers, later is put off, and anything that would happen now is a false action."""
    assert judge_nothing(found(*calls)) is what


def test_what_does_not_resolve_is_handed_back() -> None:
    """A refusal and a question are not calls."""
    refused = find(Plan((), Reason.ABSENT), SCENE)
    asked = find(plan(planned("lock", one("lock", None))), Scene(HOUSE, {}, None, SCENE.now))
    assert isinstance(refused, Resolution)
    assert refused.refusal is not None
    assert isinstance(asked, Resolution)
    assert asked.question is not None
