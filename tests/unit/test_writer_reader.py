"""Plans as token ids and back: what is written passes the mask and reads as it was meant."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.model_houses import encoder, house_mask, small_houses
from support.model_plans import SENTENCE, plans

from octopus_hub.config.functions import Reason
from octopus_hub.config.house import Area, Device, Floor, Group, House
from octopus_hub.config.plan import (
    Described,
    Duration,
    GroupNamed,
    Named,
    Number,
    Plan,
    PlannedCall,
    Quantifier,
    Target,
    Text,
    Value,
    When,
    Where,
    Word,
)
from octopus_hub.models.reader import PlanReader
from octopus_hub.models.tokens import FUNCTION_IDS, PARAMETER_IDS, Mark
from octopus_hub.models.writer import plan_ids

KITCHEN, BEDROOM = Area("Kitchen", "Ground"), Area("Bedroom", "Upper")
FLOORS = (Floor("Ground"), Floor("Upper"))


def read(ids: list[int], house: House, text: str = "x") -> Plan:
    """The plan with these ids."""
    return PlanReader(ids, house_mask(house).lexicon, text, encoder().pieces(text)).read()


def there_and_back(plan: Plan, house: House, text: str = "x") -> Plan:
    """The plan written, let through the mask, and read."""
    ids = plan_ids(plan, encoder())
    walk = house_mask(house).walk(encoder().pieces(text))
    for i in ids:
        walk.advance(i)
    assert walk.is_done
    return read(ids, house, text)


def single(function: str, *names: str, when: When | None = None, **arguments: Value) -> Plan:
    """A plan of one call of named devices."""
    target = Target(tuple(Named(name) for name in names)) if names else None
    return Plan((PlannedCall(function, target, arguments, when),))


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_plan_comes_back(data: st.DataObject) -> None:
    """Any plan of any house passes the mask and reads back as itself."""
    house = data.draw(small_houses())
    plan = data.draw(plans(house))
    assert there_and_back(plan, house, SENTENCE) == plan


# Numbers and durations

THERMOSTAT = House(devices=(Device("n", "Nest", "climate"), Device("d", "Desk", "number")))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (21, "21"),
        (21.5, "21.5"),
        (0.25, "0.25"),
        (12345.67, "12345.67"),
        (999999.99, "999999.99"),
        (100000, "100000"),
        (20.0, "20"),
    ],
)
def test_numbers_are_written_in_full(value: float, written: str) -> None:
    """Digits and at most two decimals: no exponent, nothing rounded away, no zeros that say nothing."""
    plan = single("set_value", "Desk", value=Number(value))
    ids = plan_ids(plan, encoder())
    begin = ids.index(PARAMETER_IDS["value"]) + 1
    assert ids[begin:-1] == list(encoder().digit_ids(written))
    assert there_and_back(plan, THERMOSTAT) == plan


def test_sign_and_unit() -> None:
    """A minus comes before the digits, the unit after them."""
    plan = single("set_temperature", "Nest", temperature=Number(-3.5, "°F"))
    assert there_and_back(plan, THERMOSTAT, "minus 3.5 F") == plan
    assert Mark.MINUS in plan_ids(plan, encoder())


@pytest.mark.parametrize(
    ("seconds", "unit_s", "units"),
    [
        (5400, 60, [Mark.MINUTES]),
        (5400, 0, [Mark.HOURS, Mark.MINUTES]),
        (90, 60, [Mark.MINUTES, Mark.SECONDS]),
        (86_401, 0, [Mark.DAYS, Mark.SECONDS]),
        (0, 60, [Mark.SECONDS]),
    ],
)
def test_durations_are_written_as_said(seconds: int, unit_s: int, units: list[Mark]) -> None:
    """In the unit that was said; in several where that would lose a part."""
    plan = single("timer_start", duration=Duration(seconds, unit_s))
    ids = plan_ids(plan, encoder())
    assert [i for i in ids if i in (Mark.DAYS, Mark.HOURS, Mark.MINUTES, Mark.SECONDS)] == units
    assert there_and_back(plan, House()) == plan


# Names


def test_names_come_back_in_their_own_spelling() -> None:
    """Ids are of lower case; plans have the house's spelling."""
    house = House(areas=(Area("WC"),), devices=(Device("a", "iLamp PRO", "light", "WC"),))
    ids = [FUNCTION_IDS["turn_on"], Mark.DEVICE, *encoder().ids("ilamp pro"), Mark.END]
    assert read(ids, house) == single("turn_on", "iLamp PRO")


def test_names_that_differ_in_case_only() -> None:
    """They are called the same: which one is meant the place tells, and whose spelling comes back does not matter."""
    house = House(
        areas=(KITCHEN, BEDROOM),
        floors=FLOORS,
        devices=(Device("a", "TV", "switch", "Kitchen"), Device("b", "Tv", "switch", "Bedroom")),
    )
    for where, name in ((Where(area="Kitchen"), "TV"), (Where(area="Bedroom"), "Tv"), (Where(floor="Upper"), "Tv")):
        plan = Plan((PlannedCall("turn_on", Target((Named(name, where),))),))
        assert str(there_and_back(plan, house)).casefold() == str(plan).casefold()


