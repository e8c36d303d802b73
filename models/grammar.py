"""The grammar of plans as a pushdown automaton over token ids: pure, no I/O, no model.

A `State` is a stack of symbols and the devices selected so far in the current call. Each symbol says which ids it accepts and what
state follows each; a symbol that may be left (a complete name, an optional argument) also accepts whatever the state after leaving
it accepts. Ids of the two never clash: names, words and numbers are base tokens, everything that may follow them is an added one.

    plan     := call (NEXT call)* END | GIVE_UP reason END                GIVE_UP is accepted at every choice
    call     := function [target] (parameter value)* [AFTER duration | AT copy | FOR duration]
    target   := selector (ALSO selector)* [EXCEPT selector (ALSO selector)*]
    selector := DEVICE name [place, if the name repeats] | GROUP name | (ONE | MANY | ALL) noun [place]
    place    := IN area | ON floor | HERE
    value    := number [unit] | word | copied words | duration | read-function call CLOSE
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from octopus_hub.config.functions import Function, TargetRule, ValueType
from octopus_hub.models.lexicon import Devices, Lexicon
from octopus_hub.models.tokens import (
    FUNCTION_IDS,
    PARAMETER_IDS,
    REASON_IDS,
    TIME_UNITS,
    UNIT_IDS,
    Mark,
    Piece,
)
from octopus_hub.models.trie import Trie

MAX_CALLS = 6
MAX_SELECTORS = 6
MAX_DIGITS = 6
MAX_COPIED_WORDS = 24
NOTHING: Devices = frozenset()


@dataclass(frozen=True, eq=False)
class Context:
    """What the grammar looks at: the house's lexicon and the pieces of the sentence (for copying)."""

    lexicon: Lexicon
    pieces: tuple[Piece, ...] = ()


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


Arcs = Mapping[int, State]


class Symbol(Protocol):
    """One symbol of the grammar."""

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        """Ids accepted inside this symbol, with the state after each."""

    def leave(self, state: State, context: Context) -> State | None:
        """The state after this symbol if it may end here, else None."""


def start() -> State:
    """Before the first token of a plan."""
    return State((CallStart(),))


def is_final(state: State) -> bool:
    """May nothing follow?"""
    return not state.stack


def arcs(state: State, context: Context) -> dict[int, State]:
    """Every id accepted in `state`, with the state after it. Empty only for a final state."""
    found: dict[int, State] = {}
    here: State | None = state
    while here is not None and here.stack:
        symbol = here.stack[-1]
        found |= symbol.arcs(here, context)
        here = symbol.leave(here, context)
    if state.stack and not isinstance(state.stack[-1], (ReasonWord, End)) and (len(found) != 1 or _begins_choice(state.stack[-1])):
        found[Mark.GIVE_UP] = State((End(), ReasonWord()))
    return found


def _begins_choice(symbol: Symbol) -> bool:
    """Is this where a meaning is chosen, so that even a single possibility must not be forced?"""
    if isinstance(symbol, (Name, GroupName, PlaceName, WordIn)):
        return not symbol.inside
    return isinstance(symbol, (CallStart, Target, OneSelector, NounWord, ValueStart, CopyStart)) or symbol == Digits()


class _MustStay:
    """A symbol that cannot be left before it is complete."""

    def leave(self, state: State, context: Context) -> State | None:
        return None


@dataclass(frozen=True, eq=False)
class CallStart(_MustStay):
    """A function of the house."""

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {i: after_function(state, f, (WhenMaybe(), AfterCall())) for i, f in context.lexicon.function_ids.items()}


def after_function(state: State, function: Function, rest: tuple[Symbol, ...], *, nested: bool = False) -> State:
    """The state after a function token: target and parameters of `function`, then `rest`."""
    target: tuple[Symbol, ...] = () if function.target is TargetRule.NONE else (Target(function),)
    parameters = tuple(ParameterMark(function, i, nested) for i in range(len(function.parameters)))
    return state.then(*target, *parameters, *rest)._replace(devices=NOTHING)


