"""Patterns put into a house: slots become its names, places and values, and the template becomes a plan.

What a pattern asks for and the house does not have gives an *absent* example: the plan up to the function that cannot be completed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Parameter, ValueType
from octopus_hub.config.house import Device, House, Units
from octopus_hub.config.kinds import noun_by_name
from octopus_hub.config.plan import (
    Described,
    Duration,
    GroupNamed,
    Named,
    Nested,
    Number,
    Plan,
    PlannedCall,
    Quantifier,
    Selector,
    Target,
    Text,
    Value,
    When,
    Where,
    Word,
)
from octopus_hub.models.data import spoken
from octopus_hub.models.data.houses import Names
from octopus_hub.models.data.patterns import CallTemplate, Pattern, SelectorTemplate, Slot, flat
from octopus_hub.models.lexicon import DEFAULT_OPTIONS
from octopus_hub.models.lexicon import spoken as spoken_option

FALLBACK_NOUNS = {
    "TV": ("media player",), "speaker": ("media player",), "outlet": ("switch",),
    "blind": ("shade", "shutter", "cover"), "shade": ("blind", "shutter", "cover"), "shutter": ("blind", "shade", "cover"),
    "curtain": ("blind", "shade", "cover"), "window": ("window sensor",), "door": ("door sensor",),
    "window sensor": ("window",), "door sensor": ("door",), "media player": (), "receiver": ("media player",),
}  # fmt: skip
"""What a noun may mean where the house has none of it; a general noun only for devices without a class of their own."""

GENERIC = frozenset(
    "the a my of in on and light lights lamp lamps switch plug outlet socket fan door lock window blind blinds curtain curtains shade "
    "shades shutter shutters cover covers tv speaker speakers thermostat heating heater ac radiator vacuum robot valve alarm siren "
    "remote button scene script list timer sensor car vehicle gate garage room main big small left right 1 2 3 4 ceiling".split()
)


class Unfit(Exception):
    """The house has nothing for a part of the pattern; `function` is the call that cannot be completed."""

    def __init__(self, function: str) -> None:
        super().__init__(function)
        self.function = function


@dataclass(frozen=True)
class Filled:
    """A sentence in a house. `absent` is the function that could not be completed: the plan holds the calls before it."""

    text: str
    plan: Plan
    absent: str | None = None


@dataclass
class _Choice:
    """What the slots of one sentence became."""

    said: dict[str, str] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    places: dict[str, Where] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    with_area: set[str] = field(default_factory=set)


class Filler:
    """Fills patterns for one house."""

    def __init__(self, house: House, names: Names, rng: random.Random) -> None:
        self._house = house
        self._names = names
        self._rng = rng
        self._by_noun: dict[tuple[str, str], list[Device]] = {}
        self._taken = [frozenset(_words(n)) for d in house.devices for n in (d.name, *d.aliases)]
        self._place_names = [p for a in (*house.areas, *house.floors) for p in (a.name.lower(), *map(str.lower, a.aliases))]

    def fill(self, pattern: Pattern) -> Filled:
        """The pattern in this house. Raises Unfit."""
        choice = _Choice()
        calls = [self._with_nouns(call) for call in pattern.calls]
        self._choose_devices(pattern, calls, choice)
        self._choose_places(pattern, calls, choice)
        self._choose_values(pattern, calls, choice)
        plan = Plan(tuple(self._call(call, choice) for call in calls), pattern.refusal)
        return Filled(self._render(pattern, choice), plan)

    def fill_absent(self, pattern: Pattern) -> Filled | None:
        """The pattern with a device or place that this house lacks, or None where that cannot be said."""
        strangers = [s for s in pattern.slots if s.type in ("device", "area", "floor", "group")]
        unfit = None
        try:
            self.fill(pattern)
        except Unfit as error:
            unfit = error.function
        if unfit is None and not strangers:
            return None
        choice = _Choice()
        stranger = self._rng.choice(strangers) if strangers and unfit is None else None
        return self._strange(pattern, choice, stranger, unfit)

    def _strange(self, pattern: Pattern, choice: _Choice, stranger: Slot | None, unfit: str | None) -> Filled | None:
        """Names of other houses for `stranger` (or for whatever cannot be had here), the rest as in `fill`."""
        for slot in pattern.slots:
            if slot.type in ("device", "area", "floor", "group") and (slot == stranger or (stranger is None and slot.type != "area")):
                said = self._foreign_name(slot)
                if said is None:
                    return None
                choice.said[slot.name] = said
            elif slot.type == "area":
                choice.said[slot.name] = self._rng.choice(self._house.areas).name if self._house.areas else "hall"
        function, before = unfit, []
        calls = [self._with_nouns(call, strict=False) for call in pattern.calls]
        if stranger is not None:
            uses = [i for i, call in enumerate(calls) if stranger.name in _slots_of(call)]
            if not uses:
                return None
            function, before = calls[uses[0]].function, calls[: uses[0]]
        elif unfit is not None:
            position = next((i for i, call in enumerate(calls) if call.function == unfit), 0)
            before = calls[:position]
        try:
            self._choose_devices(pattern, calls, choice, skip=set(choice.said))
            self._choose_places(pattern, calls, choice, skip=set(choice.said))
            self._choose_values(pattern, calls, choice)
            plan = Plan(tuple(self._call(call, choice) for call in before))
        except (Unfit, KeyError):
            return None
        return Filled(self._render(pattern, choice), plan, function)

    # Nouns

    def _with_nouns(self, call: CallTemplate, *, strict: bool = True) -> CallTemplate:
        """The call with nouns that mean something in this house. Raises Unfit."""
        include = tuple(self._noun(s, call.function, strict) for s in call.include)
        exclude = tuple(self._noun(s, call.function, strict) for s in call.exclude)
        inner = {k: self._with_nouns(v, strict=strict) if isinstance(v, CallTemplate) else v for k, v in call.arguments.items()}
        if strict and by_name()[call.function].kinds and not call.include and not self._supported(call.function):
            needs = call.function in ("announce", "play_media", "clean_area", "todo_add", "todo_remove", "todo_complete", "todo_read",
                                      "navigate_to", "get_weather")  # fmt: skip
            if needs:
                raise Unfit(call.function)
        return replace(call, include=include, exclude=exclude, arguments=inner)

    def _noun(self, selector: SelectorTemplate, function: str, strict: bool) -> SelectorTemplate:
        if not selector.noun or self._of_noun(function, selector.noun):
            return selector
        for other in FALLBACK_NOUNS.get(selector.noun, ()):
            found = self._of_noun(function, other)
            if found and (noun_by_name(other).device_classes or any(d.device_class is None for d in found)):
                return replace(selector, noun=other)
        if strict:
            raise Unfit(function)
        return selector

    def _supported(self, function: str) -> list[Device]:
        return [d for d in self._house.devices if d.kind in by_name()[function].kinds]

    def _of_noun(self, function: str, noun: str) -> list[Device]:
        key = (function, noun)
        if key not in self._by_noun:
            wanted = noun_by_name(noun)
            self._by_noun[key] = [d for d in self._supported(function) if d.is_a(wanted)]
        return self._by_noun[key]

    # Slots

    def _choose_devices(self, pattern: Pattern, calls: Sequence[CallTemplate], choice: _Choice, skip: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        for slot in (s for s in pattern.slots if s.type == "device" and s.name not in skip):
            functions = [(c.function, c) for call in calls for c in flat(call) if any(s.slot == slot.name for s in (*c.include, *c.exclude))]
            pool = [d for d in self._house.devices if any(d.is_a(noun_by_name(n)) for n in slot.nouns)]
            for function, call in functions:
                pool = [d for d in pool if d.kind in by_name()[function].kinds]
                if any(s.slot == slot.name for s in call.exclude):
                    pool = [d for d in pool if any(d in self._of_noun(function, s.noun) for s in call.include if s.noun)]
            if any(s.of == slot.name for s in pattern.slots):
                pool = [d for d in pool if d.area]
            pool = [d for d in pool if d.name not in {e.name for e in choice.devices.values()}]
            if not pool:
                raise Unfit(functions[0][0] if functions else "")
            choice.devices[slot.name] = self._rng.choice(pool)
            choice.said[slot.name] = self._device_said(choice.devices[slot.name], slot.name, pattern, choice)

    def _device_said(self, device: Device, slot: str, pattern: Pattern, choice: _Choice) -> str:
        rng = self._rng
        said = rng.choice(device.aliases) if device.aliases and rng.random() < 0.45 else device.name
        twins = [d for d in self._house.devices if d.name == device.name and d.area != device.area]
        named_area = any(s.of == slot for s in pattern.slots)
        if named_area:
            choice.with_area.add(slot)
        elif device.area and rng.random() < (0.75 if twins else 0.07) and not _words(device.area) & _words(said):
            area = self._place_said(device.area, [a for a in self._house.areas if a.name == device.area])
            choice.with_area.add(slot)
            return f"{area} {said}" if rng.random() < 0.5 else f"{said} in the {area}"
        elif len(said.split()) > 2 and rng.random() < 0.1:
            shorter = " ".join(said.split()[1:] if rng.random() < 0.6 else said.split()[:-1])
            hits = [d for d in self._house.devices if any(_words(shorter) <= _words(n) for n in (d.name, *d.aliases))]
            if len(hits) == 1 and not _words(shorter) <= GENERIC and not any(shorter.lower() == p for p in self._place_names):
                return shorter
        return said

    def _choose_places(self, pattern: Pattern, calls: Sequence[CallTemplate], choice: _Choice, skip: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        for slot in (s for s in pattern.slots if s.name not in skip):
            uses = [(c.function, s) for call in calls for c in flat(call) for s in (*c.include, *c.exclude) if slot.name in (s.place, s.group)]
            if slot.type == "area of":
                device = choice.devices.get(slot.of)
                if device is None or device.area is None:
                    raise Unfit("")
                choice.said[slot.name] = self._place_said(device.area, [a for a in self._house.areas if a.name == device.area])
            elif slot.type == "area":
                pool = [a for a in self._house.areas if all(any(d.area == a.name for d in self._of_noun(f, s.noun)) for f, s in uses)]
                pool = [a for a in pool if Where(area=a.name) not in choice.places.values()]
                area = self._pick(pool, uses)
                choice.places[slot.name] = Where(area=area.name)
                choice.said[slot.name] = self._place_said(area.name, [area])
            elif slot.type == "floor":
                floors = [f for f in self._house.floors
                          if all(any(self._house.on_floor(d, f.name) for d in self._of_noun(g, s.noun)) for g, s in uses)]  # fmt: skip
                floor = self._pick(floors, uses)
                choice.places[slot.name] = Where(floor=floor.name)
                choice.said[slot.name] = self._place_said(floor.name, [floor])
            elif slot.type == "group":
                ids = {d.id for f, _ in uses for d in self._supported(f)}
                group = self._pick([g for g in self._house.groups if ids & set(g.device_ids)], uses)
                choice.groups[slot.name] = group.name
                choice.said[slot.name] = self._place_said(group.name, [group])

    def _pick(self, pool: Sequence, uses: Sequence[tuple[str, SelectorTemplate]]):  # type: ignore[no-untyped-def, type-arg]
        if not pool:
            raise Unfit(uses[0][0] if uses else "")
        return self._rng.choice(pool)

    def _place_said(self, name: str, items: Sequence) -> str:  # type: ignore[type-arg]
        aliases = items[0].aliases if items else ()
        return self._rng.choice(aliases) if aliases and self._rng.random() < 0.4 else name

    def _foreign_name(self, slot: Slot) -> str | None:
        """A name of that type that nothing here resembles."""
        rng = self._rng
        for _ in range(8):
            if slot.type == "device":
                name, _aliases = rng.choice(self._names.of(noun_by_name(rng.choice(slot.nouns))))
            else:
                name, _aliases = rng.choice(self._names.lists[slot.type])
            words = _words(name)
            special = words - GENERIC
            if not special or any(special & taken for taken in self._taken):
                continue
            if any(special & _words(place) for place in self._place_names):
                continue
            return name
        return None

    # Values

    def _choose_values(self, pattern: Pattern, calls: Sequence[CallTemplate], choice: _Choice) -> None:
        for slot in (s for s in pattern.slots if s.name not in choice.said):
            call, parameter = self._user_of(slot.name, calls)
            said, value = self._value(slot, call, parameter, choice)
            choice.said[slot.name] = said
            choice.values[slot.name] = value

    def _user_of(self, slot: str, calls: Sequence[CallTemplate]) -> tuple[CallTemplate | None, Parameter | None]:
        for call in (c for call in calls for c in flat(call)):
            for name, value in call.arguments.items():
                if isinstance(value, str) and f"{{{slot}}}" in value:
                    return call, by_name()[call.function].parameter(name)
        return None, None

    def _value(self, slot: Slot, call: CallTemplate | None, parameter: Parameter | None, choice: _Choice) -> tuple[str, Value]:
        rng = self._rng
        match slot.type:
            case "percent":
                amount = rng.choice((rng.randint(1, 20) * 5, rng.randint(1, 10) * 10, rng.randint(0, 100)))
                return spoken.number(amount, rng), Number(amount)
            case "temperature":
                degrees, unit = self._degrees(slot, call)
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

    def _degrees(self, slot: Slot, call: CallTemplate | None) -> tuple[float, str]:
        rng = self._rng
        written = next((v for v in (call.arguments.values() if call else ()) if isinstance(v, str) and f"{{{slot.name}}}" in v), "")
        letter = written.replace(f"{{{slot.name}}}", "").strip()
        unit = {"C": "°C", "F": "°F"}.get(letter, "")
        fahrenheit = unit == "°F" or (not unit and self._house.units is Units.IMPERIAL)
        if call and call.function == "step_temperature":
            return rng.choice((1, 2, 3, 4, 5, 0.5, 1.5)), unit
        hot = call is not None and any(s.noun == "water heater" or self._is_heater(s) for s in call.include)
        low, high = ((100, 140) if hot else (60, 82)) if fahrenheit else ((40, 65) if hot else (14, 28))
        half = 0.5 if not fahrenheit and rng.random() < 0.2 else 0
        return rng.randint(low, high) + half, unit

    def _is_heater(self, selector: SelectorTemplate) -> bool:
        return bool(selector.slot) and selector.slot == "water_heater"

    def _option(self, call: CallTemplate | None, parameter: Parameter | None, choice: _Choice) -> tuple[str, Value]:
        if call is None or parameter is None:
            raise Unfit("")
        devices = [choice.devices[s.slot] for s in call.include if s.slot in choice.devices]
        for selector in (s for s in call.include if s.noun):
            devices += self._in_place(call.function, selector, choice)
        listed = [o for d in devices for o in d.options.get(parameter.option, ())]
        own = listed or list(DEFAULT_OPTIONS.get(parameter.option, ()))
        if parameter.type is ValueType.CHOICE:
            own = list(parameter.choices)
        if own:
            option = self._rng.choice(own)
            return spoken_option(option), Word(option)
        option = self._rng.choice(self._rng.choice(self._names.options(parameter.option or "options")))
        return spoken_option(option), Text(spoken_option(option))

    def _in_place(self, function: str, selector: SelectorTemplate, choice: _Choice) -> list[Device]:
        where = choice.places.get(selector.place)
        found = self._of_noun(function, selector.noun)
        if where and where.area:
            return [d for d in found if d.area == where.area]
        return [d for d in found if self._house.on_floor(d, where.floor)] if where and where.floor else found

    # Plans

    def _call(self, call: CallTemplate, choice: _Choice) -> PlannedCall:
        include = tuple(self._selector(s, call.function, choice) for s in call.include)
        exclude = tuple(self._selector(s, call.function, choice) for s in call.exclude)
        arguments = {name: self._argument(value, by_name()[call.function].parameter(name), choice) for name, value in call.arguments.items()}
        target = Target(include, exclude) if include else None
        return PlannedCall(call.function, target, arguments, self._when(call.when, choice))

    def _selector(self, selector: SelectorTemplate, function: str, choice: _Choice) -> Selector:
        if selector.slot:
            device = choice.devices[selector.slot]
            twins = [d for d in self._supported(function) if d.name.lower() == device.name.lower() and d.area != device.area]
            where = Where(area=device.area) if twins and selector.slot in choice.with_area and device.area else None
            return Named(device.name, where)
        if selector.group:
            return GroupNamed(choice.groups[selector.group])
        where = Where(here=True) if selector.place == "here" else choice.places[selector.place] if selector.place else None
        quantifier = selector.quantifier or Quantifier.ONE
        return self._as_named(Described(quantifier, selector.noun, where), function, selector, choice)

    def _as_named(self, described: Described, function: str, selector: SelectorTemplate, choice: _Choice) -> Selector:
        """ "the kitchen light" is the device "Kitchen Light" where there is one."""
        if described.quantifier is Quantifier.ALL or not described.where or described.where.here:
            return described
        noun = noun_by_name(described.noun)
        said = noun.name if described.quantifier is Quantifier.ONE else noun.plural
        full = f"{choice.said[selector.place]} {said}".lower()
        hits = [d for d in self._supported(function) if full in (d.name.lower(), *map(str.lower, d.aliases))]
        return Named(hits[0].name) if len(hits) == 1 else described

    def _argument(self, value: str | CallTemplate, parameter: Parameter, choice: _Choice) -> Value:
        if isinstance(value, CallTemplate):
            return Nested(self._call(value, choice))
        slot = re.match(r"\{(\w+)\}", value)
        if slot and slot[1] in choice.values:
            chosen = choice.values[slot[1]]
            return Word(choice.said[slot[1]]) if parameter.type is ValueType.CHOICE else chosen
        if slot:
            where = choice.places.get(slot[1])
            if parameter.type is ValueType.AREA and where and where.area:
                return Word(where.area)
            return Text(choice.said[slot[1]])
        if parameter.type in (ValueType.TEXT, ValueType.TIME) or value.startswith('"'):
            return Text(value.strip('"'))
        number = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*(C|F)?", value)
        if number:
            return Number(float(number[1]), {"C": "°C", "F": "°F"}.get(number[2] or "", ""))
        return Word(value)

    def _when(self, when: tuple[str, str] | None, choice: _Choice) -> When | None:
        if when is None:
            return None
        value = choice.values.get(when[1].strip("{}"), Text(when[1].strip('"')))
        if isinstance(value, Duration):
            if when[0] == "for":
                return When(for_s=value.seconds, unit_s=value.unit_s)
            return When(after_s=value.seconds, unit_s=value.unit_s)
        return When(at=str(value.text)) if isinstance(value, (Text, Word)) else None

    def _render(self, pattern: Pattern, choice: _Choice) -> str:
        text = re.sub(r"\{(\w+):[^{}]+\}", lambda match: choice.said[match[1]], pattern.text)
        text = re.sub(r"\b(the|my|our|a) (the|my|our)\b", r"\2", text, flags=re.IGNORECASE)
        return re.sub(r"\b(\w+) in the the\b", r"\1 in the", text)


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))


def _slots_of(call: CallTemplate) -> set[str]:
    return {part for c in flat(call) for s in (*c.include, *c.exclude) for part in (s.slot, s.group, s.place) if part} | {
        value.strip("{}") for c in flat(call) for value in c.arguments.values() if isinstance(value, str)
    }


def example_lists(names: Names) -> Mapping[str, int]:
    """How many entries each word list has."""
    return {name: len(entries) for name, entries in names.lists.items()}
