"""Misspelt words, read as the words of the house that they are nearly: "chandalier" as "chandelier", "hottub" as "hot tub", and
"room one" as "Room 1".

A small model knows a word by the pieces that it is cut into, and those of a misspelt one are others. Only what the tokenizer does
not know as a whole word is read so, and only as a word of something's name or option in the house; and a number only behind the
word that it stands behind there. What is copied from the sentence stays as it was said.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from itertools import pairwise

from rapidfuzz import fuzz, process

from octopus_hub.config.house import House
from octopus_hub.models.lexicon import NOUN_WORDS, called_in
from octopus_hub.models.tokens import Piece, TextEncoder

SHORTEST = 4
"""Letters of a word that may be misspelt."""
LIKE = 84
MOST_LETTERS = 2
"""How alike two words must sound, of 100, and by how many letters they may differ; the shortest must sound the same."""
MOST_DIGITS = 4
"""Of a number in a name."""
SOUNDS = (
    ("tion|sion|cian", "shun"), ("ph", "f"), ("gh", ""), ("ck|q|c(?![eiyh])", "k"), ("c(?=[eiy])", "s"), ("g(?=[ei])", "j"),
    ("x", "ks"), ("z", "s"), ("y", "i"), ("wh", "w"), (r"(.)\1", r"\1"),
)  # fmt: skip
"""Spellings of one sound, as patterns, and the one that stands for them."""


ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
        "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")  # fmt: skip
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBERS = {word: 10 * n for n, word in enumerate(TENS) if word} | {word: n for n, word in enumerate(ONES)}


class Speller:
    """Reads words as those of a house."""

    def __init__(self, house: House, encoder: TextEncoder) -> None:
        self._encoder = encoder
        names = called_in(house)
        self._words = dict.fromkeys(word for name in names for word in _words(name) if _is_long(word))
        self._pairs = dict.fromkeys(pair for name in names for pair in pairwise(_words(name)) if _is_long("".join(pair)))
        self._known = NOUN_WORDS.union(self._words, (word + ending for word in self._words for ending in ("s", "es")))
        self._by_sound = {sound("".join(pair)): " ".join(pair) for pair in reversed(self._pairs)}
        numbered = {pair: number(pair[1]) for name in names for pair in pairwise(_words(name))}
        self._numbered = {(before, value): word for (before, word), value in numbered.items() if value is not None}
        self._as_it_is = numbered.keys()
        self._by_sound |= {sound(word): word for word in reversed(self._words)}

    def read(self, text: str) -> tuple[str, tuple[Piece, ...]]:
        """The sentence as it is meant, and its pieces: their ids as meant, their places as said. One word may mean several."""
        said = unicodedata.normalize("NFC", text)
        meant, pieces = said, self._joined(said)
        for i, piece in reversed(list(enumerate(pieces))):
            before = _text(said, pieces[i - 1]) if i else ""
            word = self._number(before, _text(said, piece)) or self._meant(_text(said, piece), piece)
            if word is not None:
                pieces[i : i + 1] = [replace(piece, ids=each.ids) for each in self._encoder.pieces(word)]
                meant = meant[: piece.start] + word + meant[piece.end :]
        return meant, tuple(pieces)

    def _joined(self, text: str) -> list[Piece]:
        """The pieces of `text`; two words that are one in the house ("dish washer", "room twenty one") are one."""
        pieces: list[Piece] = []
        for piece in self._encoder.pieces(text):
            last = _text(text, replace(pieces[-1], end=piece.end)) if pieces else ""
            before = _text(text, pieces[-2]) if len(pieces) > 1 else ""
            if self._is_one(last.split()) or (" " in last and (before, number(last)) in self._numbered):
                pieces[-1] = replace(pieces[-1], end=piece.end)
            else:
                pieces.append(piece)
        return pieces

    def _is_one(self, words: list[str]) -> bool:
        return len(words) == 2 and "".join(words) in self._words and tuple(words) not in self._pairs

    def _number(self, before: str, word: str) -> str | None:
        """The number as the house has it behind the word `before`, if it has it otherwise only."""
        value = None if (before, word) in self._as_it_is else number(word)
        return self._numbered.get((before, value)) if value is not None else None

    def _meant(self, word: str, piece: Piece) -> str | None:
        """What a word nearly is in the house: another one, or two that were written as one; or one that was written as two."""
        if self._is_one(word.split()):
            return "".join(word.split())
        if not _is_long(word) or word in self._known or len(piece.ids) == 1:
            return None
        said = sound(word)
        alike = [heard for heard in self._by_sound if heard[:1] == said[:1] and abs(len(heard) - len(said)) <= MOST_LETTERS]
        found = process.extractOne(said, alike, scorer=fuzz.ratio, score_cutoff=LIKE if len(word) > SHORTEST else 100)
        return self._by_sound[found[0]] if found else None


def number(text: str) -> int | None:
    """The number that is said with one word or two, from 0 to 99 in words: "2", "two", "twenty-one"."""
    tens, _, ones = text.replace("-", " ").partition(" ")
    if not ones:
        return int(tens) if tens.isdecimal() and len(tens) <= MOST_DIGITS else NUMBERS.get(tens)
    return NUMBERS[tens] + NUMBERS[ones] if tens in TENS[2:] and ones in ONES[1:10] else None


def sound(word: str) -> str:
    """What a word sounds like, roughly: one spelling for each sound, no accents."""
    plain = without_accents(word)
    for spelling, one in SOUNDS:
        plain = re.sub(spelling, one, plain)
    return plain


def without_accents(text: str) -> str:
    """In lower case, each letter without its accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def _text(said: str, piece: Piece) -> str:
    return said[piece.start : piece.end].lower()


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.replace("_", " ").lower())


def _is_long(word: str) -> bool:
    return len(word) >= SHORTEST and word.isalpha()
