"""Patterns put into houses: what is said and what is planned are of one piece."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.corpus import corpus, names
from support.model_houses import encoder, house_mask

from octopus_hub.config.house import Area, Device, Floor, Group, House, Units
from octopus_hub.config.kinds import noun_by_name
from octopus_hub.config.plan import (
    Described,
    Duration,
    GroupNamed,
    Named,
    Number,
    Plan,
    Quantifier,
    Selector,
    Text,
    Value,
    When,
    Where,
    Word,
)
from octopus_hub.models.data.fill import Filled, Filler
from octopus_hub.models.data.fill_names import words_of
from octopus_hub.models.data.fill_nouns import Unfit
from octopus_hub.models.data.houses import HouseMaker, Names
from octopus_hub.models.data.patterns import parse
from octopus_hub.models.mask import HouseMask
from octopus_hub.models.reader import PlanReader
from octopus_hub.models.writer import plan_ids

KITCHEN, BEDROOM = Area("Kitchen", "Ground", ("cookhouse",)), Area("Bedroom", "Upper")
FLOORS = (Floor("Ground", 0, ("downstairs",)), Floor("Upper", 1))
HOUSE = House(
    areas=(KITCHEN, BEDROOM),
    floors=FLOORS,
    groups=(Group("Evening", ("spot", "lamp"), ("dusk",)),),
    devices=(
        Device("spot", "Spot", "light", "Kitchen", ("beam",)),
        Device("lamp", "Floor Lamp", "light", "Bedroom"),
        Device("nest", "Nest", "climate", "Bedroom", options={"hvac_modes": ("heat", "heat_cool")}),
        Device("list", "Shopping List", "todo"),
        Device("blind", "Roller", "cover", "Bedroom", device_class="shutter"),
    ),
)


def fillings(line: str, house: House = HOUSE, count: int = 60) -> Iterator[Filled]:
    """The pattern in the house, with many random sources; each is checked to be understood as it was meant."""
    pattern = parse(line)
    mask = house_mask(house)
    for seed in range(count):
        filled = Filler(house, names(), random.Random(seed)).fill(pattern)
        assert comes_back(filled, mask)
        yield filled


def absences(line: str, house: House = HOUSE, count: int = 60) -> list[Filled]:
    """The pattern with what the house has not."""
    found = (Filler(house, names(), random.Random(seed)).fill_absent(parse(line)) for seed in range(count))
    return [filled for filled in found if filled is not None]


def comes_back(filled: Filled, mask: HouseMask) -> bool:
    """Does the plan pass the mask of its sentence, and read as it was written, but for punctuation at the end of copied words?"""
    pieces = encoder().pieces(filled.text)
    ids = plan_ids(filled.plan, encoder())
    walk = mask.walk(pieces)
    try:
        for i in ids:
            walk.advance(i)
    except ValueError:
        return False
    read = PlanReader(ids, mask.lexicon, filled.text, pieces).read()
    return walk.is_done and plan_ids(read, encoder()) == ids and _shape(read) == _shape(filled.plan)


def _shape(plan: Plan) -> list[tuple[object, ...]]:
    return [(call.function, call.target, set(call.arguments)) for call in plan.calls]


def target(filled: Filled, call: int = 0) -> Selector:
    """The first selector of a call."""
    found = filled.plan.calls[call].target
    assert found is not None
    return found.include[0]


def argument(filled: Filled, name: str) -> Value:
    """An argument of the first call."""
    return filled.plan.calls[0].arguments[name]


# Devices


def test_device_by_name_or_alias() -> None:
    """What is said is the name, an alias, or the name with its room; what is planned is the word that is said."""
    said = {(filled.text, str(target(filled))) for filled in fillings("turn on the {d:light} ::: turn_on({d})", count=150)}
    assert {("turn on the Spot", '"Spot"'), ("turn on the beam", '"beam"'), ("turn on the Floor Lamp", '"Floor Lamp"')} <= said
    assert any(text == "turn on the Spot in the Kitchen" for text, _ in said)
    assert {plan for _, plan in said} == {'"Spot"', '"beam"', '"Floor Lamp"'}


def test_device_of_the_function() -> None:
    """A device slot takes only what the function can act on, whatever its noun says."""
    assert {str(target(filled)) for filled in fillings("close the {d:shutter|light} ::: close({d})")} == {'"Roller"'}


def test_repeated_name_is_planned_with_the_room_that_is_said() -> None:
    """Of two lamps of one name the room is planned exactly where the sentence names it."""
    twins = House(
        areas=(KITCHEN, BEDROOM), devices=(Device("a", "Lamp", "light", "Kitchen"), Device("b", "Lamp", "light", "Bedroom"))
    )
    places = Counter[str]()
    for filled in fillings("turn on the {d:light} ::: turn_on({d})", twins):
        selector = target(filled)
        assert isinstance(selector, Named)
        rooms = {name for area in twins.areas for name in (area.name, *area.aliases) if name in filled.text}
        assert (selector.where is not None) == bool(rooms)
        if selector.where:
            assert rooms == {selector.where.area}
        places[str(selector.where)] += 1
    assert places.keys() == {"None", 'in "Kitchen"', 'in "cookhouse"', 'in "Bedroom"'}


def test_an_alias_of_several_devices_is_planned_with_the_room_that_is_said() -> None:
    """ "The heating" of two rooms is told apart as two lamps of one name are."""
    heatings = tuple(Device(room, f"{room} Nest", "climate", room, ("warmer",)) for room in ("Kitchen", "Bedroom"))
    house = House(areas=(KITCHEN, BEDROOM), devices=heatings)
    said = {(f.text, str(target(f))) for f in fillings("{d:thermostat} off ::: turn_off({d})", house, count=150)}
    assert ("warmer in the Bedroom off", '"warmer" in "Bedroom"') in said
    assert ("Kitchen Nest off", '"Kitchen Nest"') in said


def test_a_word_that_names_another_device_is_not_said() -> None:
    """Nor is a plain noun, which describes."""
    devices = (Device("a", "Spot", "light", aliases=("lamp one", "Light")), Device("b", "Lamp One", "light"))
    said = {f.text for f in fillings("{d:light} on ::: turn_on({d})", House(devices=devices), count=150)}
    assert said <= {"Spot on", "Lamp One on", "One on", "Lamp on"}


def test_said_in_other_words(tmp_path: Path) -> None:
    """What is said for a device without being its name is planned by its name; not where it could be something else, or nothing."""
    (tmp_path / "fan.txt").write_text("Range Hood | hood | ~vent over the stove\nWhirly\n")
    written = Names(tmp_path)
    assert written.of(noun_by_name("fan"))[0] == ("Range Hood", ("hood",))

    def said(*more: Device) -> set[str]:
        house = House(areas=(KITCHEN,), devices=(Device("hood", "Range Hood", "fan", "Kitchen"), *more))
        found = [
            Filler(house, written, random.Random(seed)).fill(parse("{d:fan|light} off ::: turn_off({d})")) for seed in range(60)
        ]
        hood = [filled for filled in found if target(filled) == Named("Range Hood")]
        assert all(comes_back(filled, house_mask(house)) for filled in hood)
        return {filled.text for filled in hood}

    assert {"Range Hood off", "vent over the stove off"} <= said()
    assert not any("vent" in text for text in said(Device("light", "Stove Light", "light", "Kitchen")))
    assert not any("vent" in text for text in said(Device("other", "Range Hood", "fan")))


def test_room_of_a_device() -> None:
    """ "The lamp in the {area of d}" names the room of the device that was chosen."""
    for filled in fillings("the {d:light} in the {r:area of d} ::: turn_on({d})"):
        room = {'"Floor Lamp"': ("Bedroom",)}.get(str(target(filled)), ("Kitchen", "cookhouse"))
        assert filled.text.endswith(room)


def test_two_devices_are_two() -> None:
    """Two slots never become one device."""
    for filled in fillings("the {d:light} and the {e:light} ::: turn_on({d}, {e})"):
        found = filled.plan.calls[0].target
        assert found is not None
        assert len(set(found.include)) == 2


def test_excepted_device_is_one_of_those_meant() -> None:
    """ "All lights but the …" excepts a light."""
    for filled in fillings("all lights but {d:light|thermostat} ::: turn_off(all light except {d})"):
        found = filled.plan.calls[0].target
        assert found is not None
        assert isinstance(found.exclude[0], Named)
        assert found.exclude[0].name in ("Spot", "beam", "Floor Lamp")


# Places and nouns


def test_named_where_there_is_a_device_of_that_name() -> None:
    """ "The kitchen light" is the device "Kitchen Light" where the house has one, else a light in the kitchen."""
    line = "turn on the {a:area} light ::: turn_on(one light in {a})"
    named = House(
        areas=(KITCHEN,), devices=(Device("a", "Kitchen Light", "light", "Kitchen"), Device("b", "Spot", "light", "Kitchen"))
    )
    for filled in fillings(line, named):
        if filled.text == "turn on the Kitchen light":
            assert target(filled) == Named("Kitchen Light")
        else:
            assert filled.text == "turn on the cookhouse light"
            assert target(filled) == Described(Quantifier.ONE, "light", Where(area="cookhouse"))
    assert {target(filled) for filled in fillings(line)} == {
        Described(Quantifier.ONE, "light", Where(area="Kitchen")),
        Described(Quantifier.ONE, "light", Where(area="cookhouse")),
        Described(Quantifier.ONE, "light", Where(area="Bedroom")),
    }


def test_named_by_alias_or_plural() -> None:
    """An alias counts as a name, and "the kitchen lights" may be one too; "all the kitchen lights" never is."""
    lights = Device("a", "Ceiling", "light", "Bedroom", ("bedroom lights",))
    house = House(areas=(BEDROOM,), devices=(lights, Device("b", "Spot", "light", "Bedroom")))
    assert {target(f) for f in fillings("the {a:area} lights ::: turn_on(many light in {a})", house)} == {Named("bedroom lights")}
    (everything,) = {target(f) for f in fillings("all the {a:area} lights ::: turn_on(all light in {a})", house)}
    assert isinstance(everything, Described)


def test_described_where_two_devices_have_that_name() -> None:
    """Two devices called "Kitchen Light" are lights in the kitchen."""
    twice = tuple(Device(id_, "Kitchen Light", "light", "Kitchen") for id_ in "ab")
    filled = fillings("the {a:area} light ::: turn_on(one light in {a})", House(areas=(KITCHEN,), devices=twice))
    assert {type(target(each)) for each in filled} == {Described}


def test_place_has_what_is_meant() -> None:
    """A room or floor is one with such a device in it; it is said by name or alias."""
    rooms = {
        (f.text, str(target(f))) for f in fillings("heat the {a:area} ::: set_temperature(one thermostat in {a}; temperature=20)")
    }
    assert rooms == {("heat the Bedroom", 'one thermostat in "Bedroom"')}
    floors = {f.text for f in fillings("lights on {f:floor} ::: turn_on(all light on {f})")}
    assert floors == {"lights on Ground", "lights on downstairs", "lights on Upper"}


def test_group() -> None:
    """A group with a member that the function can act on."""
    assert {(f.text, target(f)) for f in fillings("{g:group} on ::: turn_on(group {g})")} == {
        ("Evening on", GroupNamed("Evening")),
        ("dusk on", GroupNamed("dusk")),
    }


def test_noun_that_the_house_has_under_another_name() -> None:
    """Where there are no blinds, the shutters are meant; where nothing comes near, the pattern does not fit."""
    assert {target(f) for f in fillings("close the blinds ::: close(many blind)")} == {Described(Quantifier.MANY, "shutter")}
    with pytest.raises(Unfit, match="lock"):
        Filler(HOUSE, names(), random.Random(1)).fill(parse("lock up ::: lock(all lock)"))


@pytest.mark.parametrize(
    ("line", "function"),
    [
        ("lock the {d:lock} ::: lock({d})", "lock"),
        ("{a:area} fans ::: turn_on(many fan in {a})", "turn_on"),
        ("{g:group} ::: close(group {g})", "close"),
        ('say hi ::: announce(message="hi")', "announce"),
        ("lights on, then lock up ::: turn_on(all light); lock(all lock)", "lock"),
    ],
)
def test_what_does_not_fit(line: str, function: str) -> None:
    """The call that this house cannot complete is told."""
    with pytest.raises(Unfit) as caught:
        Filler(HOUSE, names(), random.Random(1)).fill(parse(line))
    assert caught.value.function == function


# Values


def test_percent() -> None:
    """A number from 0 to 100, in digits or words."""
    amounts = [argument(f, "level") for f in fillings("dim to {n:percent} ::: set_brightness(all light; level={n})")]
    assert all(isinstance(amount, Number) and 0 <= amount.value <= 100 for amount in amounts)


@pytest.mark.parametrize(("units", "low", "high"), [(Units.METRIC, 14, 29), (Units.IMPERIAL, 60, 82)])
def test_temperature_fits_the_house(units: Units, low: float, high: float) -> None:
    """A bare number of degrees is one that people of that house would say."""
    line = "heat to {t:temperature} ::: set_temperature(one thermostat; temperature={t})"
    degrees = [argument(f, "temperature") for f in fillings(line, replace(HOUSE, units=units))]
    assert all(isinstance(value, Number) and value.unit == "" and low <= value.value <= high for value in degrees)


@pytest.mark.parametrize(("units", "low", "high"), [(Units.METRIC, 40, 65), (Units.IMPERIAL, 100, 140)])
@pytest.mark.parametrize(
    "said",
    [
        "the {d:water heater} to {t:temperature} ::: set_temperature({d}; temperature={t})",
        "hot water at {t:temperature} ::: set_temperature(one water heater; temperature={t})",
    ],
)
def test_water_is_hotter_than_rooms(said: str, units: Units, low: float, high: float) -> None:
    """A water heater's degrees are those of water, whether it is named or described."""
    house = replace(HOUSE, devices=(*HOUSE.devices, Device("boiler", "Boiler", "water_heater")), units=units)
    degrees = [argument(f, "temperature") for f in fillings(said, house)]
    assert all(isinstance(value, Number) and low <= value.value <= high + 0.5 for value in degrees)