@dataclass(frozen=True, eq=False)
class AfterCall(_MustStay):
    """Another call, or the end."""

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        found = {int(Mark.END): state.then()}
        if state.calls + 1 < MAX_CALLS:
            found[Mark.NEXT] = state.then(CallStart())._replace(calls=state.calls + 1)
        return found


@dataclass(frozen=True, eq=False)
class ReasonWord(_MustStay):
    """Why nothing is done."""

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {int(i): state.then() for i in REASON_IDS.values()}


@dataclass(frozen=True, eq=False)
class End(_MustStay):
    """The end token alone."""

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {int(Mark.END): state.then()}


# Targets


@dataclass(frozen=True, eq=False)
class Target:
    """One selector or more. An optional target may be left out; a function without devices in this house has none."""

    function: Function

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return _selectors(self.function, state, context, MoreSelectors(self.function, 1, False))

    def leave(self, state: State, context: Context) -> State | None:
        return state.then() if self.function.target is TargetRule.OPTIONAL else None


@dataclass(frozen=True, eq=False)
class MoreSelectors:
    """After a selector: one more, or exceptions."""

    function: Function
    count: int
    excluding: bool

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        found = {}
        if self.count < MAX_SELECTORS:
            found[int(Mark.ALSO)] = state.then(OneSelector(self.function, self.count + 1, self.excluding))
            if not self.excluding:
                found[int(Mark.EXCEPT)] = state.then(OneSelector(self.function, self.count + 1, True))
        return found

    def leave(self, state: State, context: Context) -> State | None:
        return state.then()


@dataclass(frozen=True, eq=False)
class OneSelector(_MustStay):
    """A selector that must come."""

    function: Function
    count: int
    excluding: bool

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return _selectors(self.function, state, context, MoreSelectors(self.function, self.count, self.excluding))


def _selectors(function: Function, state: State, context: Context, more: MoreSelectors) -> dict[int, State]:
    found: dict[int, State] = {}
    if names := context.lexicon.names(function):
        found[Mark.DEVICE] = state.then(Name(names), more)
    if groups := context.lexicon.groups(function):
        found[Mark.GROUP] = state.then(GroupName(groups), more)
    if context.lexicon.nouns(function):
        found |= {int(mark): state.then(NounWord(function), more) for mark in (Mark.ONE, Mark.MANY, Mark.ALL)}
    return found


@dataclass(frozen=True, eq=False)
class Name:
    """Inside a device's name; several devices may share it."""

    node: Trie[int]
    inside: bool = False

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {i: state.then(Name(child, True)) for i, child in self.node.children.items()}

    def leave(self, state: State, context: Context) -> State | None:
        if not self.node.values:
            return None
        meant = frozenset(self.node.values)
        areas = {context.lexicon.house.devices[i].area for i in meant}
        return state.then(Place(meant)) if len(areas) > 1 else state.then().selecting(meant)


@dataclass(frozen=True, eq=False)
class GroupName:
    """Inside a group's name."""

    node: Trie[Devices]
    inside: bool = False

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {i: state.then(GroupName(child, True)) for i, child in self.node.children.items()}

    def leave(self, state: State, context: Context) -> State | None:
        return state.then().selecting(frozenset().union(*self.node.values)) if self.node.values else None


@dataclass(frozen=True, eq=False)
class NounWord(_MustStay):
    """A noun that means at least one device here."""

    function: Function

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {i: state.then(Place(devices)) for i, devices in context.lexicon.nouns(self.function).items()}


