"""The mask: no way around it, none without a way out, refusal always possible, and what houses let be said."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.model_houses import encoder, house_mask, sentences, small_houses

from octopus_hub.config.errors import VocabularyMismatch
from octopus_hub.config.function_table import FUNCTIONS, by_name
from octopus_hub.config.functions import Function, ValueType
from octopus_hub.config.house import Area, Device, Floor, House
from octopus_hub.config.plan import Plan
from octopus_hub.models.bench_houses import bench_house
from octopus_hub.models.lexicon import Lexicon
from octopus_hub.models.mask import HouseMask, Walk
from octopus_hub.models.reader import PlanReader
from octopus_hub.models.tokens import FUNCTION_IDS, NOUN_IDS, PARAMETER_IDS, VOCABULARY_SIZE, Mark

SMALL = settings(max_examples=60, deadline=None)

KITCHEN_LAMP = Device("a", "Lamp", "light", "Kitchen")
BEDROOM_LAMP = Device("b", "Lamp", "light", "Bedroom")
SECOND_LAMP = Device("c", "Lamp 2", "light", "Kitchen")
ROOMS = (Area("Kitchen"), Area("Bedroom"))


def walk_in(house: House, text: str = "turn it on", *ids: int) -> Walk:
    """A walk that has taken these ids."""
    walk = house_mask(house).walk(encoder().pieces(text))
    for i in ids:
        walk.advance(i)
    return walk


def ids(text: str) -> tuple[int, ...]:
    """Ids of a name or sentence."""
    return encoder().ids(text)


# Nothing but what is allowed


@given(house=small_houses(), text=sentences(), seed=st.integers(0, 2**32))
@SMALL
def test_disallowed_id_raises(house: House, text: str, seed: int) -> None:
    """An id that is not allowed raises, wherever the walk stands, and leaves the walk where it was."""
    rng = random.Random(seed)
    walk = house_mask(house).walk(encoder().pieces(text))
    while not walk.is_done:
        allowed = walk.allowed
        near = {i + step for i in allowed for step in (-1, 1)} | {int(mark) for mark in Mark} | {-1, VOCABULARY_SIZE}
        for wrong in rng.sample(sorted(near - set(allowed)), 12):
            with pytest.raises(ValueError, match=f"token {wrong} is not allowed"):
                walk.advance(wrong)
        assert walk.allowed == allowed
        walk.advance(rng.choice(allowed))
    with pytest.raises(ValueError, match="not allowed"):
        walk.advance(Mark.END)


@given(house=small_houses(), text=sentences(), seed=st.integers(0, 2**32))
@SMALL
def test_refusal_is_possible_and_never_forced(house: House, text: str, seed: int) -> None:
    """Wherever there is more than one way, giving up is one; it is the only one just where words should be copied and there are
    none, and sentences here have words."""
    rng = random.Random(seed)
    walk = house_mask(house).walk(encoder().pieces(text))
    while not walk.is_done:
        allowed = walk.allowed
        assert allowed != [Mark.GIVE_UP]
        if len(allowed) > 1 and Mark.GIVE_UP not in walk.ids:
            assert Mark.GIVE_UP in allowed
        walk.advance(rng.choice(allowed))


def test_single_meaning_is_not_forced() -> None:
    """With one lamp in the house, function, selector, name and place can still be refused; only structure is forced."""
    walk = walk_in(House(areas=ROOMS[:1], devices=(KITCHEN_LAMP,)), "on", FUNCTION_IDS["set_effect"])
    assert Mark.GIVE_UP in walk.allowed
    walk.advance(Mark.DEVICE)
    assert set(walk.allowed) == {ids("Lamp")[0], Mark.GIVE_UP}
    walk.advance(ids("Lamp")[0])
    lock = walk_in(House(devices=(Device("x", "Door", "lock"),)), "lock it", FUNCTION_IDS["lock"], Mark.ONE)
    assert set(lock.allowed) == {NOUN_IDS["thing"], NOUN_IDS["lock"], Mark.GIVE_UP}


def test_forced_tokens_are_taken_up_to_the_next_choice() -> None:
    """The end after a reason is the only way, so it costs no model step; after a complete target there are several ways, and none
    is taken."""
    house = House(devices=(Device("n", "Nest", "climate"),))
    walk = walk_in(house, "heat", FUNCTION_IDS["set_hvac_mode"], Mark.GIVE_UP, Mark.ABSENT)
    assert walk.advance_forced() == [Mark.END]
    assert walk.is_done
    assert Mark.GIVE_UP in walk.ids
    walk = walk_in(house, "heat", FUNCTION_IDS["set_hvac_mode"], Mark.DEVICE, *ids("Nest"))
    assert set(walk.allowed) == {PARAMETER_IDS["mode"], Mark.ALSO, Mark.EXCEPT, Mark.GIVE_UP}
    assert walk.advance_forced() == []


def test_refusal_has_a_reason() -> None:
    """After giving up come one of four reasons and the end."""
    walk = walk_in(House(), "hello", Mark.GIVE_UP)
    assert set(walk.allowed) == {Mark.CHAT, Mark.ABSENT, Mark.UNSUPPORTED, Mark.UNSURE}
    walk.advance(Mark.CHAT)
    assert walk.allowed == [Mark.END]


# Houses


def test_house_without_devices() -> None:
    """It can still refuse, tell the time and set an alarm clock; it can neither switch nor be asked about anything."""
    allowed = set(walk_in(House()).allowed)
    assert {Mark.GIVE_UP, FUNCTION_IDS["get_time"], FUNCTION_IDS["alarm_clock_set"], FUNCTION_IDS["timer_start"]} <= allowed
    assert not allowed & {FUNCTION_IDS[name] for name in ("turn_on", "get_state", "unlock", "list_devices", "set_volume")}
    walk = walk_in(House(), "what time is it", FUNCTION_IDS["get_time"])
    walk.advance(Mark.END)
    assert walk.is_done


def test_optional_target_of_a_house_without_such_devices() -> None:
    """A shopping list that is no device can be added to, and nothing can be named as the list."""
    walk = walk_in(House(devices=(KITCHEN_LAMP,)), "add milk", FUNCTION_IDS["todo_add"])
    assert set(walk.allowed) == {PARAMETER_IDS["item"], Mark.GIVE_UP}


def test_only_what_supports_the_function_can_be_named() -> None:
    """The mask knows which devices a function can act on: a lamp is not locked."""
    house = House(devices=(KITCHEN_LAMP, Device("l", "Door", "lock")))
    assert set(walk_in(house, "x", FUNCTION_IDS["lock"], Mark.DEVICE).allowed) == {ids("Door")[0], Mark.GIVE_UP}


def test_name_that_begins_another() -> None:
    """After "Lamp" the name may end or go on as "Lamp 2"."""
    house = House(areas=ROOMS, devices=(KITCHEN_LAMP, SECOND_LAMP))
    walk = walk_in(house, "x", FUNCTION_IDS["turn_on"], Mark.DEVICE, *ids("Lamp"))
    assert ids("Lamp 2")[len(ids("Lamp"))] in walk.allowed
    assert {Mark.END, Mark.ALSO, Mark.AFTER} <= set(walk.allowed)
    assert not {Mark.IN, Mark.HERE} & set(walk.allowed)


def test_repeated_name_takes_a_place() -> None:
    """Of two lamps called "Lamp" either is meant by its room, and both or either by neither; a room without one can't be said."""
    house = House(areas=(*ROOMS, Area("Cellar")), devices=(KITCHEN_LAMP, BEDROOM_LAMP))
    walk = walk_in(house, "x", FUNCTION_IDS["turn_on"], Mark.DEVICE, *ids("Lamp"))
    assert {Mark.IN, Mark.HERE, Mark.END} <= set(walk.allowed)
    walk.advance(Mark.IN)
    assert set(walk.allowed) == {ids("Kitchen")[0], ids("Bedroom")[0], Mark.GIVE_UP}