def test_temperature_with_its_unit() -> None:
    """A letter in the plan is the unit that the sentence says."""
    line = "heat to {t:temperature} fahrenheit ::: set_temperature(one thermostat; temperature={t} F)"
    degrees = [argument(f, "temperature") for f in fillings(line)]
    assert all(isinstance(value, Number) and value.unit == "°F" and 60 <= value.value <= 82 for value in degrees)


def test_option_is_one_of_the_device() -> None:
    """As the device spells it in the plan, as people say it in the sentence."""
    said = {(f.text, argument(f, "mode")) for f in fillings("nest {o:option} ::: set_hvac_mode(one thermostat; mode={o})")}
    assert said == {("nest heat", Word("heat")), ("nest heat cool", Word("heat_cool"))}


def test_option_that_is_taken_back_is_another_one() -> None:
    """What the plan does not use is of the same list."""
    pattern = "nest {o:option}, no, {p:option} ::: set_hvac_mode(one thermostat; mode={p})"
    said = {(f.text, argument(f, "mode")) for f in fillings(pattern)}
    assert said == {("nest heat cool, no, heat", Word("heat")), ("nest heat, no, heat cool", Word("heat_cool"))}


def test_color() -> None:
    """A closed word of the sentence."""
    assert all(argument(f, "color") == Word(f.text) for f in fillings("{c:color} ::: set_color(all light; color={c})"))


