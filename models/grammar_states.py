"""What the grammar of plans is made of: states, symbols, and what they look at. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol, TypeVar

from octopus_hub.config.functions import Function
from octopus_hub.config.plan import Where
from octopus_hub.models.lexicon import LONGEST_PART, Devices, Lexicon, Words, said_words
from octopus_hub.models.tokens import Mark, Piece
from octopus_hub.models.trie import Either, Trie

NOTHING: Devices = frozenset()

Key = TypeVar("Key", int, str)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most there may be of each: calls a plan, selectors a target, digits, and copied words a text."""

    calls: int = 6
    selectors: int = 6
    number_digits: int = 6
    decimals: int = 2
    duration_digits: int = 4
    copied_words: int = 24


LIMITS = Limits()
"""Those the model is trained with."""


@dataclass(slots=True)
class Meant:
    """What words may mean: devices, all of them if they are words for several."""

    devices: Devices = NOTHING
    are_several: bool = False

    def add(self, devices: Devices, *, are_several: bool = False) -> None:
        """They may mean these too."""
        self.devices |= devices
        self.are_several |= are_several


@dataclass(slots=True)
class Said:
    """What was said that may mean devices, by its ids: as it is, and with a word for a kind behind it."""

    plain: dict[tuple[int, ...], Meant] = field(default_factory=dict)
    with_kind: dict[tuple[int, ...], Meant] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Context:
    """What the grammar looks at: the house's lexicon and the pieces of the sentence (for copying)."""

    lexicon: Lexicon
    pieces: tuple[Piece, ...] = ()
    limits: Limits = LIMITS

    @cached_property
    def _words(self) -> Words:
        return said_words(self.pieces)

    @cached_property
    def _whole_names(self) -> list[tuple[int, int, tuple[int, ...]]]:
        """Names and aliases of devices that stand in the sentence word for word: where they begin and end, and their ids."""
        words, names = self._words, self.lexicon.names_by_first_word
        begun = ((i, wanted, ids) for i, word in enumerate(words) for wanted, ids in names.get(word, ()))
        return [(i, i + len(wanted), ids) for i, wanted, ids in begun if words[i : i + len(wanted)] == wanted]

    @cached_property
    def said_names(self) -> frozenset[tuple[int, ...]]:
        """Beginnings of the names of devices that stand in the sentence word for word, by name or alias."""
        return frozenset(ids[:end] for _, _, ids in self._whole_names for end in range(1, len(ids) + 1))

    @cached_property
    def _names_in_place(self) -> Said:
        """Names of devices that were said, behind their area ("Emma's night light", of the one in Emma's Room) or without."""
        said = Said()
        for begin, end, name in self._whole_names:
            for first in range(max(0, begin - LONGEST_PART), begin + 1):
                place = self._words[first:begin]
                self._note(said, (*_joined(place), *name), end, self._owners_in(name, place), self.lexicon.switches)
        return said

    @cached_property
    def _parts_of_names(self) -> Said:
        """Words in a row that were said and are in one name of a device, in any order ("the left bedside", of Bedside Lamp Left),
        with a word among them that tells it."""
        said = Said()
        words, names, telling = self._words, self.lexicon.names_by_word, self.lexicon.telling_words
        for begin in range(len(words)):
            for end in range(begin + 1, min(begin + LONGEST_PART, len(words)) + 1):
                span = words[begin:end]
                owners = frozenset.intersection(*(names.get(word, frozenset()) for word in span))
                if owners and not telling.isdisjoint(span):
                    self._note(said, _joined(span), end, frozenset(device for device, _ in owners))
        return said

    def _note(self, said: Said, ids: tuple[int, ...], end: int, owners: Devices, of_any_kind: Devices = NOTHING) -> None:
        """That `ids`, which end before word number `end`, may mean these devices; with a word for a kind behind them those that are
        of it, or of any."""
        said.plain.setdefault(ids, Meant()).add(owners)
        if end < len(self._words) and self._words[end] in self.lexicon.kinds_said:
            of_kind, are_several = self.lexicon.kinds_said[self._words[end]]
            longer = said.with_kind.setdefault((*ids, *self._words[end]), Meant())
            longer.add(owners & (of_kind | of_any_kind), are_several=are_several)

    def _owners_in(self, name: tuple[int, ...], place: Words) -> Devices:
        """The devices called so, of those in the place that these words name; without words, all."""
        owners, there = self.lexicon.owners[name], self.lexicon.areas_by_words.get(place, frozenset())
        return frozenset(i for i in owners if not place or self.lexicon.house.devices[i].area in there)

    @cached_property
    def _area_parts(self) -> dict[tuple[int, ...], str]:
        """Parts of areas' names that were said, where just one has them."""
        words, parts = self._words, self.lexicon.area_parts
        spans = (words[i : i + n] for i in range(len(words)) for n in range(1, LONGEST_PART + 1) if i + n <= len(words))
        return {_joined(span): area for span in spans if len(parts.get(span, ())) == 1 for area in parts[span]}

    def names(self, function: Function) -> Either[int]:
        """What devices that may follow `function` are called, and what else was said that means just one of them, or, with a word
        for several behind it, some. Words of a name are rather that than a word for a kind: "ceiling light"."""
        whole, able = self.lexicon.names(function), self.lexicon.supported[function.name]
        found: dict[tuple[int, ...], Devices] = {}
        for said in (self._parts_of_names, self._names_in_place):
            for ids, meant in (*said.with_kind.items(), *said.plain.items()):
                devices = meant.devices & able
                if meant.are_several:
                    found[ids] = found.get(ids, NOTHING) | self._swept(devices)
                elif len(devices) == 1:
                    found[ids] = devices
        return Either((whole, Trie.build((ids, i) for ids, devices in found.items() for i in sorted(devices))))

    def _swept(self, devices: Devices) -> Devices:
        """Without those that are only meant when they are called by their names; one alone is."""
        return devices if len(devices) == 1 else frozenset(i for i in devices if self.lexicon.house.devices[i].bulk)

    def places(self, devices: Devices, mark: Mark) -> Either[str]:
        """What areas and floors are called in which one of `devices` is, and what of the name of just one area was said. Both marks
        take both: "in the basement" may be a floor. What is spelled alike is an area after IN, a floor after ON."""
        areas, floors = self.lexicon.areas(devices), self.lexicon.floors(devices)
        parts = Trie.build((ids, area) for ids, area in self._area_parts.items() if self.lexicon.in_area(devices, area))
        return Either((areas, floors, parts) if mark == Mark.IN else (floors, areas, parts))

    def there(self, devices: Devices, name: str, mark: Mark) -> tuple[Where, Devices]:
        """The place of that name, and those of `devices` that are there."""
        in_area, on_floor = self.lexicon.in_area(devices, name), self.lexicon.on_floor(devices, name)
        is_area = bool(in_area) and (mark == Mark.IN or not on_floor)
        return (Where(area=name), in_area) if is_area else (Where(floor=name), on_floor)

    def says(self, unit: int) -> bool:
        """Can the unit have been said? Only those of temperature are looked for: "21 degrees" is neither °C nor °F."""
        wanted = self.lexicon.encoder.unit_ids.get(unit)
        return wanted is None or any(i in wanted for piece in self.pieces for i in piece.ids)


def _joined(words: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    return tuple(i for word in words for i in word)


class State(NamedTuple):
    """A place in the grammar: symbols, the next one last; devices selected in the current call; calls so far."""

    stack: tuple[Symbol, ...]
    devices: Devices = NOTHING
    calls: int = 0

    def then(self, *symbols: Symbol) -> State:
        """The top symbol replaced by `symbols`, of which the first comes first."""
        return self._replace(stack=self.stack[:-1] + symbols[::-1])

    def selecting(self, devices: Devices) -> State:
        """With `devices` selected too."""
        return self._replace(devices=self.devices | devices)


class Symbol(Protocol):
    """One symbol of the grammar."""

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        """Ids accepted inside this symbol, with the state after each."""

    def leave(self, state: State, context: Context) -> State | None:
        """The state after this symbol if it may end here, else None."""


class MustStay:
    """A symbol that cannot be left before it is complete."""

    def leave(self, state: State, context: Context) -> State | None:
        """Never."""
        return None
