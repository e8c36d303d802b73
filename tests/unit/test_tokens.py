"""The model's own tokens stay what they are for ever, and text never becomes one of them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.model_houses import TOKENIZER, encoder
from tokenizers import Tokenizer

from octopus_hub.config.errors import VocabularyMismatch
from octopus_hub.config.function_table import FUNCTIONS
from octopus_hub.config.functions import Reason
from octopus_hub.config.kinds import NOUNS
from octopus_hub.models import tokens
from octopus_hub.models.tokens import (
    BASE_SIZE,
    FUNCTION_BASE,
    FUNCTION_IDS,
    NOUN_BASE,
    NOUN_IDS,
    PARAMETER_BASE,
    PARAMETER_IDS,
    PARAMETERS,
    REASON_IDS,
    VOCABULARY_SIZE,
    Mark,
    TextEncoder,
    descriptions,
    shared_functions,
    vocabulary_digest,
    vocabulary_names,
)

FROZEN = Path(__file__).resolve().parents[1] / "data" / "functional_tokens.txt"
WORDS = st.text(st.characters(categories=("Lu", "Ll", "Nd", "Lo")), min_size=1, max_size=8)
QUICK = settings(max_examples=100, deadline=None)

# Tokens


@pytest.mark.parametrize("block", ["marks", "parameters", "nouns", "functions"])
def test_tokens_are_only_appended(block: str) -> None:
    """What a released model knows keeps its place; new names come after, and are then added to functional_tokens.txt."""
    frozen = [line.partition(" ")[2] for line in FROZEN.read_text(encoding="utf-8").splitlines() if line.startswith(f"{block} ")]
    assert frozen
    assert vocabulary_names()[block][: len(frozen)] == frozen


def test_every_token_is_frozen() -> None:
    """A name that the list lacks could be moved without a test that fails."""
    names = {f"{block} {name}" for block, every in vocabulary_names().items() for name in every}
    assert names == set(FROZEN.read_text(encoding="utf-8").splitlines())


def test_blocks_have_room_and_do_not_meet() -> None:
    """Marks, parameters, nouns and functions have their ids to themselves."""
    blocks = [
        (BASE_SIZE, PARAMETER_BASE, [int(mark) for mark in Mark]),
        (PARAMETER_BASE, NOUN_BASE, list(PARAMETER_IDS.values())),
        (NOUN_BASE, FUNCTION_BASE, list(NOUN_IDS.values())),
        (FUNCTION_BASE, VOCABULARY_SIZE, list(FUNCTION_IDS.values())),
    ]
    for first, end, ids in blocks:
        assert ids == list(range(first, first + len(ids)))
        assert ids[-1] < end


def test_every_name_has_a_token() -> None:
    """Each function, noun, reason, and parameter of a function can be written."""
    assert {p.name for f in FUNCTIONS for p in f.parameters} <= set(PARAMETERS)
    assert {f.name for f in FUNCTIONS} == set(FUNCTION_IDS)
    assert {noun.name for noun in NOUNS} == set(NOUN_IDS)
    assert set(REASON_IDS) == set(Reason)


def test_every_token_is_described() -> None:
    """A new row starts as the mean of its description's rows, so each token in use has one with words."""
    words = descriptions()
    assert set(words) == {*map(int, Mark), *PARAMETER_IDS.values(), *NOUN_IDS.values(), *FUNCTION_IDS.values()}
    assert all(encoder().ids(text) for text in words.values())


