"""What one house lets be said: per function its devices, names, nouns, places and options, as tries over token ids.

Compiled once per house; knows no sentence and no state. Devices are their positions in `House.devices`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Generic, TypeVar

from octopus_hub.config.function_table import FUNCTIONS
from octopus_hub.config.functions import NUMBERS, Function, Parameter, TargetRule, ValueType
from octopus_hub.config.house import Area, Device, Floor, Group, House
from octopus_hub.config.kinds import NOUNS, is_a
from octopus_hub.models.tokens import BASE_SIZE, FUNCTION_IDS, NOUN_IDS, VOCABULARY_SIZE, Piece, TextEncoder
from octopus_hub.models.trie import Trie

T = TypeVar("T")
Item = TypeVar("Item", Area, Floor, Group)
Devices = frozenset[int]
Words = tuple[tuple[int, ...], ...]
Entries = Iterable[tuple[tuple[int, ...], T]]

DEFAULT_OPTIONS: dict[str, tuple[str, ...]] = {
    "hvac_modes": ("heat", "cool", "auto", "heat_cool", "dry", "fan_only", "off"),
    "preset_modes": ("eco", "away", "home", "sleep", "boost", "comfort", "activity", "none"),
    "fan_modes": ("auto", "on", "low", "medium", "high", "off"),
    "available_modes": ("auto", "normal", "eco", "away", "boost", "sleep", "comfort", "home", "baby", "electric", "gas",
                        "heat_pump", "high_demand", "performance", "off"),
    "sound_mode_list": ("movie", "music", "night", "stereo", "surround", "standard", "sport", "voice"),
}  # fmt: skip
"""Home Assistant's words, where a device does not list what it offers. An option without defaults is copied from the sentence."""

LONGEST_PART = 3
"""Words of a part of a name that may stand for it."""
LITTLE_WORDS = frozenset(
    {"a", "an", "the", "of", "in", "on", "at", "to", "by", "and", "or", "my", "our", "for", "all", "it", "is", "s"}
)
WORDS_OF_PLACES = frozenset({"room", "rooms", "area", "floor", "level", "upper", "lower", "main"})
NOUN_WORDS = frozenset(word for noun in NOUNS for name in (noun.name, noun.plural) for word in name.lower().split())
"""Words that alone tell no device or place."""
ALSO_SAID: Mapping[str, tuple[str, ...]] = {
    "light": ("lamp", "lamps", "bulb", "bulbs", "strip", "strips", "spots"),
    "thermostat": ("heating", "radiator", "radiators", "ac"),
    "lock": ("door", "doors"),
    "media player": ("speaker", "speakers", "tv", "telly", "tellies", "radio", "stereo"),
    "vacuum": ("robot", "hoover"),
    "vehicle": ("car", "cars"),
    "outlet": ("plug", "plugs"),
}
"""What else a noun is called."""
SAID_OF_KINDS: Mapping[str, frozenset[str]] = {
    word: frozenset(n.name for n in NOUNS if word in (*f"{n.name} {n.plural}".lower().split(), *ALSO_SAID.get(n.name, ())))
    for word in NOUN_WORDS.union(*ALSO_SAID.values())
}
"""Words for kinds that people say behind a name or part of it ("the desk light", where it is called Desk), with their nouns."""
SAID_OF_SEVERAL = frozenset(n.plural.lower().split()[-1] for n in NOUNS) | {
    "lamps", "bulbs", "strips", "spots", "radiators", "tellies", "cars", "plugs",
}  # fmt: skip
"""Those that mean more than one: "the bedside lamps"."""

ANNOUNCED = (
    "get_weather", "get_time", "get_date", "get_value", "get_state", "list_devices", "count_devices", "todo_read", "timer_query",
)  # fmt: skip


class _Tries(Generic[T]):
    """Tries that are built when they are first asked for."""

    def __init__(self) -> None:
        self._built: dict[Hashable, Trie[T]] = {}

    def get(self, key: Hashable, entries: Callable[[], Entries[T]]) -> Trie[T]:
        """The trie of `key`; `entries` are what it is built from."""
        if key not in self._built:
            self._built[key] = Trie.build(entries())
        return self._built[key]


