"""Sentences of a test that the training corpus has too, word for word or nearly: such lines are to be taken out of the corpus.

A slot of a pattern stands for one to four words (of a value slot: for a number), so a pattern with few words of its own matches
what everybody says ("turn on the …"); only patterns with enough words of their own are compared. Pure but for reading files.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from octopus_hub.config.errors import InputError
from octopus_hub.models.data.patterns import VALUE_TYPES
from octopus_hub.models.spelling import NUMBERS

CORPUS = Path(__file__).parent / "corpus"
"""The project's own."""
SLOT_WORDS = 4
LEAST_WORDS = 4
"""Of its own, that a pattern with slots needs to be compared."""
WORDS_AN_EDIT = 5
"""One word in five may be another, missing, or too much in a near match; of a pattern with slots one in six."""
NUMBER_WORDS = frozenset({
    *NUMBERS, "hundred", "thousand", "half", "quarter", "and", "a", "an", "point", "past", "to", "oclock",
    "minute", "minutes", "hour", "hours", "second", "seconds", "am", "pm", "tomorrow", "tonight", "morning", "evening", "noon",
    "midnight", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
})  # fmt: skip
_SLOT = re.compile(r"\{\w+:([^{}]+)\}")
_ANYTHING, _NUMBER = "{}", "{0}"
_SLOTS = frozenset({_ANYTHING, _NUMBER})


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the corpus, or a sentence of the test: where it stands, as written, its words; slots are words in braces."""

    place: str
    text: str
    words: tuple[str, ...]

    @property
    def own(self) -> int:
        """Words that are no slots."""
        return sum(word not in _SLOTS for word in self.words)

    @property
    def slots(self) -> int:
        """Words that are."""
        return len(self.words) - self.own


class Likeness(StrEnum):
    """How much alike a line and a sentence are."""

    SAME = "same"
    SLOTS = "same but for slots"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Match:
    """A line of the corpus and a sentence of the test that are the same but for `edits` words."""

    corpus: Line
    test: Line
    edits: int

    @property
    def likeness(self) -> Likeness:
        """The strongest that holds."""
        if self.edits:
            return Likeness.NEAR
        return Likeness.SLOTS if self.corpus.slots else Likeness.SAME


def overlaps(corpus: Sequence[Line], test: Sequence[Line], least: Likeness = Likeness.NEAR) -> Iterator[Match]:
    """Every match that is at least so much alike, by the order of the test. The same takes a second, near ones minutes."""
    if least is Likeness.SAME:
        yield from _same(corpus, test)
        return
    by_word: Mapping[str, list[int]] = _index(corpus)
    for sentence in test:
        shared: Counter[int] = Counter()
        for word in set(sentence.words):
            shared.update(by_word.get(word, ()))
        for number, count in shared.items():
            line = corpus[number]
            most = line.own // (WORDS_AN_EDIT + (line.slots > 0)) if least is Likeness.NEAR else 0
            if count >= len(set(line.words) - _SLOTS) - most and _may_fit(line, len(sentence.words), most):
                edits = distance(line.words, sentence.words)
                if edits <= most:
                    yield Match(line, sentence, edits)


def _same(corpus: Sequence[Line], test: Sequence[Line]) -> Iterator[Match]:
    by_words: dict[tuple[str, ...], list[Line]] = defaultdict(list)
    for line in corpus:
        if not line.slots:
            by_words[line.words].append(line)
    yield from (Match(line, sentence, 0) for sentence in test for line in by_words[sentence.words])


def _may_fit(line: Line, words: int, edits: int) -> bool:
    return len(line.words) - edits <= words <= line.own + SLOT_WORDS * line.slots + edits


def seen(corpus: Sequence[Line]) -> frozenset[tuple[str, ...]]:
    """The words of every line without slots: a sentence with just these was trained on word for word."""
    return frozenset(line.words for line in corpus if not line.slots)


def _index(corpus: Sequence[Line]) -> dict[str, list[int]]:
    """Numbers of lines worth comparing, by word."""
    found: dict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(corpus):
        if line.own >= LEAST_WORDS or not line.slots:
            for word in set(line.words):
                found[word].append(number)
    return found


def distance(pattern: Sequence[str], words: Sequence[str]) -> int:
    """How many words must be changed, left out or put in to make `words` an instance of `pattern`."""
    row = list(range(len(words) + 1))
    for token in pattern:
        before, row = row, [row[0] + 1]
        for end in range(1, len(words) + 1):
            ways = [before[end] + 1, row[end - 1] + 1]
            if token in _SLOTS:
                ways += [before[end - size] for size in range(1, min(SLOT_WORDS, end) + 1) if _fits(token, words[end - size : end])]
            else:
                ways.append(before[end - 1] + (token != words[end - 1]))
            row.append(min(ways))
    return row[-1]


def _fits(slot: str, words: Sequence[str]) -> bool:
    return slot == _ANYTHING or all(word in NUMBER_WORDS or any(map(str.isdigit, word)) for word in words)


def read_corpus(folder: Path) -> list[Line]:
    """Every sentence of `patterns` and `negatives`. Raises InputError."""
    patterns = [_line(place, line.partition(":::")[0]) for place, line in _lines(folder, "patterns") if not line.startswith("#")]
    return patterns + [_line(place, line.partition("\t")[2]) for place, line in _lines(folder, "negatives")]


def read_test(folder: Path) -> list[Line]:
    """The sentences of the `.jsonl` files of a folder. Raises InputError."""
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                record = json.loads(line)
                found.append(_line(str(record["id"]), str(record["text"])))
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(f'{path}:{number}: expected an object with "id" and "text", got: {error}') from error
    if not found:
        raise InputError(f"expected sentences (*.jsonl) in {folder}, got none")
    return found


def _lines(folder: Path, part: str) -> Iterator[tuple[str, str]]:
    paths = sorted((folder / part).glob("*.txt"))
    if not paths:
        raise InputError(f"expected a corpus with {part}/*.txt in {folder}, got none")
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip():
                yield f"{part}/{path.name}:{number}", line


def _line(place: str, text: str) -> Line:
    return Line(place, text.strip(), words_of(text))


def words_of(text: str) -> tuple[str, ...]:
    """The words without case, punctuation and apostrophes; a slot is a word in braces."""
    text = _SLOT.sub(lambda slot: f" {_NUMBER if slot[1].strip() in VALUE_TYPES - {'color', 'option'} else _ANYTHING} ", text)
    text = re.sub(r"['’]", "", unicodedata.normalize("NFC", text).casefold())
    return tuple(re.findall(r"\{0?\}|\w+", text))
