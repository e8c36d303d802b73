"""Patterns put into a house: slots become its names, places and values, and the template becomes a plan.

What a pattern asks for and the house does not have gives an *absent* example: the plan up to the function that cannot be completed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from octopus_hub.config.house import Device, House
from octopus_hub.config.plan import Named, Plan, PlannedCall, Target
from octopus_hub.models.data.fill_names import HouseNames
from octopus_hub.models.data.fill_nouns import HouseNouns, Unfit
from octopus_hub.models.data.fill_plans import CallPlanner
from octopus_hub.models.data.fill_slots import Choice, SlotChooser
from octopus_hub.models.data.houses import Names
from octopus_hub.models.data.patterns import CallTemplate, Pattern, Slot, flat

NAME_TYPES = frozenset({"device", "area", "floor", "group"})


@dataclass(frozen=True)
class Filled:
    """A sentence in a house. `absent` is the function that could not be completed: the plan holds the calls before it."""

    text: str
    plan: Plan
    absent: str | None = None


class Filler:
    """Fills patterns for one house."""

    def __init__(self, house: House, names: Names, rng: random.Random) -> None:
        self._house = house
        self._rng = rng
        self._nouns = HouseNouns(house)
        self._names = HouseNames(house, names, rng)
        self._slots = SlotChooser(house, self._nouns, self._names, names, rng)

    def meant(self, function: str, noun: str) -> list[Device]:
        """What `function` can act on and `noun` can mean."""
        return self._nouns.meant(function, noun)

    def names_any(self, text: str) -> bool:
        """Is a word in the text that may be a device of this house?"""
        return self._names.has_word_of(text)

    def fill(self, pattern: Pattern, same: Target | None = None) -> Filled:
        """The pattern in this house, after a turn about `same`. Raises Unfit."""
        choice = Choice(same=same)
        calls = [self._nouns.in_call(call) for call in pattern.calls]
        self._slots.choose(pattern, calls, choice)
        planner = CallPlanner(self._nouns, choice)
        text = _render(pattern, choice)
        return Filled(text, Plan(tuple(self._on_named_list(planner.call(call), text) for call in calls), pattern.refusal))

    def _on_named_list(self, call: PlannedCall, text: str) -> PlannedCall:
        """ "the shopping list" is the list "Shopping List" where there is one."""
        if call.target is not None or not call.function.startswith("todo_"):
            return call
        lists = self._nouns.supported(call.function)
        named = [next(words, "") for words in (self._said(device, text) for device in lists)]
        named = [word for word in named if word]
        return replace(call, target=Target((Named(named[0]),))) if len(named) == 1 else call

    def _said(self, device: Device, text: str) -> Iterator[str]:
        """Its names and aliases that stand in the text."""
        return (word for word in (device.name, *device.aliases) if f" {word.lower()}" in text.lower())

    def fill_absent(self, pattern: Pattern) -> Filled | None:
        """The pattern with a device or place that this house lacks, or None where that cannot be said."""
        try:
            self.fill(pattern)
        except Unfit as error:
            return self._strange(pattern, None, error.function)
        strangers = [s for s in pattern.slots if s.type in NAME_TYPES]
        return self._strange(pattern, self._rng.choice(strangers), None) if strangers else None

    def _strange(self, pattern: Pattern, stranger: Slot | None, unfit: str | None) -> Filled | None:
        """A name of another house for `stranger`, else for whatever the call of `unfit` cannot have here; the rest as in `fill`."""
        choice = Choice()
        calls = [self._nouns.in_call(call, strict=False) for call in pattern.calls]
        if not self._say_strange(pattern, stranger, calls, choice):
            return None
        if stranger is None:
            position = next((i for i, call in enumerate(calls) if any(c.function == unfit for c in flat(call))), 0)
        else:
            position = next((i for i, call in enumerate(calls) if stranger.name in _slots_of(call)), -1)
            if position < 0:
                return None
        try:
            self._slots.choose(pattern, calls, choice)
            planner = CallPlanner(self._nouns, choice)
            plan = Plan(tuple(planner.call(call) for call in calls[:position]))
        except (Unfit, KeyError):
            return None
        return Filled(_render(pattern, choice), plan, calls[position].function)

    def _say_strange(self, pattern: Pattern, stranger: Slot | None, calls: Sequence[CallTemplate], choice: Choice) -> bool:
        """Say a foreign name for `stranger`, or for all but areas where there is none; False where there is no such name."""
        for slot in (s for s in pattern.slots if s.type in NAME_TYPES):
            if slot == stranger or (stranger is None and slot.type != "area"):
                said = self._empty_room(slot, calls) or self._names.foreign(slot)
                if said is None:
                    return False
                choice.said[slot.name] = said
            elif slot.type == "area":
                choice.said[slot.name] = self._rng.choice(self._house.areas).name if self._house.areas else "hall"
        return True

    def _empty_room(self, slot: Slot, calls: Sequence[CallTemplate]) -> str | None:
        """Now and then, for an area: one of this house, in which nothing is that the plan could mean."""
        uses = [
            (c.function, s.noun) for call in calls for c in flat(call) for s in (*c.include, *c.exclude) if s.place == slot.name
        ]
        if slot.type != "area" or not uses or self._rng.random() < 0.5:
            return None
        taken = {device.area for function, noun in uses for device in self._nouns.meant(function, noun)}
        empty = [area for area in self._house.areas if area.name not in taken]
        return self._names.place(self._rng.choice(empty)) if empty else None


def _slots_of(call: CallTemplate) -> set[str]:
    """Names of the slots that the call uses, in its target or its arguments."""
    return {part for c in flat(call) for s in (*c.include, *c.exclude) for part in (s.slot, s.group, s.place) if part} | {
        value.strip("{}") for c in flat(call) for value in c.arguments.values() if isinstance(value, str)
    }


def _render(pattern: Pattern, choice: Choice) -> str:
    text = re.sub(r"\{(\w+):[^{}]+\}", lambda match: choice.said[match[1]], pattern.text)
    return re.sub(r"\b(the|my|our|a) (the|my|our)\b", r"\2", text, flags=re.IGNORECASE)
