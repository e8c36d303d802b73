"""What is told of a house: all of it in the prefix; of a large one its places there, and before each sentence the devices that it
may be about.

Reading a house of a thousand devices takes seconds once, and makes every step of every sentence several times as slow; and among
a hundred names a small model finds the one that was said less often than among twelve. So of a large house the prefix tells floors,
areas, groups, and one device of each noun, so that it is known what there is; and a sentence is preceded by the devices whose
names, aliases or rooms share words with it. The mask knows all devices in any case.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace

from octopus_hub.config.house import House
from octopus_hub.models.lexicon import LITTLE_WORDS
from octopus_hub.models.prompt import house_prefix
from octopus_hub.models.spelling import without_accents
from octopus_hub.models.tokens import TextEncoder

WHOLE_TOKENS = 500
"""The longest prefix that tells a house as a whole; about 70 devices."""
DEVICES_TOLD = 12
TOKENS_TOLD = 90
"""What of a large house a sentence is preceded by, at most: about 1.5 ms a token."""
ROOM_SHARE = 0.5
"""What a word of the room counts beside one of the device's own names."""


class HousePrompt:
    """The prompt of one house: `prefix` before all sentences, `about` before each."""

    def __init__(self, house: House, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self._house = house
        self.prefix = house_prefix(house, encoder)
        self.is_whole = len(self.prefix) <= WHOLE_TOKENS
        if not self.is_whole:
            first = {device.noun: device for device in reversed(house.devices)}
            kept = tuple(device for device in house.devices if first[device.noun] is device)
            self.prefix = house_prefix(replace(house, devices=kept), encoder, house)
            self._index()

    def about(self, text: str) -> list[int]:
        """Token ids of the devices that `text` may be about, under their areas; none where the prefix has all."""
        if self.is_whole:
            return []
        said = words(text)
        scores: dict[int, float] = defaultdict(float)
        for table, share in ((self._by_name, 1.0), (self._by_room, ROOM_SHARE)):
            for word in said & table.keys():
                for position in table[word]:
                    scores[position] += share * self._rarity[word]
        told: list[int] = []
        chosen: set[int] = set()
        for position in sorted(scores, key=lambda position: (-scores[position], position))[:DEVICES_TOLD]:
            more = self._told(chosen | {position})
            if len(more) <= TOKENS_TOLD:
                chosen.add(position)
                told = more
        return told

    def _index(self) -> None:
        """Positions of devices by the words of their names and of their rooms, and how much a word tells."""
        rooms = {area.name: words(area.name, *area.aliases) for area in self._house.areas}
        self._by_name: dict[str, list[int]] = {}
        self._by_room: dict[str, list[int]] = {}
        for position, device in enumerate(self._house.devices):
            own = words(device.name, *device.aliases)
            for word in own:
                self._by_name.setdefault(word, []).append(position)
            for word in rooms.get(device.area or "", set()) - own:
                self._by_room.setdefault(word, []).append(position)
        count = len(self._house.devices)
        places = Counter(word for room in rooms.values() for word in room)
        self._rarity = {word: math.log(1 + len(rooms) / n) for word, n in places.items()}
        self._rarity |= {word: math.log(1 + count / len(positions)) for word, positions in self._by_name.items()}

    def _told(self, positions: set[int]) -> list[int]:
        """As in a prefix, without floors and the other names of areas: those are told already."""
        devices = tuple(self._house.devices[position] for position in sorted(positions))
        used = {device.area for device in devices}
        areas = tuple(replace(area, floor=None, aliases=()) for area in self._house.areas if area.name in used)
        return house_prefix(House(areas=areas, devices=devices), self._encoder, self._house)[1:]


def words(*texts: str) -> set[str]:
    """Their words, without case, accents, little words and the plural's s."""
    return {word for text in texts for word in _words(text)}


def _words(text: str) -> Iterable[str]:
    for word in re.findall(r"\w+", without_accents(text).replace("'s", "").replace("’s", "")):
        if word not in LITTLE_WORDS:
            yield word[:-1] if len(word) > 3 and word.endswith("s") else word
