"""Plans from the templates of a pattern, once its slots are chosen. Nothing here is random."""

from __future__ import annotations

import re

from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Parameter, ValueType
from octopus_hub.config.house import called
from octopus_hub.config.kinds import noun_by_name
from octopus_hub.config.plan import (
    Described,
    Duration,
    GroupNamed,
    Named,
    Nested,
    Number,
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
from octopus_hub.models.data.fill_nouns import HouseNouns
from octopus_hub.models.data.fill_slots import Choice
from octopus_hub.models.data.patterns import CallTemplate, SelectorTemplate

UNITS = {"C": "°C", "F": "°F"}


class CallPlanner:
    """Writes the calls of one sentence."""

    def __init__(self, nouns: HouseNouns, choice: Choice) -> None:
        self._nouns = nouns
        self._choice = choice

    def call(self, call: CallTemplate) -> PlannedCall:
        """The call. Raises KeyError for a device or place that was not chosen."""
        function = by_name()[call.function]
        include = tuple(found for s in call.include for found in self._selectors(s, call.function))
        exclude = tuple(found for s in call.exclude for found in self._selectors(s, call.function))
        if self._choice.same and any(s.same for s in call.include):
            exclude += self._choice.same.exclude
        arguments = {name: self._argument(value, function.parameter(name)) for name, value in call.arguments.items()}
        return PlannedCall(call.function, Target(include, exclude) if include else None, arguments, self._when(call.when))

    def _selectors(self, selector: SelectorTemplate, function: str) -> tuple[Selector, ...]:
        same = self._choice.same.include if self._choice.same else ()
        return same if selector.same else (self._selector(selector, function),)

    def _selector(self, selector: SelectorTemplate, function: str) -> Selector:
        choice = self._choice
        if selector.slot:
            device, word = choice.devices[selector.slot], choice.words[selector.slot]
            namesakes = called(self._nouns.supported(function), word)
            by_room = any(d.area != device.area for d in namesakes) and choice.rooms[selector.slot]
            return Named(word, Where(area=choice.rooms[selector.slot]) if by_room else None)
        if selector.group:
            return GroupNamed(choice.said[selector.group])
        where = Where(here=True) if selector.place == "here" else self._place(selector.place) if selector.place else None
        return self._as_named(Described(selector.quantifier or Quantifier.ONE, selector.noun, where), function, selector)

    def _as_named(self, described: Described, function: str, selector: SelectorTemplate) -> Selector:
        """ "the kitchen light" is the device "Kitchen Light" where there is one."""
        if described.quantifier is Quantifier.ALL or not described.where or described.where.here:
            return described
        noun = noun_by_name(described.noun)
        said = noun.name if described.quantifier is Quantifier.ONE else noun.plural
        full = f"{self._choice.said[selector.place]} {said}".lower()
        hits = [word for d in self._nouns.supported(function) for word in (d.name, *d.aliases) if word.lower() == full]
        return Named(hits[0]) if len(hits) == 1 else described

    def _place(self, slot: str) -> Where:
        """The place in the words that are said for it."""
        said = self._choice.said[slot]
        return Where(floor=said) if self._choice.places[slot].floor else Where(area=said)

    def _argument(self, value: str | CallTemplate, parameter: Parameter) -> Value:
        if isinstance(value, CallTemplate):
            return Nested(self.call(value))
        if slot := re.match(r"\{(\w+)\}", value):
            return self._slot_value(slot[1], parameter)
        if parameter.type in (ValueType.TEXT, ValueType.TIME) or value.startswith('"'):
            return Text(value.strip('"'))
        if number := re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*(C|F)?", value):
            return Number(float(number[1]), UNITS.get(number[2] or "", ""))
        return Word(value)

    def _slot_value(self, slot: str, parameter: Parameter) -> Value:
        choice = self._choice
        if slot in choice.values:
            return Word(choice.said[slot]) if parameter.type is ValueType.CHOICE else choice.values[slot]
        where = choice.places.get(slot)
        if parameter.type is ValueType.AREA and where and where.area:
            return Word(choice.said[slot])
        return Text(choice.said[slot])

    def _when(self, when: tuple[str, str] | None) -> When | None:
        if when is None:
            return None
        value = self._choice.values.get(when[1].strip("{}"), Text(when[1].strip('"')))
        if isinstance(value, Duration):
            if when[0] == "for":
                return When(for_s=value.seconds, unit_s=value.unit_s)
            return When(after_s=value.seconds, unit_s=value.unit_s)
        return When(at=value.text) if isinstance(value, Text | Word) else None
