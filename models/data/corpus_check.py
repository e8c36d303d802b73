"""Does every pattern of the corpus work? Each is put into random houses until it fits one, and must pass that house's mask."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from octopus_hub.config.function_table import FUNCTIONS, by_name
from octopus_hub.config.house import House
from octopus_hub.config.plan import Named, Target
from octopus_hub.models.data.examples import Corpus
from octopus_hub.models.data.fill import Filled, Filler
from octopus_hub.models.data.fill_nouns import Unfit
from octopus_hub.models.data.houses import HouseMaker
from octopus_hub.models.data.patterns import Pattern
from octopus_hub.models.lexicon import Lexicon
from octopus_hub.models.mask import HouseMask
from octopus_hub.models.tokens import TextEncoder
from octopus_hub.models.writer import plan_ids


@dataclass
class Findings:
    """Patterns by function, those that fit no house, and those whose plan some house's mask refuses, with sentence and plan."""

    functions: Counter[str] = field(default_factory=Counter)
    homeless: list[Pattern] = field(default_factory=list)
    refused: list[tuple[Pattern, Filled]] = field(default_factory=list)

    @property
    def untaught(self) -> list[str]:
        """Functions without a pattern."""
        return [function.name for function in FUNCTIONS if not self.functions[function.name]]


def check_corpus(
    corpus: Corpus, encoder: TextEncoder, seed: int, houses: int, advance: Callable[[], None] = lambda: None
) -> Findings:
    """Tries every pattern in up to `houses` random houses; `advance` is called after each house."""
    findings = Findings(Counter(name for pattern in corpus.patterns for name in set(pattern.functions)))
    rng = random.Random(seed)
    maker = HouseMaker(corpus.names, rng)
    waiting = [*corpus.patterns, *corpus.follow_ups, *corpus.refusals]
    for house in islice(iter(maker.make, None), houses):
        waiting = _tried(waiting, house, Filler(house, corpus.names, rng), encoder, findings)
        advance()
    findings.homeless = waiting
    return findings


def _tried(patterns: list[Pattern], house: House, filler: Filler, encoder: TextEncoder, findings: Findings) -> list[Pattern]:
    """Those that don't fit this house."""
    mask = HouseMask(Lexicon(house, encoder))
    waiting = []
    for pattern in patterns:
        try:
            filled, passes = example_in(pattern, filler, mask, encoder)
        except Unfit:
            waiting.append(pattern)
            continue
        if not passes:
            findings.refused.append((pattern, filled))
    return waiting


def example_in(pattern: Pattern, filler: Filler, mask: HouseMask, encoder: TextEncoder) -> tuple[Filled, bool]:
    """The pattern in a house, and whether its plan passes the house's mask. Raises Unfit."""
    filled = filler.fill(pattern, same=_before(pattern, filler) if pattern.follows else None)
    return filled, _passes(filled, mask, encoder)


def _before(pattern: Pattern, filler: Filler) -> Target:
    """What a turn before may have been about: a device that all calls about "it" can be for, with options. Raises Unfit."""
    calls = [call for call in pattern.calls if any(selector.same for selector in call.include)]
    able = [
        [d for d in filler.meant(call.function, "thing") if by_name()[call.function].takes(d, call.arguments)] for call in calls
    ]
    both = [device for device in able[0] if all(device in devices for devices in able)] if able else []
    if not both:
        raise Unfit(calls[0].function if calls else "")
    return Target((Named(max(both, key=lambda device: len(device.options)).name),))


def _passes(filled: Filled, mask: HouseMask, encoder: TextEncoder) -> bool:
    walk = mask.walk(encoder.pieces(filled.text))
    try:
        for token in plan_ids(filled.plan, encoder):
            walk.advance(token)
    except ValueError:
        return False
    return walk.is_done