def test_repeated_name_in_one_room_takes_no_place() -> None:
    """Where a room says nothing new, it is not asked for."""
    house = House(areas=ROOMS, devices=(KITCHEN_LAMP, replace(KITCHEN_LAMP, id="b")))
    assert Mark.IN not in walk_in(house, "x", FUNCTION_IDS["turn_on"], Mark.DEVICE, *ids("Lamp")).allowed


@pytest.mark.parametrize(
    "name", ["Nachttischlämpchen", "ÖFEN", "42", "007", "🎄", "🎄 Tree", "ランプ", "a" * 80, "L-1/2 (left)", "A_b"]
)
def test_any_name_can_be_said(name: str) -> None:
    """Umlauts, digits, emoji, other scripts, 80 letters, punctuation: each name leads through the mask to the end."""
    walk = walk_in(House(devices=(replace(KITCHEN_LAMP, name=name, area=None),)), "x", FUNCTION_IDS["turn_on"], Mark.DEVICE)
    for i in ids(name):
        assert set(walk.allowed) == {i, Mark.GIVE_UP} or walk.allowed == [i]
        walk.advance(i)
    walk.advance(Mark.END)
    assert walk.is_done


MANOR = House(
    floors=(Floor("Basement"), Floor("Upper")),
    areas=(Area("La Bodega", "Basement"), Area("Blue Room", "Upper"), Area("Red Room", "Upper")),
    devices=(
        Device("a", "Dulcinea Right Shutter", "cover", "Blue Room"),
        Device("b", "Dulcinea Left Shutter", "cover", "Blue Room"),
        Device("c", "Landing Night Light", "light", "Red Room"),
        Device("d", "Reading Lamp", "light", "La Bodega"),
    ),
)


