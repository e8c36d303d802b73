"""The house as the hub knows it: floors, areas, groups and devices. Immutable.

Knows nothing of YAML, models or adapters. Ids are unique; names may repeat. The digest names the content.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import TypeVar

from octopus_hub.config.kinds import Noun, is_a, noun_of


class ActionClass(StrEnum):
    """What a call can do to a household, by effect."""

    READ = "read"
    PRIVATE = "private"
    COMFORT = "comfort"
    SECURE = "secure"
    HAZARD = "hazard"
    OPEN = "open"


class Units(StrEnum):
    """What a bare number of degrees means in this house."""

    METRIC = "metric"
    IMPERIAL = "imperial"


Item = TypeVar("Item", "Floor", "Area", "Device", "Group")


@dataclass(frozen=True, slots=True)
class Floor:
    """A storey; `level` counts from 0, the ground floor."""

    name: str
    level: int | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    """A room or another place; `floor` is a floor's name."""

    name: str
    floor: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Device:
    """One thing that can be asked or told something.

    `area` is an area's name. `limits` holds (low, high) by quantity with its unit in the key (`temperature_c`). `options`
    holds what the device can be set to, by Home Assistant's attribute (`hvac_modes`, `preset_modes`, `fan_modes`,
    `source_list`, `options`, …). A device with `bulk` false is never meant by "all".
    """

    id: str
    name: str
    kind: str
    area: str | None = None
    aliases: tuple[str, ...] = ()
    device_class: str | None = None
    home_assistant: Mapping[str, str] = field(default_factory=dict)
    mqtt: Mapping[str, str | bool | int | float] = field(default_factory=dict)
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    temperature_unit: str | None = None
    action_class: ActionClass | None = None
    bulk: bool = True

    @property
    def noun(self) -> Noun:
        """The most special noun for this device."""
        return noun_of(self.kind, self.device_class)

    def is_a(self, noun: Noun) -> bool:
        """Is this device one of `noun`?"""
        return is_a(self.kind, self.device_class, noun)


@dataclass(frozen=True, slots=True)
class Group:
    """Devices, by id, that are spoken of together."""

    name: str
    device_ids: tuple[str, ...]
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class House:
    """All there is; the order is that of the files."""

    name: str = "Home"
    units: Units = Units.METRIC
    floors: tuple[Floor, ...] = ()
    areas: tuple[Area, ...] = ()
    groups: tuple[Group, ...] = ()
    devices: tuple[Device, ...] = ()

    @cached_property
    def by_id(self) -> Mapping[str, Device]:
        """Devices by id."""
        return {device.id: device for device in self.devices}

    @cached_property
    def area_floor(self) -> Mapping[str, str | None]:
        """Floor name by area name."""
        return {area.name: area.floor for area in self.areas}

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hex, of the content."""
        text = json.dumps(asdict(self), sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def areas_called(self, word: str) -> frozenset[str]:
        """Names of the areas that are called `word`, by name or alias."""
        return frozenset(area.name for area in called(self.areas, word))

    def own_name_of_area(self, word: str) -> str:
        """The name of the area that is called `word`; the word itself where none is."""
        return next((area.name for area in called(self.areas, word)), word)

    def areas_of_floor(self, word: str) -> frozenset[str]:
        """Names of the areas on floors that are called `word`."""
        floors = {floor.name for floor in called(self.floors, word)} or {word}
        return frozenset(area.name for area in self.areas if area.floor in floors)


def called(items: Iterable[Item], word: str) -> list[Item]:
    """Those of that name; where none has it, those with that alias. Case does not matter."""
    pool, wanted = list(items), word.casefold()
    by_name = [item for item in pool if item.name.casefold() == wanted]
    return by_name or [item for item in pool if wanted in (alias.casefold() for alias in item.aliases)]


def with_usual_words(floors: Sequence[Floor], areas: Sequence[Area]) -> tuple[Floor, ...]:
    """The floors, called upstairs, downstairs and basement too where their levels say so and nothing else is called that."""
    places: list[Floor | Area] = [*floors, *areas]
    taken = {word.casefold() for place in places for word in (place.name, *place.aliases)}
    if len(floors) < 2:
        return tuple(floors)
    above = [floor for floor in floors if (floor.level or 0) > 0]
    below = [floor for floor in floors if (floor.level or 0) < 0]
    ground = [floor for floor in floors if floor.level == 0] if above else []
    usual = {"upstairs": above, "downstairs": ground, "basement": below}
    more = {meant[0].name: (*meant[0].aliases, word) for word, meant in usual.items() if len(meant) == 1 and word not in taken}
    return tuple(replace(floor, aliases=more.get(floor.name, floor.aliases)) for floor in floors)


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What is known of a device now, in Home Assistant's words (`on`, `locked`, `brightness` 0 to 255, …)."""

    state: str
    attributes: Mapping[str, object] = field(default_factory=dict)


UNKNOWN_STATES = frozenset({"unavailable", "unknown", ""})
"""States that tell nothing."""


def number(value: object) -> float | None:
    """The finite number that a state or an attribute is, also as text, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None
