"""The model's own tokens, and how names and sentences become token ids.

512 rows are added to the base vocabulary once; each block below is append only, so that a model and a house of different versions
share what both know. Names and sentences are lower-cased and cut into pieces (words, punctuation) that are encoded one by one, a
word always with a leading space: the same words give the same ids wherever they stand. Original spelling is kept beside the ids.
Token ids do not leave `octopus_hub.models`.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from pathlib import Path

from tokenizers import Tokenizer

from octopus_hub.config.errors import VocabularyMismatch
from octopus_hub.config.function_table import FUNCTIONS, by_name, own_functions
from octopus_hub.config.functions import Function, Reason
from octopus_hub.config.kinds import NOUNS

BASE_SIZE = 49_152
ADDED = 512
VOCABULARY_SIZE = BASE_SIZE + ADDED


class Mark(IntEnum):
    """Structure of prompt and plan. Append only, below 48."""

    HOUSE = BASE_SIZE
    FLOOR = BASE_SIZE + 1
    AREA = BASE_SIZE + 2
    NO_AREA = BASE_SIZE + 3
    AKA = BASE_SIZE + 4
    GROUP = BASE_SIZE + 5
    EXAMPLE = BASE_SIZE + 6
    PREVIOUS = BASE_SIZE + 7
    TEXT = BASE_SIZE + 8
    RESPONSE = BASE_SIZE + 9
    END = BASE_SIZE + 10
    NEXT = BASE_SIZE + 11
    GIVE_UP = BASE_SIZE + 12
    CHAT = BASE_SIZE + 13
    ABSENT = BASE_SIZE + 14
    UNSUPPORTED = BASE_SIZE + 15
    UNSURE = BASE_SIZE + 16
    DEVICE = BASE_SIZE + 17
    ONE = BASE_SIZE + 18
    MANY = BASE_SIZE + 19
    ALL = BASE_SIZE + 20
    IN = BASE_SIZE + 21
    ON = BASE_SIZE + 22
    HERE = BASE_SIZE + 23
    ALSO = BASE_SIZE + 24
    EXCEPT = BASE_SIZE + 25
    AFTER = BASE_SIZE + 26
    AT = BASE_SIZE + 27
    FOR = BASE_SIZE + 28
    CLOSE = BASE_SIZE + 29
    PERCENT = BASE_SIZE + 30
    CELSIUS = BASE_SIZE + 31
    FAHRENHEIT = BASE_SIZE + 32
    KELVIN = BASE_SIZE + 33
    MINUS = BASE_SIZE + 34
    DAYS = BASE_SIZE + 35
    HOURS = BASE_SIZE + 36
    MINUTES = BASE_SIZE + 37
    SECONDS = BASE_SIZE + 38


PARAMETERS: tuple[str, ...] = (
    "level", "direction", "amount", "color", "temperature", "effect", "position", "mode", "low", "high", "preset", "humidity",
    "query", "service", "source", "shuffle", "repeat", "oscillating", "area", "value", "option", "command", "item", "duration",
    "label", "text", "time", "state", "property", "day", "message", "zone", "seat", "window", "destination", "part", "door",
)  # fmt: skip
"""Parameter names in the order of their tokens. Append only, at most 64."""

PARAMETER_BASE = BASE_SIZE + 48
NOUN_BASE = BASE_SIZE + 112
FUNCTION_BASE = BASE_SIZE + 208

PARAMETER_IDS = {name: PARAMETER_BASE + i for i, name in enumerate(PARAMETERS)}
NOUN_IDS = {noun.name: NOUN_BASE + i for i, noun in enumerate(NOUNS)}
FUNCTION_IDS = {function.name: FUNCTION_BASE + i for i, function in enumerate(FUNCTIONS)}
OWN_LAST = BASE_SIZE + ADDED - 1
"""The token of an installer's first own function; the others' come before it."""
_own: list[str] = []

PARAMETER_NAMES = {i: name for name, i in PARAMETER_IDS.items()}
NOUN_NAMES = {i: name for name, i in NOUN_IDS.items()}
FUNCTION_NAMES = {i: name for name, i in FUNCTION_IDS.items()}

REASON_IDS = {
    Reason.CHAT: Mark.CHAT,
    Reason.ABSENT: Mark.ABSENT,
    Reason.UNSUPPORTED: Mark.UNSUPPORTED,
    Reason.UNSURE: Mark.UNSURE,
}
UNIT_IDS = {"%": Mark.PERCENT, "°C": Mark.CELSIUS, "°F": Mark.FAHRENHEIT, "K": Mark.KELVIN}
TIME_UNITS = ((Mark.DAYS, 86_400), (Mark.HOURS, 3_600), (Mark.MINUTES, 60), (Mark.SECONDS, 1))

_PIECE = re.compile(r"\w+(?:[^\w\s]+\w+)*|[^\w\s]+")


def assign_own(names: Sequence[str]) -> None:
    """Give an installer's own functions their tokens, in this order, for this process: those of a model, or those to be trained."""
    for name in _own:
        del FUNCTION_NAMES[FUNCTION_IDS.pop(name)]
    _own[:] = names
    for position, name in enumerate(_own):
        FUNCTION_IDS[name] = OWN_LAST - position
        FUNCTION_NAMES[OWN_LAST - position] = name


