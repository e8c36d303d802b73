"""The house of a record of `octopus interpret`: somebody else's description, read as far as it makes sense.

Lenient where the configuration is strict: what is missing is filled in, what is unknown is passed over, and Home Assistant's
attributes tell options, limits and units. What contradicts itself raises InputError with one line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from octopus_hub.config.errors import InputError
from octopus_hub.config.house import ActionClass, Area, Device, DeviceState, Floor, Group, House, Units, with_usual_words
from octopus_hub.config.ids import assign_ids
from octopus_hub.config.kinds import ALIAS_KINDS, KINDS
from octopus_hub.config.record_fields import Fields
from octopus_hub.config.schema_house import LIMITS, OPTION_LISTS
from octopus_hub.config.yaml_nodes import describe

UNKNOWN_STATE = "unknown"
OPTION_ATTRIBUTES = {"operation_list": "available_modes"} | {name: name for name in OPTION_LISTS}
"""Our list by Home Assistant's attribute."""

_RANGES = (
    ("min", "max", "value"),
    ("min_humidity", "max_humidity", "humidity_pct"),
    ("min_color_temp_kelvin", "max_color_temp_kelvin", "kelvin_k"),
)
_UNITS = {"C": "C", "°C": "C", "F": "F", "°F": "F"}
_TRUTHS = {"lock": ("locked", "unlocked"), "cover": ("open", "closed"), "valve": ("open", "closed")}
"""What true and false mean as the state of a kind; elsewhere on and off."""


class RecordedHouse(NamedTuple):
    """A house, and what is known of its devices' states by id."""

    house: House
    states: Mapping[str, DeviceState]


def house_from_record(data: object) -> RecordedHouse:
    """The house and the states in the `house` of a record. Raises InputError."""
    record = Fields(data, "house")
    name, units = _head(record)
    items = record.items("devices")
    areas = _areas(record.items("areas"), items)
    area_names = {area.name.casefold(): area.name for area in areas}
    devices = [_device(item, device_id, area_names, units) for item, device_id in zip(items, _ids(items), strict=True)]
    house = House(
        name=name,
        units=units,
        floors=_floors(record.items("floors"), areas),
        areas=tuple(areas),
        groups=tuple(_group(item, devices) for item in record.items("groups")),
        devices=tuple(devices),
    )
    states = {device.id: state for device, item in zip(devices, items, strict=True) if (state := _state(item, device.kind))}
    return RecordedHouse(house, states)


def _head(record: Fields) -> tuple[str, Units]:
    """Name and units; `house` may be only a name, and `units` may stand outside of it."""
    head = record if isinstance(record.get("house"), str) else record.fields("house")
    units = head.find_choice("units", Units) or record.find_choice("units", Units) or Units.METRIC
    return head.find_text("house") or head.find_text("name") or "Home", units


def _areas(listed: Sequence[Fields], devices: Sequence[Fields]) -> list[Area]:
    """The areas listed, then those that only devices name. An area listed twice is one."""
    areas: dict[str, Area] = {}
    for item in listed:
        name = item.text("name")
        areas.setdefault(name.casefold(), Area(name, item.find_text("floor"), item.texts("aliases")))
    for item in devices:
        named = item.find_text("area")
        if named is not None:
            areas.setdefault(named.casefold(), Area(named))
    return list(areas.values())


def _floors(listed: Sequence[Fields], areas: Sequence[Area]) -> tuple[Floor, ...]:
    """The floors listed, then those that only areas name."""
    floors: dict[str, Floor] = {}
    for item in listed:
        name = item.text("name")
        level = item.find_number("level")
        floors.setdefault(name, Floor(name, int(level) if level is not None else None, item.texts("aliases")))
    for area in areas:
        if area.floor is not None:
            floors.setdefault(area.floor, Floor(area.floor))
    return with_usual_words(tuple(floors.values()), areas)


