"""Houses and sentences for benchmarks: the same ones every time, with the names that people give.

Pure. The first ten devices are in every house, and the sentences speak of those; more devices fill more rooms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from octopus_hub.config.errors import InputError
from octopus_hub.config.house import Area, Device, Floor, House
from octopus_hub.config.ids import assign_ids
from octopus_hub.models.shards import HousePrompt
from octopus_hub.models.tokens import TextEncoder

SIZES = (10, 50, 200, 1000)
"""How many devices the benchmarks' houses have."""

SPEAKER_AREA = "Living Room"


@dataclass(frozen=True, slots=True)
class Thing:
    """A device of a room. `is_shared`: is its name the same in every room ("Ceiling Light"), or does the room's come first?"""

    name: str
    kind: str
    device_class: str | None = None
    is_shared: bool = False
    aliases: tuple[str, ...] = ()


FIRST: tuple[tuple[str, Thing], ...] = (
    ("Living Room", Thing("Floor Lamp", "light")),
    ("Kitchen", Thing("Counter Lights", "light")),
    ("Hallway", Thing("Front Door", "lock")),
    ("Hallway", Thing("Thermostat", "climate", aliases=("heating",))),
    ("Living Room", Thing("TV", "media_player", "tv", aliases=("television",))),
    ("Living Room", Thing("Left Blind", "cover", "blind")),
    ("Bedroom", Thing("Bedside Lamp", "light")),
    ("Bedroom", Thing("Bedroom Fan", "fan")),
    ("Kitchen", Thing("Coffee Machine", "switch", "outlet")),
    ("Living Room", Thing("Robbie", "vacuum", aliases=("hoover", "robot"))),
)
"""Areas and devices of the smallest house."""

ROOMS: tuple[tuple[str, str], ...] = (
    ("Living Room", "Ground"), ("Kitchen", "Ground"), ("Hallway", "Ground"), ("Bedroom", "Upper"), ("Bathroom", "Upper"),
    ("Office", "Upper"), ("Nursery", "Upper"), ("Dining Room", "Ground"), ("Garage", "Ground"), ("Guest Room", "Upper"),
    ("Laundry", "Basement"), ("Cellar", "Basement"), ("Attic", "Attic Floor"), ("Pantry", "Ground"), ("Playroom", "Upper"),
    ("Library", "Ground"), ("Gym", "Basement"), ("Workshop", "Basement"), ("Porch", "Ground"), ("Terrace", "Ground"),
    ("Balcony", "Upper"), ("Studio", "Attic Floor"), ("Sauna", "Basement"), ("Greenhouse", "Ground"), ("Carport", "Ground"),
)  # fmt: skip
"""Areas with their floors, the commonest first; guest rooms with numbers follow."""

THINGS: tuple[Thing, ...] = (
    Thing("Ceiling Light", "light", is_shared=True),
    Thing("Motion", "binary_sensor", "motion"),
    Thing("Temperature", "sensor", "temperature"),
    Thing("Window", "binary_sensor", "window"),
    Thing("Wall Light", "light", is_shared=True),
    Thing("Radiator", "climate"),
    Thing("Roller Blind", "cover", "blind"),
    Thing("Socket", "switch", "outlet"),
    Thing("Humidity", "sensor", "humidity"),
    Thing("Speaker", "media_player", "speaker"),
    Thing("Reading Lamp", "light", is_shared=True),
    Thing("Smoke Detector", "binary_sensor", "smoke"),
    Thing("Curtain", "cover", "curtain"),
    Thing("Desk Lamp", "light", is_shared=True),
    Thing("Fan", "fan"),
    Thing("Power", "sensor", "power"),
    Thing("Second Socket", "switch", "outlet"),
    Thing("LED Strip", "light", is_shared=True),
    Thing("Brightness", "sensor", "illuminance"),
    Thing("Ventilation", "switch"),
)

OPTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "climate": {"hvac_modes": ("off", "heat", "cool", "auto"), "preset_modes": ("eco", "comfort", "away")},
    "fan": {"preset_modes": ("sleep", "breeze")},
    "media_player": {"source_list": ("Netflix", "YouTube", "HDMI 1", "Radio")},
}

