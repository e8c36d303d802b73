"""The prompt: house prefix · optional examples · optional previous turn · text. Fixed, since a change means training again.

::

    <house> <floor> ground <aka> downstairs <area> kitchen <aka> cookhouse <light> ceiling <switch> fridge … <group> reading corner
    <example> dim it <response> … <end>   <previous> … <response> … <end>   <text> turn on the light <response>

Every device is introduced by its most special noun, under its area, areas under their floors. Kinds, not states: what changes
while running never changes the prefix.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from octopus_hub.config.house import Area, Device, House
from octopus_hub.models.tokens import NOUN_IDS, Mark, TextEncoder


def house_prefix(house: House, encoder: TextEncoder) -> list[int]:
    """Token ids of the house: about 5 to 7 a device."""
    ids: list[int] = [Mark.HOUSE]
    by_area: dict[str | None, list[Device]] = {}
    of_noun = Counter(device.noun for device in house.devices)
    for device in house.devices:
        by_area.setdefault(device.area, []).append(_told(device) if of_noun[device.noun] == 1 else device)
    ids += [Mark.NO_AREA, *_devices(by_area.get(None, ()), encoder)] if None in by_area else []
    for area in (a for a in house.areas if a.floor is None):
        ids += _area(area, by_area, encoder)
    for floor in house.floors:
        ids += [Mark.FLOOR, *_names(floor.name, floor.aliases, encoder)]
        for area in (a for a in house.areas if a.floor == floor.name):
            ids += _area(area, by_area, encoder)
    for group in house.groups:
        ids += [Mark.GROUP, *_names(group.name, group.aliases, encoder)]
    return ids


def text_prompt(pieces_ids: Iterable[int]) -> list[int]:
    """Token ids from the sentence to the place where the plan begins."""
    return [Mark.TEXT, *pieces_ids, Mark.RESPONSE]


def example_section(text_ids: Sequence[int], plan_ids: Sequence[int], mark: Mark = Mark.EXAMPLE) -> list[int]:
    """A sentence of this house with its plan: a correction (EXAMPLE) or the turn before (PREVIOUS)."""
    return [mark, *text_ids, Mark.RESPONSE, *plan_ids]


def _told(device: Device) -> Device:
    """The only device of its noun, without that noun as an alias: its token says so already, and "the hallway thermostat" is then
    described by it instead of being taken for a name."""
    own = {device.noun.name.lower(), device.noun.plural.lower()}
    return replace(device, aliases=tuple(alias for alias in device.aliases if alias.lower() not in own))


def _area(area: Area, by_area: dict[str | None, list[Device]], encoder: TextEncoder) -> list[int]:
    return [Mark.AREA, *_names(area.name, area.aliases, encoder), *_devices(by_area.get(area.name, ()), encoder)]


def _devices(devices: Iterable[Device], encoder: TextEncoder) -> list[int]:
    ids: list[int] = []
    for device in devices:
        ids += [NOUN_IDS[device.noun.name], *_names(device.name, device.aliases, encoder)]
    return ids


def _names(name: str, aliases: Iterable[str], encoder: TextEncoder) -> list[int]:
    ids = list(encoder.ids(name))
    for alias in aliases:
        ids += [Mark.AKA, *encoder.ids(alias)]
    return ids
