"""The language of plans once more: slow, from the house itself, and written to be seen to be right.

A rule is a generator of the places in the prefix where it may end. A rule that needs a token behind the end of the prefix notes
the ids that it would take; those are the ids that may come next. No tries, no stack, nothing shared with the mask but the
tokenizer, the ids of the tokens and the tables of functions and default options.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache, cached_property
from typing import TypeVar

from octopus_hub.config.functions import Function, Parameter, TargetRule, ValueType
from octopus_hub.config.house import Area, Device, Floor, Group, House
from octopus_hub.config.kinds import NOUNS
from octopus_hub.models.grammar_states import Limits
from octopus_hub.models.lexicon import DEFAULT_OPTIONS, SAID_OF_KINDS, SAID_OF_SEVERAL
from octopus_hub.models.tokens import FUNCTION_IDS, NOUN_IDS, PARAMETER_IDS, Mark, TextEncoder

MESSAGE_ANSWERS = {
    "get_weather", "get_time", "get_date", "get_value", "get_state", "list_devices", "count_devices", "todo_read", "timer_query",
}  # fmt: skip
UNITS = {
    ValueType.PERCENT: {Mark.PERCENT},
    ValueType.TEMPERATURE: {Mark.CELSIUS, Mark.FAHRENHEIT},
    ValueType.NUMBER: {Mark.KELVIN, Mark.PERCENT},
}
DURATION_UNITS = (Mark.DAYS, Mark.HOURS, Mark.MINUTES, Mark.SECONDS)
AFTER_GIVING_UP: tuple[set[int], ...] = ({Mark.CHAT, Mark.ABSENT, Mark.UNSUPPORTED, Mark.UNSURE}, {Mark.END}, set())

LITTLE = frozenset(["a", "an", "the", "of", "in", "on", "at", "to", "by", "and", "or", "my", "our", "for", "all", "it", "is", "s"])
PLACE_WORDS = frozenset(["room", "rooms", "area", "floor", "level", "upper", "lower", "main"])
NOUN_WORDS = frozenset(word for noun in NOUNS for name in (noun.name, noun.plural) for word in name.lower().split())

Item = TypeVar("Item", Area, Floor, Group, Device)
Ids = tuple[int, ...]
Meant = frozenset[str]  # ids of devices
Said = dict[Ids, tuple[list[Device], bool]]  # what may be meant by what was said, and whether all are


class ReferenceGrammar:
    """The plans for one sentence in one house."""

    def __init__(self, house: House, encoder: TextEncoder, functions: Collection[Function], text: str, limits: Limits) -> None:
        self._house = house
        self._encoder = encoder
        self._limits = limits
        self._pieces = cache(encoder.pieces)
        self._ids = cache(encoder.ids)
        self._names = cache(self._names_of)
        said = {i for piece in encoder.pieces(text) for i in piece.ids}
        self._unsaid = {unit for unit, ids in encoder.unit_ids.items() if not ids & said}
        self._words = [piece.ids for piece in encoder.pieces(text) if piece.is_word]
        self._functions = [f for f in functions if f.target is not TargetRule.REQUIRED or self._supported(f)]
        self._prefix: Sequence[int] = ()
        self._wanted: set[int] = set()
        self._chooses = False

    def next_ids(self, prefix: Sequence[int]) -> set[int]:
        """The ids that may follow `prefix`, which itself must be the beginning of a plan."""
        if Mark.GIVE_UP in prefix:
            return AFTER_GIVING_UP[len(prefix) - 1 - list(prefix).index(Mark.GIVE_UP)]
        self._prefix, self._wanted, self._chooses = prefix, set(), False
        if any(end == len(prefix) for end in self._calls(0, 1)):
            return set()
        may_refuse = self._chooses or len(self._wanted) != 1
        return self._wanted | ({int(Mark.GIVE_UP)} if may_refuse else set())

    # Tokens

    def _one_of(self, ids: Collection[int], at: int) -> Iterator[int]:
        if at == len(self._prefix):
            self._wanted |= {int(i) for i in ids}
        elif self._prefix[at] in ids:
            yield at + 1

    def _all_of(self, ids: Ids, at: int) -> Iterator[int]:
        if not ids:
            yield at
            return
        for end in self._one_of({ids[0]}, at):
            yield from self._all_of(ids[1:], end)

    def _choice_at(self, at: int) -> None:
        """Here a meaning is chosen: even a single possibility may be refused."""
        self._chooses |= at == len(self._prefix)

    # Calls

    def _calls(self, at: int, count: int) -> Iterator[int]:
        self._choice_at(at)
        for function in self._functions:
            for begun in self._one_of({FUNCTION_IDS[function.name]}, at):
                for body in self._body(function, begun, nested=False):
                    for end in self._when(body):
                        yield from self._one_of({Mark.END}, end)
                        if count < self._limits.calls:
                            for after in self._one_of({Mark.NEXT}, end):
                                yield from self._calls(after, count + 1)

    def _body(self, function: Function, at: int, *, nested: bool) -> Iterator[int]:
        if function.target is not TargetRule.NONE:
            for end, meant in self._selectors(function, at, self._limits.selectors, may_except=True):
                yield from self._arguments(function, function.parameters, end, meant, nested)
        if function.target is not TargetRule.REQUIRED:
            yield from self._arguments(function, function.parameters, at, frozenset(), nested)

    def _when(self, at: int) -> Iterator[int]:
        yield at
        for begun in self._one_of({Mark.AFTER, Mark.FOR}, at):
            yield from self._duration(begun)
        if self._words:
            for begun in self._one_of({Mark.AT}, at):
                yield from self._copy(begun)

    # Targets

    def _supported(self, function: Function) -> list[Device]:
        return [device for device in self._house.devices if device.kind in function.kinds]

    def _selectors(self, function: Function, at: int, left: int, *, may_except: bool) -> Iterator[tuple[int, Meant]]:
        self._choice_at(at)
        for end, meant in self._selector(function, at):
            yield end, meant
            if left > 1:
                for after in self._one_of({Mark.ALSO}, end):
                    for last, more in self._selectors(function, after, left - 1, may_except=may_except):
                        yield last, meant | more
            if left > 1 and may_except:
                for after in self._one_of({Mark.EXCEPT}, end):
                    for last, more in self._selectors(function, after, left - 1, may_except=False):
                        yield last, meant | more

    def _selector(self, function: Function, at: int) -> Iterator[tuple[int, Meant]]:
        supported = self._supported(function)
        for end, devices in self._marked_name(Mark.DEVICE, self._names(function), at):
            yield end, _ids(devices)
            if len({device.area for device in devices}) > 1:
                yield from self._place(devices, end)
        members = ((word, d) for word, g in _words(self._house.groups) for d in supported if d.id in g.device_ids)
        for end, devices in self._marked_name(Mark.GROUP, self._by_ids(members), at):
            yield end, _ids(devices)
        if supported:
            for begun in self._one_of({Mark.ONE, Mark.MANY, Mark.ALL}, at):
                self._choice_at(begun)
                for noun in NOUNS:
                    devices = [device for device in supported if device.is_a(noun)]
                    for end in self._one_of({NOUN_IDS[noun.name]} if devices else set(), begun):
                        yield end, _ids(devices)
                        yield from self._place(devices, end)

    def _names_of(self, function: Function) -> dict[Ids, list[Device]]:
        """The devices that the function has, by what each is called: whole names win over what else was said of one."""
        supported = self._supported(function)
        places: list[Area | Floor] = [*self._house.areas, *self._house.floors]
        named = [name for place in places for name in (place.name, *place.aliases)]
        plain = LITTLE | {word for name in named for word in name.lower().split()}
        telling = {word for device in self._house.devices for word in self._telling(device, plain)}
        found: dict[Ids, list[Device]] = {}
        for said in (*self._with_words(supported, telling), *self._placed_said(supported)):
            for ids, (repeated, are_several) in said.items():
                devices = [device for device in supported if device in repeated]
                if are_several:
                    swept = devices if len(devices) == 1 else [device for device in devices if device.bulk]
                    found[ids] = [d for d in supported if d in swept or d in found.get(ids, ())]
                elif len(devices) == 1:
                    found[ids] = devices
        return {ids: devices for ids, devices in found.items() if devices} | self._by_ids(_words(supported))

    def _telling(self, device: Device, plain: frozenset[str]) -> Iterator[Ids]:
        for name in (device.name, *device.aliases):
            for piece in self._pieces(name):
                text = name[piece.start : piece.end].lower()
                if piece.is_word and text not in plain | NOUN_WORDS and not text.isdigit():
                    yield piece.ids

    def _with_words(self, devices: Sequence[Device], telling: set[Ids]) -> list[Said]:
        """Devices of which one to three words of one name were said in a row, in any order, with a word that tells them."""
        with_kind: Said = {}
        plain: Said = {}
        for first in range(len(self._words)):
            for last in range(first, min(first + 3, len(self._words))):
                span = self._words[first : last + 1]
                if telling & set(span):
                    named = [device for device in devices if any(set(span) <= self._words_in(name) for name in _names(device))]
                    if named:
                        self._note(span, last + 1, named, with_kind, plain)
        return [with_kind, plain]

    def _words_in(self, name: str) -> set[Ids]:
        return {piece.ids for piece in self._pieces(name) if piece.is_word}

    def _note(
        self, span: Sequence[Ids], end: int, named: Sequence[Device], with_kind: Said, plain: Said, of_any_kind: str = ""
    ) -> None:
        """What was said up to `end` may mean these; with a word behind it for their kind, those of them that are of it."""
        ids = tuple(i for word in span for i in word)
        plain[ids] = ([*plain.get(ids, ([], False))[0], *named], False)
        for word, nouns in SAID_OF_KINDS.items():
            if self._words[end : end + 1] == [self._ids(word)]:
                of_kind = [d for d in named if d.kind == of_any_kind or any(d.is_a(noun) for noun in NOUNS if noun.name in nouns)]
                longer = ids + self._ids(word)
                before, were_several = with_kind.get(longer, ([], False))
                with_kind[longer] = ([*before, *of_kind], were_several or word in SAID_OF_SEVERAL)

    def _place(self, devices: Sequence[Device], at: int) -> Iterator[tuple[int, Meant]]:
        for end in self._one_of({Mark.HERE}, at):
            yield end, _ids(devices)
        areas = self._by_ids((word, d) for word, area in _words(self._house.areas) for d in devices if d.area == area.name)
        rooms = {ids: [d for d in devices if d.area == area] for ids, area in self._parts_of_areas.items()}
        rooms = {ids: there for ids, there in rooms.items() if there}
        floor_of = {area.name: area.floor for area in self._house.areas}
        floors = _words(self._house.floors)
        on_floors = ((word, d) for word, floor in floors for d in devices if floor_of.get(d.area or "") == floor.name)
        storeys = self._by_ids(on_floors)
        for mark, named in ((Mark.IN, rooms | storeys | areas), (Mark.ON, rooms | areas | storeys)):
            for end, there in self._marked_name(mark, named, at):
                yield end, _ids(there)

    @cached_property
    def _parts_of_areas(self) -> dict[Ids, str]:
        return self._parts_said([(word, area.name) for word, area in _words(self._house.areas)], LITTLE | PLACE_WORDS)

    def _parts_said(self, called: Sequence[tuple[str, str]], plain: frozenset[str]) -> dict[Ids, str]:
        """One to three words in a row that were said and are part of the name of just one owner, with a word that tells it."""
        found: dict[Ids, str] = {}
        for first in range(len(self._words)):
            for last in range(first, min(first + 3, len(self._words))):
                span = self._words[first : last + 1]
                owners = {owner for name, owner in called if self._is_part(span, name, plain)}
                if len(owners) == 1:
                    found[tuple(i for word in span for i in word)] = owners.pop()
        return found

    def _placed_said(self, devices: Sequence[Device]) -> list[Said]:
        """Names of devices that were said behind up to three words for their area."""
        with_kind: Said = {}
        plain: Said = {}
        for at in range(len(self._words)):
            for end in range(at + 1, len(self._words) + 1):
                named = [d for d in devices if any(self._said(name) == self._words[at:end] for name in _names(d))]
                for place in (self._words[at - n : at] for n in (0, 1, 2, 3) if n <= at):
                    there = [device for device in named if not place or self._is_place_of(place, device)]
                    for name in {name for d in there for name in _names(d) if self._said(name) == self._words[at:end]}:
                        owners = [device for device in there if self._ids(name) in map(self._ids, _names(device))]
                        self._note([*place, self._ids(name)], end, owners, with_kind, plain, "switch")
        return [with_kind, plain]

    def _said(self, name: str) -> list[Ids]:
        return [piece.ids for piece in self._pieces(name) if piece.is_word]

    def _is_place_of(self, span: Sequence[Ids], device: Device) -> bool:
        area = next((area for area in self._house.areas if area.name == device.area), None)
        called = (area.name, *area.aliases) if area else ()
        return any(self._said(name) == list(span) or self._is_part(span, name, LITTLE | PLACE_WORDS) for name in called)

    def _is_part(self, span: Sequence[Ids], name: str, plain: frozenset[str]) -> bool:
        words = [piece for piece in self._pieces(name) if piece.is_word]
        for first in range(len(words) - len(span) + 1):
            part = words[first : first + len(span)]
            texts = {name[piece.start : piece.end].lower() for piece in part}
            telling = {text for text in texts if not text.isdigit()} - plain - NOUN_WORDS
            if len(part) < len(words) and [piece.ids for piece in part] == list(span) and telling:
                return True
        return False

    def _by_ids(self, named: Iterator[tuple[str, Device]]) -> dict[Ids, list[Device]]:
        found: dict[Ids, list[Device]] = {}
        for name, device in named:
            found.setdefault(self._ids(name), []).append(device)
        found.pop((), None)
        return found

    def _marked_name(self, mark: Mark, named: dict[Ids, list[Device]], at: int) -> Iterator[tuple[int, list[Device]]]:
        for begun in self._one_of({mark} if named else set(), at):
            self._choice_at(begun)
            for ids, devices in named.items():
                for end in self._all_of(ids, begun):
                    yield end, devices

    # Arguments

    def _arguments(
        self, function: Function, parameters: tuple[Parameter, ...], at: int, meant: Meant, nested: bool
    ) -> Iterator[int]:
        if not parameters:
            yield at
            return
        first, *rest = parameters
        if first.kinds and not any(device.kind in first.kinds for device in self._house.devices if device.id in meant):
            yield from self._arguments(function, tuple(rest), at, meant, nested)
            return
        for begun in self._one_of({PARAMETER_IDS[first.name]}, at):
            self._choice_at(begun)
            for end in self._value(function, first, begun, meant, nested):
                yield from self._arguments(function, tuple(rest), end, meant, nested)
        if not first.required:
            yield from self._arguments(function, tuple(rest), at, meant, nested)

    def _value(self, function: Function, parameter: Parameter, at: int, meant: Meant, nested: bool) -> Iterator[int]:
        if parameter.type is ValueType.DURATION:
            yield from self._duration(at)
            return
        if parameter.type in UNITS:
            yield from self._number(parameter.type, at)
            yield from self._closed(parameter.choices, at)
        elif words := self._words_of(function, parameter, meant):
            yield from self._closed(words, at)
        else:
            yield from self._copy(at)
        if parameter.name == "message":
            yield from self._answer(MESSAGE_ANSWERS, at, nested)
        elif parameter.type in UNITS or parameter.name in {"color", "source"}:
            yield from self._answer({"get_value"}, at, nested)

    def _words_of(self, function: Function, parameter: Parameter, meant: Meant) -> list[str]:
        if parameter.type is ValueType.CHOICE:
            kinds = {d.kind for d in self._house.devices if d.id in meant or not meant}
            limited = parameter.choice_kinds
            fitting = [word for word in parameter.choices if word not in limited or kinds & set(limited[word])]
            return fitting or list(parameter.choices)
        if parameter.type is ValueType.AREA:
            return [word for word, _ in _words(self._house.areas)]
        if parameter.type is not ValueType.OPTION:
            return []
        devices = [d for d in self._supported(function) if d.id in meant or not meant]
        listed = [option for device in devices for option in device.options.get(parameter.option, ())]
        return [option.replace("_", " ") for option in listed or DEFAULT_OPTIONS.get(parameter.option, ())]

    def _closed(self, words: Collection[str], at: int) -> Iterator[int]:
        for ids in {self._ids(word) for word in words}:
            yield from self._all_of(ids, at)

    def _number(self, value: ValueType, at: int) -> Iterator[int]:
        begins = [at, *(self._one_of({Mark.MINUS}, at) if value is not ValueType.PERCENT else ())]
        for begun in begins:
            for whole in self._digits(begun, self._limits.number_digits):
                numbers = [whole]
                for point in self._one_of({self._encoder.point}, whole):
                    numbers += self._digits(point, self._limits.decimals)
                for end in numbers:
                    yield end
                    yield from self._one_of({unit for unit in UNITS[value] if unit not in self._unsaid}, end)

    def _digits(self, at: int, most: int) -> Iterator[int]:
        if most:
            for end in self._one_of(self._encoder.digits, at):
                yield end
                yield from self._digits(end, most - 1)

    def _duration(self, at: int, units: tuple[Mark, ...] = DURATION_UNITS) -> Iterator[int]:
        if units == DURATION_UNITS:
            self._choice_at(at)
        for amount in self._digits(at, self._limits.duration_digits):
            for position, unit in enumerate(units):
                for end in self._one_of({unit}, amount):
                    yield end
                    if smaller := units[position + 1 :]:
                        yield from self._duration(end, smaller)

    def _copy(self, at: int) -> Iterator[int]:
        self._choice_at(at)
        for first in range(len(self._words)):
            for last in range(first, min(first + self._limits.copied_words, len(self._words))):
                yield from self._all_of(tuple(i for word in self._words[first : last + 1] for i in word), at)

    def _answer(self, names: Collection[str], at: int, nested: bool) -> Iterator[int]:
        for inner in self._functions:
            if inner.name in names and not nested:
                for begun in self._one_of({FUNCTION_IDS[inner.name]}, at):
                    for end in self._body(inner, begun, nested=True):
                        yield from self._one_of({Mark.CLOSE}, end)


def _names(device: Device) -> tuple[str, ...]:
    return (device.name, *device.aliases)


def _ids(devices: Sequence[Device]) -> Meant:
    return frozenset(device.id for device in devices)


def _words(items: Sequence[Item]) -> Iterator[tuple[str, Item]]:
    """What each is called: its name, and its aliases unless they are another's name."""
    names = {item.name.casefold() for item in items}
    for item in items:
        yield item.name, item
        for alias in item.aliases:
            if alias.casefold() not in names:
                yield alias, item