def test_duration_and_time() -> None:
    """A duration in its unit, a time in the sentence's words."""
    for filled in fillings('pasta {t:duration} ::: timer_start(duration={t}, label="pasta")'):
        assert isinstance(argument(filled, "duration"), Duration)
        assert argument(filled, "label") == Text("pasta")
    for filled in fillings("off {t:time} ::: turn_off(all light) at {t}"):
        assert filled.plan.calls[0].when == When(at=filled.text.removeprefix("off "))
    for filled in fillings("off in {t:duration} ::: turn_off(all light) after {t}"):
        when = filled.plan.calls[0].when
        assert when is not None
        assert when.after_s


def test_text_is_of_the_sentence() -> None:
    """What is copied stands in the sentence."""
    for filled in fillings("put {i:item} on the {d:to-do list} ::: todo_add({d}; item={i})"):
        item = argument(filled, "item")
        assert isinstance(item, Text)
        assert item.text in filled.text


def test_doubled_articles_are_joined() -> None:
    """ "the my list" is said by nobody."""
    house = House(devices=(Device("t", "My List", "todo"),))
    (filled, *_) = fillings("on the {d:to-do list} ::: todo_read({d})", house)
    assert filled.text == "on My List"


# What the house has not


def test_absent_device() -> None:
    """A name that nothing here resembles; the plan breaks off before the function that cannot be completed."""
    taken = words_of("Spot beam Floor Lamp Nest Shopping List Roller Kitchen cookhouse Bedroom Ground downstairs Upper")
    found = absences("please turn on the {d:light} ::: turn_on({d})")
    assert len({filled.text for filled in found}) > 20
    for filled in found:
        assert (filled.plan, filled.absent) == (Plan(()), "turn_on")
        said = words_of(filled.text.removeprefix("please turn on the "))
        assert said - taken


