"""The form of house.yaml and of the files in house.d, and the house made of them.

Descriptions are what an editor shows. References between parts (an area's floor, a group's devices) are not checked here: see
`house_checks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from octopus_hub.config.house import ActionClass, Area, Device, Floor, Group, House, Units, with_usual_words
from octopus_hub.config.ids import assign_ids
from octopus_hub.config.kinds import ALIAS_KINDS
from octopus_hub.config.schema import Node, Version
from octopus_hub.config.schema_types import Entities, Kind, MqttKeys, Name, Names, PercentRange, Range, Slug


class HouseNode(Node):
    """The house as a whole."""

    name: Name = Field("Home", description="What the house is called.")
    units: Units = Field(Units.METRIC, description="What a bare number of degrees means: metric is °C, imperial °F.")


class FloorNode(Node):
    """A storey."""

    name: Name = Field(description="The floor's name.")
    level: int | None = Field(None, ge=-20, le=200, description="Counted from 0, the ground floor.")
    aliases: Names = Field((), description="Other words for it.")


class AreaNode(Node):
    """A room or another place."""

    name: Name = Field(description="The area's name.")
    floor: str | None = Field(None, description="The name of its floor.")
    aliases: Names = Field((), description="Other words for it.")


class GroupNode(Node):
    """Devices that are spoken of together."""

    name: Name = Field(description="The group's name.")
    devices: tuple[str, ...] = Field(min_length=1, description="Ids of its devices.")
    aliases: Names = Field((), description="Other words for it.")


class LimitsNode(Node):
    """[low, high] by quantity; a device is never set to anything outside."""

    temperature_c: Range | None = Field(None, description="Target temperature in °C.")
    temperature_f: Range | None = Field(None, description="Target temperature in °F.")
    humidity_pct: PercentRange | None = Field(None, description="Target humidity in %.")
    brightness_pct: PercentRange | None = Field(None, description="Brightness in %.")
    kelvin_k: Range | None = Field(None, description="Colour temperature in K.")
    position_pct: PercentRange | None = Field(None, description="Position in %, 0 closed.")
    tilt_pct: PercentRange | None = Field(None, description="Tilt of slats in %, 0 closed.")
    volume_pct: PercentRange | None = Field(None, description="Volume in %.")
    speed_pct: PercentRange | None = Field(None, description="Speed in %.")
    charge_pct: PercentRange | None = Field(None, description="A vehicle's charge limit in %.")
    value: Range | None = Field(None, description="A number's value, in the number's own unit.")


class OptionsNode(Node):
    """What a device can be set to, under Home Assistant's names."""

    hvac_modes: Names | None = Field(None, description="Modes of a thermostat.")
    preset_modes: Names | None = Field(None, description="Presets of a thermostat or fan.")
    fan_modes: Names | None = Field(None, description="Fan modes of a thermostat.")
    available_modes: Names | None = Field(None, description="Modes of a humidifier or water heater.")
    source_list: Names | None = Field(None, description="Sources of a media player.")
    sound_mode_list: Names | None = Field(None, description="Sound modes of a media player.")
    effect_list: Names | None = Field(None, description="Effects of a light.")
    options: Names | None = Field(None, description="Options of a select.")


LIMITS = tuple(LimitsNode.model_fields)
"""The quantities that can be limited."""

OPTION_LISTS = tuple(OptionsNode.model_fields)
"""The lists of options a device can have."""


class DeviceNode(Node):
    """One thing that can be asked or told something."""

    id: Slug | None = Field(None, description="Stable and unique; made from the name where it is left out.")
    name: Name = Field(description="What people call it. Names may repeat.")
    kind: Kind = Field(description="What it is: Home Assistant's domain, or vehicle.")
    area: str | None = Field(None, description="The name of its area.")
    aliases: Names = Field((), description="Other words for it.")
    device_class: Slug | None = Field(None, description="Home Assistant's device class: garage, blind, tv, outlet, motion, …")
    home_assistant: Entities = Field(default_factory=dict, description="Its entities, or only the main one.")
    registry_id: str | None = Field(None, description="Home Assistant's own id of the entity, kept by the import.")
    mqtt: MqttKeys = Field(default_factory=dict, description="How it is behind MQTT: discovery, vss, services, or its topics.")
    limits: LimitsNode = Field(default_factory=LimitsNode, description="[low, high] by quantity.")
    options: OptionsNode = Field(default_factory=OptionsNode, description="What it can be set to.")
    temperature_unit: Literal["C", "F"] | None = Field(None, description="The unit of the device's own temperatures.")
    action_class: ActionClass | None = Field(None, alias="class", description="Its action class, where it is a special one.")
    bulk: bool = Field(True, description='Is it meant by "all"?')


class HouseFile(Node):
    """house.yaml, or one file of house.d."""

    version: Version = Field(description="The version of this form.")
    house: HouseNode | None = Field(None, description="The house as a whole; in one file only.")
    floors: tuple[FloorNode, ...] = Field((), description="Storeys.")
    areas: tuple[AreaNode, ...] = Field((), description="Rooms and other places.")
    groups: tuple[GroupNode, ...] = Field((), description="Devices that are spoken of together.")
    devices: tuple[DeviceNode, ...] = Field((), description="Everything that can be asked or told something.")


def house_of(files: Sequence[HouseFile]) -> House:
    """The house described by checked files, in their order."""
    head = next((file.house for file in files if file.house is not None), HouseNode())
    nodes = [node for file in files for node in file.devices]
    ids = assign_ids([(node.id, node.name, node.kind) for node in nodes])
    floors = [Floor(node.name, node.level, node.aliases) for file in files for node in file.floors]
    areas = tuple(Area(node.name, node.floor, node.aliases) for file in files for node in file.areas)
    return House(
        name=head.name,
        units=head.units,
        floors=with_usual_words(floors, areas),
        areas=areas,
        groups=tuple(Group(node.name, node.devices, node.aliases) for file in files for node in file.groups),
        devices=tuple(_device(device_id, node) for device_id, node in zip(ids, nodes, strict=True)),
    )


def _device(device_id: str, node: DeviceNode) -> Device:
    return Device(
        id=device_id,
        name=node.name,
        kind=ALIAS_KINDS.get(node.kind, node.kind),
        area=node.area,
        aliases=node.aliases,
        device_class=node.device_class,
        home_assistant=node.home_assistant,
        mqtt=node.mqtt,
        limits=node.limits.model_dump(exclude_none=True),
        options=node.options.model_dump(exclude_none=True),
        temperature_unit=node.temperature_unit,
        action_class=node.action_class,
        bulk=node.bulk,
    )
