"""Floors, areas and entities that were found, as a file of house.d and as an update of one that an installer has changed. Pure.

A field that the installer has changed since the last import is theirs: it stays. What was imported last stands in `Imported`, a
file beside the house's; fields that are equal to that follow what is found. A device is known by Home Assistant's own id of it,
then by its binding, so that a rename on either side breaks nothing. Comments and order stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from octopus_hub.adapters.found import Found, FoundArea, FoundEntity
from octopus_hub.adapters.service_rows import Entity
from octopus_hub.config.ids import assign_ids
from octopus_hub.config.kinds import KINDS
from octopus_hub.config.record import OPTION_ATTRIBUTES

Item = dict[str, Any]
Imported = dict[str, Item]
"""What was written last, by the key of a device."""

SHOWN_CLASSES: Mapping[str, frozenset[str]] = {
    "binary_sensor": frozenset({
        "door", "garage_door", "lock", "moisture", "motion", "occupancy", "opening", "presence", "smoke", "carbon_monoxide", "gas",
        "window", "battery_charging", "running",
    }),
    "sensor": frozenset({"temperature", "humidity", "battery", "power", "energy", "illuminance", "carbon_dioxide", "pm25"}),
}  # fmt: skip
"""Of kinds that most houses have many of: what people ask for."""
NOT_SHOWN = frozenset({"device_tracker", "sun", "zone", "update", "conversation", "tts", "stt", "event", "image"})
"""Domains that are no devices of a house, though some have a kind."""
CLASSED = frozenset({"cover", "switch", "media_player", "binary_sensor", "sensor", "humidifier", "valve"})
"""Kinds whose device class tells what a device is."""
MANAGED = ("name", "kind", "area", "aliases", "device_class", "home_assistant", "mqtt", "limits", "options")
"""The fields that an import writes."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What other files of the house have already: ids; and what is left to those: bindings, floors and areas by folded names."""

    ids: frozenset[str] = frozenset()
    bindings: frozenset[str] = frozenset()
    floors: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()


@dataclass
class Difference:
    """What an import changes, in words, for whoever runs it."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Is there nothing to write?"""
        return not (self.added or self.changed or self.removed)


def is_shown(entity: FoundEntity) -> bool:
    """Is it a device of the house? The owner's word on voice assistants first; then what is no device, hidden, or an auxiliary."""
    if not _can_be_device(entity):
        return False
    if entity.exposed is not None:
        return entity.exposed
    classes = SHOWN_CLASSES.get(Entity(entity.entity_id).domain)
    return not (entity.is_hidden or entity.is_auxiliary) and (classes is None or entity.attributes.get("device_class") in classes)


def device_of(entity: FoundEntity, *, fahrenheit: bool) -> Item:
    """The device of an entity, as in house.yaml, without an id."""
    attributes = entity.attributes
    item: Item = {"name": entity.name, "kind": Entity(entity.entity_id).kind}
    if entity.area:
        item["area"] = entity.area
    if entity.aliases:
        item["aliases"] = list(entity.aliases)
    if item["kind"] in CLASSED and attributes.get("device_class"):
        item["device_class"] = str(attributes["device_class"])
    item |= {"mqtt": {"discovery": entity.discovery}} if entity.discovery else {"home_assistant": entity.entity_id}
    if item["kind"] in ("climate", "water_heater") and {"min_temp", "max_temp"} <= attributes.keys():
        item["limits"] = {f"temperature_{'f' if fahrenheit else 'c'}": [attributes["min_temp"], attributes["max_temp"]]}
    options = {
        ours: [str(word) for word in attributes[theirs]] for theirs, ours in OPTION_ATTRIBUTES.items() if attributes.get(theirs)
    }
    if options:
        item["options"] = options
    return item


