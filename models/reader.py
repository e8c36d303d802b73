"""Token ids → plan: the inverse of `writer`, for ids that the mask has let through."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Function, Parameter, ValueType
from octopus_hub.config.house import called
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
from octopus_hub.models.grammar_copies import next_word
from octopus_hub.models.grammar_states import Context
from octopus_hub.models.lexicon import Devices, Lexicon
from octopus_hub.models.tokens import (
    BASE_SIZE,
    FUNCTION_NAMES,
    NOUN_NAMES,
    PARAMETER_NAMES,
    REASON_IDS,
    TIME_UNITS,
    UNIT_IDS,
    Mark,
    Piece,
)

REASONS = {int(i): reason for reason, i in REASON_IDS.items()}
QUANTIFIERS = {Mark.ONE: Quantifier.ONE, Mark.MANY: Quantifier.MANY, Mark.ALL: Quantifier.ALL}
UNITS = {int(i): unit for unit, i in UNIT_IDS.items()}
SECONDS = {int(unit): size for unit, size in TIME_UNITS}
NUMERIC = frozenset({ValueType.PERCENT, ValueType.TEMPERATURE, ValueType.NUMBER})

Selected = tuple[Selector, Devices]


class PlanReader:
    """Reads one plan; names and copied words come back in their own spelling."""

    def __init__(self, ids: Sequence[int], lexicon: Lexicon, text: str, pieces: tuple[Piece, ...]) -> None:
        self._ids = ids
        self._at = 0
        self._lexicon = lexicon
        self._context = Context(lexicon, pieces)
        self._text = unicodedata.normalize("NFC", text)  # what the pieces' places count in
        self._pieces = pieces

    def read(self) -> Plan:
        """The plan. Whatever came before a give-up token is dropped."""
        if Mark.GIVE_UP in self._ids:
            return Plan((), REASONS[self._ids[self._ids.index(Mark.GIVE_UP) + 1]])
        calls = [self._call()]
        while self._take(Mark.NEXT):
            calls.append(self._call())
        return Plan(tuple(calls))

    def _peek(self) -> int:
        return self._ids[self._at] if self._at < len(self._ids) else Mark.END

    def _next(self) -> int:
        self._at += 1
        return self._ids[self._at - 1]

    def _take(self, *marks: int) -> int | None:
        return self._next() if self._peek() in marks else None

    def _base(self) -> tuple[int, ...]:
        begin = self._at
        while self._peek() < BASE_SIZE:
            self._at += 1
        return tuple(self._ids[begin : self._at])

    def _call(self) -> PlannedCall:
        function = by_name()[FUNCTION_NAMES[self._next()]]
        target, devices = None, self._lexicon.supported[function.name]
        if self._peek() in (Mark.DEVICE, Mark.GROUP, *QUANTIFIERS):
            target, devices = self._target(function)
        arguments: dict[str, Value] = {}
        while (name := PARAMETER_NAMES.get(self._peek())) is not None:
            self._next()
            arguments[name] = self._value(function.parameter(name), devices)
        return PlannedCall(function.name, target, arguments, self._when())

    # Targets

    def _target(self, function: Function) -> tuple[Target, Devices]:
        """The target, and every device that one of its selectors can mean."""
        include = self._selectors(function)
        while self._take(Mark.ALSO):
            include += self._selectors(function)
        exclude: list[Selected] = []
        while self._take(Mark.EXCEPT, Mark.ALSO):
            exclude += self._selectors(function)
        devices: Devices = frozenset().union(*(meant for _, meant in (*include, *exclude)))
        return Target(tuple(s for s, _ in include), tuple(s for s, _ in exclude)), devices

    def _selectors(self, function: Function) -> list[Selected]:
        """One, but several for words that mean several devices by a part of their names."""
        mark = self._next()
        if mark == Mark.DEVICE:
            return self._named(function)
        if mark == Mark.GROUP:
            ids = self._base()
            return [(GroupNamed(self._lexicon.spelling[ids]), frozenset().union(*self._lexicon.groups(function).find(ids)))]
        noun = self._next()
        where, devices = self._where(self._lexicon.nouns(function)[noun])
        return [(Described(QUANTIFIERS[Mark(mark)], NOUN_NAMES[noun], where), devices)]

    def _named(self, function: Function) -> list[Selected]:
        """A device by name or alias, in the house's spelling; where that was said otherwise, all that are meant by their names, and
        by their areas too where others have these names."""
        ids = self._base()
        meant = frozenset(self._context.names(function).find(ids))
        is_whole = bool(self._lexicon.names(function).find(ids))
        where, devices = self._where(meant)
        if is_whole:
            return [(Named(self._lexicon.spelling[ids], where), devices)]
        house = self._lexicon.house
        twins = {i for i in devices if len(called(house.devices, house.devices[i].name)) > 1}
        placed = {i: Where(area=house.devices[i].area) for i in twins if house.devices[i].area}
        here = where if where is not None and where.here else None
        return [(Named(house.devices[i].name, placed.get(i, here)), frozenset({i})) for i in sorted(devices)]

    def _where(self, devices: Devices) -> tuple[Where | None, Devices]:
        """The place that follows, if one does, and those of `devices` that are there."""
        if self._take(Mark.HERE):
            return Where(here=True), devices
        mark = self._take(Mark.IN, Mark.ON)
        if mark is None:
            return None, devices
        name = self._context.places(devices, Mark(mark)).find(self._base())[0]
        return self._context.there(devices, name, Mark(mark))

    # Arguments

    def _value(self, parameter: Parameter, devices: Devices) -> Value:
        if self._peek() in FUNCTION_NAMES:
            inner = self._call()
            self._take(Mark.CLOSE)
            return Nested(inner)
        if parameter.type is ValueType.DURATION:
            return Duration(*self._duration())
        sign = -1 if self._take(Mark.MINUS) else 1
        ids = self._base()
        encoder = self._lexicon.encoder
        if parameter.type in NUMERIC and all(i in encoder.digits or i == encoder.point for i in ids):
            number = float("".join(encoder.digits.get(i, ".") for i in ids))
            unit = self._take(*UNITS)
            return Number(sign * number, UNITS[unit] if unit else "")
        words = self._lexicon.all_areas if parameter.type is ValueType.AREA else self._lexicon.words(parameter, devices)
        found = words.find(ids)
        return Word(found[0]) if found else Text(self._copied(ids))

    def _duration(self) -> tuple[int, int]:
        seconds, units = 0, []
        while self._peek() in self._lexicon.encoder.digits:
            amount = int("".join(self._lexicon.encoder.digits[i] for i in self._base()))
            units.append(SECONDS[self._next()])
            seconds += amount * units[-1]
        return seconds, units[0] if len(units) == 1 else 0

    def _when(self) -> When | None:
        if self._take(Mark.AT):
            return When(at=self._copied(self._base()))
        if self._take(Mark.AFTER):
            seconds, unit_s = self._duration()
            return When(after_s=seconds, unit_s=unit_s)
        if self._take(Mark.FOR):
            seconds, unit_s = self._duration()
            return When(for_s=seconds, unit_s=unit_s)
        return None

    def _copied(self, ids: tuple[int, ...]) -> str:
        """The part of the sentence, in its own spelling, whose words have these ids."""
        for first in (n for n, piece in enumerate(self._pieces) if piece.is_word):
            last: int | None = first
            rest = ids
            while last is not None and rest[: len(self._pieces[last].ids)] == self._pieces[last].ids:
                rest = rest[len(self._pieces[last].ids) :]
                if not rest:
                    return self._text[self._pieces[first].start : self._pieces[last].end]
                last = next_word(self._pieces, last)
        return ""
