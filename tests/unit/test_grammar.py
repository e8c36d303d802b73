"""The grammar of plans: equal to a slow reference, and bounded."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.model_houses import encoder, sentences, small_houses
from support.reference_grammar import ReferenceGrammar

from octopus_hub.config.function_table import FUNCTIONS, by_name
from octopus_hub.config.functions import ValueType
from octopus_hub.config.house import Area, Device, House
from octopus_hub.models.grammar_states import LIMITS, Limits
from octopus_hub.models.lexicon import Lexicon
from octopus_hub.models.mask import HouseMask, Walk
from octopus_hub.models.tokens import FUNCTION_IDS, NOUN_IDS, PARAMETER_IDS, Mark

TIGHT = Limits(calls=2, selectors=2, number_digits=2, decimals=1, duration_digits=1, copied_words=2)
TINIEST = Limits(calls=1, selectors=1, number_digits=1, decimals=1, duration_digits=1, copied_words=1)
TAKES_OPTION = {FUNCTION_IDS[f.name] for f in FUNCTIONS if any(p.type is ValueType.OPTION for p in f.parameters)}
"""Functions whose words depend on the target: rare in the table, and the hardest part."""
ROOMS = (Area("Kitchen"), Area("Bedroom"))


@given(house=small_houses(), text=sentences(), seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_mask_equals_reference(house: House, text: str, seed: int) -> None:
    """Along random plans of random houses the mask allows what the reference grammar allows, no more and no less."""
    mask = HouseMask(Lexicon(house, encoder()), TIGHT)
    reference = ReferenceGrammar(house, encoder(), FUNCTIONS, text, TIGHT)
    rng = random.Random(seed)
    walk = mask.walk(encoder().pieces(text))
    while not walk.is_done:
        assert set(walk.allowed) == reference.next_ids(walk.ids)
        rare = {Mark.GIVE_UP} if rng.random() < 0.9 else set()
        with_options = [i for i in walk.allowed if i in TAKES_OPTION and rng.random() < 0.6]
        walk.advance(rng.choice(with_options or [i for i in walk.allowed if i not in rare] or walk.allowed))
    assert reference.next_ids(walk.ids) == set()


EVERY_TYPE = (
    "turn_on",
    "set_temperature",
    "clean_area",
    "play_media",
    "timer_start",
    "announce",
    "get_time",
    "set_preset",
    "press",
)
OWN_MODES = {"hvac_modes": ("dry",), "preset_modes": ("eco",)}
ANSWERS = {"set_temperature": "get_value", "announce": "get_time"}


@pytest.mark.parametrize("name", EVERY_TYPE)
def test_mask_equals_reference_everywhere(name: str) -> None:
    """In a tiny house, a plan of every shape of a function is followed by what the reference says at each of its tokens."""
    functions = [by_name()[each] for each in (name, ANSWERS.get(name)) if each]
    kind = (functions[0].kinds or ("light",))[0]
    lamps = (Device("a", "Lamp", kind, "Kitchen", options=OWN_MODES), Device("b", "Lamp", kind, "Bedroom"))
    house = House(areas=ROOMS, devices=lamps)
    mask = HouseMask(Lexicon(house, encoder(), functions), TINIEST)
    reference = ReferenceGrammar(house, encoder(), functions, "the Lamp", TINIEST)
    compared = 0
    for walk in _every_walk(mask, "the Lamp"):
        assert set(walk.allowed) == reference.next_ids(walk.ids)
        compared += 1
    assert compared > 10


def _every_walk(mask: HouseMask, text: str) -> Iterator[Walk]:
    """A walk for each prefix, but a token that was followed at ten places is not followed at more."""
    followed = Counter[int]()
    waiting: list[list[int]] = [[]]
    while waiting:
        walk = mask.walk(encoder().pieces(text))
        for i in waiting.pop():
            walk.advance(i)
        yield walk
        onward = [i for i in walk.allowed if followed[i] < 10]
        followed.update(onward)
        waiting += [[*walk.ids, i] for i in onward]


# Limits


def lamp_walk(text: str = "the lamp at half past seven please") -> Walk:
    """A walk in a house with one lamp and one thermostat."""
    house = House(devices=(Device("a", "Lamp", "light"), Device("n", "Nest", "climate")))
    return HouseMask(Lexicon(house, encoder())).walk(encoder().pieces(text))


def take(walk: Walk, *ids: int) -> set[int]:
    """What is allowed after these ids."""
    for i in ids:
        walk.advance(i)
    return set(walk.allowed)


def test_calls_are_bounded() -> None:
    """After the sixth call comes no other."""
    walk = lamp_walk()
    for _ in range(LIMITS.calls - 1):
        assert Mark.NEXT in take(walk, FUNCTION_IDS["get_time"])
        walk.advance(Mark.NEXT)
    assert Mark.NEXT not in take(walk, FUNCTION_IDS["get_time"])


def test_selectors_are_bounded() -> None:
    """After the sixth selector, excepted ones counted, comes no other."""
    walk = lamp_walk()
    more = (Mark.ALSO, Mark.ALSO, Mark.EXCEPT, Mark.ALSO, Mark.ALSO)
    allowed = take(walk, FUNCTION_IDS["turn_on"], Mark.ALL, NOUN_IDS["light"])
    for mark in more:
        assert mark in allowed
        allowed = take(walk, mark, Mark.ALL, NOUN_IDS["light"])
    assert not {Mark.ALSO, Mark.EXCEPT} & allowed


def test_exceptions_have_no_exceptions() -> None:
    """ "All lights except the lamp except …" is no target."""
    allowed = take(lamp_walk(), FUNCTION_IDS["turn_on"], Mark.ALL, NOUN_IDS["light"], Mark.EXCEPT, Mark.ONE, NOUN_IDS["light"])
    assert Mark.ALSO in allowed
    assert Mark.EXCEPT not in allowed


def test_digits_are_bounded() -> None:
    """A number has at most six digits and two decimals; its range is checked after decoding, not here."""
    digit, point = encoder().digit_ids("9.")
    walk = lamp_walk("19 celsius, not 66 fahrenheit")
    mark = PARAMETER_IDS["temperature"]
    allowed = take(walk, FUNCTION_IDS["set_temperature"], Mark.ONE, NOUN_IDS["thermostat"], mark, *[digit] * LIMITS.number_digits)
    assert not set(encoder().digits) & allowed
    assert {point, Mark.CELSIUS, Mark.FAHRENHEIT, Mark.END} <= allowed
    assert take(walk, point) == {*encoder().digits, Mark.GIVE_UP}
    assert not set(encoder().digits) & take(walk, digit, digit)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("heat it to 21 degrees", set()),
        ("heat it to 21 degrees celsius", {Mark.CELSIUS}),
        ("heat it to 21c", {Mark.CELSIUS}),
        ("21 °C please", {Mark.CELSIUS}),
        ("seventy two fahrenheit", {Mark.FAHRENHEIT}),
        ("72F or 22 centigrade", {Mark.CELSIUS, Mark.FAHRENHEIT}),
    ],
)
def test_a_unit_of_temperature_is_one_that_was_said(text: str, expected: set[Mark]) -> None:
    """ "21 degrees" is in the thermostat's own unit, whatever that is."""
    begin = (FUNCTION_IDS["set_temperature"], Mark.ONE, NOUN_IDS["thermostat"], PARAMETER_IDS["temperature"])
    allowed = take(lamp_walk(text), *begin, *encoder().digit_ids("21"))
    assert allowed & {Mark.CELSIUS, Mark.FAHRENHEIT} == expected
    assert Mark.END in allowed


