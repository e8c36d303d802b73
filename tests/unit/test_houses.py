"""Random houses: valid, varied, and the same for the same seed."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from pathlib import Path

from support.corpus import names
from support.model_houses import house_mask

from octopus_hub.config.function_table import EVERY_KIND
from octopus_hub.config.house import House
from octopus_hub.config.kinds import KINDS, NOUNS, noun_by_name
from octopus_hub.models.data.houses import CAR_PARTS, OPTION_LISTS, WEIGHTS, HouseMaker, Names


@cache
def houses() -> tuple[House, ...]:
    """A street of them."""
    maker = HouseMaker(names(), random.Random(11))
    return tuple(maker.make() for _ in range(150))


def test_same_seed_makes_the_same_houses() -> None:
    """Data can be made again."""
    again = HouseMaker(names(), random.Random(11))
    assert tuple(again.make() for _ in range(10)) == houses()[:10]


def test_houses_are_whole() -> None:
    """Ids are unique, areas, floors and members exist, names have a length that configuration allows."""
    for house in houses():
        assert len(house.by_id) == len(house.devices)
        areas = {area.name for area in house.areas}
        assert len(areas) == len(house.areas)
        assert {device.area for device in house.devices} <= {None, *areas}
        assert {area.floor for area in house.areas} <= {None, *(floor.name for floor in house.floors)}
        assert all(set(group.device_ids) <= set(house.by_id) for group in house.groups)
        assert all(0 < len(device.name) <= 80 and device.kind in KINDS for device in house.devices)


def test_houses_can_be_compiled() -> None:
    """Each has a mask."""
    for house in houses()[:25]:
        house_mask(house)


def test_sizes() -> None:
    """From a handful of devices to more than sixty."""
    sizes = sorted(len(house.devices) for house in houses())
    assert sizes[0] <= 6
    assert sizes[-1] > 60
    assert len(HouseMaker(names(), random.Random(1)).make(30).devices) >= 20


def test_names_repeat_and_overlap() -> None:
    """Some houses have twins, and names that begin others: what the mask and the resolver must tell apart."""
    twins = overlaps = 0
    for house in houses():
        count = Counter(device.name for device in house.devices)
        twins += any(n > 1 for n in count.values())
        overlaps += any(other.startswith(f"{name} ") for name in count for other in count)
    assert twins > 20
    assert overlaps > 20


def test_loose_cars() -> None:
    """Now and then a car is no vehicle but an area of switches, and now and then there is nothing else."""
    cars = [house for house in houses() if any(area.name == "Car" for area in house.areas)]
    assert len(cars) > 5
    assert any(len(house.areas) == 1 for house in cars)
    assert any(len(house.areas) > 1 for house in cars)
    kinds = {noun_by_name(noun).kind for _, noun, _ in CAR_PARTS}
    assert all(device.kind in kinds for house in cars for device in house.devices if device.area == "Car")


def test_every_noun_occurs() -> None:
    """There is a weight and a word list for each noun, and every noun turns up."""
    assert set(WEIGHTS) == {noun.name for noun in NOUNS} - {"thing"}
    found = {device.noun.name for house in houses() for device in house.devices}
    assert len(found) > 45
    assert all(names().of(noun_by_name(noun)) for noun in WEIGHTS)


def test_options() -> None:
    """Devices list what they offer, as lists of words, most often."""
    assert all(kind in EVERY_KIND for kind in OPTION_LISTS)
    lists = [listed for house in houses() for device in house.devices for listed in device.options.values()]
    assert len(lists) > 100
    assert all(listed and all(word.strip() == word for word in listed) for listed in lists)


def test_floors_groups_and_aliases_occur() -> None:
    """Not in every house, but in many."""
    assert 20 < sum(bool(house.floors) for house in houses()) < 140
    assert sum(bool(house.groups) for house in houses()) > 10
    assert sum(bool(device.aliases) for house in houses() for device in house.devices) > 100


def test_word_lists(tmp_path: Path) -> None:
    """A line is a name with aliases behind bars; an option list is parted by commas."""
    (tmp_path / "light.txt").write_text("Lamp | big lamp|  \n\nSpot\n")
    (tmp_path / "option_hvac_modes.txt").write_text("heat, cool,\n")
    read = Names(tmp_path)
    assert read.of(noun_by_name("light")) == [("Lamp", ("big lamp",)), ("Spot", ())]
    assert read.options("hvac_modes") == [("heat", "cool")]
