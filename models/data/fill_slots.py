"""What the slots of a pattern become in one house: devices, places and values, each with what is said."""

from __future__ import annotations

import random
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TypeVar

from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Parameter, ValueType
from octopus_hub.config.house import Device, House, Units, called
from octopus_hub.config.kinds import noun_by_name
from octopus_hub.config.plan import Duration, Named, Number, Target, Text, Value, Where, Word
from octopus_hub.models.data import spoken
from octopus_hub.models.data.fill_names import HouseNames
from octopus_hub.models.data.fill_nouns import HouseNouns, Unfit
from octopus_hub.models.data.houses import Names
from octopus_hub.models.data.patterns import CallTemplate, Pattern, SelectorTemplate, Slot, flat
from octopus_hub.models.lexicon import DEFAULT_OPTIONS
from octopus_hub.models.lexicon import spoken as spoken_option

T = TypeVar("T")
Uses = Sequence[tuple[str, SelectorTemplate]]
OTHER_OPTION_TRIES = 40


@dataclass
class Choice:
    """What the slots of one sentence became, by slot name; `words` are the devices' names or aliases that are said and `rooms`
    what their rooms are called where those are said; `same` is what the turn before was about."""

    said: dict[str, str] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    places: dict[str, Where] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    rooms: dict[str, str] = field(default_factory=dict)
    same: Target | None = None


