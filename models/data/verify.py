"""`octopus data verify`: a teacher judges each line of the corpus as an example in a house; what fails is written anew or left out.

The corpus stays as it is; the verified one is a folder beside it. Verdicts are kept as they come, so that a run that was stopped
goes on.
"""

from __future__ import annotations

import asyncio
import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Protocol

from octopus_hub.config.errors import InputError
from octopus_hub.config.plan import Plan
from octopus_hub.models.data.corpus_check import example_in
from octopus_hub.models.data.examples import Corpus
from octopus_hub.models.data.fill import Filled, Filler
from octopus_hub.models.data.fill_nouns import Unfit
from octopus_hub.models.data.houses import HouseMaker
from octopus_hub.models.data.patterns import parse, read_reason
from octopus_hub.models.lexicon import Lexicon
from octopus_hub.models.mask import HouseMask
from octopus_hub.models.records import open_to_append, read_records
from octopus_hub.models.tokens import TextEncoder

VERDICTS = "verdicts.jsonl"
PATTERNS, NEGATIVES, NAMES = "patterns", "negatives", "names"


class Outcome(StrEnum):
    """What became of a line."""

    KEPT = "kept"
    REWRITTEN = "rewritten"
    DROPPED = "dropped"
    HOMELESS = "homeless"
    """It fits none of the houses, so nobody judged it; it is kept."""


class Judge(Protocol):
    """Who is asked: `octopus_hub.models.data.teacher.Teacher`."""

    async def agrees(self, sentence: str, plan: Plan) -> bool:
        """Is this the plan of the sentence?"""

    async def rewritten(self, line: str, plan: Plan) -> str:
        """Another sentence for the plan of a line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the corpus: `place` is `patterns/ruth.txt:12`."""

    place: str
    text: str

    @property
    def is_pattern(self) -> bool:
        """Has it slots and a plan, or is it a negative?"""
        return self.place.startswith(PATTERNS)

    def with_sentence(self, sentence: str) -> str:
        """The line with another sentence and what it had as its plan or reason."""
        if self.is_pattern:
            return f"{sentence} ::: {self.text.partition(':::')[2].strip()}"
        return f"{self.text.partition(chr(9))[0]}\t{sentence}"


def lines_of(corpus: Path) -> Iterator[Line]:
    """All lines that are judged, in order."""
    for folder in (PATTERNS, NEGATIVES):
        for path in sorted((corpus / folder).glob("*.txt")):
            for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if text.strip() and not text.startswith("#"):
                    yield Line(f"{folder}/{path.name}:{number}", text)


class Examples:
    """Lines as examples in random houses."""

    def __init__(self, corpus: Corpus, encoder: TextEncoder, seed: int, houses: int) -> None:
        self._rng = random.Random(seed)
        self._encoder = encoder
        made = list(islice(iter(HouseMaker(corpus.names, self._rng).make, None), houses))
        self._houses = [(Filler(house, corpus.names, self._rng), HouseMask(Lexicon(house, encoder))) for house in made]

    def of(self, line: Line, text: str) -> Filled | None:
        """An example of `text`, which stands where `line` does; None where no house fits. Raises InputError for a text that
        can't be read, or whose plan is refused by a mask."""
        if not line.is_pattern:
            reason, _, sentence = text.partition("\t")
            return Filled(sentence, Plan((), read_reason(reason)))
        pattern = parse(text)
        for filler, mask in self._rng.sample(self._houses, len(self._houses)):
            try:
                filled, passes = example_in(pattern, filler, mask, self._encoder)
            except Unfit:
                continue
            if not passes:
                raise InputError(f"a mask refuses {filled.plan} of {filled.text!r}")
            return filled
        return None


async def judge(
    lines: Sequence[Line],
    examples: Examples,
    by: Judge,
    verdicts: Path,
    *,
    tries: int,
    at_once: int,
    advance: Callable[[], None],
) -> None:
    """Judge what `verdicts` has nothing of yet; each verdict is written as it comes. Raises what `by` raises."""
    known = read_verdicts(verdicts)
    free = asyncio.Semaphore(at_once)
    with open_to_append(verdicts) as file:

        async def one(line: Line) -> None:
            async with free:
                outcome, text = await _judged(line, examples, by, tries)
            record = {"place": line.place, "line": line.text, "outcome": outcome, "text": text}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            file.flush()
            advance()

        try:
            async with asyncio.TaskGroup() as tasks:
                for line in lines:
                    if (line.place, line.text) in known:
                        advance()
                    else:
                        tasks.create_task(one(line))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None


async def _judged(line: Line, examples: Examples, judge: Judge, tries: int) -> tuple[Outcome, str]:
    try:
        written = examples.of(line, line.text)
    except InputError:
        return Outcome.DROPPED, ""
    if written is None:
        return Outcome.HOMELESS, line.text
    if await judge.agrees(written.text, written.plan):
        return Outcome.KEPT, line.text
    for _ in range(tries):
        text = line.with_sentence(await judge.rewritten(line.text, written.plan))
        try:
            example = examples.of(line, text)
        except InputError:
            continue
        if example is not None and await judge.agrees(example.text, example.plan):
            return Outcome.REWRITTEN, text
    return Outcome.DROPPED, ""


def read_verdicts(path: Path) -> dict[tuple[str, str], tuple[Outcome, str]]:
    """Outcome and text by place and line; nothing where there is no file yet. A record that was cut off is none."""
    return {(record["place"], record["line"]): (Outcome(record["outcome"]), record["text"]) for record in read_records(path)}


def write_verified(corpus: Path, verdicts: Path, output: Path) -> Counter[str]:
    """The corpus without what was dropped, and with what was written anew, in `output`; how many of each. The rest stays."""
    known = read_verdicts(verdicts)
    tally = Counter[str]()
    shutil.copytree(corpus / NAMES, output / NAMES, dirs_exist_ok=True)
    written: dict[str, list[str]] = {}
    for line in lines_of(corpus):
        outcome, text = known.get((line.place, line.text), (Outcome.KEPT, line.text))
        tally[outcome] += (line.place, line.text) in known
        written.setdefault(line.place.rpartition(":")[0], []).extend([text] if text else [])
    for place, texts in written.items():
        path = output / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return tally
