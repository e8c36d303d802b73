"""The optional sections of a prompt, before the sentence: corrections of this house, and the turn before.

A turn before matters where a sentence has "it" in it, and must not matter elsewhere. A correction teaches a saying, or which device
"the light" is here; others beside it must not matter.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from octopus_hub.config.functions import Reason
from octopus_hub.config.house import House
from octopus_hub.config.plan import Described, Named, Plan, Quantifier, Target
from octopus_hub.models.data.fill import Filled, Filler
from octopus_hub.models.data.fill_nouns import Unfit
from octopus_hub.models.data.patterns import Pattern
from octopus_hub.models.prompt import example_section
from octopus_hub.models.tokens import Mark, TextEncoder
from octopus_hub.models.writer import plan_ids

T = TypeVar("T")

SAYING_WORDS = 6
TRIES = 8


@dataclass(frozen=True)
class Told:
    """A sentence and the sections before it."""

    sections: list[int]
    filled: Filled


class SectionMaker:
    """Makes sentences with sections for one house. `single` gives a command of one call, or None."""

    def __init__(
        self, house: House, filler: Filler, encoder: TextEncoder, rng: random.Random, single: Callable[[], Filled | None]
    ) -> None:
        self._house = house
        self._filler = filler
        self._encoder = encoder
        self._rng = rng
        self._single = single

    def after_turn(self, filled: Filled | None, follow_ups: Sequence[Pattern]) -> Told | None:
        """`filled` after a turn that has nothing to do with it; without it, a sentence about what the turn before was about."""
        turn = self._single()
        if turn is None:
            return None
        target = turn.plan.calls[-1].target
        if filled is None and target:
            filled = next((f for f in (self._follow(p, target) for p in self._some(follow_ups)) if f), None)
        elif filled and filled.plan.refusal is Reason.UNSURE and target:
            return None  # what "it" is would be clear now
        return Told(self._section(turn, Mark.PREVIOUS), filled) if filled else None

    def _follow(self, pattern: Pattern, target: Target) -> Filled | None:
        try:
            return self._filler.fill(pattern, same=target)
        except Unfit:
            return None

    def beside_examples(self, filled: Filled) -> Told:
        """`filled` in a house with corrections that have nothing to do with it."""
        return Told(self._others(), filled)

    def saying(self, texts: Sequence[str]) -> Told | None:
        """A sentence that means nothing by itself, with the correction that says what it means here."""
        short = [text for text in self._some(texts) if len(text.split()) <= SAYING_WORDS]
        meant = self._single()
        if not short or meant is None:
            return None
        learnt = Filled(short[0], meant.plan)
        return Told(self._among_others(learnt), learnt)

    def this_one(self, patterns: Sequence[Pattern]) -> Told | None:
        """ "The light" where a correction told which one that is."""
        pairs = [pattern for pattern in self._some(patterns, 60) if _described(pattern)]
        for pattern in pairs:
            alike = [p for p in pairs if p is not pattern and _described(p) == _described(pattern)]
            try:
                learnt, asked = self._filler.fill(pattern), self._filler.fill(self._rng.choice(alike)) if alike else None
            except Unfit:
                continue
            described = _only_described(learnt)
            if asked is None or described is None or described != _only_described(asked):
                continue
            names = self._names(described, learnt, asked)
            if names:
                name = self._rng.choice(names)
                return Told(self._among_others(_on(learnt, name)), _on(asked, name))
        return None

    def _names(self, described: Described, *sentences: Filled) -> list[str]:
        """Names that occur once, of devices that all of these can act on."""
        meant = [self._filler.meant(sentence.plan.calls[0].function, described.noun) for sentence in sentences]
        every = [device.name.lower() for device in self._house.devices]
        return [d.name for d in meant[0] if all(d in devices for devices in meant) and every.count(d.name.lower()) == 1]

    def _others(self) -> list[int]:
        found = [filled for filled in (self._single() for _ in range(self._rng.randint(1, 2))) if filled]
        return [i for filled in found for i in self._section(filled, Mark.EXAMPLE)]

    def _among_others(self, filled: Filled) -> list[int]:
        section = self._section(filled, Mark.EXAMPLE)
        if self._rng.random() < 0.5:
            return section
        return [*section, *self._others()] if self._rng.random() < 0.5 else [*self._others(), *section]

    def _section(self, filled: Filled, mark: Mark) -> list[int]:
        return example_section(self._encoder.ids(filled.text), plan_ids(filled.plan, self._encoder), mark)

    def _some(self, items: Sequence[T], count: int = TRIES) -> list[T]:
        return self._rng.sample(items, min(count, len(items)))


def _described(pattern: Pattern) -> tuple[Quantifier, str] | None:
    """Quantifier and noun of a pattern whose only target is of that noun, anywhere."""
    if len(pattern.calls) != 1 or len(pattern.calls[0].include) != 1 or pattern.calls[0].exclude:
        return None
    selector = pattern.calls[0].include[0]
    if selector.quantifier is not Quantifier.ONE or selector.place:
        return None
    return selector.quantifier, selector.noun


def _only_described(filled: Filled) -> Described | None:
    target = filled.plan.calls[0].target
    selector = target.include[0] if target else None
    return selector if isinstance(selector, Described) else None


def _on(filled: Filled, name: str) -> Filled:
    """The same with the device of that name as its target."""
    (call,) = filled.plan.calls
    return Filled(filled.text, Plan((replace(call, target=Target((Named(name),))),)))