def planned(text: str, *plan: int, house: House = MANOR) -> Plan | None:
    """What these ids read as, where the mask lets them through."""
    try:
        walk = walk_in(house, text, *plan)
    except ValueError:
        return None
    return PlanReader(walk.ids, house_mask(house).lexicon, text, encoder().pieces(text)).read()


def test_part_of_a_name_that_was_said() -> None:
    """Stands for the one device that has it, and reads as its name; not for one of two, nor by words for kinds, nor unsaid."""
    device, off = Mark.DEVICE, FUNCTION_IDS["turn_off"]
    said = "the night light off and the right shutter shut"
    assert str(planned(said, off, device, *ids("night light"), Mark.END)) == 'turn_off("Landing Night Light")'
    shut = FUNCTION_IDS["close"]
    assert str(planned(said, shut, device, *ids("right shutter"), Mark.END)) == 'close("Dulcinea Right Shutter")'
    assert planned("dulcinea closed", shut, device, *ids("dulcinea"), Mark.END) is None
    assert planned("the light off", off, device, *ids("light"), Mark.END) is None
    assert planned("turn it off", off, device, *ids("night light"), Mark.END) is None


def test_name_behind_its_area() -> None:
    """Whoever says "Emma's night light" means the Night Light of her room, and the lamp of hers where another room has one too."""
    house = House(
        areas=(Area("Emma's Room"), Area("Kitchen")),
        devices=(
            Device("night", "Night Light", "light", "Emma's Room"),
            Device("emma", "Lamp", "light", "Emma's Room"),
            Device("kitchen", "Lamp", "light", "Kitchen"),
        ),
    )
    off = (FUNCTION_IDS["turn_off"], Mark.DEVICE)
    night = planned("emma's night light off", *off, *ids("emma's night light"), Mark.END, house=house)
    lamp = planned("kitchen lamp off", *off, *ids("kitchen lamp"), Mark.END, house=house)
    assert (str(night), str(lamp)) == ('turn_off("Night Light")', 'turn_off("Lamp" in "Kitchen")')
    assert planned("kitchen night light off", *off, *ids("kitchen night light"), Mark.END, house=house) is None


def test_name_before_a_word_for_kinds() -> None:
    """Whoever says "the desk light" means the light that is called Desk."""
    house = House(areas=(Area("Office"),), devices=(Device("desk", "Desk", "light", "Office"),))
    off = (FUNCTION_IDS["turn_off"], Mark.DEVICE)
    for said in ("desk light", "office desk lamp"):
        assert str(planned(f"{said} off", *off, *ids(said), Mark.END, house=house)) == 'turn_off("Desk")'
    assert planned("desk drawer off", *off, *ids("desk drawer"), Mark.END, house=house) is None


def bedside(mark: int, said: str, *ids_after: int) -> str | None:
    """The plan for `said` in a house with two lamps and a blind at the bedside."""
    house = House(
        areas=(Area("Bedroom"), Area("Guest Room")),
        devices=(
            Device("left", "Bedside Lamp Left", "light", "Bedroom"),
            Device("right", "Bedside Lamp Right", "light", "Bedroom"),
            Device("guest", "Bedside Plug", "switch", "Guest Room"),
            Device("fairy", "Bedside Garland", "light", "Bedroom", bulk=False),
            Device("blind", "Bedside Blind", "cover", "Bedroom", device_class="blind"),
        ),
    )
    plan = planned(f"the {said}, please", mark, Mark.DEVICE, *ids(said), *ids_after, Mark.END, house=house)
    return str(plan) if plan else None