SENTENCES: tuple[str, ...] = (
    # One call
    "turn on the floor lamp",
    "turn off the lights",
    "switch the coffee machine on please",
    "lights on in the kitchen",
    "could you dim the bedside lamp to 20 percent",
    "set the counter lights to half brightness",
    "make the floor lamp warmer",
    "make it brighter in here",
    "turn the living room lights blue",
    "set the thermostat to 21.5 degrees",
    "it's too cold in here",
    "switch the heating to eco",
    "close the blinds",
    "open the left blind a little",
    "lock the front door",
    "start the vacuum",
    "tell Robbie to go home",
    "turn the volume up",
    "mute the tv",
    "switch the tv to netflix",
    "play some jazz in the living room",
    "set the bedroom fan to full speed",
    "all lights off except the bedside lamp",
    # Several calls, and calls for later
    "turn off the tv and close the blinds",
    "lock the front door, turn off all the lights and set the thermostat to 17",
    "turn on the bedside lamp and the bedroom fan",
    "turn off the coffee machine in 20 minutes",
    "at half past seven switch on the kitchen lights",
    "set a timer for 12 minutes for the pasta",
    "remind me to call the dentist tomorrow at nine",
    # Questions
    "is the front door locked",
    "what is the temperature in the hallway",
    "which lights are still on",
    "how many windows are open",
    "what time is it",
    # Nothing to do
    "how are you today",
    "who won the football match yesterday",
    "open the swimming pool cover",
    "order me a pizza",
    "I think the neighbours painted their fence green last summer",
)


def bench_house(devices: int) -> House:
    """The house with exactly this many devices. Raises InputError beyond the largest."""
    found = list(islice(_devices(devices), devices))
    if len(found) < devices:
        raise InputError(f"expected a house of at most {len(found)} devices, got {devices}")
    ids = assign_ids([(None, thing.name, thing.kind) for _, thing in found])
    used = dict.fromkeys(area for area, _ in found)
    areas = tuple(Area(area, floor) for area, floor in _rooms(devices) if area in used)
    floors = tuple(Floor(name) for name in dict.fromkeys(area.floor for area in areas) if name is not None)
    return House(
        name=f"{devices} devices",
        floors=floors,
        areas=areas,
        devices=tuple(_device(device_id, area, thing) for device_id, (area, thing) in zip(ids, found, strict=True)),
    )


def filled_up(house: House, devices: int) -> House:
    """The house with suites of a hotel beside it, until it has so many devices; each is named after its suite."""
    missing = max(0, devices - len(house.devices))
    suites = [f"Suite {number}" for number in range(1, 2 + missing // len(THINGS))]
    named = [(suite, thing) for suite in suites for thing in THINGS][:missing]
    more = tuple(
        _device(f"filler_{number}", suite, Thing(f"{suite} {thing.name}", thing.kind, thing.device_class))
        for number, (suite, thing) in enumerate(named)
    )
    areas = tuple(Area(suite) for suite in suites if any(device.area == suite for device in more))
    return replace(house, areas=(*house.areas, *areas), devices=(*house.devices, *more))


def prefix_tokens(house: House, encoder: TextEncoder) -> int:
    """How many tokens of the prompt are the house, before any sentence."""
    return len(HousePrompt(house, encoder).prefix)


def _devices(count: int) -> Iterator[tuple[str, Thing]]:
    yield from FIRST
    for thing in THINGS:
        for area, _ in _rooms(count):
            yield area, thing if thing.is_shared else Thing(f"{area} {thing.name}", thing.kind, thing.device_class)


def _rooms(devices: int) -> list[tuple[str, str]]:
    """5, 9, 20 and 50 rooms for the four sizes: a large house has more in a room."""
    count = max(5, min(round(devices**0.565), 50))
    numbered = [
        (f"Room {number}", f"Guest Floor {number // 100}") for start in (100, 200) for number in range(start + 1, start + 26)
    ]
    return [*ROOMS, *numbered][:count]


def _device(device_id: str, area: str, thing: Thing) -> Device:
    return Device(
        device_id,
        thing.name,
        thing.kind,
        area,
        aliases=thing.aliases,
        device_class=thing.device_class,
        options=OPTIONS.get(thing.kind, {}),
    )
