"""A house for tests of the resolver, policy, answers and services, and short ways to write plans for it."""

from __future__ import annotations

from collections.abc import Mapping

from octopus_hub.config.house import ActionClass, Area, Device, DeviceState, Floor, Group, House
from octopus_hub.config.plan import Described, Named, Plan, PlannedCall, Quantifier, Selector, Target, Value, When, Where


def device(name: str, kind: str, area: str | None = None, **more: object) -> Device:
    """A device whose id is its name in lower case with underscores, bound to an entity of its kind."""
    device_id = str(more.pop("id", name.lower().replace(" ", "_")))
    bound = {"home_assistant": {"main": f"{kind}.{device_id}"}} if kind != "vehicle" else {}
    return Device(device_id, name, kind, area, **{**bound, **more})  # type: ignore[arg-type]  # the keywords are Device's own


HOUSE = House(
    floors=(Floor("Ground", 0), Floor("Upper", 1)),
    areas=(
        Area("Hallway", "Ground"),
        Area("Kitchen", "Ground", ("cookhouse",)),
        Area("Living Room", "Ground"),
        Area("Bedroom", "Upper"),
        Area("Office", "Upper"),
        Area("Garage"),
    ),
    groups=(Group("Reading Corner", ("floor_lamp", "heater"), ("nook",)),),
    devices=(
        device("Hallway Light", "light", "Hallway"),
        device("Front Door", "lock", "Hallway"),
        device("Back Door", "lock", "Kitchen"),
        device("Nest", "climate", "Hallway", limits={"temperature_c": (15, 26)}, options={"hvac_modes": ("off", "heat", "cool")}),
        device("Ceiling", "light", "Kitchen", id="kitchen_ceiling"),
        device("Counter", "light", "Kitchen"),
        device("Fridge", "switch", "Kitchen", action_class=ActionClass.HAZARD, bulk=False),
        device("Kettle Plug", "switch", "Kitchen", device_class="outlet", aliases=("coffee plug",)),
        device("Radio", "media_player", "Kitchen", device_class="speaker", limits={"volume_pct": (0, 60)}),
        device("Floor Lamp", "light", "Living Room", options={"effect_list": ("candle", "party")}),
        device("Ceiling", "light", "Living Room", id="living_ceiling"),
        device("Heater", "switch", "Living Room"),
        device("TV", "media_player", "Living Room", device_class="tv", options={"source_list": ("Netflix", "HDMI 1")}),
        device("Left Blind", "cover", "Living Room", device_class="blind"),
        device("Right Blind", "cover", "Living Room", device_class="blind"),
        device("Robbie", "vacuum", "Living Room"),
        device("Living Humidity", "sensor", "Living Room", device_class="humidity"),
        device("Bedside", "light", "Bedroom"),
        device("Drapes", "cover", "Bedroom", device_class="curtain"),
        device("Breeze", "fan", "Bedroom"),
        device("Bedroom Window", "binary_sensor", "Bedroom", device_class="window"),
        device("Office Temperature", "sensor", "Office", device_class="temperature"),
        device("Desk", "number", "Office", limits={"value": (65, 125)}),
        device("Garage Door", "cover", "Garage", device_class="garage"),
        device("Volvo", "vehicle", "Garage"),
        device("Shopping List", "todo"),
        device("Movie Night", "scene"),
        device("Anna", "person"),
        device("Sky", "weather"),
        device("House Alarm", "alarm_control_panel", "Hallway"),
    ),
)

States = Mapping[str, DeviceState]


def state(name: str, **attributes: object) -> DeviceState:
    """A state with attributes."""
    return DeviceState(name, attributes)


def place(where: str | None) -> Where | None:
    """ "here", "floor Upper", or an area's name."""
    if where is None or where == "here":
        return None if where is None else Where(here=True)
    return Where(floor=where.removeprefix("floor ")) if where.startswith("floor ") else Where(area=where)


def one(noun: str, where: str | None = None) -> Described:
    """The light."""
    return Described(Quantifier.ONE, noun, place(where))


def many(noun: str, where: str | None = None) -> Described:
    """The lights."""
    return Described(Quantifier.MANY, noun, place(where))


def every(noun: str, where: str | None = None) -> Described:
    """All the lights."""
    return Described(Quantifier.ALL, noun, place(where))


def planned(
    function: str, *targets: Selector | str, without: tuple[Selector, ...] = (), when: When | None = None, **arguments: Value
) -> PlannedCall:
    """One planned call; a target that is a text is a device's name."""
    include = tuple(Named(target) if isinstance(target, str) else target for target in targets)
    return PlannedCall(function, Target(include, without) if include else None, arguments, when)


def plan(*calls: PlannedCall) -> Plan:
    """A plan of these calls."""
    return Plan(calls)