def test_words_of_a_name_in_another_order() -> None:
    """ "The left bedside lamp" is the Bedside Lamp Left; a word for its kind may stand behind."""
    off = FUNCTION_IDS["turn_off"]
    for said in ("left bedside lamp", "left bedside light", "bedside left"):
        assert bedside(off, said) == 'turn_off("Bedside Lamp Left")'
    assert bedside(off, "left blind") is None
    assert bedside(off, "left bedside blind") is None


def test_words_for_several_by_a_part_of_their_names() -> None:
    """ "The bedside lamps" are the lamps that have the word in their names, neither the plug nor what must be called by its name;
    "the bedside lamp" is not clear."""
    off, shut = FUNCTION_IDS["turn_off"], FUNCTION_IDS["close"]
    lamps = '"Bedside Lamp Left", "Bedside Lamp Right"'
    assert bedside(off, "bedside lights") == f"turn_off({lamps})"
    assert bedside(off, "bedside things") == f'turn_off({lamps}, "Bedside Plug")'
    assert bedside(off, "bedside things", Mark.IN, *ids("bedroom")) == f"turn_off({lamps})"
    assert bedside(shut, "bedside blinds") == 'close("Bedside Blind")'
    assert bedside(off, "bedside lights", Mark.IN, *ids("guest room")) is None
    assert bedside(off, "bedside light") is None
    assert bedside(off, "bedside fan") is None
    assert bedside(off, "bedside") is None


def test_part_of_a_name_that_is_anothers_name() -> None:
    """A script called Lamp does not stand in the way of the one thermostat that "lamp" is a part of."""
    house = House(devices=(Device("script", "Lamp", "script"), Device("heater", "Lamp Two Left", "climate")))
    begin = (FUNCTION_IDS["set_temperature"], Mark.DEVICE, *ids("lamp"), PARAMETER_IDS["temperature"])
    plan = planned("the lamp to 9", *begin, *encoder().digit_ids("9"), Mark.END, house=house)
    assert str(plan) == 'set_temperature("Lamp Two Left"; temperature=9)'


def test_places_by_either_mark() -> None:
    """People say "in the basement" and "on the patio": both marks take areas and floors, and a said part of an area's name."""
    lights = (FUNCTION_IDS["turn_off"], Mark.ALL, NOUN_IDS["light"])
    said = "all lights off in the bodega"
    for mark in (Mark.IN, Mark.ON):
        assert str(planned(said, *lights, mark, *ids("basement"), Mark.END)) == 'turn_off(all light on "Basement")'
        assert str(planned(said, *lights, mark, *ids("red room"), Mark.END)) == 'turn_off(all light in "Red Room")'
        assert str(planned(said, *lights, mark, *ids("bodega"), Mark.END)) == 'turn_off(all light in "La Bodega")'
        assert planned("all lights off in that room", *lights, mark, *ids("room"), Mark.END) is None


def test_name_that_cannot_be_said() -> None:
    """A device whose name is all blanks is reached by what it is, not by name."""
    allowed = walk_in(House(devices=(replace(KITCHEN_LAMP, name="\u3000 "),)), "x", FUNCTION_IDS["turn_on"]).allowed
    assert Mark.DEVICE not in allowed
    assert Mark.ALL in allowed


def test_options_are_those_of_the_target() -> None:
    """A thermostat takes its own modes; one that lists none takes Home Assistant's."""
    own = Device("n", "Nest", "climate", options={"hvac_modes": ("heat", "off")})
    house = House(devices=(own, Device("t", "Tado", "climate")))
    start = (FUNCTION_IDS["set_hvac_mode"], Mark.DEVICE)
    of_own = walk_in(house, "x", *start, *ids("Nest"), PARAMETER_IDS["mode"]).allowed
    of_other = walk_in(house, "x", *start, *ids("Tado"), PARAMETER_IDS["mode"]).allowed
    assert set(of_own) == {ids("heat")[0], ids("off")[0], Mark.GIVE_UP}
    assert set(of_own) < set(of_other)


def test_options_of_a_noun_are_those_of_its_devices() -> None:
    """ "The fan" takes the presets of fans, though thermostats have presets too."""
    fan = Device("f", "Breeze", "fan", options={"preset_modes": ("sleep",)})
    house = House(devices=(fan, Device("n", "Nest", "climate", options={"preset_modes": ("eco",)})))
    walk = walk_in(house, "x", FUNCTION_IDS["set_preset"], Mark.ONE, NOUN_IDS["fan"], PARAMETER_IDS["preset"])
    assert set(walk.allowed) == {ids("sleep")[0], Mark.GIVE_UP}


