"""May this source do this? The action class of a call, and the decision. Pure.

Decided by effect: the function, and for each device its kind, device class, explicit class, name and aliases. Unknown counts as
*open*. The model has no say in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Function
from octopus_hub.config.house import ActionClass, Device, DeviceState, House, number
from octopus_hub.config.plan import Call, Scalar
from octopus_hub.daemon.replies import Code

READ, PRIVATE, COMFORT, SECURE, HAZARD, OPEN = (
    ActionClass.READ,
    ActionClass.PRIVATE,
    ActionClass.COMFORT,
    ActionClass.SECURE,
    ActionClass.HAZARD,
    ActionClass.OPEN,
)
RANK: Mapping[ActionClass, int] = {name: rank for rank, name in enumerate((READ, PRIVATE, COMFORT, SECURE, HAZARD, OPEN))}
"""From harmless to dangerous; of several the highest counts."""

DEFAULT_ALLOW = frozenset({READ, PRIVATE, COMFORT, SECURE, HAZARD})
"""What may be done unless the owner says otherwise: all but opening."""

RELAY_KINDS = frozenset({"switch", "button", "remote", "number", "select", "scene", "script", "automation", "siren"})
"""Kinds that say nothing of what they move: their names decide."""

UNKNOWN_CONTENT_KINDS = frozenset({"button", "scene", "script", "automation"})
"""Kinds that may do anything: *open* unless the owner gave them a class."""

HARMLESS_COVERS = frozenset({"awning", "blind", "curtain", "damper", "shade", "shutter", "window"})
"""Device classes of covers that let nobody in, whatever they are called; any other is read like a name."""

PASSAGES = frozenset(
    {
        "door", "doors", "gate", "gates", "garage", "barrier", "entrance", "entry", "trunk", "boot", "tailgate", "open", "opens",
    }
)  # fmt: skip
OPENERS = frozenset({"lock", "locks", "unlock", "unlocks", "opener", "disarm", "disarms", "valve", "strike", "latch", "buzzer"})
HAZARDS = frozenset(
    {
        "oven", "stove", "hob", "cooker", "cooktop", "grill", "fryer", "kettle", "iron", "heater", "heaters", "radiator", "boiler",
        "furnace", "fireplace", "sauna", "pump", "fridge", "refrigerator", "freezer", "router", "modem", "server", "nas", "gateway",
        "compressor", "welder", "aquarium", "medical", "cpap", "dryer", "washer",
    }
)  # fmt: skip
HARMLESS = frozenset(
    {"light", "lights", "lamp", "lamps", "lantern", "fan", "radio", "speaker", "camera", "bell", "chime", "tv", "sensor", "music"}
)
"""A name that ends so ("Garage Light", "Door Lamp") uses the passage only to say where it is."""


class Verdict(StrEnum):
    """What policy says to a call."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Trust:
    """The action classes that a source may use."""

    allow: frozenset[ActionClass] = DEFAULT_ALLOW


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed, or denied with a code; `action_class` is the class that was found and `device_id` what it was found on."""

    verdict: Verdict
    action_class: ActionClass
    code: Code | None = None
    device_id: str | None = None


def decide(call: Call, house: House, trust: Trust, states: Mapping[str, DeviceState]) -> Decision:
    """May a source of this trust have this call carried out, as things are now?"""
    function = by_name()[call.function]
    found, device_id = function.action_class, None
    for device in (house.by_id[each] for each in call.device_ids):
        own = device_action_class(function, device, call.arguments)
        if device_id is None or RANK[own] > RANK[found]:
            found, device_id = own, device.id
    if found not in trust.allow:
        return Decision(Verdict.DENY, found, Code.DENIED, device_id)
    if found is HAZARD and len(call.device_ids) > 1:
        return Decision(Verdict.DENY, found, Code.HAZARD, device_id)
    if function.standstill:
        for device in (house.by_id[each] for each in call.device_ids):
            if device.kind == "vehicle" and not stands_still(states.get(device.id)):
                return Decision(Verdict.DENY, found, Code.MOVING, device.id)
    return Decision(Verdict.ALLOW, found, None, device_id)


def stands_still(state: DeviceState | None) -> bool:
    """Is it known of a vehicle that it does not move: by its speed, else because it is at the plug?"""
    attributes: Mapping[str, object] = {} if state is None else state.attributes
    speed = number(attributes.get("speed"))
    return speed == 0 if speed is not None else attributes.get("plugged_in") is True


def device_action_class(function: Function, device: Device, arguments: Mapping[str, Scalar] | None = None) -> ActionClass:
    """The class of this function on this device. Without `arguments` the most dangerous use is assumed."""
    if function.is_read:
        return _read_class(device, arguments or {})
    if function.name in EFFECTS and (by_effect := EFFECTS[function.name](device, arguments)) is not None:
        return by_effect if by_effect is SECURE else _raised(by_effect, device.action_class)
    if function.action_class is SECURE:
        return SECURE
    found = function.action_class
    if device.kind in UNKNOWN_CONTENT_KINDS:
        found = device.action_class or OPEN
    if device.kind in RELAY_KINDS:
        found = _raised(found, class_of_names((device.name, *device.aliases)))
    return _raised(found, device.action_class)


def class_of_names(names: tuple[str, ...]) -> ActionClass | None:
    """The class that a relay's names betray: "Garage Door" opens, "Oven" is a hazard, else None."""
    found = [_class_of_name(name) for name in names]
    return OPEN if OPEN in found else HAZARD if HAZARD in found else None


def _class_of_name(name: str) -> ActionClass | None:
    words = re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold())
    if OPENERS.intersection(words):
        return OPEN
    if PASSAGES.intersection(words) and not HARMLESS.union(HAZARDS).intersection(words[-1:]):
        return OPEN
    return HAZARD if HAZARDS.intersection(words) else None


def _read_class(device: Device, arguments: Mapping[str, Scalar]) -> ActionClass:
    where = device.kind == "vehicle" and arguments.get("property") == "location"
    return PRIVATE if where or device.kind in ("person", "calendar", "camera") else READ


def _raised(found: ActionClass, other: ActionClass | None) -> ActionClass:
    return found if other is None or RANK[other] <= RANK[found] else other


def _opens(device: Device) -> bool:
    if device.kind == "valve":
        return True
    names = (device.name, *device.aliases, device.device_class or "")
    return device.device_class not in HARMLESS_COVERS and class_of_names(names) is OPEN


def _open(device: Device, arguments: Mapping[str, Scalar] | None) -> ActionClass | None:
    return OPEN if _opens(device) else COMFORT


def _set_position(device: Device, arguments: Mapping[str, Scalar] | None) -> ActionClass | None:
    closes = arguments is not None and number(arguments.get("position")) == 0
    return SECURE if closes else _open(device, arguments)


def _step_position(device: Device, arguments: Mapping[str, Scalar] | None) -> ActionClass | None:
    closes = arguments is not None and arguments.get("direction") == "close"
    return SECURE if closes else _open(device, arguments)


def _stop(device: Device, arguments: Mapping[str, Scalar] | None) -> ActionClass | None:
    return SECURE


def _turn_on(device: Device, arguments: Mapping[str, Scalar] | None) -> ActionClass | None:
    return HAZARD if device.kind == "siren" else None


EFFECTS: Mapping[str, Callable[[Device, Mapping[str, Scalar] | None], ActionClass | None]] = {
    "open": _open,
    "set_position": _set_position,
    "step_position": _step_position,
    "stop": _stop,
    "turn_on": _turn_on,
    "toggle": _turn_on,
}
"""Functions whose class depends on what the device is or which way it goes; None leaves it to the names."""
