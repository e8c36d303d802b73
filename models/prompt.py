"""The prompt: house prefix · optional examples · optional previous turn · text. Fixed, since a change means training again.

::

    <house> <floor> ground <aka> downstairs <area> kitchen <aka> cookhouse <light> ceiling <switch> fridge
    <TV> telly <source> netflix <aka> hdmi 1 … <group> reading corner
    <example> dim it <response> … <end>   <previous> … <response> … <end>   <text> turn on the light <response>

Every device is introduced by its most special noun, under its area, areas under their floors; after its names the options that are
its own (presets, sources, effects, …), a list that several devices have only once. Kinds, not states: what changes while running
never changes the prefix.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from octopus_hub.config.house import Area, Device, House
from octopus_hub.models.lexicon import spoken
from octopus_hub.models.tokens import NOUN_IDS, PARAMETER_IDS, Mark, TextEncoder

OPTION_MARKS = {"preset_modes": "preset", "available_modes": "mode", "source_list": "source", "sound_mode_list": "mode",
                "effect_list": "effect", "options": "option"}  # fmt: skip
"""The lists that are told, each after its parameter's token. What thermostats call their modes and fans is the same everywhere."""
OPTIONS_TOLD = 12
"""Words of a list that are told at most; all of them can be said."""


def house_prefix(house: House, encoder: TextEncoder, whole: House | None = None) -> list[int]:
    """Token ids of the house: about 5 to 7 a device. `whole` is the house that it is a part of, if it is."""
    teller = _Teller(house, encoder, whole or house)
    ids: list[int] = [Mark.HOUSE]
    ids += [Mark.NO_AREA, *teller.devices(None)] if any(device.area is None for device in house.devices) else []
    for area in (a for a in house.areas if a.floor is None):
        ids += teller.area(area)
    for floor in house.floors:
        ids += [Mark.FLOOR, *teller.names(floor.name, floor.aliases)]
        for area in (a for a in house.areas if a.floor == floor.name):
            ids += teller.area(area)
    for group in house.groups:
        ids += [Mark.GROUP, *teller.names(group.name, group.aliases)]
    return ids


def text_prompt(pieces_ids: Iterable[int]) -> list[int]:
    """Token ids from the sentence to the place where the plan begins."""
    return [Mark.TEXT, *pieces_ids, Mark.RESPONSE]


def example_section(text_ids: Sequence[int], plan_ids: Sequence[int], mark: Mark = Mark.EXAMPLE) -> list[int]:
    """A sentence of this house with its plan: a correction (EXAMPLE) or the turn before (PREVIOUS)."""
    return [mark, *text_ids, Mark.RESPONSE, *plan_ids]


class _Teller:
    """Says the parts of one house, in order."""

    def __init__(self, house: House, encoder: TextEncoder, whole: House) -> None:
        self._encoder = encoder
        self._of_noun = Counter(device.noun for device in whole.devices)
        self._by_area: dict[str | None, list[Device]] = {}
        for device in house.devices:
            self._by_area.setdefault(device.area, []).append(device)
        self._told: set[tuple[str, tuple[str, ...]]] = set()

    def area(self, area: Area) -> list[int]:
        """An area and what is in it."""
        return [Mark.AREA, *self.names(area.name, area.aliases), *self.devices(area.name)]

    def devices(self, area: str | None) -> list[int]:
        """The devices of an area, or those in none."""
        ids: list[int] = []
        for device in self._by_area.get(area, ()):
            ids += [NOUN_IDS[device.noun.name], *self.names(device.name, self._aliases(device)), *self._options(device)]
        return ids

    def names(self, name: str, aliases: Iterable[str]) -> list[int]:
        """A name and what else it is called."""
        ids = list(self._encoder.ids(name))
        for alias in aliases:
            ids += [Mark.AKA, *self._encoder.ids(alias)]
        return ids

    def _aliases(self, device: Device) -> tuple[str, ...]:
        """Of the only device of its noun without that noun: its token says so already, and "the hallway thermostat" is then
        described by it instead of being taken for a name."""
        own = {device.noun.name.lower(), device.noun.plural.lower()} if self._of_noun[device.noun] == 1 else set()
        return tuple(alias for alias in device.aliases if alias.lower() not in own)

    def _options(self, device: Device) -> list[int]:
        ids: list[int] = []
        for key, parameter in OPTION_MARKS.items():
            words = device.options.get(key, ())[:OPTIONS_TOLD]
            if words and (key, words) not in self._told:
                self._told.add((key, words))
                first, *others = map(spoken, words)
                ids += [PARAMETER_IDS[parameter], *self.names(first, others)]
        return ids
