"""What the names of a house are called in a sentence: by alias, with the room, shortened; and names that the house has not."""

from __future__ import annotations

import random
import re

from octopus_hub.config.house import Area, Device, Floor, Group, House
from octopus_hub.config.kinds import noun_by_name
from octopus_hub.models.data.houses import Names
from octopus_hub.models.data.patterns import Slot

GENERIC = frozenset({
    "the", "a", "my", "of", "in", "on", "and", "light", "lights", "lamp", "lamps", "switch", "plug", "outlet", "socket", "fan",
    "door", "lock", "window", "blind", "blinds", "curtain", "curtains", "shade", "shades", "shutter", "shutters", "cover",
    "covers", "tv", "speaker", "speakers", "thermostat", "heating", "heater", "ac", "radiator", "vacuum", "robot", "valve",
    "alarm", "siren", "remote", "button", "scene", "script", "list", "timer", "sensor", "car", "vehicle", "gate", "garage",
    "room", "main", "big", "small", "left", "right", "1", "2", "3", "4", "ceiling",
})  # fmt: skip
"""Words that alone do not tell one device from another."""

Place = Area | Floor | Group


class HouseNames:
    """Says the names of one house."""

    def __init__(self, house: House, names: Names, rng: random.Random) -> None:
        self._house = house
        self._names = names
        self._rng = rng
        self._taken = [frozenset(words_of(n)) for d in house.devices for n in (d.name, *d.aliases)]
        places: tuple[Area | Floor, ...] = (*house.areas, *house.floors)
        self._place_names = [name.lower() for place in places for name in (place.name, *place.aliases)]

    def device(self, device: Device, *, room_is_said: bool) -> tuple[str, bool]:
        """What the device is called, and whether that, or the rest of the sentence (`room_is_said`), names its room."""
        rng = self._rng
        said = rng.choice(device.aliases) if device.aliases and rng.random() < 0.45 else device.name
        if room_is_said:
            return said, True
        twins = [d for d in self._house.devices if d.name == device.name and d.area != device.area]
        if device.area and rng.random() < (0.75 if twins else 0.07) and not words_of(device.area) & words_of(said):
            area = self.area(device.area)
            return (f"{area} {said}" if rng.random() < 0.5 else f"{said} in the {area}"), True
        if len(said.split()) > 2 and rng.random() < 0.1:
            shorter = " ".join(said.split()[1:] if rng.random() < 0.6 else said.split()[:-1])
            return (shorter if self._is_enough(shorter) else said), False
        return said, False

    def _is_enough(self, shorter: str) -> bool:
        """Does it tell one device from all else?"""
        wanted = words_of(shorter)
        hits = [d for d in self._house.devices if any(wanted <= words_of(n) for n in (d.name, *d.aliases))]
        return len(hits) == 1 and not wanted <= GENERIC and shorter.lower() not in self._place_names

    def area(self, name: str) -> str:
        """What the area of that name is called."""
        return next((self.place(area) for area in self._house.areas if area.name == name), name)

    def place(self, place: Place) -> str:
        """What an area, floor or group is called."""
        return self._rng.choice(place.aliases) if place.aliases and self._rng.random() < 0.4 else place.name

    def foreign(self, slot: Slot) -> str | None:
        """A name for the slot that nothing here resembles."""
        rng = self._rng
        for _ in range(8):
            source = self._names.of(noun_by_name(rng.choice(slot.nouns))) if slot.type == "device" else self._names.lists[slot.type]
            name, _aliases = rng.choice(source)
            special = words_of(name) - GENERIC
            if not special or any(special & taken for taken in self._taken):
                continue
            if not any(special & words_of(place) for place in self._place_names):
                return name
        return None


def words_of(text: str) -> frozenset[str]:
    """The words of a name, in lower case."""
    return frozenset(re.findall(r"\w+", text.lower()))