class SlotChooser:
    """Chooses for one house."""

    def __init__(self, house: House, nouns: HouseNouns, house_names: HouseNames, names: Names, rng: random.Random) -> None:
        self._house = house
        self._nouns = nouns
        self._house_names = house_names
        self._names = names
        self._rng = rng

    def choose(self, pattern: Pattern, calls: Sequence[CallTemplate], choice: Choice) -> None:
        """Fill every slot that nothing is said for yet. Raises Unfit."""
        said_before = frozenset(choice.said)
        self._choose_devices(pattern, calls, choice, said_before)
        self._choose_places(pattern, calls, choice, said_before)
        self._choose_values(pattern, calls, choice)

    # Devices

    def _choose_devices(self, pattern: Pattern, calls: Sequence[CallTemplate], choice: Choice, skip: AbstractSet[str]) -> None:
        for slot in (s for s in pattern.slots if s.type == "device" and s.name not in skip):
            users = [c for call in calls for c in flat(call) if any(s.slot == slot.name for s in (*c.include, *c.exclude))]
            room_is_said = any(s.of == slot.name for s in pattern.slots)
            pool = [d for d in self._pool(slot, users) if d.area or not room_is_said]
            pool = [d for d in pool if d.name not in {e.name for e in choice.devices.values()}]
            if not pool:
                raise Unfit(users[0].function if users else "")
            device = self._rng.choice(pool)
            choice.devices[slot.name] = device
            said = self._house_names.device(device, room_is_said=room_is_said)
            choice.said[slot.name], choice.words[slot.name], choice.rooms[slot.name] = said.text, said.word, said.room

    def _pool(self, slot: Slot, users: Sequence[CallTemplate]) -> list[Device]:
        """Devices that the slot and every call that uses it can mean; what is excepted is one of what is meant."""
        pool = [d for d in self._house.devices if any(d.is_a(noun_by_name(n)) for n in slot.nouns)]
        for call in users:
            pool = [d for d in pool if by_name()[call.function].takes(d)]
            if any(s.slot == slot.name for s in call.exclude):
                pool = [d for d in pool if any(d in self._nouns.meant(call.function, s.noun) for s in call.include if s.noun)]
        return pool

    # Places

    def _choose_places(self, pattern: Pattern, calls: Sequence[CallTemplate], choice: Choice, skip: AbstractSet[str]) -> None:
        choosers = {"area of": self._area_of, "area": self._area, "floor": self._floor, "group": self._group}
        for slot in (s for s in pattern.slots if s.name not in skip and s.type in choosers):
            selectors = [(c.function, s) for call in calls for c in flat(call) for s in (*c.include, *c.exclude)]
            uses = [(function, s) for function, s in selectors if slot.name in (s.place, s.group)]
            choosers[slot.type](slot, uses, choice)

    def _area_of(self, slot: Slot, uses: Uses, choice: Choice) -> None:
        device = choice.devices.get(slot.of)
        if device is None or device.area is None:
            raise Unfit("")
        choice.said[slot.name] = choice.rooms[slot.of] = self._house_names.area(device.area)

    def _area(self, slot: Slot, uses: Uses, choice: Choice) -> None:
        areas = [a for a in self._house.areas if all(any(d.area == a.name for d in self._nouns.meant(f, s.noun)) for f, s in uses)]
        area = self._pick([a for a in areas if Where(area=a.name) not in choice.places.values()], uses)
        choice.places[slot.name] = Where(area=area.name)
        choice.said[slot.name] = self._house_names.place(area)

    def _floor(self, slot: Slot, uses: Uses, choice: Choice) -> None:
        floor_of = self._house.area_floor
        meant = [self._nouns.meant(function, selector.noun) for function, selector in uses]
        on = [{floor_of.get(device.area or "") for device in devices} for devices in meant]
        floors = [floor for floor in self._house.floors if all(floor.name in names for names in on)]
        floor = self._pick(floors, uses)
        choice.places[slot.name] = Where(floor=floor.name)
        choice.said[slot.name] = self._house_names.place(floor)

    def _group(self, slot: Slot, uses: Uses, choice: Choice) -> None:
        ids = {d.id for f, _ in uses for d in self._nouns.supported(f)}
        group = self._pick([g for g in self._house.groups if ids & set(g.device_ids)], uses)
        choice.said[slot.name] = self._house_names.place(group)

    def _pick(self, pool: Sequence[T], uses: Uses) -> T:
        if not pool:
            raise Unfit(uses[0][0] if uses else "")
        return self._rng.choice(pool)

    # Values

    def _choose_values(self, pattern: Pattern, calls: Sequence[CallTemplate], choice: Choice) -> None:
        users = {slot.name: _user_of(slot.name, calls) for slot in pattern.slots}
        unused = [slot for slot in pattern.slots if slot.type == "option" and users[slot.name][0] is None]
        for slot in (s for s in pattern.slots if s.name not in choice.said and s not in unused):
            choice.said[slot.name], choice.values[slot.name] = self._value(slot, *users[slot.name], choice)
        for slot in unused:  # "party, no, movie": the mode that is taken back is another one of the same device
            users_of_options = [users[other.name] for other in pattern.slots if other.type == "option" and other not in unused]
            if not users_of_options:
                raise Unfit("")
            others = (self._option(*users_of_options[0], choice)[0] for _ in range(OTHER_OPTION_TRIES))
            choice.said[slot.name] = next((said for said in others if said not in choice.said.values()), "")
            if not choice.said[slot.name]:
                raise Unfit("")

    def _value(self, slot: Slot, call: CallTemplate | None, parameter: Parameter | None, choice: Choice) -> tuple[str, Value]:
        rng = self._rng
        match slot.type:
            case "percent":
                percent = rng.choice((rng.randint(1, 20) * 5, rng.randint(1, 10) * 10, rng.randint(0, 100)))
                return spoken.number(percent, rng), Number(percent)
            case "temperature":
                degrees, unit = self._degrees(slot, call, choice)
                return spoken.number(degrees, rng), Number(degrees, unit)
            case "kelvin":
                kelvin = rng.randint(20, 65) * 100
                return (str(kelvin) if rng.random() < 0.8 else spoken.words(kelvin)), Number(kelvin)
            case "number":
                amount = rng.choice((rng.randint(0, 100), rng.randint(0, 20) / 2, rng.randint(1, 40) * 25))
                return spoken.number(amount, rng), Number(amount)
            case "color":
                color = rng.choice(by_name()["set_color"].parameter("color").choices)
                return color, Word(color)
            case "duration":
                said, seconds, unit_s = spoken.duration(rng)
                return said, Duration(seconds, unit_s)
            case "time":
                said = spoken.clock(rng)
                return said, Text(said)
            case "option":
                return self._option(call, parameter, choice)
        said = rng.choice(self._names.lists[slot.type])[0]
        return said, Text(said)

    def _degrees(self, slot: Slot, call: CallTemplate | None, choice: Choice) -> tuple[float, str]:
        rng = self._rng
        hole = f"{{{slot.name}}}"
        written = next((v for v in (call.arguments.values() if call else ()) if isinstance(v, str) and hole in v), "")
        unit = {"C": "°C", "F": "°F"}.get(written.replace(hole, "").strip(), "")
        fahrenheit = unit == "°F" or (not unit and self._house.units is Units.IMPERIAL)
        if call and call.function == "step_temperature":
            return rng.choice((1, 2, 3, 4, 5, 0.5, 1.5)), unit
        nouns = [choice.devices[s.slot].noun.name if s.slot in choice.devices else s.noun for s in call.include] if call else []
        hot = "water heater" in nouns
        low, high = ((100, 140) if hot else (60, 82)) if fahrenheit else ((40, 65) if hot else (14, 28))
        half = 0.5 if not fahrenheit and rng.random() < 0.2 else 0
        return rng.randint(low, high) + half, unit

    def _option(self, call: CallTemplate | None, parameter: Parameter | None, choice: Choice) -> tuple[str, Value]:
        if call is None or parameter is None:
            raise Unfit("")
        devices = [choice.devices[s.slot] for s in call.include if s.slot in choice.devices]
        for selector in (s for s in call.include if s.noun):
            devices += self._in_place(call.function, selector, choice)
        if choice.same and any(s.same for s in call.include):
            named = (selector.name for selector in choice.same.include if isinstance(selector, Named))
            devices += [device for name in named for device in called(self._house.devices, name)]
        listed = [o for d in devices for o in d.options.get(parameter.option, ())]
        twins = [twin for d in devices for twin in called(self._house.devices, d.name)]
        if not listed and any(parameter.option in twin.options for twin in twins):
            raise Unfit(call.function)
        own = listed or list(DEFAULT_OPTIONS.get(parameter.option, ()))
        if parameter.type is ValueType.CHOICE:
            own = list(parameter.choices)
        if own:
            option = self._rng.choice(own)
            return spoken_option(option), Word(option)
        option = self._rng.choice(self._rng.choice(self._names.options(parameter.option or "options")))
        return spoken_option(option), Text(spoken_option(option))

    def _in_place(self, function: str, selector: SelectorTemplate, choice: Choice) -> list[Device]:
        where = choice.places.get(selector.place)
        found = self._nouns.meant(function, selector.noun)
        if where and where.area:
            return [d for d in found if d.area == where.area]
        return [d for d in found if self._house.area_floor.get(d.area or "") == where.floor] if where and where.floor else found


def _user_of(slot: str, calls: Sequence[CallTemplate]) -> tuple[CallTemplate | None, Parameter | None]:
    """The call that has the slot's value as an argument, and as which."""
    for call in (inner for outer in calls for inner in flat(outer)):
        for name, value in call.arguments.items():
            if isinstance(value, str) and f"{{{slot}}}" in value:
                return call, by_name()[call.function].parameter(name)
    return None, None
