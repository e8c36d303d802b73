"""From patterns, negatives and random houses to verified training packs.

Each example is checked by program: its plan must pass the mask of its house, and read back as the plan it was written from.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from octopus_hub.config.errors import InputError
from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Reason
from octopus_hub.config.house import House
from octopus_hub.config.plan import Named, Nested, Plan, PlannedCall
from octopus_hub.models.data.conditions import forbidden, on_condition
from octopus_hub.models.data.fill import Filled, Filler
from octopus_hub.models.data.fill_nouns import Unfit
from octopus_hub.models.data.houses import HouseMaker, Names
from octopus_hub.models.data.noise import disturb
from octopus_hub.models.data.packs import Pack
from octopus_hub.models.data.patterns import Pattern, read_negatives, read_patterns
from octopus_hub.models.data.sections import SectionMaker, Told
from octopus_hub.models.lexicon import Lexicon
from octopus_hub.models.mask import HouseMask
from octopus_hub.models.prompt import text_prompt
from octopus_hub.models.reader import PlanReader
from octopus_hub.models.shards import HousePrompt
from octopus_hub.models.spelling import Speller
from octopus_hub.models.tokens import FUNCTION_IDS, Mark, Piece, TextEncoder
from octopus_hub.models.writer import call_ids, plan_ids

Item = TypeVar("Item")

CORRECTIONS = (
    ", no wait, ", " no wait ", ", sorry, ", ", no, ", " uh no ", ", actually no, ", " scratch that ", ", scratch that, ",
    " I mean ", ", I meant ", "… no, ", ", forget that, ", " oh no sorry ", ", wait, ", " hang on no ", " or rather ",
    ", nah, ", ", never mind that, ", " no no ", ", changed my mind, ", ". Actually, ", " er no ", ", oops, ", " - no: ",
)  # fmt: skip
JOINERS = (" and ", " and ", " and ", " and then ", ", then ", " and also ", ", ", ", ", ". ", " ", " plus ", " & ", ", oh and ")


@dataclass(frozen=True)
class Mix:
    """What a pack is made of.

    `queries` sentences, and `queries_more` for every twenty tokens of the house, which is paid for once. Shares: the rest are
    single patterns; `joined` are two or three sentences in one, `corrected` one that was begun with another wish. Of all of them,
    `previous` come after another turn, `examples` with corrections of the house. Of the negatives, `named` are refusals that
    name things of the house, `conditional` commands that wait or are repeated, `forbidden` orders not to, `foreign` about things
    that houses seldom have; the rest are as they were written.
    """

    queries: int = 40
    queries_more: int = 1
    negative: float = 0.20
    negative_named: float = 0.12
    negative_conditional: float = 0.22
    negative_forbidden: float = 0.06
    negative_foreign: float = 0.12
    absent: float = 0.08
    joined: float = 0.24
    corrected: float = 0.03
    previous: float = 0.05
    examples: float = 0.05


@dataclass(frozen=True)
class Corpus:
    """The written material: patterns, negatives by reason, names, patterns that follow another turn, refusals that name things of
    the house, and sentences about things that houses seldom have."""

    patterns: list[Pattern]
    negatives: list[tuple[Reason, str]]
    names: Names
    follow_ups: list[Pattern] = field(default_factory=list)
    refusals: list[Pattern] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path, more: Sequence[Pattern] = ()) -> Corpus:
        """From `patterns/`, `negatives/` and `names/` below `folder`, and `more` patterns. Raises InputError."""
        patterns = [*read_patterns(folder / "patterns"), *more]
        negatives = read_negatives(folder / "negatives")
        negatives += [(p.refusal, p.text) for p in patterns if p.refusal and not p.slots]
        commands = [p for p in patterns if p.calls and not p.follows]
        refusals = [p for p in patterns if p.refusal and p.slots]
        foreign = [text for reason, text in negatives if reason is Reason.ABSENT]
        negatives = [(reason, text) for reason, text in negatives if reason is not Reason.ABSENT]
        if not commands or not negatives:
            raise InputError(
                f"expected sentences with plans and some that mean nothing in {folder}, got none of the one or the other"
            )
        return cls(commands, negatives, Names(folder / "names"), [p for p in patterns if p.follows], refusals, foreign)


@dataclass(frozen=True)
class _Scene:
    """A house to write sentences in."""

    prompt: HousePrompt
    speller: Speller
    mask: HouseMask
    filler: Filler
    sections: SectionMaker


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
            scene = self._scene(self._houses.make())
            count = self.mix.queries + self.mix.queries_more * len(scene.prompt.prefix) // 20
            queries = [query for query in (self._query(scene) for _ in range(count)) if query]
            if queries:
                yield Pack(scene.prompt.prefix, queries)

    def _scene(self, house: House) -> _Scene:
        filler = Filler(house, self.corpus.names, self._rng)
        sections = SectionMaker(house, filler, self.encoder, self._rng, partial(self._command, filler))
        lexicon = Lexicon(house, self.encoder, by_name().values())
        return _Scene(HousePrompt(house, self.encoder), Speller(house, self.encoder), HouseMask(lexicon), filler, sections)

    def _query(self, scene: _Scene) -> tuple[list[int], list[int]] | None:
        roll = self._rng.random()
        if roll < self.mix.previous:
            filled = self._filled(scene.filler) if self._rng.random() < 0.4 else None
            told = scene.sections.after_turn(filled, self.corpus.follow_ups)
        elif roll < self.mix.previous + self.mix.examples:
            told = self._with_examples(scene)
        else:
            filled = self._filled(scene.filler)
            told = Told([], filled) if filled else None
        return self._encode(told, scene) if told else None

    def _with_examples(self, scene: _Scene) -> Told | None:
        kind = self._rng.choice(("beside", "saying", "this one"))
        if kind == "saying":
            return scene.sections.saying([text for reason, text in self.corpus.negatives if reason is Reason.CHAT])
        if kind == "this one":
            return scene.sections.this_one(self.corpus.patterns)
        filled = self._filled(scene.filler)
        return scene.sections.beside_examples(filled) if filled else None

    def _filled(self, filler: Filler) -> Filled | None:
        roll = self._rng.random()
        if roll < self.mix.negative:
            return self._refusal(filler)
        if roll < self.mix.negative + self.mix.absent:
            return next((f for f in (filler.fill_absent(self._next_pattern()) for _ in range(6)) if f), None)
        if roll < self.mix.negative + self.mix.absent + self.mix.joined:
            return self._joined(filler)
        if roll < self.mix.negative + self.mix.absent + self.mix.joined + self.mix.corrected:
            return self._corrected(filler)
        return self._single(filler)

    def _command(self, filler: Filler) -> Filled | None:
        """A single pattern with one call, done now."""
        found = self._single(filler)
        return found if found and len(found.plan.calls) == 1 and not found.plan.calls[0].when else None

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
        count = 2 if self._rng.random() < 0.6 else 3
        for _ in range(40):
            filled = self._single(filler) if len(parts) < count else None
            if filled is None:
                break
            if len(filled.plan.calls) == 1 and len(filled.text) < 60 and "?" not in filled.text and not filled.plan.calls[0].when:
                parts.append(filled)
        if len(parts) < count:
            return None
        text = parts[0].text.rstrip(".!")
        for part in parts[1:]:
            text += self._rng.choice(JOINERS) + part.text[:1].lower() + part.text[1:].rstrip(".!")
        return Filled(text, Plan(tuple(call for part in parts for call in part.plan.calls)))

    def _refusal(self, filler: Filler) -> Filled | None:
        """A sentence after which nothing is done. Those that name things of the house are there too: a name is no reason to act."""
        shares = {
            self._named: self.mix.negative_named,
            self._conditional: self.mix.negative_conditional,
            self._forbidden: self.mix.negative_forbidden,
            self._foreign: self.mix.negative_foreign,
        }
        (way,) = self._rng.choices((*shares, self._written), (*shares.values(), 1 - sum(shares.values())))
        return way(filler)

    def _named(self, filler: Filler) -> Filled | None:
        for pattern in self._some(self.corpus.refusals):
            with suppress(Unfit):
                return filler.fill(pattern)
        return None

    def _conditional(self, filler: Filler) -> Filled | None:
        command = self._command(filler)
        return command and on_condition(command.text, self._rng)

    def _forbidden(self, filler: Filler) -> Filled | None:
        command = self._command(filler)
        return command and forbidden(command.text, self._rng)

    def _foreign(self, filler: Filler) -> Filled | None:
        strange = [text for text in self._some(self.corpus.foreign) if not filler.names_any(text)]
        return Filled(strange[0], Plan((), Reason.ABSENT)) if strange else None

    def _written(self, _: Filler) -> Filled:
        reason, text = self._next_negative()
        return Filled(text, Plan((), reason))

    def _some(self, items: Sequence[Item]) -> list[Item]:
        return self._rng.sample(items, min(8, len(items)))

    def _corrected(self, filler: Filler) -> Filled | None:
        """A single command after one that is taken back before its end."""
        begun, meant = self._single(filler), self._single(filler)
        if begun is None or meant is None:
            return None
        words = begun.text.rstrip(".!?").split(" ")
        words = words[: self._rng.randint(min(2, len(words)), len(words))]
        return Filled(" ".join(words) + self._rng.choice(CORRECTIONS) + meant.text[:1].lower() + meant.text[1:], meant.plan)

    def _encode(self, told: Told, scene: _Scene) -> tuple[list[int], list[int]] | None:
        filled = told.filled
        text = disturb(filled.text, self._rng)
        meant, pieces = scene.speller.read(text)
        response = self._response(filled, scene.mask)
        before = [*scene.prompt.about(meant), *told.sections]
        prompt = [*before, *text_prompt(i for piece in pieces for i in piece.ids)]
        kind = str(filled.plan.refusal or ("absent" if filled.absent is not None else "calls"))
        if not self._passes(response, filled, scene.mask, text, pieces) or not self._is_told(filled.plan, scene, before):
            self.tally[f"rejected {kind}"] += 1
            return None
        self.tally[kind] += 1
        for call in filled.plan.calls:
            self.tally[f"function {call.function}"] += 1
        return prompt, response

    def _is_told(self, plan: Plan, scene: _Scene, before: list[int]) -> bool:
        """Of a large house: does what is told before the sentence have the devices that the plan names?"""
        told = _line((*scene.prompt.prefix, *before))
        return scene.prompt.is_whole or all(_line(self.encoder.ids(name)) in told for name in _names(plan.calls))

    def _response(self, filled: Filled, mask: HouseMask) -> list[int]:
        if filled.absent is None:
            return plan_ids(filled.plan, self.encoder)
        ids: list[int] = []
        for call in filled.plan.calls:
            ids += [*call_ids(call, self.encoder), Mark.NEXT]
        if filled.absent in mask.lexicon.functions:
            ids.append(FUNCTION_IDS[filled.absent])
        return [*ids, Mark.GIVE_UP, Mark.ABSENT, Mark.END]

    def _passes(self, response: list[int], filled: Filled, mask: HouseMask, text: str, pieces: tuple[Piece, ...]) -> bool:
        """Does the mask let the response through, and does it read back as the plan?"""
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


def _line(ids: Iterable[int]) -> str:
    return f" {' '.join(map(str, ids))} "


def _names(calls: Iterable[PlannedCall]) -> Iterator[str]:
    """The names of devices in the targets of these calls and of those nested in them."""
    for call in calls:
        selectors = (*call.target.include, *call.target.exclude) if call.target else ()
        yield from (selector.name for selector in selectors if isinstance(selector, Named))
        yield from _names(value.call for value in call.arguments.values() if isinstance(value, Nested))