@dataclass(frozen=True, eq=False)
class Place:
    """Maybe a place in which at least one of `devices` is."""

    devices: Devices

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        found = {int(Mark.HERE): state.then().selecting(self.devices)}
        if areas := context.lexicon.areas(self.devices):
            found[Mark.IN] = state.then(PlaceName(areas, self.devices, False))
        if floors := context.lexicon.floors(self.devices):
            found[Mark.ON] = state.then(PlaceName(floors, self.devices, True))
        return found

    def leave(self, state: State, context: Context) -> State | None:
        return state.then().selecting(self.devices)


@dataclass(frozen=True, eq=False)
class PlaceName:
    """Inside the name of an area or floor."""

    node: Trie[str]
    devices: Devices
    is_floor: bool
    inside: bool = False

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {i: state.then(PlaceName(child, self.devices, self.is_floor, True)) for i, child in self.node.children.items()}

    def leave(self, state: State, context: Context) -> State | None:
        if not self.node.values:
            return None
        inside = context.lexicon.on_floor if self.is_floor else context.lexicon.in_area
        return state.then().selecting(frozenset().union(*(inside(self.devices, name) for name in self.node.values)))


# Arguments


@dataclass(frozen=True, eq=False)
class ParameterMark:
    """The mark before an argument; left out only where the argument is optional."""

    function: Function
    index: int
    nested: bool

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        value = _value_symbol(self.function, self.index, self.nested, state, context)
        return {PARAMETER_IDS[self.function.parameters[self.index].name]: state.then(value)}

    def leave(self, state: State, context: Context) -> State | None:
        return None if self.function.parameters[self.index].required else state.then()


def _value_symbol(function: Function, index: int, nested: bool, state: State, context: Context) -> Symbol:
    parameter = function.parameters[index]
    if parameter.type is ValueType.DURATION:
        return Digits()
    if parameter.type is ValueType.AREA and context.lexicon.all_areas:
        return WordIn(context.lexicon.all_areas)
    if parameter.type in (ValueType.CHOICE, ValueType.OPTION):
        words = context.lexicon.words(parameter, state.devices or context.lexicon.supported[function.name])
        return WordIn(words) if words else CopyStart()
    return ValueStart(function, index, nested)


@dataclass(frozen=True, eq=False)
class ValueStart(_MustStay):
    """A number, a word instead of it, copied text, or the answer of a read function."""

    function: Function
    index: int
    nested: bool

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        parameter = self.function.parameters[self.index]
        found: dict[int, State] = {}
        if parameter.type in (ValueType.TEXT, ValueType.TIME, ValueType.AREA):
            found |= CopyStart().arcs(state, context)
        else:
            units = _units(parameter.type)
            words = context.lexicon.words(parameter, NOTHING)
            found |= NumberPart(0, False, units).arcs(state, context)
            found |= WordIn(words).arcs(state, context)
            if parameter.type in (ValueType.TEMPERATURE, ValueType.NUMBER):
                found[Mark.MINUS] = state.then(NumberPart(0, False, units))
        if not self.nested:
            for inner in context.lexicon.nestable(parameter):
                found[FUNCTION_IDS[inner.name]] = after_function(state, inner, (Closing(state.devices),), nested=True)
        return found


def _units(value: ValueType) -> tuple[int, ...]:
    if value is ValueType.TEMPERATURE:
        return (Mark.CELSIUS, Mark.FAHRENHEIT)
    return (Mark.PERCENT,) if value is ValueType.PERCENT else (Mark.KELVIN, Mark.PERCENT)


@dataclass(frozen=True, eq=False)
class NumberPart:
    """Inside a number: `digits` written since its start or its point. Only the syntax is checked here."""

    digits: int
    after_point: bool
    units: tuple[int, ...]

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        encoder = context.lexicon.encoder
        found: dict[int, State] = {}
        if self.digits < (2 if self.after_point else MAX_DIGITS):
            step = state.then(NumberPart(self.digits + 1, self.after_point, self.units))
            found |= dict.fromkeys(encoder.digits, step)
        if self.digits and not self.after_point:
            found[encoder.point] = state.then(NumberPart(0, True, self.units))
        if self.digits:
            found |= {unit: state.then() for unit in self.units}
        return found

    def leave(self, state: State, context: Context) -> State | None:
        return state.then() if self.digits else None


