"""What there is to import: places and entities, as a system of devices tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FoundArea:
    """An area or a floor; `floor` is the name of an area's."""

    name: str
    aliases: tuple[str, ...] = ()
    floor: str | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True)
class FoundEntity:
    """An entity: with its state, and what the registry knows of it, if it is in there.

    `exposed` is what the owner said of showing it to voice assistants; None where nothing was said. `discovery` is the binding of
    one that a discovery message over MQTT tells of, and whose id is made up.
    """

    entity_id: str
    name: str
    registry_id: str | None = None
    area: str | None = None
    aliases: tuple[str, ...] = ()
    is_hidden: bool = False
    is_auxiliary: bool = False
    exposed: bool | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    discovery: str = ""

    @property
    def binding(self) -> str:
        """What a device is bound to."""
        return self.discovery or self.entity_id


@dataclass(frozen=True, slots=True)
class Found:
    """All of it, in its own order. `fahrenheit` is its unit of temperature."""

    name: str
    fahrenheit: bool
    floors: tuple[FoundArea, ...]
    areas: tuple[FoundArea, ...]
    entities: tuple[FoundEntity, ...]
