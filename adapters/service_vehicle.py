"""A vehicle in Home Assistant: several entities, bound by role, that together are one device. Pure.

Roles: `lock` or `lock_<place>`, `climate`, `engine`, `charging`, `charge_limit`, `trunk`, `sunroof`, `windows` or `window_<place>`,
`seat_heating` or `seat_heating_<seat>`, `seat_<direction>`, `defrost` or `defrost_<part>`, `flash_lights`, `horn`, `navigation`.
`main` stands for `lock` or `climate` where its domain is that; never for another role: a lock must not stand for a trunk. What a
role's entity is told depends on its domain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from octopus_hub.adapters.service_rows import Arguments, Data, Entity
from octopus_hub.adapters.vehicle import places, seats
from octopus_hub.config.plan import Scalar

Bindings = Mapping[str, str]

SEAT_LEVELS: Mapping[str, int] = {"off": 0, "low": 1, "medium": 2, "high": 3, "on": 2}
"""A seat's heating as a number."""


@dataclass(frozen=True, slots=True)
class Told:
    """One entity, the service it is told, and the data."""

    id: str
    service: str
    data: Data = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """The service's domain: the entity's."""
        return Entity(self.id).domain


Tell = Callable[[Bindings, Arguments], Sequence[Told]]
Services = Mapping[str, tuple[str, Callable[[Arguments], Data]]]


def _nothing(given: Arguments) -> Data:
    return {}


def _same(services: Mapping[str, str]) -> Services:
    return {domain: (service, _nothing) for domain, service in services.items()}


ON = _same(
    {"switch": "turn_on", "button": "press", "climate": "turn_on", "script": "turn_on", "scene": "turn_on", "light": "turn_on"}
)
OFF = _same({"switch": "turn_off", "climate": "turn_off", "light": "turn_off"})
LOCK = _same({"lock": "lock", "switch": "turn_on"})
UNLOCK = _same({"lock": "unlock"})
OPEN = _same({"cover": "open_cover", "lock": "unlock", "switch": "turn_on", "button": "press"})
CLOSE = _same({"cover": "close_cover", "lock": "lock", "switch": "turn_off"})
DEGREES: Services = {"climate": ("set_temperature", lambda given: {"temperature": given["temperature"]})}
NUMBER: Services = {"number": ("set_value", lambda given: {"value": given["level"]})}
DESTINATION: Services = {
    "text": ("set_value", lambda given: {"value": given["destination"]}),
    "notify": ("send_message", lambda given: {"message": given["destination"]}),
}
WINDOW: Services = {
    **OPEN,
    "cover": ("set_cover_position", lambda given: {"position": given["position"]}),
}


def _tell(entity_id: str | None, services: Services, given: Arguments) -> list[Told]:
    """The entity's own service, or nothing where its domain has none."""
    if entity_id is None or Entity(entity_id).kind not in services:
        return []
    service, data = services[Entity(entity_id).kind]
    return [Told(entity_id, service, data(given))]


def _role(role: str, services: Services) -> Tell:
    def tell(bound: Bindings, given: Arguments) -> Sequence[Told]:
        main = bound.get("main", "")
        stand_in = main if Entity(main).domain == role else None
        return _tell(bound.get(role, stand_in), services, given)

    return tell


def _parts(prefix: str, whole: str, parts: Callable[[Arguments], Sequence[str]], services: Callable[[Arguments], Services]) -> Tell:
    """One entity for each part (`window_front_left`), else one for all of them (`windows`)."""

    def tell(bound: Bindings, given: Arguments) -> Sequence[Told]:
        each = [bound[f"{prefix}_{part}"] for part in parts(given) if f"{prefix}_{part}" in bound]
        if each:
            return [told for entity_id in each for told in _tell(entity_id, services(given), given)]
        return _tell(bound.get(whole), services(given), given)

    return tell


def _doors(services: Services) -> Tell:
    """The door's own lock. For the whole vehicle the one for all doors, else each: one for all never stands for a door."""
    whole = _role("lock", services)

    def tell(bound: Bindings, given: Arguments) -> Sequence[Told]:
        each = [bound[f"lock_{place}"] for place in places(given.get("door")) if f"lock_{place}" in bound]
        if "door" not in given and ("lock" in bound or not each):
            return whole(bound, given)
        return [told for entity_id in each for told in _tell(entity_id, services, given)]

    return tell


def _seat_services(given: Arguments) -> Services:
    level = str(given["level"])
    switched = "turn_off" if level == "off" else "turn_on"
    return {
        "select": ("select_option", lambda _: {"option": "medium" if level == "on" else level}),
        "number": ("set_value", lambda _: {"value": SEAT_LEVELS[level]}),
        "switch": (switched, _nothing),
        "button": ("press", _nothing),
    }


def _seat_direction(bound: Bindings, given: Arguments) -> Sequence[Told]:
    return _tell(bound.get(f"seat_{given['direction']}"), ON, given)


def _defrost_parts(given: Arguments) -> Sequence[str]:
    part: Scalar | None = given.get("part")
    return ("front", "rear") if part is None else (str(part),)


VEHICLE_ROWS: Mapping[str, Tell] = {
    "lock": _doors(LOCK),
    "unlock": _doors(UNLOCK),
    "step_temperature": _role("climate", DEGREES),
    "set_cabin_temperature": _role("climate", DEGREES),
    "vehicle_climate_start": _role("climate", ON),
    "vehicle_climate_stop": _role("climate", OFF),
    "set_seat_heating": _parts("seat_heating", "seat_heating", lambda given: seats(given.get("seat")), _seat_services),
    "move_seat": _seat_direction,
    "open_window": _parts(
        "window", "windows", lambda given: places(given.get("window")), lambda given: WINDOW if "position" in given else OPEN
    ),
    "close_window": _parts("window", "windows", lambda given: places(given.get("window")), lambda _: CLOSE),
    "open_sunroof": _role("sunroof", OPEN),
    "close_sunroof": _role("sunroof", CLOSE),
    "open_trunk": _role("trunk", OPEN),
    "close_trunk": _role("trunk", CLOSE),
    "flash_lights": _role("flash_lights", ON),
    "sound_horn": _role("horn", ON),
    "start_charging": _role("charging", ON),
    "stop_charging": _role("charging", OFF),
    "set_charge_limit": _role("charge_limit", NUMBER),
    "navigate_to": _role("navigation", DESTINATION),
    "defrost": _parts("defrost", "defrost", _defrost_parts, lambda _: ON),
    "start_engine": _role("engine", ON),
    "stop_engine": _role("engine", OFF),
}
"""What the entities of a vehicle are told, by function."""