def test_absent_kind() -> None:
    """In a house without locks, a lock of some name; what comes before it is planned."""
    for filled in absences("light {d:light}, then lock the {e:lock} ::: turn_on({d}); lock({e})"):
        assert filled.absent == "lock"
        assert [call.function for call in filled.plan.calls] == ["turn_on"]


def test_absent_inside_another_call() -> None:
    """What is missing is asked for by an inner call: the outer one cannot be completed."""
    found = absences(
        "{d:light} as bright as the {e:blind} is open ::: set_brightness({d}; level=get_value({e}; property=position))"
    )
    assert {filled.absent for filled in found} == {"set_brightness"}


def test_absent_room() -> None:
    """A room of another house."""
    found = absences("lights on in the {a:area} ::: turn_on(all light in {a})")
    assert found
    assert not any(room in filled.text.lower() for filled in found for room in ("kitchen", "cookhouse", "bedroom"))
    assert {filled.absent for filled in found} == {"turn_on"}


def test_absent_without_a_name() -> None:
    """What the sentence does not name can still be missing; what is there and unnamed cannot."""
    (filled, *_) = absences("lock up ::: lock(all lock)")
    assert (filled.text, filled.absent) == ("lock up", "lock")
    assert not absences("lights on ::: turn_on(all light)")