def descriptions() -> dict[int, str]:
    """Words for each added token that is in use; a new row starts as the mean of their rows."""
    words: dict[int, str] = {int(mark): mark.name.lower().replace("_", " ") for mark in Mark}
    words |= {i: name for name, i in PARAMETER_IDS.items()}
    words |= {i: name.lower() for name, i in NOUN_IDS.items()}
    known = [function for function in by_name().values() if function.name in FUNCTION_IDS]
    words |= {FUNCTION_IDS[f.name]: f"{f.name.replace('_', ' ')} {f.doc.lower()}" for f in known}
    return words


def vocabulary_digest() -> str:
    """SHA-256, in hex, of every added token's meaning; a model records the one it was trained with."""
    tables = (PARAMETER_IDS, NOUN_IDS, FUNCTION_IDS)
    names = [[int(m), m.name] for m in Mark] + [[i, n] for table in tables for n, i in table.items()]
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()


def vocabulary_names() -> dict[str, list[str]]:
    """The added tokens by block and in order; a newer hub's must begin with an older model's. `own`: an installer's functions."""
    return {
        "marks": [mark.name for mark in Mark],
        "parameters": list(PARAMETERS),
        "nouns": list(NOUN_IDS),
        "functions": [function.name for function in FUNCTIONS],
        **({"own": list(_own)} if _own else {}),
    }


def shared_functions(names: Mapping[str, Sequence[str]]) -> tuple[Function, ...]:
    """The functions that this version shares with a model that was trained with these `vocabulary_names`, an installer's last.

    Blocks are append only, so one of two versions' functions begin with the other's. Optional arguments that the model does not
    know are left out; all structure and nouns must be known to it. Raises VocabularyMismatch for a model of which that is not so.
    """
    ours = vocabulary_names()
    for block in ("marks", "parameters", "nouns", "functions"):
        words, theirs = ours[block], list(names.get(block, ()))
        both = min(len(words), len(theirs))
        if words[:both] != theirs[:both] or (block in ("marks", "nouns") and both < len(words)):
            raise VocabularyMismatch(f"expected a model whose {block} begin like this version's, got another")
    shared = (_known(function, names["parameters"]) for function in FUNCTIONS[: len(names["functions"])])
    own = (function for function in own_functions() if function.name in names.get("own", ()))
    return (*(function for function in shared if function), *own)


def shared_ids(names: Mapping[str, Sequence[str]]) -> list[int]:
    """The added tokens that a model knows which was trained with these `vocabulary_names`."""
    marks = {mark.name: int(mark) for mark in Mark}
    tables = {"marks": marks, "parameters": PARAMETER_IDS, "nouns": NOUN_IDS, "functions": FUNCTION_IDS, "own": FUNCTION_IDS}
    return [ids[name] for block, ids in tables.items() for name in names.get(block, ()) if name in ids]


def _known(function: Function, parameters: Sequence[str]) -> Function | None:
    """The function with those of its arguments that are in `parameters`; None if it cannot do without another."""
    unknown = [parameter for parameter in function.parameters if parameter.name not in parameters]
    if any(parameter.required for parameter in unknown):
        return None
    return replace(function, parameters=tuple(p for p in function.parameters if p not in unknown)) if unknown else function


@dataclass(frozen=True, slots=True)
class Piece:
    """A word or a run of punctuation of a sentence: its ids, and where it stands in the text in Unicode's form NFC."""

    ids: tuple[int, ...]
    start: int
    end: int
    is_word: bool


class TextEncoder:
    """The base model's tokenizer, used piece by piece. Special tokens typed as text stay plain text."""

    def __init__(self, tokenizer_file: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self._tokenizer.encode_special_tokens = True
        self._cache: dict[str, tuple[int, ...]] = {}

    def pieces(self, text: str) -> tuple[Piece, ...]:
        """Words and punctuation of `text`, in order."""
        text = unicodedata.normalize("NFC", text)
        found = []
        for match in _PIECE.finditer(text):
            is_word = match[0][0].isalnum() or match[0][0] == "_"
            found.append(Piece(self._encode(match[0].lower(), is_word), match.start(), match.end(), is_word))
        return tuple(found)

    def ids(self, text: str) -> tuple[int, ...]:
        """The ids of all pieces of `text`, joined."""
        return tuple(i for piece in self.pieces(text) for i in piece.ids)

    def _encode(self, piece: str, is_word: bool) -> tuple[int, ...]:
        key = f" {piece}" if is_word else piece
        if key not in self._cache:
            if len(self._cache) > 50_000:
                self._cache.clear()
            self._cache[key] = tuple(self._tokenizer.encode(key, add_special_tokens=False).ids)
        return self._cache[key]

    @cached_property
    def digits(self) -> dict[int, str]:
        """Ids of the ten bare digits."""
        return {self._encode(str(d), False)[0]: str(d) for d in range(10)}

    @cached_property
    def unit_ids(self) -> dict[int, frozenset[int]]:
        """By a unit of temperature, the ids that its words and signs begin with: "celsius", "c", "21c"."""
        said = {Mark.CELSIUS: ("celsius", "centigrade", "c"), Mark.FAHRENHEIT: ("fahrenheit", "f")}
        begin = {unit: {self._encode(word, True)[0] for word in words} for unit, words in said.items()}
        return {int(unit): frozenset(begin[unit] | {self._encode(words[-1], False)[0]}) for unit, words in said.items()}

    @cached_property
    def point(self) -> int:
        """Id of the decimal point."""
        return self._encode(".", False)[0]

    def digit_ids(self, number: str) -> Iterable[int]:
        """Ids of a number such as "21.5", without sign."""
        return (self._encode(character, False)[0] for character in number)
