"""The prompt, token by token: changing it means training again."""

from __future__ import annotations

from dataclasses import replace

from support.model_houses import encoder

from octopus_hub.config.house import Area, Device, Floor, Group, House
from octopus_hub.models.prompt import example_section, house_prefix, text_prompt
from octopus_hub.models.tokens import NOUN_IDS, PARAMETER_IDS, Mark

HOUSE = House(
    floors=(Floor("Ground", 0, ("downstairs",)), Floor("Upper", 1)),
    areas=(
        Area("Bedroom", "Upper"),
        Area("Kitchen", "Ground", ("cookhouse", "galley")),
        Area("Garden"),
    ),
    devices=(
        Device("1", "Volvo", "vehicle"),
        Device("2", "Ceiling", "light", "Kitchen", ("big lamp",)),
        Device("3", "Drapes", "cover", "Bedroom", device_class="curtain"),
        Device("4", "Pump", "switch", "Garden"),
        Device("5", "Odd", "cover", "Kitchen", device_class="unheard of"),
    ),
    groups=(Group("Evening", ("2", "3"), ("dusk",)),),
)


def ids(text: str) -> tuple[int, ...]:
    """Ids of a name."""
    return encoder().ids(text)


def test_house_prefix() -> None:
    """Devices without an area first, then areas without a floor, then floors with theirs; groups last; aliases after names."""
    noun = NOUN_IDS
    assert house_prefix(HOUSE, encoder()) == [
        *(Mark.HOUSE, Mark.NO_AREA, noun["vehicle"], *ids("volvo")),
        *(Mark.AREA, *ids("garden"), noun["switch"], *ids("pump")),
        *(Mark.FLOOR, *ids("ground"), Mark.AKA, *ids("downstairs")),
        *(Mark.AREA, *ids("kitchen"), Mark.AKA, *ids("cookhouse"), Mark.AKA, *ids("galley")),
        *(noun["light"], *ids("ceiling"), Mark.AKA, *ids("big lamp")),
        *(noun["cover"], *ids("odd")),
        *(Mark.FLOOR, *ids("upper")),
        *(Mark.AREA, *ids("bedroom"), noun["curtain"], *ids("drapes")),
        *(Mark.GROUP, *ids("evening"), Mark.AKA, *ids("dusk")),
    ]


def test_empty_house() -> None:
    """It is one token."""
    assert house_prefix(House(), encoder()) == [Mark.HOUSE]


def test_what_is_not_said_does_not_change_the_prefix() -> None:
    """Ids, bindings, limits, units and the house's own name leave the prefix, and so its cached state, as it is."""
    bare = (replace(device, id=f"x{device.id}", home_assistant={"main": "light.x"}) for device in HOUSE.devices)
    devices = tuple(replace(device, limits={"x": (0.0, 1.0)}, options={"hvac_modes": ("heat",)}) for device in bare)
    other = replace(HOUSE, name="Elsewhere", devices=devices, groups=(Group("Evening", ("x2",), ("dusk",)),))
    assert house_prefix(other, encoder()) == house_prefix(HOUSE, encoder())


def test_options_are_told_once() -> None:
    """After the names of the first device that has the list, as they are said, and no more than twelve."""
    effects = tuple(f"fx_{i}" for i in range(20))
    devices = tuple(Device(f"d{i}", f"Lamp {i}", "light", options={"effect_list": effects}) for i in range(2))
    prefix = house_prefix(House(devices=devices), encoder())
    told = prefix[prefix.index(PARAMETER_IDS["effect"]) + 1 :]
    assert prefix.count(PARAMETER_IDS["effect"]) == 1
    assert told[: len(ids("fx 0")) + 1] == [*ids("fx 0"), Mark.AKA]
    assert told.count(Mark.AKA) == 11


def test_every_device_is_in_the_prefix_once() -> None:
    """Also where its area is missing from the list of floors."""
    prefix = house_prefix(HOUSE, encoder())
    assert sum(prefix.count(i) for i in NOUN_IDS.values()) == len(HOUSE.devices)


def test_sentence() -> None:
    """The sentence stands between two marks."""
    assert text_prompt(ids("lights on")) == [Mark.TEXT, *ids("lights on"), Mark.RESPONSE]


def test_example_and_previous_turn() -> None:
    """They look like the sentence and its plan, under another mark."""
    assert example_section(ids("dim it"), [Mark.END]) == [Mark.EXAMPLE, *ids("dim it"), Mark.RESPONSE, Mark.END]
    assert example_section((), [], Mark.PREVIOUS) == [Mark.PREVIOUS, Mark.RESPONSE]


def test_alias_that_is_the_noun_is_left_out() -> None:
    """The only thermostat needs no alias "thermostat"; one of two may be told by it."""
    nest = Device("n", "Nest", "climate", aliases=("Thermostat", "heating"))
    alone = house_prefix(House(devices=(nest,)), encoder())
    assert alone == house_prefix(House(devices=(replace(nest, aliases=("heating",)),)), encoder())
    tado = Device("t", "Tado", "climate")
    both = house_prefix(House(devices=(nest, tado)), encoder())
    assert both != house_prefix(House(devices=(replace(nest, aliases=("heating",)), tado)), encoder())
