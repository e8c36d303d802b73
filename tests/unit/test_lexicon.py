"""What one house lets be said."""

from __future__ import annotations

from hypothesis import given, settings
from support.model_houses import encoder, small_houses

from octopus_hub.config.function_table import FUNCTIONS, by_name
from octopus_hub.config.functions import TargetRule
from octopus_hub.config.house import Area, Device, Floor, Group, House
from octopus_hub.config.kinds import NOUNS
from octopus_hub.models.lexicon import DEFAULT_OPTIONS, Lexicon, spoken
from octopus_hub.models.tokens import NOUN_IDS

HOUSE = House(
    floors=(Floor("Ground"), Floor("Upper")),
    areas=(Area("Kitchen", "Ground"), Area("Bedroom", "Upper"), Area("Empty", "Ground")),
    groups=(Group("All", ("lamp", "lock")), Group("Locks", ("lock",))),
    devices=(
        Device("lamp", "Lamp", "light", "Kitchen"),
        Device("lock", "Door", "lock", "Bedroom"),
        Device("nest", "Nest", "climate", options={"hvac_modes": ("heat", "heat_cool"), "preset_modes": ("eco",)}),
        Device("fan", "Breeze", "fan", "Bedroom", options={"preset_modes": ("eco", "sleep")}),
        Device("blind", "Blind", "cover", "Kitchen", device_class="blind"),
    ),
)
LAMP, LOCK, NEST, FAN, BLIND = range(5)


def lexicon(house: House = HOUSE) -> Lexicon:
    """The lexicon of a house."""
    return Lexicon(house, encoder())


def words_of(function: str, parameter: str, *devices: int) -> set[str]:
    """The words that a parameter may take for these devices."""
    return {w for _, found in lexicon().words(by_name()[function].parameter(parameter), frozenset(devices)).walk() for w in found}


def test_what_devices_cannot_do_is_left_out() -> None:
    """A function that none can do goes, and nouns mean those that can; who is named stays, to be told so."""
    house, color = House(devices=(Device("a", "Desk", "light"), Device("b", "Plug Lamp", "light"))), by_name()["set_color"]
    some = Lexicon(house, encoder(), FUNCTIONS, {"b": frozenset({"set_color"})})
    assert some.nouns(color)[NOUN_IDS["light"]] == frozenset({0})
    assert some.names(color).find(encoder().ids("plug lamp")) == (1,)
    none = Lexicon(house, encoder(), FUNCTIONS, {each: frozenset({"set_color"}) for each in "ab"})
    assert "set_color" not in none.functions
    assert "turn_on" in none.functions


def test_functions_of_a_house() -> None:
    """Those that need no device, or have one here."""
    names = set(lexicon().functions)
    assert {"lock", "open", "set_preset", "get_time", "todo_add", "turn_on"} <= names
    assert not {"start", "open_trunk", "press"} & names


def test_properties_are_those_of_the_kinds_meant() -> None:
    """A lamp has no range; what a room can have is asked of any room."""
    car = House(devices=(*HOUSE.devices, Device("car", "Volvo", "vehicle")))
    asked = by_name()["get_value"].parameter("property")

    def properties(*devices: int) -> set[str]:
        return {word for _, found in lexicon(car).words(asked, frozenset(devices)).walk() for word in found}

    assert {"range", "location", "temperature"} <= properties(len(HOUSE.devices))
    assert {"brightness", "temperature"} <= properties(LAMP)
    assert not {"range", "location", "title", "items"} & properties(LAMP, FAN)
    assert "range" in properties(LAMP, len(HOUSE.devices))


def test_functions_may_be_any_iterable() -> None:
    """A generator of functions is read once."""
    assert set(Lexicon(HOUSE, encoder(), (f for f in FUNCTIONS if f.name == "lock")).functions) == {"lock"}


def test_names_are_those_of_supported_devices() -> None:
    """Only what the function can act on, as places in the house."""
    assert lexicon().names(by_name()["lock"]).find(encoder().ids("door")) == (LOCK,)
    assert not lexicon().names(by_name()["lock"]).find(encoder().ids("lamp"))


def test_groups_are_those_with_a_supported_member() -> None:
    """A group stands for the members that the function can act on."""
    groups = lexicon().groups(by_name()["set_brightness"])
    assert groups.find(encoder().ids("all")) == (frozenset({LAMP}),)
    assert not groups.find(encoder().ids("locks"))


def test_nouns_mean_devices() -> None:
    """A class's noun means its own, a kind's noun all of the kind, "thing" everything."""
    nouns = lexicon().nouns(by_name()["get_state"])
    assert nouns[NOUN_IDS["blind"]] == nouns[NOUN_IDS["cover"]] == frozenset({BLIND})
    assert nouns[NOUN_IDS["thing"]] == frozenset(range(5))
    assert NOUN_IDS["curtain"] not in nouns


@given(small_houses())
@settings(max_examples=60, deadline=None)
def test_nouns_agree_with_the_house(house: House) -> None:
    """For every function and noun, the devices meant are those of the function's kinds that are one of the noun."""
    lexicon = Lexicon(house, encoder())
    for function in FUNCTIONS:
        expected = {
            NOUN_IDS[noun.name]: {i for i, d in enumerate(house.devices) if d.kind in function.kinds and d.is_a(noun)}
            for noun in NOUNS
            if any(d.kind in function.kinds and d.is_a(noun) for d in house.devices)
        }
        assert lexicon.nouns(function) == expected
        assert (function.name in lexicon.functions) == (function.target is not TargetRule.REQUIRED or bool(expected))


def test_places_are_those_of_the_devices() -> None:
    """An area or floor can be said only where one of the devices is in it."""
    both = frozenset({LAMP, LOCK})
    assert {a for _, names in lexicon().areas(both).walk() for a in names} == {"Kitchen", "Bedroom"}
    assert {f for _, names in lexicon().floors(frozenset({LAMP, NEST})).walk() for f in names} == {"Ground"}
    assert lexicon().in_area(both, "Bedroom") == frozenset({LOCK})
    assert lexicon().on_floor(both, "Ground") == frozenset({LAMP})
    assert {a for _, names in lexicon().all_areas.walk() for a in names} == {"Kitchen", "Bedroom", "Empty"}


def test_options_are_the_devices_own() -> None:
    """Those of all devices meant, each once; Home Assistant's where none are listed; none at all means: copy."""
    assert words_of("set_preset", "preset", NEST, FAN) == {"eco", "sleep"}
    assert words_of("set_fan_mode", "mode", NEST) == set(DEFAULT_OPTIONS["fan_modes"])
    assert words_of("set_effect", "effect", LAMP) == set()


def test_options_are_found_as_they_are_spoken() -> None:
    """ "heat_cool" is said "heat cool", and comes back as the device spells it."""
    assert spoken("heat_cool") == "heat cool"
    words = lexicon().words(by_name()["set_hvac_mode"].parameter("mode"), frozenset({NEST}))
    assert words.find(encoder().ids("heat cool")) == ("heat_cool",)


def test_what_may_be_nested() -> None:
    """Numbers take the answer of get_value, a message that of any question the house can answer, other values nothing."""
    table = by_name()
    temperature = table["set_temperature"].parameter("temperature")
    assert [f.name for f in lexicon().nestable(temperature)] == ["get_value"]
    message = lexicon(House()).nestable(table["announce"].parameter("message"))
    assert "get_time" in {f.name for f in message}
    assert not {"get_state", "list_devices"} & {f.name for f in message}
    assert all(f.is_read for f in message)
    assert not lexicon().nestable(table["todo_add"].parameter("item"))
