"""Random houses with the names people give, from word lists of `corpus/names`.

A line of those is `name | alias | ~otherwise`: what stands behind `~` is said for the thing in sentences, and no house knows it.

Sizes from one device to 150, a few to 1,000; floors, aliases, duplicate and overlapping names, foreign names, cars as vehicles
and as loose entities.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from octopus_hub.config.errors import InputError
from octopus_hub.config.house import Area, Device, Floor, Group, House, Units
from octopus_hub.config.kinds import Noun, noun_by_name

WEIGHTS = {
    "light": 30, "switch": 7, "outlet": 4, "fan": 5, "lock": 4, "cover": 2, "media player": 3, "TV": 4, "speaker": 4,
    "receiver": 0.7, "thermostat": 5, "vacuum": 2.2, "valve": 1.2, "alarm": 1.2, "humidifier": 1, "dehumidifier": 0.5,
    "water heater": 1, "lawn mower": 0.9, "siren": 0.8, "remote": 0.9, "button": 1.5, "number": 1.3, "select": 1.4,
    "scene": 4, "script": 2, "to-do list": 1.5, "timer": 0.5, "sensor": 1, "binary sensor": 0.7, "person": 1.5,
    "weather": 0.7, "calendar": 0.6, "camera": 1, "automation": 1.6, "vehicle": 2.2, "device": 0.3, "blind": 2.2,
    "curtain": 1.6, "shade": 1, "shutter": 1.4, "awning": 0.5, "garage door": 1.3, "gate": 0.8, "door": 0.5, "window": 0.9,
    "door sensor": 1.2, "window sensor": 1.5, "motion sensor": 1, "leak sensor": 0.6, "smoke detector": 0.6, "battery": 0.6,
    "temperature sensor": 1.5, "humidity sensor": 0.8, "power sensor": 0.9, "light sensor": 0.4,
}  # fmt: skip
"""How often a device is of each noun."""

NO_AREA = frozenset(
    {"vehicle", "scene", "script", "automation", "person", "weather", "calendar", "to-do list", "timer", "alarm", "device"}
)
"""Nouns whose devices are mostly in no room."""

OPTION_LISTS = {
    "climate": ("hvac_modes", "preset_modes", "fan_modes"),
    "fan": ("preset_modes",),
    "media_player": ("source_list", "sound_mode_list"),
    "light": ("effect_list",),
    "select": ("options",),
    "humidifier": ("available_modes",),
    "water_heater": ("available_modes",),
}


OTHERWISE = "~"

MANY_DEVICES = 150
"""What few homes have more of."""

CAR_PARTS = (("car_switch", "switch", 18), ("car_fan", "fan", 3), ("car_climate", "thermostat", 2), ("car_light", "light", 4),
             ("car_media", "media player", 1), ("lock", "lock", 1))  # fmt: skip
"""What a loose car is made of: word list, noun, and how many at most."""


class _Lists(dict[str, list[tuple[str, tuple[str, ...]]]]):
    """Word lists by name; one that is missing is told."""

    def __init__(self, lists: dict[str, list[tuple[str, tuple[str, ...]]]], folder: Path) -> None:
        super().__init__(lists)
        self._folder = folder

    def __missing__(self, name: str) -> list[tuple[str, tuple[str, ...]]]:
        raise InputError(f"expected names in {self._folder / name}.txt, got no such file")


@dataclass(frozen=True)
class Names:
    """The word lists of a folder: entries are (name, aliases)."""

    folder: Path

    @cached_property
    def lists(self) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
        """Entries by file name."""
        return _Lists(
            {path.stem: [_entry(line) for line in _lines(path)] for path in sorted(self.folder.glob("*.txt"))}, self.folder
        )

    @cached_property
    def otherwise(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """By noun and name, what people say that is neither name nor alias: synonyms, descriptions, purposes."""
        nouns = {source: noun for source, noun, _ in CAR_PARTS}
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for path in sorted(self.folder.glob("*.txt")):
            for name, *rest in ([part.strip() for part in line.split("|")] for line in _lines(path)):
                key = nouns.get(path.stem, path.stem.replace("_", " ")), name
                found[key] = found.get(key, ()) + tuple(part[1:] for part in rest if part.startswith(OTHERWISE))
        return {key: words for key, words in found.items() if words}

    def of(self, noun: Noun) -> list[tuple[str, tuple[str, ...]]]:
        """Entries for devices of a noun; "thing" is any."""
        if noun.name == "thing":
            return [entry for name in WEIGHTS for entry in self.lists[name.replace(" ", "_")]]
        return self.lists[noun.name.replace(" ", "_")]

    def options(self, option: str) -> list[tuple[str, ...]]:
        """Option lists of devices."""
        return [tuple(word.strip() for word in name.split(",") if word.strip()) for name, _ in self.lists[f"option_{option}"]]


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _entry(line: str) -> tuple[str, tuple[str, ...]]:
    name, *aliases = (part.strip() for part in line.split("|"))
    return name, tuple(alias for alias in aliases if alias and not alias.startswith(OTHERWISE))


class HouseMaker:
    """Makes houses from word lists and a random source."""

    def __init__(self, names: Names, rng: random.Random) -> None:
        self._names = names
        self._rng = rng

    def make(self, devices: int | None = None) -> House:
        """A house; about `devices` devices, or a random number of them."""
        rng = self._rng
        count = devices if devices is not None else self._size()
        most = 24 if count <= MANY_DEVICES else 90
        areas = self._areas(max(1, min(most, round(count**0.75 * rng.uniform(0.5, 1.1)))))
        found = self._devices(count, areas)
        if rng.random() < 0.12:
            areas, found = self._with_loose_car(areas, found)
        floors = tuple(dict.fromkeys(area.floor for area in areas if area.floor))
        by_name = dict(self._names.lists["floor"])
        floor_items = tuple(Floor(name, i, self._some(by_name[name])) for i, name in enumerate(floors))
        return House(
            name=rng.choice(self._names.lists["house"])[0],
            units=rng.choice((Units.METRIC, Units.METRIC, Units.IMPERIAL)),
            floors=floor_items,
            areas=areas,
            devices=found,
            groups=self._groups(found),
        )

    def _size(self) -> int:
        roll = self._rng.random()
        if roll < 0.03:
            return self._rng.randint(MANY_DEVICES, 1_000)
        if roll < 0.09:
            return self._rng.randint(1, 6)
        if roll < 0.80:
            return self._rng.randint(7, 26)
        return self._rng.randint(27, 60) if roll < 0.93 else self._rng.randint(61, MANY_DEVICES)

    def _some(self, aliases: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(alias for alias in aliases if self._rng.random() < 0.6)

    def _areas(self, count: int) -> tuple[Area, ...]:
        rng = self._rng
        floors: list[str | None] = [None]
        if rng.random() < 0.6:
            floors = [name for name, _ in rng.sample(self._names.lists["floor"], rng.randint(1, 3))]
            floors += [None] if rng.random() < 0.2 else []
        common = self._names.lists["area"][:60] if rng.random() < 0.6 else self._names.lists["area"]
        picked = rng.sample(common, min(count, len(common)))
        return tuple(Area(name, rng.choice(floors), self._some(aliases)) for name, aliases in picked)

    def _devices(self, count: int, areas: tuple[Area, ...]) -> tuple[Device, ...]:
        rng = self._rng
        names, weights = list(WEIGHTS), list(WEIGHTS.values())
        if rng.random() < 0.3:
            boost = rng.choice(names)
            weights[names.index(boost)] *= 6
        found: list[Device] = []
        several_cars = ["vehicle"] * (rng.randint(2, 4) if rng.random() < 0.12 else 0)
        for noun_name in (*rng.choices(names, weights, k=count), *several_cars):
            found.append(self._device(noun_by_name(noun_name), areas, found))
        order = {area.name: i for i, area in enumerate(areas)}
        found.sort(key=lambda device: order.get(device.area or "", -1))
        return tuple(found)

    def _with_loose_car(self, areas: tuple[Area, ...], devices: tuple[Device, ...]) -> tuple[tuple[Area, ...], tuple[Device, ...]]:
        """A car whose features are devices in an area of their own; now and then nothing but the car."""
        rng = self._rng
        if rng.random() < 0.4:
            areas, devices = (), ()
        car = Area("Car", None, rng.choice(((), ("vehicle",), ("my car",), ("truck", "pickup"))))
        loose: list[Device] = []
        for source, noun_name, most in CAR_PARTS:
            entries = self._names.lists[source]
            for name, aliases in rng.sample(entries, rng.randint(0, min(most, len(entries)))):
                noun = noun_by_name(noun_name)
                options = self._options(noun.kind or "", 0.4)
                loose.append(Device(f"c{len(loose)}", name, noun.kind or "", "Car", self._some(aliases), options=options))
        rng.shuffle(loose)
        return (*areas, car), (*devices, *loose)

    def _device(self, noun: Noun, areas: tuple[Area, ...], earlier: list[Device]) -> Device:
        rng = self._rng
        area = None if rng.random() < (0.85 if noun.name in NO_AREA else 0.04) else rng.choice(areas).name
        name, aliases = rng.choice(self._names.of(noun))
        roll = rng.random()
        same = [device for device in earlier if device.noun == noun]
        if roll < 0.22 and area and noun.name not in NO_AREA:
            name, aliases = f"{area} {self._common_word(noun)}", ()
        elif roll < 0.30:
            name, aliases = self._common_word(noun), ()
        elif roll < 0.37 and same:
            name, aliases = f"{same[-1].name.rstrip(' 0123456789')} {len(same) + 1}", ()
        elif roll < 0.42 and same:
            name, aliases = rng.choice(same).name, ()
        kind = noun.kind or "other"
        return Device(
            id=f"d{len(earlier)}",
            name=name[:80],
            kind=kind,
            area=area,
            aliases=self._some(aliases),
            device_class=self._class(noun),
            options=self._options(kind, 0.75),
        )

    def _options(self, kind: str, share: float) -> dict[str, tuple[str, ...]]:
        """What a device of that kind offers; `share` of the lists it may have."""
        return {key: self._rng.choice(self._names.options(key)) for key in OPTION_LISTS.get(kind, ()) if self._rng.random() < share}

    def _class(self, noun: Noun) -> str | None:
        return noun.device_classes[0] if noun.device_classes else None

    def _common_word(self, noun: Noun) -> str:
        extra = {"light": ("Light", "Lights", "Lamp", "Ceiling Light"), "thermostat": ("Thermostat", "Heating", "AC", "Radiator"),
                 "switch": ("Switch", "Plug"), "outlet": ("Outlet", "Plug", "Socket"), "cover": ("Cover", "Blinds", "Shutters"),
                 "media player": ("Media Player", "Player", "Music")}  # fmt: skip
        return self._rng.choice(extra.get(noun.name, (noun.name.title() if noun.name != "TV" else "TV",)))

    def _groups(self, devices: tuple[Device, ...]) -> tuple[Group, ...]:
        rng = self._rng
        members = [device for device in devices if device.kind in ("light", "switch", "fan", "media_player", "cover")]
        if len(members) < 3 or rng.random() < 0.6:
            return ()
        groups = []
        for name, aliases in rng.sample(self._names.lists["group"], rng.randint(1, 2)):
            kind = rng.choice(members).kind
            pool = [device.id for device in members if device.kind == kind]
            groups.append(Group(name, tuple(rng.sample(pool, min(len(pool), rng.randint(2, 5)))), self._some(aliases)))
        return tuple(groups)