def test_duration_goes_from_large_units_to_small() -> None:
    """After hours come minutes and seconds, not days, and nothing twice."""
    digit = next(iter(encoder().digits))
    allowed = take(lamp_walk(), FUNCTION_IDS["timer_start"], PARAMETER_IDS["duration"], digit, Mark.HOURS, digit)
    assert allowed == {*encoder().digits, Mark.MINUTES, Mark.SECONDS, Mark.GIVE_UP}


def test_copied_words_are_bounded() -> None:
    """A text is at most 24 neighbouring words, whatever the sentence holds."""
    words = [f"word{chr(97 + n)}" for n in range(26)]
    walk = lamp_walk(" ".join(words))
    allowed = take(walk, FUNCTION_IDS["todo_add"], PARAMETER_IDS["item"], *encoder().ids(" ".join(words[: LIMITS.copied_words])))
    assert encoder().ids(words[LIMITS.copied_words])[0] not in allowed
    assert Mark.END in allowed


def test_copies_go_over_punctuation() -> None:
    """What is copied are the words; commas and dashes between them are left out."""
    walk = lamp_walk("add milk, eggs - butter")
    assert Mark.END in take(walk, FUNCTION_IDS["todo_add"], PARAMETER_IDS["item"], *encoder().ids("milk eggs butter"))


def test_copies_are_neighbours() -> None:
    """Words that are not side by side in the sentence are no text."""
    walk = lamp_walk("milk and butter")
    allowed = take(walk, FUNCTION_IDS["todo_add"], PARAMETER_IDS["item"], *encoder().ids("milk"))
    assert encoder().ids("and")[0] in allowed
    assert encoder().ids("butter")[0] not in allowed


def test_nesting_is_one_level_deep() -> None:
    """The answer of a question can be a value, but a question in a question can't."""
    walk = lamp_walk()
    start = (FUNCTION_IDS["set_temperature"], Mark.ONE, NOUN_IDS["thermostat"], PARAMETER_IDS["temperature"])
    allowed = take(walk, *start)
    assert FUNCTION_IDS["get_value"] in allowed
    assert not {FUNCTION_IDS["turn_on"], FUNCTION_IDS["set_temperature"]} & allowed
    allowed = take(walk, FUNCTION_IDS["get_value"], PARAMETER_IDS["property"], *encoder().ids("temperature"))
    assert {Mark.CLOSE} <= allowed
    assert not {Mark.END, Mark.NEXT, Mark.AFTER, *FUNCTION_IDS.values()} & allowed
    assert {Mark.END, Mark.NEXT, Mark.AFTER} <= take(walk, Mark.CLOSE)