# Whole houses


def test_examples_are_understood_as_they_are_meant() -> None:
    """Of patterns of the corpus in random houses, all but a few pass the mask and read back as they were planned."""
    rng = random.Random(5)
    maker = HouseMaker(names(), rng)
    tally = Counter[bool]()
    for _ in range(8):
        house = maker.make()
        mask, filler = house_mask(house), Filler(house, names(), rng)
        for pattern in rng.sample(corpus().patterns, 120):
            try:
                tally[comes_back(filler.fill(pattern), mask)] += 1
            except Unfit:
                continue
    assert tally[True] > 400
    assert tally[False] <= 0.01 * tally.total()


def test_loose_car() -> None:
    """A car that is an area of switches takes patterns of switches, also where there is nothing else."""
    car = House(
        areas=(Area("Car"),), devices=(Device("c0", "Sunroof", "switch", "Car"), Device("c1", "Seat Heating Left", "switch", "Car"))
    )
    assert {str(target(f)) for f in fillings("turn on the {d:switch} ::: turn_on({d})", car)} == {
        '"Sunroof"',
        '"Seat Heating Left"',
    }
    assert {f.text for f in fillings("everything in the {a:area} off ::: turn_off(all thing in {a})", car)} == {
        "everything in the Car off"
    }
    with pytest.raises(Unfit):
        Filler(car, names(), random.Random(1)).fill(parse("honk the {d:vehicle} ::: sound_horn({d})"))


def test_empty_house() -> None:
    """Where there is nothing, only what needs nothing fits; the rest is absent."""
    assert [f.text for f in fillings("what time is it ::: get_time()", House(), 1)] == ["what time is it"]
    assert {f.absent for f in absences("the {d:light} in the {a:area} ::: turn_on({d})", House())} == {"turn_on"}


def test_same_seed_fills_the_same() -> None:
    """Data can be made again."""
    line = "put {i:item} on the {d:to-do list} at {t:time} ::: todo_add({d}; item={i}) at {t}"
    assert list(fillings(line, count=20)) == list(fillings(line, count=20))