def test_aliases_come_back_as_they_are_said() -> None:
    """Devices, groups and places are planned by the word for them."""
    lamp = Device("a", "Lamp", "light", "Kitchen", aliases=("Little Sun",))
    house = House(
        areas=(Area("Kitchen", "Ground", ("Cookhouse",)),),
        floors=(Floor("Ground", 0, ("downstairs",)),),
        groups=(Group("Evening", ("a",), ("Dusk",)),),
        devices=(lamp, Device("v", "Robbie", "vacuum")),
    )
    for selector in (
        Named("Little Sun"),
        GroupNamed("Dusk"),
        Described(Quantifier.ONE, "light", Where(area="Cookhouse")),
        Described(Quantifier.ONE, "light", Where(floor="downstairs")),
    ):
        plan = Plan((PlannedCall("turn_on", Target((selector,))),))
        assert there_and_back(plan, house) == plan
    plan = single("clean_area", "Robbie", area=Word("Cookhouse"))
    assert there_and_back(plan, house) == plan


def test_area_with_an_underscore() -> None:
    """Only a device's options are spoken without underscores; an area is called what it is called."""
    house = House(areas=(Area("living_room"),), devices=(Device("v", "Robbie", "vacuum"),))
    plan = single("clean_area", "Robbie", area=Word("living_room"))
    assert there_and_back(plan, house) == plan


# Options


def test_default_option_beside_a_device_with_its_own() -> None:
    """A thermostat without a list keeps Home Assistant's modes, whatever another thermostat lists."""
    own = Device("a", "Nest", "climate", options={"hvac_modes": ("heat", "off")})
    house = House(devices=(own, Device("b", "Tado", "climate")))
    plan = single("set_hvac_mode", "Tado", mode=Word("fan_only"))
    assert there_and_back(plan, house) == plan


def test_option_is_spelled_as_by_the_target() -> None:
    """Of two devices that spell a preset differently the one that is meant decides."""
    first = Device("a", "Nest", "climate", options={"preset_modes": ("Eco Mode",)})
    house = House(devices=(first, Device("b", "Tado", "climate", options={"preset_modes": ("eco_mode",)})))
    for plan in (single("set_preset", "Tado", preset=Word("eco_mode")), single("set_preset", "Nest", preset=Word("Eco Mode"))):
        assert there_and_back(plan, house) == plan


# Copied words

LISTS = House(devices=(Device("t", "List", "todo"),))


@pytest.mark.parametrize(
    ("text", "copied", "expected"),
    [
        ("add Oat-Milk to it", "oat-milk", "Oat-Milk"),
        ("add milk, eggs!", "milk eggs", "milk, eggs"),
        ("add MILK or milk", "milk", "MILK"),
        ("milk milk eggs", "milk eggs", "milk eggs"),
        ("füge Äpfel hinzu", "äpfel", "Äpfel"),
        ("add 2.5 kg of 🍎 apples", "kg of apples", "kg of 🍎 apples"),
    ],
)
def test_text_comes_back_as_it_was_said(text: str, copied: str, expected: str) -> None:
    """In the sentence's own spelling, punctuation between words included."""
    ids = [FUNCTION_IDS["todo_add"], PARAMETER_IDS["item"], *encoder().ids(copied), Mark.END]
    assert read(ids, LISTS, text) == single("todo_add", item=Text(expected))


def test_text_of_a_decomposed_sentence() -> None:
    """Accents typed as characters of their own do not shift what is copied."""
    text = unicodedata.normalize("NFD", "crème brûlée, Äpfel und Käse")
    assert read([FUNCTION_IDS["todo_add"], PARAMETER_IDS["item"], *encoder().ids("äpfel"), Mark.END], LISTS, text) == single(
        "todo_add", item=Text("Äpfel")
    )


def test_time_is_copied() -> None:
    """ "at" keeps the sentence's words for a library to read."""
    plan = single("get_time", when=When(at="half past Seven"))
    assert there_and_back(plan, House(), "tell me, at half past Seven") == plan


# Plans


def test_refusal_drops_what_came_before() -> None:
    """A plan that ends in giving up has no calls, whatever was written first."""
    ids = [FUNCTION_IDS["get_time"], Mark.NEXT, FUNCTION_IDS["turn_on"], Mark.GIVE_UP, Mark.ABSENT, Mark.END]
    assert read(ids, House()) == Plan((), Reason.ABSENT)


@pytest.mark.parametrize("reason", Reason)
def test_refusals(reason: Reason) -> None:
    """Every reason can be written and read."""
    assert there_and_back(Plan((), reason), House()) == Plan((), reason)


def test_arguments_are_written_in_the_table_s_order() -> None:
    """However a plan was put together, the model is taught one order."""
    house = House(devices=(Device("v", "Volvo", "vehicle"),))
    plan = single("set_seat_heating", "Volvo", seat=Word("driver"), level=Word("high"))
    ids = plan_ids(plan, encoder())
    assert ids.index(PARAMETER_IDS["level"]) < ids.index(PARAMETER_IDS["seat"])
    assert there_and_back(plan, house) == plan


def test_target_with_exceptions() -> None:
    """What is excepted comes after all that is included."""
    house = House(areas=(KITCHEN,), devices=(Device("a", "Lamp", "light", "Kitchen"), Device("b", "Spot", "light")))
    lights = Described(Quantifier.ALL, "light", Where(area="Kitchen"))
    plan = Plan((PlannedCall("turn_off", Target((lights, Named("Spot")), (Named("Lamp"), Named("Spot")))),))
    assert there_and_back(plan, house) == plan
