"""Training and test have nothing in common that is not seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from octopus_hub.config.errors import InputError
from octopus_hub.models.data.overlap import Likeness, Line, distance, overlaps, read_corpus, read_test, words_of

MATCHES = [
    ("Who made you?", "who made you", Likeness.SAME),
    ("what's the capital of Peru", "whats the capital of Peru!", Likeness.SAME),
    ("louder", "Louder.", Likeness.SAME),
    ("wake me up at {w:time}", "wake me up at 6:45", Likeness.SLOTS),
    ("put the {d:thermostat} on the {o:option} preset", "put the upstairs thermostat on the sleep preset", Likeness.SLOTS),
    ("what's the capital of Peru", "what's the capital of Chile", Likeness.NEAR),
    ("turn on the light in the hall", "turn on the light in hall", Likeness.NEAR),
]
STRANGERS = [
    ("turn on the {d:light}", "turn on the lamp"),
    ("wake me up at {w:time}", "wake me up at the station"),
    ("who made you", "who broke you"),
    ("lights on", "lights off"),
    ("put the {d:thermostat} on the {o:option} preset", "put the a b c d e on the sleep preset"),
]


def line(text: str) -> Line:
    """A line that stands nowhere."""
    return Line("here", text, words_of(text))


@pytest.mark.parametrize(("pattern", "sentence", "likeness"), MATCHES)
def test_likeness(pattern: str, sentence: str, likeness: Likeness) -> None:
    """The same words, the same but for slots, or one word in five apart."""
    (match,) = overlaps([line(pattern)], [line(sentence)])
    assert match.likeness is likeness
    order = list(Likeness)
    for least in order:
        found = list(overlaps([line(pattern)], [line(sentence)], least))
        assert bool(found) is (order.index(likeness) <= order.index(least))


@pytest.mark.parametrize(("pattern", "sentence"), STRANGERS)
def test_no_likeness(pattern: str, sentence: str) -> None:
    """Short patterns say what everybody says, and slots do not stretch over everything."""
    assert list(overlaps([line(pattern)], [line(sentence)])) == []


def test_distance_counts_words() -> None:
    """Changed, missing and added words count one each; a slot takes one to four."""
    assert distance(words_of("a b c d"), words_of("a x c d e")) == 2
    assert distance(words_of("a {s:item} b"), words_of("a one two three four b")) == 0
    assert distance(words_of("a {s:item} b"), words_of("a b")) == 1


def test_places_are_told(tmp_path: Path) -> None:
    """A line of the corpus is named by file and line, a sentence by its id."""
    for name, text in (("patterns", "# a comment\nlouder ::: repeat()\n"), ("negatives", "\nchat\tknock knock\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ann.txt").write_text(text)
    (tmp_path / "test.jsonl").write_text('{"id": "t-1", "text": "Knock, knock!"}\n')
    assert [each.place for each in read_corpus(tmp_path)] == ["patterns/ann.txt:2", "negatives/ann.txt:2"]
    (match,) = overlaps(read_corpus(tmp_path), read_test(tmp_path))
    assert (match.corpus.text, match.test.place) == ("knock knock", "t-1")


def test_nothing_to_compare_is_an_error(tmp_path: Path) -> None:
    """An empty folder is no clean corpus."""
    with pytest.raises(InputError, match="expected a corpus"):
        read_corpus(tmp_path)
    with pytest.raises(InputError, match="expected sentences"):
        read_test(tmp_path)
