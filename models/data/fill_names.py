"""What the names of a house are called in a sentence: by alias, with the room, shortened, in other words; and names that the house
has not."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from octopus_hub.config.house import Area, Device, Floor, Group, House, called
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


@dataclass(frozen=True)
class SaidDevice:
    """What is said for a device, by which of its words, and what its room is called if that is said with it."""

    text: str
    word: str
    room: str = ""


class HouseNames:
    """Says the names of one house."""

    def __init__(self, house: House, names: Names, rng: random.Random) -> None:
        self._house = house
        self._names = names
        self._rng = rng
        said = (text for d in house.devices for text in (d.name, *d.aliases, *self._other_words(d)))
        self._taken = frozenset(word for text in said for word in words_of(text)) - GENERIC
        places: tuple[Area | Floor, ...] = (*house.areas, *house.floors)
        self._place_names = [name.lower() for place in places for name in (place.name, *place.aliases)]
        named = (*self._place_names, *(name for d in house.devices for name in (d.name, *d.aliases)))
        self._naming = frozenset(word for name in named for word in words_of(name))
        self._telling = (self._taken | self._naming) - GENERIC
        self._twins = {name for name, count in Counter(d.name for d in house.devices).items() if count > 1}

    def device(self, device: Device, *, room_is_said: bool) -> SaidDevice:
        """What the device is called; `room_is_said`: the rest of the sentence names its room."""
        rng = self._rng
        word = rng.choice(device.aliases) if device.aliases and rng.random() < 0.45 else device.name
        word = word if self._means(word, device) else device.name
        if self._other_words(device) and rng.random() < 0.3 and (other := self._otherwise(device)):
            return SaidDevice(other, device.name)
        if room_is_said:
            return SaidDevice(word, word)
        twins = [d for d in called(self._house.devices, word) if d.area != device.area]
        if device.area and rng.random() < (0.75 if twins else 0.07) and not words_of(device.area) & words_of(word):
            area = self.area(device.area)
            return SaidDevice(f"{area} {word}" if rng.random() < 0.5 else f"{word} in the {area}", word, area)
        parts = word.split()
        if len(parts) > 1 and rng.random() < 0.14:
            shorter = " ".join(rng.choice((parts[1:], parts[:-1], [rng.choice(parts)])))
            return SaidDevice(shorter if self._is_enough(shorter) else word, word)
        return SaidDevice(word, word)

    def _otherwise(self, device: Device) -> str | None:
        """Other words for it, where no place and nothing else of the house has one of them in its name."""
        own = GENERIC | words_of(device.name)
        clear = [text for text in self._other_words(device) if not (words_of(text) - own) & self._naming]
        return self._rng.choice(clear) if clear and device.name not in self._twins else None

    def _other_words(self, device: Device) -> tuple[str, ...]:
        return self._names.otherwise.get((device.noun.name, device.name), ())

    def _means(self, word: str, device: Device) -> bool:
        """Is the device meant by the word? A plain noun for it ("thermostat") describes instead of naming."""
        nouns = (device.noun.name.lower(), device.noun.plural.lower())
        return device in called(self._house.devices, word) and word.lower() not in nouns

    def _is_enough(self, shorter: str) -> bool:
        """Does it tell one device from all else?"""
        wanted = words_of(shorter)
        hits = [d for d in self._house.devices if any(wanted <= words_of(n) for n in (d.name, *d.aliases))]
        return len(hits) == 1 and not wanted <= GENERIC and shorter.lower() not in self._place_names

    def area(self, name: str) -> str:
        """What the area of that name is called."""
        return next((self.place(area) for area in self._house.areas if area.name == name), name)

    def place(self, place: Place) -> str:
        """What an area, floor or group is called; not by a word that is another's name."""
        others: Sequence[Place] = (*self._house.areas, *self._house.floors, *self._house.groups)
        names = {other.name.lower() for other in others}
        aliases = [alias for alias in place.aliases if alias.lower() not in names]
        return self._rng.choice(aliases) if aliases and self._rng.random() < 0.4 else place.name

    def has_word_of(self, text: str) -> bool:
        """Is a word in the text that alone tells some device or place here, by name, alias or other words?"""
        return not self._telling.isdisjoint(words_of(text))

    def foreign(self, slot: Slot) -> str | None:
        """A name for the slot that nothing here resembles."""
        rng = self._rng
        for _ in range(8):
            source = self._names.of(noun_by_name(rng.choice(slot.nouns))) if slot.type == "device" else self._names.lists[slot.type]
            name, _aliases = rng.choice(source)
            special = words_of(name) - GENERIC
            if not special or special & self._taken:
                continue
            if not any(special & words_of(place) for place in self._place_names):
                return name
        return None


def words_of(text: str) -> frozenset[str]:
    """The words of a name, in lower case."""
    return frozenset(re.findall(r"\w+", text.lower()))