def _ids(items: Sequence[Fields]) -> list[str]:
    given = [item.find_text("id") for item in items]
    for index, device_id in enumerate(given):
        if device_id is not None and device_id in given[:index]:
            raise InputError(f"{items[index].path}.id: two devices have the id {device_id!r}")
    return assign_ids([(device_id, item.text("name"), _kind(item)) for device_id, item in zip(given, items, strict=True)])


def _kind(item: Fields) -> str:
    """One of KINDS: the kind, or the domain of the main entity where none is given; "other" for what is not known here."""
    kind = item.find_text("kind") or _entities(item).get("main", "").partition(".")[0]
    if not kind:
        raise InputError(f"{item.path}.kind: missing")
    kind = ALIAS_KINDS.get(kind, kind)
    return kind if kind in KINDS else "other"


def _entities(item: Fields) -> Mapping[str, str]:
    entities = item.get("home_assistant")
    return {"main": entities} if isinstance(entities, str) else item.fields("home_assistant").all_texts()


def _device(item: Fields, device_id: str, area_names: Mapping[str, str], units: Units) -> Device:
    attributes = item.fields("attributes")
    unit = _temperature_unit(item, attributes)
    area = item.find_text("area")
    return Device(
        id=device_id,
        name=item.text("name"),
        kind=_kind(item),
        area=area_names[area.casefold()] if area is not None else None,
        aliases=item.texts("aliases"),
        device_class=item.find_text("device_class") or attributes.find_text("device_class"),
        home_assistant=_entities(item),
        mqtt=item.fields("mqtt").all_texts(),
        limits=_limits(item.fields("limits"), attributes, unit or ("F" if units is Units.IMPERIAL else "C")),
        options=_options(item.fields("options"), attributes),
        temperature_unit=unit,
        action_class=item.find_choice("class", ActionClass),
        bulk=item.get("bulk") is not False,
    )


def _temperature_unit(item: Fields, attributes: Fields) -> str | None:
    for unit in (item.get("temperature_unit"), attributes.get("temperature_unit"), attributes.get("unit_of_measurement")):
        if isinstance(unit, str) and unit in _UNITS:
            return _UNITS[unit]
    return None


def _limits(given: Fields, attributes: Fields, unit: str) -> dict[str, tuple[float, float]]:
    """The limits given, and those in the attributes that make sense."""
    limits = {}
    for low_key, high_key, quantity in (("min_temp", "max_temp", f"temperature_{unit.lower()}"), *_RANGES):
        low, high = attributes.find_number(low_key), attributes.find_number(high_key)
        if low is not None and high is not None and low < high:
            limits[quantity] = (low, high)
    return limits | {quantity: given.pair(quantity) for quantity in LIMITS if given.get(quantity) is not None}


def _options(given: Fields, attributes: Fields) -> dict[str, tuple[str, ...]]:
    options = {name: words for key, name in OPTION_ATTRIBUTES.items() if (words := attributes.texts(key))}
    options |= {name: given.texts(name) for name in OPTION_LISTS if given.get(name) is not None}
    return {name: words for name, words in options.items() if words}


def _group(item: Fields, devices: Sequence[Device]) -> Group:
    """A group; its members are ids or names."""
    ids: list[str] = []
    for member in item.texts("devices"):
        found = [device.id for device in devices if device.id == member]
        found = found or [device.id for device in devices if device.name.casefold() == member.casefold()]
        if not found:
            raise InputError(f"{item.path}.devices: no device has the id or name {member!r}")
        ids.extend(found)
    return Group(item.text("name"), tuple(dict.fromkeys(ids)), item.texts("aliases"))


def _state(item: Fields, kind: str) -> DeviceState | None:
    """The state in Home Assistant's words; None where the record tells nothing."""
    state = item.get("state")
    attributes = dict(item.fields("attributes").data)
    if state is None:
        return DeviceState(UNKNOWN_STATE, attributes) if attributes else None
    if isinstance(state, bool):
        state = _TRUTHS.get(kind, ("on", "off"))[0 if state else 1]
    if isinstance(state, (str, int, float)):
        return DeviceState(str(state), attributes)
    raise InputError(f"{item.path}.state: expected text, got {describe(state)}")
