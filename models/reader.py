"""Token ids → plan: the inverse of `writer`, for ids that the mask has let through."""

from __future__ import annotations

from collections.abc import Sequence

from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Parameter, ValueType
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
from octopus_hub.models.grammar import next_word
from octopus_hub.models.lexicon import Lexicon
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
from octopus_hub.models.trie import Trie

REASONS = {int(i): reason for reason, i in REASON_IDS.items()}
QUANTIFIERS = {Mark.ONE: Quantifier.ONE, Mark.MANY: Quantifier.MANY, Mark.ALL: Quantifier.ALL}
UNITS = {int(i): unit for unit, i in UNIT_IDS.items()}
SECONDS = {int(unit): size for unit, size in TIME_UNITS}


class PlanReader:
    """Reads one plan; names and copied words come back in their own spelling."""

    def __init__(self, ids: Sequence[int], lexicon: Lexicon, text: str, pieces: tuple[Piece, ...]) -> None:
        self._ids = ids
        self._at = 0
        self._lexicon = lexicon
        self._text = text
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
        target = self._target() if self._peek() in (Mark.DEVICE, Mark.GROUP, *QUANTIFIERS) else None
        arguments: dict[str, Value] = {}
        while (name := PARAMETER_NAMES.get(self._peek())) is not None:
            self._next()
            arguments[name] = self._value(function.parameter(name))
        return PlannedCall(function.name, target, arguments, self._when())

    def _target(self) -> Target:
        include = [self._selector()]
        while self._take(Mark.ALSO):
            include.append(self._selector())
        exclude: list[Selector] = []
        while self._take(Mark.EXCEPT, Mark.ALSO):
            exclude.append(self._selector())
        return Target(tuple(include), tuple(exclude))

    def _selector(self) -> Selector:
        mark = self._next()
        if mark == Mark.DEVICE:
            return Named(self._spelling(self._base(), [d.name for d in self._lexicon.house.devices]), self._where())
        if mark == Mark.GROUP:
            return GroupNamed(self._spelling(self._base(), [g.name for g in self._lexicon.house.groups]))
        return Described(QUANTIFIERS[Mark(mark)], NOUN_NAMES[self._next()], self._where())

    def _where(self) -> Where | None:
        if self._take(Mark.HERE):
            return Where(here=True)
        if self._take(Mark.IN):
            return Where(area=self._spelling(self._base(), [a.name for a in self._lexicon.house.areas]))
        if self._take(Mark.ON):
            return Where(floor=self._spelling(self._base(), [f.name for f in self._lexicon.house.floors]))
        return None

    def _spelling(self, ids: tuple[int, ...], names: Sequence[str]) -> str:
        return next(name for name in names if self._lexicon.encoder.ids(name) == ids)

    def _value(self, parameter: Parameter) -> Value:
        if self._peek() in FUNCTION_NAMES:
            inner = self._call()
            self._take(Mark.CLOSE)
            return Nested(inner)
        if parameter.type is ValueType.DURATION:
            return Duration(*self._duration())
        sign = -1 if self._take(Mark.MINUS) else 1
        ids = self._base()
        encoder = self._lexicon.encoder
        is_numeric = parameter.type in (ValueType.PERCENT, ValueType.TEMPERATURE, ValueType.NUMBER)
        if is_numeric and all(i in encoder.digits or i == encoder.point for i in ids):
            number = float("".join(encoder.digits.get(i, ".") for i in ids))
            unit = self._take(*UNITS)
            return Number(sign * number, UNITS[unit] if unit else "")
        return self._word_or_text(parameter, ids)

    def _word_or_text(self, parameter: Parameter, ids: tuple[int, ...]) -> Value:
        trie = self._lexicon.all_areas if parameter.type is ValueType.AREA else self._words(parameter)
        for word_ids, words in trie.walk():
            if word_ids == ids:
                return Word(words[0])
        return Text(self._copied(ids))

    def _words(self, parameter: Parameter) -> Trie[str]:
        everything = frozenset(range(len(self._lexicon.house.devices)))
        return self._lexicon.words(parameter, everything)

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