def update(
    document: Item, found: Found, last: Imported, elsewhere: Elsewhere, *, everything: bool, remove: bool = False
) -> tuple[Imported, Difference]:
    """Bring a file of house.d, as data, up to date; what was imported now, and what changed. `everything`: also what would not be
    shown; `remove`: not what is gone, unless it was changed here."""
    difference = Difference()
    _update_places(document, "floors", [_floor(floor) for floor in found.floors], elsewhere.floors, difference)
    _update_places(document, "areas", [_area(area) for area in found.areas], elsewhere.areas, difference)
    wanted_ones = [entity for entity in found.entities if _is_wanted(entity, everything=everything)]
    shown = [entity for entity in wanted_ones if entity.binding not in elsewhere.bindings]
    devices: list[Item] = document.setdefault("devices", [])
    by_registry = {str(item["registry_id"]): item for item in devices if "registry_id" in item}
    by_binding = {_binding(item): item for item in devices}
    imported: Imported = {}
    for entity in shown:
        wanted = device_of(entity, fahrenheit=found.fahrenheit)
        known = by_registry.get(entity.registry_id or "") or by_binding.get(entity.binding)
        if known is None:
            devices.append(known := _new(wanted, entity, devices, elsewhere.ids))
            difference.added.append(f"{wanted['name']} ({entity.binding})")
        else:
            _merge(known, wanted, last.get(_key(known), {}), difference)
        imported[_key(known)] = wanted
    ids = {entity.registry_id for entity in found.entities} | {entity.binding for entity in found.entities}
    for item in [item for item in devices if not {_key(item), _binding(item)} & ids]:
        if remove and last.get(_key(item)) == {name: item[name] for name in MANAGED if name in item}:
            devices.remove(item)
            difference.removed.append(f"{item['name']} ({_binding(item)})")
        else:
            difference.gone.append(f"{item['name']} ({_binding(item)})")
    return imported, difference


def _is_wanted(entity: FoundEntity, *, everything: bool) -> bool:
    return is_shown(entity) or (everything and _can_be_device(entity))


def _can_be_device(entity: FoundEntity) -> bool:
    own = Entity(entity.entity_id)
    return own.kind in KINDS and own.domain not in NOT_SHOWN


def _new(wanted: Item, entity: FoundEntity, devices: Sequence[Item], elsewhere: frozenset[str]) -> Item:
    taken = [(given, "", "") for given in (*elsewhere, *(str(item["id"]) for item in devices if "id" in item))]
    *_, own = assign_ids([*taken, (None, wanted["name"], wanted["kind"])])
    registry = {"registry_id": entity.registry_id} if entity.registry_id else {}
    return {"id": own, **wanted, **registry}


def _merge(known: Item, wanted: Item, last: Item, difference: Difference) -> None:
    """Field by field: what is as it was imported follows Home Assistant, what was changed since stays."""
    for name in MANAGED:
        now, then, ours = wanted.get(name), last.get(name), known.get(name)
        if ours == now:
            continue
        if ours != then:
            if now != then:
                difference.kept.append(f"{known['name']}: {name} is {_text(ours)} here, {_text(now)} there")
            continue
        difference.changed.append(f"{known['name']}: {name} {_text(ours)} → {_text(now)}")
        if now is None:
            del known[name]
        else:
            known[name] = now


def _update_places(document: Item, section: str, wanted: Sequence[Item], elsewhere: frozenset[str], difference: Difference) -> None:
    """Places that are new; those that are there are the installer's."""
    have = {*elsewhere, *(str(item["name"]).casefold() for item in document.get(section, ()))}
    new = [item for item in wanted if item["name"].casefold() not in have]
    if new:
        document.setdefault(section, []).extend(new)
        difference.added += [f"{item['name']} ({section[:-1]})" for item in new]


def _floor(floor: FoundArea) -> Item:
    return {"name": floor.name, **({} if floor.level is None else {"level": floor.level}), **_aliases(floor)}


def _area(area: FoundArea) -> Item:
    return {"name": area.name, **({"floor": area.floor} if area.floor else {}), **_aliases(area)}


def _aliases(place: FoundArea) -> Item:
    return {"aliases": list(place.aliases)} if place.aliases else {}


def _binding(item: Mapping[str, Any]) -> str:
    if isinstance(mqtt := item.get("mqtt"), Mapping):
        return str(mqtt.get("discovery", ""))
    bound = item.get("home_assistant")
    return str(bound.get("main", "")) if isinstance(bound, Mapping) else str(bound or "")


def _key(item: Mapping[str, Any]) -> str:
    return str(item.get("registry_id") or _binding(item))


def _text(value: object) -> str:
    return "nothing" if value is None else str(value)