class Lexicon:
    """The compiled vocabulary of `house`. `cannot`: what devices are known not to do, names of functions by device id.

    A function that no device can do is left out, and a noun means only devices that can. A device that is named stays: it is
    answered that this one can't.
    """

    def __init__(
        self,
        house: House,
        encoder: TextEncoder,
        functions: Iterable[Function] = FUNCTIONS,
        cannot: Mapping[str, frozenset[str]] = MappingProxyType({}),
    ) -> None:
        self.house = house
        self.encoder = encoder
        known = tuple(functions)
        of_kind: dict[str, list[int]] = {}
        for i, device in enumerate(house.devices):
            of_kind.setdefault(device.kind, []).append(i)
        self.supported: dict[str, Devices] = {
            f.name: frozenset(i for kind in f.kinds for i in of_kind.get(kind, ()) if not f.devices or f.takes(house.devices[i]))
            for f in known
        }
        self._able = {name: self._those_able(name, devices, cannot) for name, devices in self.supported.items()}
        self.functions = {f.name: f for f in known if f.target is not TargetRule.REQUIRED or self._able[f.name]}
        self.function_ids = {FUNCTION_IDS[name]: function for name, function in self.functions.items()}
        self._nouns: dict[str, dict[int, Devices]] = {}
        self._names = _Tries[int]()
        self._groups = _Tries[Devices]()
        self._places = _Tries[str]()
        self._words = _Tries[str]()

    def devices(self, positions: Devices) -> list[Device]:
        """The devices at these positions, in the house's order."""
        return [self.house.devices[i] for i in sorted(positions)]

    def names(self, function: Function) -> Trie[int]:
        """Names and aliases of devices that may follow `function`."""
        return self._names.get((function.kinds, function.devices), lambda: self._name_entries(function))

    def _name_entries(self, function: Function) -> Entries[int]:
        """Names and aliases; where a word is the name of one device and the alias of another, it is the name."""
        devices = [(i, self.house.devices[i]) for i in sorted(self.supported[function.name])]
        names = [(self.encoder.ids(device.name), i) for i, device in devices]
        aliases = {(self.encoder.ids(alias), i): None for i, device in devices for alias in device.aliases}
        taken = {ids for ids, _ in names}
        return (*names, *((ids, i) for ids, i in aliases if ids not in taken))

    def groups(self, function: Function) -> Trie[Devices]:
        """Groups with a member that `function` can act on; the value is those members."""
        return self._groups.get((function.kinds, function.devices), lambda: self._group_entries(function))

    def _group_entries(self, function: Function) -> Entries[Devices]:
        position = {device.id: i for i, device in enumerate(self.house.devices)}
        for word, group in _words(self.house.groups):
            members = frozenset(position[i] for i in group.device_ids) & self.supported[function.name]
            if members:
                yield self.encoder.ids(word), members

    def nouns(self, function: Function) -> dict[int, Devices]:
        """Noun ids that may follow `function`, each with the devices it can mean."""
        if function.name not in self._nouns:
            able = self._able[function.name]
            self._nouns[function.name] = {i: meant & able for i, meant in self._meant.items() if meant & able}
        return self._nouns[function.name]

    def _those_able(self, function: str, devices: Devices, cannot: Mapping[str, frozenset[str]]) -> Devices:
        return frozenset(i for i in devices if function not in cannot.get(self.house.devices[i].id, ()))

    @cached_property
    def _meant(self) -> dict[int, Devices]:
        """All devices that a noun can mean, by its id."""
        alike: dict[tuple[str, str | None], set[int]] = {}
        for i, device in enumerate(self.house.devices):
            alike.setdefault((device.kind, device.device_class), set()).add(i)
        found: dict[int, Devices] = {}
        for noun in NOUNS:
            sets = [positions for (kind, device_class), positions in alike.items() if is_a(kind, device_class, noun)]
            found[NOUN_IDS[noun.name]] = frozenset().union(*sets)
        return found

    def areas(self, devices: Devices) -> Trie[str]:
        """What areas are called in which one of `devices` is."""
        return self._places.get(("area", devices), lambda: self._area_entries(devices))

    def _area_entries(self, devices: Devices) -> Entries[str]:
        names = {self.house.devices[i].area for i in devices}
        return ((self.encoder.ids(word), word) for word, area in _words(self.house.areas) if area.name in names)

    def floors(self, devices: Devices) -> Trie[str]:
        """What floors are called on which one of `devices` is."""
        return self._places.get(("floor", devices), lambda: self._floor_entries(devices))

    def _floor_entries(self, devices: Devices) -> Entries[str]:
        names = {self.house.area_floor.get(self.house.devices[i].area or "") for i in devices}
        return ((self.encoder.ids(word), word) for word, floor in _words(self.house.floors) if floor.name in names)

    def in_area(self, devices: Devices, area: str) -> Devices:
        """Those of `devices` that are in an area called `area`."""
        areas = self.house.areas_called(area)
        return frozenset(i for i in devices if self.house.devices[i].area in areas)

    def on_floor(self, devices: Devices, floor: str) -> Devices:
        """Those of `devices` that are on a floor called `floor`."""
        areas = self.house.areas_of_floor(floor)
        return frozenset(i for i in devices if self.house.devices[i].area in areas)

    @cached_property
    def spelling(self) -> dict[tuple[int, ...], str]:
        """Every word for a device or group by its ids, names before aliases."""
        items: tuple[Device | Group, ...] = (*self.house.devices, *self.house.groups)
        aliases = {self.encoder.ids(alias): alias for item in reversed(items) for alias in reversed(item.aliases)}
        return aliases | {self.encoder.ids(item.name): item.name for item in reversed(items)}

    @cached_property
    def names_by_first_word(self) -> dict[tuple[int, ...], list[tuple[Words, tuple[int, ...]]]]:
        """What devices are called, name or alias, as words and as ids; by the first word."""
        found: dict[tuple[int, ...], list[tuple[Words, tuple[int, ...]]]] = {}
        for name in {name for device in self.house.devices for name in (device.name, *device.aliases)}:
            words = said_words(self.encoder.pieces(name))
            if words:
                found.setdefault(words[0], []).append((words, self.encoder.ids(name)))
        return found

    @cached_property
    def _called(self) -> list[tuple[int, str]]:
        """Every device with each of its names and aliases."""
        return [(i, name) for i, device in enumerate(self.house.devices) for name in (device.name, *device.aliases)]

    @cached_property
    def names_by_word(self) -> dict[tuple[int, ...], frozenset[tuple[int, int]]]:
        """Names and aliases of devices by the words in them, each as its device and a number."""
        found: dict[tuple[int, ...], set[tuple[int, int]]] = {}
        for number, (device, name) in enumerate(self._called):
            for word in said_words(self.encoder.pieces(name)):
                found.setdefault(word, set()).add((device, number))
        return {word: frozenset(names) for word, names in found.items()}

    @cached_property
    def telling_words(self) -> frozenset[tuple[int, ...]]:
        """Words in names of devices that tell one from another: none for kinds or places, no numbers."""
        places = [*_words(self.house.areas), *_words(self.house.floors)]
        plain = NOUN_WORDS.union(LITTLE_WORDS, *(name.lower().split() for name, _ in places))
        texts = ((text, ids) for _, name in self._called for text, ids in _texts(name, self.encoder))
        return frozenset(ids for text, ids in texts if text not in plain and not text.isdigit())

    @cached_property
    def kinds_said(self) -> dict[tuple[int, ...], tuple[Devices, bool]]:
        """Words for kinds: the devices of these kinds; and does the word mean several?"""
        return {
            self.encoder.ids(word): (frozenset().union(*(self._meant[NOUN_IDS[noun]] for noun in nouns)), word in SAID_OF_SEVERAL)
            for word, nouns in SAID_OF_KINDS.items()
        }

    @cached_property
    def switches(self) -> Devices:
        """Relays: what they switch may be of any kind."""
        return self._meant[NOUN_IDS["switch"]]

    @cached_property
    def owners(self) -> dict[tuple[int, ...], Devices]:
        """The devices called so, by name or alias, by its ids."""
        found: dict[tuple[int, ...], Devices] = {}
        for i, device in enumerate(self.house.devices):
            for name in (device.name, *device.aliases):
                ids = self.encoder.ids(name)
                found[ids] = found.get(ids, frozenset()) | {i}
        return found

    @cached_property
    def areas_by_words(self) -> dict[Words, frozenset[str]]:
        """Areas by what they are called, and by parts of it."""
        found: dict[Words, frozenset[str]] = dict(self.area_parts)
        for word, area in _words(self.house.areas):
            words = said_words(self.encoder.pieces(word))
            found[words] = found.get(words, frozenset()) | {area.name}
        return found

    @cached_property
    def area_parts(self) -> dict[Words, frozenset[str]]:
        """Areas by words in a row out of a name or alias, never all of it, with a word among them that tells it."""
        plain = NOUN_WORDS | LITTLE_WORDS | WORDS_OF_PLACES
        found: dict[Words, set[str]] = {}
        for name, area in _words(self.house.areas):
            words = _texts(name, self.encoder)
            for first in range(len(words)):
                for end in range(first + 1, min(len(words), first + LONGEST_PART) + 1):
                    is_telling = any(text not in plain and not text.isdigit() for text, _ in words[first:end])
                    if is_telling and end - first < len(words):
                        found.setdefault(tuple(ids for _, ids in words[first:end]), set()).add(area.name)
        return {span: frozenset(owners) for span, owners in found.items()}

    @cached_property
    def all_areas(self) -> Trie[str]:
        """What areas are called."""
        return Trie.build((self.encoder.ids(word), word) for word, _ in _words(self.house.areas))

    @cached_property
    def token_ids(self) -> frozenset[int]:
        """Every token that a plan in this house can have besides words of the sentence: added ones, digits, names, options."""
        encoder = self.encoder
        said = called_in(self.house)
        said += [spoken(option) for options in DEFAULT_OPTIONS.values() for option in options]
        said += [spoken(word) for function in self.functions.values() for each in function.parameters for word in each.choices]
        names = (i for word in said for i in encoder.ids(word))
        return frozenset((*names, *encoder.digits, encoder.point, *range(BASE_SIZE, VOCABULARY_SIZE)))

    def words(self, parameter: Parameter, devices: Devices) -> Trie[str]:
        """The words `parameter` may take for these devices: choices, or the devices' own options; empty means: copy."""
        words = self.options(parameter.option, devices) if parameter.type is ValueType.OPTION else parameter.choices
        if parameter.choice_kinds:
            kinds = {device.kind for device in self.devices(devices)}
            fitting = (w for w in words if w not in parameter.choice_kinds or any(parameter.is_of(kind, w) for kind in kinds))
            words = tuple(fitting) or words
        return self._words.get(words, lambda: ((self.encoder.ids(spoken(word)), word) for word in words))

    def options(self, option: str, devices: Devices) -> tuple[str, ...]:
        """What these devices list under `option`, else Home Assistant's own words for it."""
        listed = tuple(dict.fromkeys(o for device in self.devices(devices) for o in device.options.get(option, ())))
        return listed or DEFAULT_OPTIONS.get(option, ())

    def nestable(self, parameter: Parameter) -> list[Function]:
        """Read functions whose answer `parameter` may take."""
        return [self.functions[name] for name in answers_for(parameter) if name in self.functions]