def test_options_after_a_nested_question_are_those_of_the_outer_target() -> None:
    """What the question is about does not change what the call is about."""
    own = Device("n", "Nest", "climate", options={"hvac_modes": ("heat",)})
    house = House(devices=(own, Device("t", "Tado", "climate", options={"hvac_modes": ("dry",)})))
    question = (FUNCTION_IDS["get_value"], Mark.DEVICE, *ids("Tado"), PARAMETER_IDS["property"], *ids("temperature"), Mark.CLOSE)
    walk = walk_in(house, "x", FUNCTION_IDS["set_temperature"], Mark.DEVICE, *ids("Nest"), PARAMETER_IDS["temperature"], *question)
    walk.advance(PARAMETER_IDS["mode"])
    assert set(walk.allowed) == {ids("heat")[0], Mark.GIVE_UP}


def test_option_without_a_list_is_copied() -> None:
    """What a selector offers is unknown where it does not say: then it is one of the sentence's words."""
    house = House(devices=(Device("s", "Program", "select"),))
    walk = walk_in(house, "gentle wash", FUNCTION_IDS["select_option"], Mark.DEVICE, *ids("Program"), PARAMETER_IDS["option"])
    assert set(walk.allowed) == {ids("gentle")[0], ids("wash")[0], Mark.GIVE_UP}


def test_sentence_without_words_cannot_be_copied() -> None:
    """Where there is nothing to copy, the only way is to give up."""
    house = House(devices=(Device("t", "List", "todo"),))
    assert walk_in(house, "?!", FUNCTION_IDS["todo_add"], PARAMETER_IDS["item"]).allowed == [Mark.GIVE_UP]
    assert Mark.AT not in walk_in(house, "?!", FUNCTION_IDS["get_time"]).allowed


# Building


def _without_choices(function: Function) -> Function:
    return replace(function, parameters=tuple(replace(p, choices=()) for p in function.parameters))


def test_empty_closed_list_is_refused() -> None:
    """A function that could be begun but never completed stops the build, by name."""
    function = _without_choices(by_name()["set_color"])
    lexicon = Lexicon(House(devices=(KITCHEN_LAMP,)), encoder(), [function])
    with pytest.raises(VocabularyMismatch, match="function set_color: parameter color has no choices"):
        HouseMask(lexicon)


def test_empty_closed_list_of_an_absent_function_is_harmless() -> None:
    """What this house can't do anyway is not checked."""
    HouseMask(Lexicon(House(), encoder(), [_without_choices(by_name()["set_color"])]))


def test_every_closed_list_has_words() -> None:
    """The table has no choice without words, so the mask of every house can be built."""
    choices = [p for f in FUNCTIONS for p in f.parameters if p.type is ValueType.CHOICE]
    assert all(all(ids(word) for word in p.choices) and p.choices for p in choices)


# Size


@contextmanager
def counted_calls() -> Iterator[list[int]]:
    """Counts calls of Python functions: a measure of work that is the same on every machine."""
    calls = [0]

    def count(_frame: object, event: str, _argument: object) -> None:
        calls[0] += event == "call"

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def _work(devices: int) -> int:
    """Calls that it takes to compile a house and decode two plans in it, token by token."""
    house = bench_house(devices)
    lamp = ids("Floor Lamp")
    room = ids("Living Room")
    named = [FUNCTION_IDS["turn_on"], Mark.DEVICE, *lamp, Mark.NEXT, FUNCTION_IDS["get_state"], Mark.DEVICE, *lamp, Mark.END]
    described = [FUNCTION_IDS["turn_off"], Mark.ALL, NOUN_IDS["light"], Mark.IN, *room, Mark.EXCEPT, Mark.DEVICE, *lamp, Mark.END]
    with counted_calls() as calls:
        mask = HouseMask(Lexicon(house, encoder()))
        for plan in (named, described):
            walk = mask.walk(())
            for i in plan:
                walk.advance(i)
            assert walk.is_done
    return calls[0]


def test_work_grows_no_faster_than_the_house() -> None:
    """A house of 1,000 devices takes at most twelve times the work of one of 100, and at most 200 calls a device."""
    small, large = _work(100), _work(1000)
    assert large < 12 * small
    assert large < 200_000
