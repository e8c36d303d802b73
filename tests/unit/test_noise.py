"""What happens to a sentence on its way: much to its form, nothing to its words but small slips."""

from __future__ import annotations

import random
import re
from difflib import get_close_matches

from hypothesis import given, settings
from hypothesis import strategies as st

from octopus_hub.models.data.noise import AFTER, BEFORE, FILLERS, HOMOPHONES, WAKE, disturb

TEXT = "Turn on the Kitchen Light, set it to 21.5 °C & 40% at 7:30!"


def heard(text: str, count: int = 400) -> list[str]:
    """The sentence as it arrives, many times."""
    return [disturb(text, random.Random(seed)) for seed in range(count)]


@given(st.text(max_size=40), st.integers())
@settings(deadline=None)
def test_something_is_always_left(text: str, seed: int) -> None:
    """Whatever was said, a sentence arrives, without blanks around it."""
    arrived = disturb(text, random.Random(seed))
    assert arrived
    assert arrived == arrived.strip()


def test_same_seed_hears_the_same() -> None:
    """Data can be made again."""
    assert heard(TEXT, 20) == heard(TEXT, 20)


def test_forms() -> None:
    """Some arrive as they were typed, some as a recogniser writes them, some with a wake word."""
    arrived = heard(TEXT)
    assert TEXT in arrived
    assert "turn on the kitchen light set it to 21.5 degrees celsius and 40 percent at 7:30" in arrived
    assert any(text.lower().startswith(WAKE) for text in arrived)


def test_recogniser_keeps_numbers_whole() -> None:
    """Points and colons inside numbers are said, punctuation is not."""
    spelled = [text for text in heard(TEXT) if text == text.lower() and "°" not in text and "%" not in text]
    assert len(spelled) > 50
    assert all("7:30" in text and "21.5" in text for text in spelled)
    assert not any(re.search(r"[,!&]", text) for text in spelled)


def test_words_survive() -> None:
    """But for articles and words that sound like others, every word of a plain sentence arrives, misspelt at the most."""
    text = "Switch off all lamps upstairs"
    misspelt = 0
    for arrived in heard(text):
        words = set(re.findall(r"\w+", arrived.lower()))
        lost = set(text.lower().split()) - words - HOMOPHONES.keys()
        assert all(get_close_matches(word, words, 1, 0.6) for word in lost)
        misspelt += bool(lost)
    assert 20 < misspelt < 120


def test_politeness_only_around_commands() -> None:
    """A command may get "can you" before it and "please" after it; a question gets neither."""
    commands = [text.lower().rstrip(",") for text in heard("Dim the lamp")]
    assert any(text.startswith(BEFORE) for text in commands)
    assert any(text.endswith(AFTER) for text in commands)
    for question in heard("Is it on"):
        before, asked, _ = re.split(r"(\bis\b.*\bon$)", question.lower(), maxsplit=1)
        assert asked
        assert not before or get_close_matches(before.rstrip(" ,"), WAKE, 1, 0.8)  # a slip of the pen at the most


def test_hesitation() -> None:
    """Now and then a filler stands between two words, or one is said twice."""
    arrived = {text.lower() for text in heard("Is it on")}
    assert "is it it on" in arrived
    assert any(f"is {filler} it on" in arrived for filler in FILLERS)


def test_opposites_are_not_mixed_up() -> None:
    """What a recogniser makes of a word is never its opposite."""
    opposites = [{"on", "off"}, {"open", "close"}, {"open", "shut"}, {"lock", "unlock"}, {"up", "down"}]
    assert not [pair for pair in opposites for word in pair if pair & set(HOMOPHONES.get(word, ())) - {word}]


def test_nothing_said() -> None:
    """Where nothing is left, an ellipsis stands for it."""
    assert set(heard("", 30)) >= {"…"}
    assert "…" in heard("...", 60)


def test_slips_are_in_long_words_only() -> None:
    """Short words are never misspelt, so "on" does not become "no"."""
    for arrived in heard("pump on", 600):
        assert re.search(r"\bpump\b.*\bon\b", arrived.lower())