def answers_for(parameter: Parameter) -> tuple[str, ...]:
    """The names of the read functions whose answer `parameter` may take: a message any, what can be measured or seen a value."""
    if parameter.name == "message":
        return ANNOUNCED
    return ("get_value",) if parameter.type in NUMBERS or parameter.name in ("color", "source") else ()


def _texts(name: str, encoder: TextEncoder) -> list[tuple[str, tuple[int, ...]]]:
    """The words of a name, in lower case, with their ids."""
    text = unicodedata.normalize("NFC", name)
    return [(text[piece.start : piece.end].lower(), piece.ids) for piece in encoder.pieces(name) if piece.is_word]


def said_words(pieces: Iterable[Piece]) -> Words:
    """The ids of each word, without punctuation."""
    return tuple(piece.ids for piece in pieces if piece.is_word)


def called_in(house: House) -> list[str]:
    """Every name and alias in the house, and every option of its devices as it is said."""
    named: tuple[Device | Group | Area | Floor, ...] = (*house.devices, *house.groups, *house.areas, *house.floors)
    names = [name for item in named for name in (item.name, *item.aliases)]
    return names + [spoken(option) for device in house.devices for options in device.options.values() for option in options]


def spoken(option: str) -> str:
    """An option as a person says it: "heat_cool" → "heat cool"."""
    return option.replace("_", " ")


def _words(items: Sequence[Item]) -> Iterator[tuple[str, Item]]:
    """Each name, and each alias that is no name, with what is called so."""
    names = {item.name.casefold() for item in items}
    for item in items:
        yield item.name, item
        yield from ((alias, item) for alias in item.aliases if alias.casefold() not in names)