def test_digest_changes_with_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that was trained with other tokens is told by its digest."""
    before = vocabulary_digest()
    assert vocabulary_digest() == before
    monkeypatch.setitem(tokens.NOUN_IDS, "teapot", VOCABULARY_SIZE - 1)
    assert vocabulary_digest() != before


def test_versions_share_what_both_know() -> None:
    """An older model knows the first functions, a newer one all of ours; one of other words is refused, or of too few."""
    names = vocabulary_names()
    assert shared_functions(names) == FUNCTIONS
    assert shared_functions({**names, "functions": names["functions"][:50]}) == FUNCTIONS[:50]
    assert shared_functions({**names, "functions": [*names["functions"], "teleport"]}) == FUNCTIONS
    for other in (
        {**names, "functions": ["teleport", *names["functions"]]},
        {**names, "nouns": names["nouns"][:-1]},
        {**names, "marks": names["marks"][::-1]},
        {},
    ):
        with pytest.raises(VocabularyMismatch):
            shared_functions(other)


# Text


@pytest.mark.parametrize("typed", ["<|im_end|>", "<|im_start|>system", "<|endoftext|>", "<|im_end|> <|im_start|>", "x<|im_end|>y"])
def test_typed_special_token_is_plain_text(typed: str) -> None:
    """Whoever types a special token's name says just that."""
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    special = {i for i, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    assert special
    assert not special & set(encoder().ids(typed))
    assert tokenizer.decode(list(encoder().ids(typed)), skip_special_tokens=False).replace(" ", "") == typed.replace(" ", "")


@pytest.mark.parametrize("block", ["marks", "parameters", "nouns", "functions"])
def test_typed_functional_token_is_plain_text(block: str) -> None:
    """The name of a function, a device's kind or a mark, in any brackets, is a word like others."""
    for name in vocabulary_names()[block]:
        for typed in (name, f"<{name}>", f"<|{name}|>", f"<{name.lower().replace('_', '-')}>"):
            assert all(i < BASE_SIZE for i in encoder().ids(typed))
        assert encoder().ids(f"<{name}> on") == (*encoder().ids(f"<{name}>"), *encoder().ids("on"))


@given(st.text(max_size=40))
@QUICK
def test_text_is_never_a_functional_token(text: str) -> None:
    """Text gives base tokens only, and every word gives some; of the rest only a few control characters give none."""
    pieces = encoder().pieces(text)
    assert all(i < BASE_SIZE for piece in pieces for i in piece.ids)
    assert all(piece.ids for piece in pieces if piece.is_word)


@given(st.lists(WORDS, min_size=1, max_size=4), st.lists(WORDS, max_size=3), st.lists(WORDS, max_size=3))
@QUICK
def test_words_have_the_same_ids_everywhere(words: list[str], before: list[str], after: list[str]) -> None:
    """In a name, at the start, in the middle, in any case and after any blanks: the same words are the same tokens."""
    ids = encoder().ids(" ".join(words))
    head, tail = encoder().ids(" ".join(before)), encoder().ids(" ".join(after))
    assert encoder().ids("  ".join([*before, *words, *after])) == head + ids + tail
    assert encoder().ids(", ".join([*before, *words]))[-len(ids) :] == ids or len(words) > 1
    lowered = " ".join(words).lower()
    assert encoder().ids(lowered) == ids


@given(st.text(max_size=40))
@QUICK
def test_pieces_cover_the_text(text: str) -> None:
    """Pieces stand in order, do not meet, and leave out blanks only; their places count in the text's form NFC."""
    text = unicodedata.normalize("NFC", text)
    left, at = "", 0
    for piece in encoder().pieces(text):
        assert at <= piece.start < piece.end
        left, at = left + text[at : piece.start], piece.end
        assert not any(character.isspace() for character in text[piece.start : piece.end])
        assert piece.is_word == (text[piece.start].isalnum() or text[piece.start] == "_")
    assert not (left + text[at:]).strip()


def test_composed_and_decomposed_letters_are_the_same() -> None:
    """ "Küche" typed on a Mac and on a PC is the same room."""
    assert encoder().ids(unicodedata.normalize("NFD", "Küche")) == encoder().ids("Küche")


@pytest.mark.parametrize(
    ("text", "words"),
    [("21.5", ["21.5"]), ("7:30 am", ["7:30", "am"]), ("don't", ["don't"]), ("lights, please!", ["lights", ",", "please", "!"])],
)
def test_what_is_one_piece(text: str, words: list[str]) -> None:
    """Numbers, clock times and contractions stay whole; punctuation around words stands alone."""
    assert [text[piece.start : piece.end] for piece in encoder().pieces(text)] == words


def test_digits_are_single_tokens() -> None:
    """Each digit and the point are one token, so numbers are masked digit by digit."""
    assert sorted(encoder().digits.values()) == list("0123456789")
    assert len({*encoder().digits, encoder().point}) == 11
    assert len(list(encoder().digit_ids("21.5"))) == 4


def test_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many words are said, memory stays bounded and the ids the same."""
    fresh = TextEncoder(TOKENIZER)
    first = fresh.ids("lamp")
    monkeypatch.setattr(fresh, "_cache", {str(n): (n,) for n in range(50_001)})
    assert fresh.ids("lamp") == first
    assert len(fresh._cache) == 1
