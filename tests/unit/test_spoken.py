"""Numbers, durations and clock times as people say them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

from octopus_hub.models.data import spoken
from octopus_hub.models.spelling import NUMBERS

SMALL = NUMBERS
UNITS = {"second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600, "hr": 3600, "h": 3600}


def value_of(text: str) -> float:
    """A number in digits or words: the inverse of `spoken.number`."""
    if re.fullmatch(r"[\d.]+", text):
        return float(text)
    whole, _, tenth = text.removesuffix(" and a half").partition(" point ")
    total = part = 0
    for word in re.split(r"[ -]", whole):
        if word == "thousand":
            total, part = total + part * 1000, 0
        elif word == "hundred":
            part *= 100
        elif word != "and":
            part += SMALL[word]
    return total + part + (0.5 if text.endswith(" and a half") else SMALL[tenth] / 10 if tenth else 0)


def seeded(count: int = 300) -> Iterator[random.Random]:
    """Many random sources."""
    return (random.Random(seed) for seed in range(count))


def test_whole_numbers_in_words() -> None:
    """Every number up to 9,999 can be heard again."""
    assert [value_of(spoken.words(n)) for n in range(10_000)] == list(range(10_000))
    assert spoken.words(21) == "twenty one"
    assert spoken.words(21, "-") == "twenty-one"
    assert spoken.words(115) == "one hundred and fifteen"
    assert spoken.words(2700) == "two thousand seven hundred"


@pytest.mark.parametrize("value", [0, 7, 21, 21.5, 100, 3.2, 2700, 12000])
def test_numbers(value: float) -> None:
    """Whichever way it is said, it is the number."""
    said = {spoken.number(value, rng) for rng in seeded()}
    assert {value_of(text) for text in said} == {value}
    assert len(said) > 1 or value == 12000


def test_negative_numbers() -> None:
    """With a sign or a word before the number."""
    said = {spoken.number(-5, rng) for rng in seeded()}
    assert said <= {f"{sign}{number}" for sign in ("-", "minus ") for number in ("5", "five")}


def test_durations() -> None:
    """The phrase, its seconds, and the unit it is said in are of one piece."""
    for rng in seeded(600):
        phrase, seconds, unit_s = spoken.duration(rng)
        assert seconds > 0
        assert unit_s in (0, 1, 60, 3600)
        assert not unit_s or seconds % unit_s == 0
        if (phrase, seconds, unit_s) in spoken.SPECIAL_DURATIONS:
            continue
        parts = re.findall(r"([\w -]+?) (seconds?|secs|minutes?|mins?|hours?|hrs|h)(?: and|$|(?= ))", phrase)
        assert sum(value_of(amount.strip()) * UNITS[unit.removesuffix("s") or unit] for amount, unit in parts) == seconds, phrase
        assert bool(unit_s) == (len(parts) == 1)


def test_special_durations() -> None:
    """Half an hour is thirty minutes."""
    assert ("half an hour", 1800, 60) in spoken.SPECIAL_DURATIONS
    assert all(seconds % (unit or 1) == 0 for _, seconds, unit in spoken.SPECIAL_DURATIONS)


def test_clock_times() -> None:
    """Many forms, none of them with the word that the sentence brings, and minutes below sixty."""
    said = [spoken.clock(rng) for rng in seeded(1000)]
    assert len(set(said)) > 200
    assert not any(text.startswith("at ") or not text.strip() for text in said)
    for text in said:
        if found := re.search(r"(\d+):(\d+)", text):
            assert int(found[1]) < 24
            assert int(found[2]) < 60


def test_plural() -> None:
    """One minute, two minutes."""
    assert [spoken.plural("minute", n) for n in (0, 1, 2)] == ["minutes", "minute", "minutes"]


def test_same_seed_says_the_same() -> None:
    """Data can be made again."""
    assert [spoken.clock(random.Random(3)) for _ in range(2)] == [spoken.clock(random.Random(3)) for _ in range(2)]
