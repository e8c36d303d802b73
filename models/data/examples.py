"""From patterns, negatives and random houses to verified training packs.

Each example is checked by program: its plan must pass the mask of its house, and read back as the plan it was written from.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from octopus_hub.config.functions import Reason
from octopus_hub.config.house import House
from octopus_hub.config.plan import Plan
from octopus_hub.models.data.fill import Filled, Filler
from octopus_hub.models.data.fill_nouns import Unfit
from octopus_hub.models.data.houses import HouseMaker, Names
from octopus_hub.models.data.noise import disturb
from octopus_hub.models.data.packs import Pack
from octopus_hub.models.data.patterns import Pattern, read_patterns, read_reason
from octopus_hub.models.lexicon import Lexicon
from octopus_hub.models.mask import HouseMask
from octopus_hub.models.prompt import house_prefix, text_prompt
from octopus_hub.models.reader import PlanReader
from octopus_hub.models.tokens import FUNCTION_IDS, Mark, TextEncoder
from octopus_hub.models.writer import call_ids, plan_ids

JOINERS = (" and ", " and ", " and ", " and then ", ", then ", " and also ", ", ", ", ", ". ", " ", " plus ", " & ", ", oh and ")
PREFIX_LIMIT = 900


@dataclass(frozen=True)
class Mix:
    """Shares of a pack; the rest are single patterns. `joined` are two or three sentences in one."""

    queries: int = 50
    negative: float = 0.20
    absent: float = 0.08
    joined: float = 0.16


@dataclass(frozen=True)
class Corpus:
    """The written material: patterns, negatives by reason, names."""

    patterns: list[Pattern]
    negatives: list[tuple[Reason, str]]
    names: Names

    @classmethod
    def read(cls, folder: Path, more: Sequence[Pattern] = ()) -> Corpus:
        """From `patterns/`, `negatives/` and `names/` below `folder`, and `more` patterns. Raises InputError."""
        patterns = [*read_patterns(folder / "patterns"), *more]
        texts = (path.read_text(encoding="utf-8") for path in sorted((folder / "negatives").glob("*.txt")))
        lines = (line.partition("\t") for text in texts for line in text.splitlines() if line.strip())
        negatives = [(read_reason(reason), text) for reason, _, text in lines]
        negatives += [(p.refusal, p.text) for p in patterns if p.refusal and not p.slots]
        return cls([p for p in patterns if p.calls], negatives, Names(folder / "names"))


@dataclass
class PackMaker:
    """An endless supply of packs. `tally` counts what was made and what was thrown away."""

    corpus: Corpus
    encoder: TextEncoder
    seed: int
    mix: Mix = field(default_factory=Mix)
    tally: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        self._houses = HouseMaker(self.corpus.names, self._rng)
        self._pattern_queue: list[Pattern] = []
        self._negative_queue: list[tuple[Reason, str]] = []

    def packs(self) -> Iterator[Pack]:
        """Packs, one house each."""
        while True:
            house = self._houses.make()
            prefix = house_prefix(house, self.encoder)
            if len(prefix) > PREFIX_LIMIT:
                continue
            mask = HouseMask(Lexicon(house, self.encoder))
            filler = Filler(house, self.corpus.names, self._rng)
            queries = [query for query in (self._query(house, filler, mask) for _ in range(self.mix.queries)) if query]
            if queries:
                yield Pack(prefix, queries)

    def _query(self, house: House, filler: Filler, mask: HouseMask) -> tuple[list[int], list[int]] | None:
        roll = self._rng.random()
        if roll < self.mix.negative:
            reason, text = self._next_negative()
            filled: Filled | None = Filled(text, Plan((), reason))
        elif roll < self.mix.negative + self.mix.absent:
            filled = next((f for f in (filler.fill_absent(self._next_pattern()) for _ in range(6)) if f), None)
        elif roll < self.mix.negative + self.mix.absent + self.mix.joined:
            filled = self._joined(filler)
        else:
            filled = self._single(filler)
        return self._encode(filled, mask) if filled else None

    def _single(self, filler: Filler) -> Filled | None:
        """The next pattern that fits the house; those that don't wait for another house."""
        waiting: list[Pattern] = []
        found = None
        for _ in range(40):
            pattern = self._next_pattern()
            try:
                found = filler.fill(pattern)
                break
            except Unfit:
                waiting.append(pattern)
        for pattern in waiting:
            self._pattern_queue.insert(self._rng.randrange(len(self._pattern_queue) + 1), pattern)
        return found

    def _joined(self, filler: Filler) -> Filled | None:
        """Two or three short single commands in one sentence."""
        parts: list[Filled] = []
        count = 2 if self._rng.random() < 0.75 else 3
        while len(parts) < count:
            filled = self._single(filler)
            if filled is None:
                return None
            if len(filled.plan.calls) == 1 and len(filled.text) < 60 and "?" not in filled.text and not filled.plan.calls[0].when:
                parts.append(filled)
        text = parts[0].text.rstrip(".!")
        for part in parts[1:]:
            text += self._rng.choice(JOINERS) + part.text[:1].lower() + part.text[1:].rstrip(".!")
        return Filled(text, Plan(tuple(call for part in parts for call in part.plan.calls)))

    def _encode(self, filled: Filled, mask: HouseMask) -> tuple[list[int], list[int]] | None:
        text = disturb(filled.text, self._rng)
        pieces = self.encoder.pieces(text)
        response = self._response(filled, mask)
        kind = str(filled.plan.refusal or ("absent" if filled.absent is not None else "calls"))
        if not self._passes(response, filled, mask, text):
            self.tally[f"rejected {kind}"] += 1
            return None
        self.tally[kind] += 1
        for call in filled.plan.calls:
            self.tally[f"function {call.function}"] += 1
        return text_prompt(i for piece in pieces for i in piece.ids), response

    def _response(self, filled: Filled, mask: HouseMask) -> list[int]:
        if filled.absent is None:
            return plan_ids(filled.plan, self.encoder)
        ids: list[int] = []
        for call in filled.plan.calls:
            ids += [*call_ids(call, self.encoder), Mark.NEXT]
        if filled.absent in mask.lexicon.functions:
            ids.append(FUNCTION_IDS[filled.absent])
        return [*ids, Mark.GIVE_UP, Mark.ABSENT, Mark.END]

    def _passes(self, response: list[int], filled: Filled, mask: HouseMask, text: str) -> bool:
        """Does the mask let the response through, and does it read back as the plan?"""
        pieces = self.encoder.pieces(text)
        walk = mask.walk(pieces)
        try:
            for token in response:
                walk.advance(token)
        except ValueError:
            return False
        if filled.absent is not None:
            return True
        read = PlanReader(response, mask.lexicon, text, pieces).read()
        return plan_ids(read, self.encoder) == response

    def _next_pattern(self) -> Pattern:
        if not self._pattern_queue:
            self._pattern_queue = self._rng.sample(self.corpus.patterns, len(self.corpus.patterns))
        return self._pattern_queue.pop()

    def _next_negative(self) -> tuple[Reason, str]:
        if not self._negative_queue:
            self._negative_queue = self._rng.sample(self.corpus.negatives, len(self.corpus.negatives))
        return self._negative_queue.pop()
