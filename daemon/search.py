"""What a target is looked for with: the call, the house as it is now, and where the speaker stands. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from octopus_hub.config.functions import Function
from octopus_hub.config.house import Device, DeviceState, House
from octopus_hub.config.plan import PlannedCall, Where
from octopus_hub.daemon.abilities import Ability, ability
from octopus_hub.daemon.conditions import shows
from octopus_hub.daemon.replies import Code, refusal


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The house, its states, the speaker's area, the devices that the speaker chose when asked, the words that were said, and the
    areas in which what was said before in the sentence is done."""

    house: House
    states: Mapping[str, DeviceState]
    area: str | None = None
    prefer: frozenset[str] = frozenset()
    said: AbstractSet[str] = frozenset()
    before: AbstractSet[str] = frozenset()

    def state(self, device: Device) -> DeviceState | None:
        """The device's state, if known."""
        return self.states.get(device.id)

    def showing(self, devices: Iterable[Device], word: str) -> list[Device]:
        """Those of `devices` that show the state."""
        return [device for device in devices if shows(device, self.state(device), word)]


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: one planned call in its surroundings."""

    planned: PlannedCall
    function: Function
    around: Surroundings

    def takes(self, device: Device) -> bool:
        """Is the function for it, with what was said?"""
        return self.function.takes(device, self.planned.arguments)

    @property
    def supported(self) -> list[Device]:
        """Every device that the function takes."""
        return [device for device in self.around.house.devices if self.takes(device)]

    def able(self, devices: Iterable[Device]) -> list[Device]:
        """Those of which nothing is known that keeps them from doing it."""
        return [device for device in devices if self._ability(device) is not Ability.NO]

    def most_able(self, devices: list[Device]) -> list[Device]:
        """Those that are best known to be able to do it, which may be all or those that merely may."""
        best = max(map(self._ability, devices))
        return [device for device in devices if self._ability(device) is best]

    def _ability(self, device: Device) -> Ability:
        return ability(self.planned, self.function, device, self.around.state(device))

    @property
    def asked_property(self) -> str | None:
        """The property that `get_value` asks for."""
        return str(self.planned.arguments["property"]) if self.function.name == "get_value" else None

    @property
    def asked_state(self) -> str | None:
        """The state that `get_state` asks about."""
        state = self.planned.arguments.get("state") if self.function.name == "get_state" else None
        return None if state is None else str(state)

    def here(self, devices: Iterable[Device]) -> list[Device]:
        """Those in the speaker's area."""
        area = self.around.area
        return [device for device in devices if area is not None and device.area == area]

    def is_on_this_floor(self, device: Device) -> bool:
        """Is it on the speaker's floor?"""
        house, area = self.around.house, self.around.area
        floor = house.area_floor.get(area) if area is not None else None
        return floor is not None and device.area is not None and house.area_floor.get(device.area) == floor

    def in_place(self, devices: list[Device], where: Where | None) -> list[Device]:
        """Those in the place, or anywhere. Raises Unresolved for "here" of a speaker who is nowhere."""
        if where is None:
            return devices
        if where.area is not None:
            areas = self.around.house.areas_called(where.area)
            return [device for device in devices if device.area in areas]
        if where.floor is not None:
            areas = self.around.house.areas_of_floor(where.floor)
            return [device for device in devices if device.area in areas]
        if self.around.area is None:
            raise refusal(Code.NO_AREA)
        return self.here(devices)

    def phrase(self, where: Where | None) -> str:
        """The place in words: "in the kitchen"."""
        if where is None:
            return "here"
        if where.floor is not None:
            return f"on the {where.floor}" if "floor" in where.floor.casefold() else f"on the {where.floor} floor"
        return f"in the {where.area or self.around.area}"