@dataclass(frozen=True, eq=False)
class WordIn:
    """Inside a word of a closed list."""

    node: Trie[str]
    inside: bool = False

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {i: state.then(WordIn(child, True)) for i, child in self.node.children.items()}

    def leave(self, state: State, context: Context) -> State | None:
        return state.then() if self.node.values else None


@dataclass(frozen=True)
class Digits(_MustStay):
    """The amount of one unit of a duration, from the largest unit down."""

    digits: int = 0
    first_unit: int = 0

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        found: dict[int, State] = {}
        if self.digits < MAX_DIGITS - 2:
            found |= dict.fromkeys(context.lexicon.encoder.digits, state.then(Digits(self.digits + 1, self.first_unit)))
        if self.digits:
            for position in range(self.first_unit, len(TIME_UNITS)):
                found[TIME_UNITS[position][0]] = state.then(DigitsMaybe(position + 1))
        return found


@dataclass(frozen=True, eq=False)
class DigitsMaybe:
    """After one unit of a duration: a smaller one, or nothing."""

    first_unit: int

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        if self.first_unit >= len(TIME_UNITS):
            return {}
        return Digits(0, self.first_unit).arcs(state, context)

    def leave(self, state: State, context: Context) -> State | None:
        return state.then()


@dataclass(frozen=True, eq=False)
class CopyStart(_MustStay):
    """Copied words, from any word of the sentence on."""

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        starts = frozenset((n, 0) for n, piece in enumerate(context.pieces) if piece.is_word)
        return _copy_arcs(starts, 0, state, context)


@dataclass(frozen=True, eq=False)
class CopyPart:
    """Inside copied words: `places` are the (piece, token) positions last copied, all spelled alike so far."""

    places: frozenset[tuple[int, int]]
    words: int

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        following = set()
        for piece, token in self.places:
            if token + 1 < len(context.pieces[piece].ids):
                following.add((piece, token + 1))
            elif self.words < MAX_COPIED_WORDS and (word := next_word(context.pieces, piece)) is not None:
                following.add((word, 0))
        return _copy_arcs(frozenset(following), self.words, state, context)

    def leave(self, state: State, context: Context) -> State | None:
        ends = any(token + 1 == len(context.pieces[piece].ids) for piece, token in self.places)
        return state.then() if ends else None


def _copy_arcs(places: frozenset[tuple[int, int]], words: int, state: State, context: Context) -> dict[int, State]:
    by_id: dict[int, set[tuple[int, int]]] = {}
    for piece, token in places:
        by_id.setdefault(context.pieces[piece].ids[token], set()).add((piece, token))
    found = {}
    for i, same in by_id.items():
        begun = words + any(token == 0 for _, token in same)
        found[i] = state.then(CopyPart(frozenset(same), begun))
    return found


def next_word(pieces: tuple[Piece, ...], piece: int) -> int | None:
    """The position of the next word after `piece`, over punctuation."""
    return next((n for n in range(piece + 1, len(pieces)) if pieces[n].is_word), None)


@dataclass(frozen=True, eq=False)
class Closing(_MustStay):
    """The end of a nested call; the outer call's devices come back."""

    devices: Devices

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {int(Mark.CLOSE): state.then()._replace(devices=self.devices)}


@dataclass(frozen=True, eq=False)
class WhenMaybe:
    """Maybe not now."""

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        found: dict[int, State] = {int(Mark.AFTER): state.then(Digits()), int(Mark.FOR): state.then(Digits())}
        if any(piece.is_word for piece in context.pieces):
            found[Mark.AT] = state.then(CopyStart())
        return found

    def leave(self, state: State, context: Context) -> State | None:
        return state.then()
