"""Masked decoding: fast as slow, always to the end, never past the deadline."""

from __future__ import annotations

import itertools
import math
import random
import time
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from support.model_houses import encoder, house_mask, sentences, small_houses

from octopus_hub.config.errors import DeadlineExceeded, DecodeError
from octopus_hub.config.house import Area, Device, House
from octopus_hub.models.decoder import SECOND_THOUGHTS, choose, decode, decode_reference, leaning
from octopus_hub.models.grammar_states import LIMITS
from octopus_hub.models.mask import Walk
from octopus_hub.models.prompt import text_prompt
from octopus_hub.models.reader import PlanReader
from octopus_hub.models.tokens import BASE_SIZE, FUNCTION_IDS, NOUN_IDS, PARAMETER_IDS, VOCABULARY_SIZE, Mark
from octopus_hub.models.writer import plan_ids

Floats = NDArray[np.float32]
NOISE = np.random.default_rng(7).normal(scale=3, size=2 * VOCABULARY_SIZE).astype(np.float32)
HOUSE = House(
    areas=(Area("Kitchen"),), devices=(Device("a", "Lamp", "light", "Kitchen"), Device("n", "Nest", "climate", "Kitchen"))
)


class HashFeed:
    """Logits that depend on every token fed so far, and on nothing else."""

    def __init__(self, seed: int = 0, favoured: Sequence[int] = ()) -> None:
        self.fed: list[int] = []
        self.calls: list[int] = []
        self._seed = seed
        self._favoured = list(favoured)

    def append(self, ids: Sequence[int]) -> Floats:
        """A window of the noise, chosen by the history."""
        self.fed += ids
        self.calls.append(len(ids))
        start = zlib.crc32(repr((self._seed, self.fed)).encode()) % VOCABULARY_SIZE
        logits = NOISE[start : start + VOCABULARY_SIZE].copy()
        logits[self._favoured] += 4
        logits[Mark.GIVE_UP] -= 4  # or most plans would be refusals of one token
        return logits

    def rewind(self, count: int) -> None:
        """Forget the last tokens."""
        del self.fed[len(self.fed) - count :]


class TornFeed(HashFeed):
    """A model that wants a few of the allowed tokens, and some that are not. Refuses to be fed what is no plan's beginning."""

    def __init__(self, seed: int, walk: Walk, prompt: Sequence[int]) -> None:
        super().__init__(seed)
        self._walk = walk
        self._prompt = list(prompt)
        self.histories: set[tuple[int, ...]] = set()
        self.rewound = 0

    def append(self, ids: Sequence[int]) -> Floats:
        """The noise, with two to four allowed ids and up to three others 10 to 20 nats above it."""
        logits = super().append(ids)
        self.histories.add(tuple(self.fed))
        assert self.fed[: len(self._prompt)] == self._prompt
        allowed = self._walk.after(self.fed[len(self._prompt) :]).allowed
        rng = random.Random(repr((self._seed, self.fed)))
        wanted = rng.sample(allowed, min(len(allowed), rng.randint(2, 4)))
        for token in (*wanted, *rng.sample(range(BASE_SIZE), rng.randint(0, 3))):
            logits[token] += rng.uniform(10, 20)
        return logits

    def rewind(self, count: int) -> None:
        """Forget the last tokens."""
        self.rewound += 1
        super().rewind(count)


class TableFeed:
    """Logits by what was fed behind the prompt: the probabilities of a few ids, the rest shared by all others; else the end."""

    def __init__(self, table: Mapping[tuple[int, ...], Mapping[int, float]]) -> None:
        self._table = table
        self.fed: list[int] = []
        self.rewound = 0

    def append(self, ids: Sequence[int]) -> Floats:
        """The row of the table."""
        self.fed += ids
        row = self._table.get(tuple(self.fed[1:]), {Mark.PERCENT: 0.5, Mark.END: 0.4})
        rest = (1 - sum(row.values())) / VOCABULARY_SIZE
        logits = np.full(VOCABULARY_SIZE, np.log(max(rest, 1e-12)), np.float32)
        for token, share in row.items():
            logits[token] = np.log(share)
        return logits

    def rewind(self, count: int) -> None:
        """Forget the last tokens."""
        self.rewound += 1
        del self.fed[len(self.fed) - count :]


class ScriptFeed:
    """Logits whose largest are those of a script, one id a choice."""

    def __init__(self, script: Sequence[int]) -> None:
        self._script = list(script)

    def append(self, ids: Sequence[int]) -> Floats:
        """One id ten nats above all others."""
        logits = np.zeros(VOCABULARY_SIZE, np.float32)
        logits[self._script.pop(0)] = 10
        return logits

    def rewind(self, count: int) -> None:
        """A script never goes back."""
        raise AssertionError("a plan that was sure was begun again")


def walk_in(house: House, text: str) -> Walk:
    """A walk at its start."""
    return house_mask(house).walk(encoder().pieces(text))


def most_tokens(house: House, text: str) -> int:
    """An upper bound of a plan's length in this house: every limit reached, every name the longest."""
    items: tuple[Any, ...] = (*house.devices, *house.areas, *house.floors, *house.groups)
    names = [word for item in items for word in (item.name, *item.aliases)]
    name = max(len(encoder().ids(name)) for name in names)
    words = sum(len(piece.ids) for piece in encoder().pieces(text))
    value = max(4 * (LIMITS.duration_digits + 1), LIMITS.number_digits + LIMITS.decimals + 3, words, name, 12)
    target = LIMITS.selectors * (name + name + 4)
    call = 1 + target + 3 * (1 + value) + 1 + value
    return LIMITS.calls * (call + 3 * (call + 1)) + 3


# Always a plan


@given(house=small_houses(), text=sentences(), seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_random_logits_end_in_a_plan(house: House, text: str, seed: int) -> None:
    """Whatever the logits, a plan comes out that can be read, written and read again, and is not endless."""
    mask = house_mask(house)
    walk = mask.walk(encoder().pieces(text))
    rare = random.Random(seed).sample([*FUNCTION_IDS.values()], 40)
    decoded = decode(HashFeed(seed, rare), walk, text_prompt(encoder().ids(text)))
    assert walk.after(decoded.ids).is_done
    assert len(decoded.ids) <= most_tokens(house, text)
    pieces = encoder().pieces(text)
    plan = PlanReader(decoded.ids, mask.lexicon, text, pieces).read()
    assert bool(plan.calls) != bool(plan.refusal)
    again = PlanReader(plan_ids(plan, encoder()), mask.lexicon, text, pieces).read()
    assert again == plan
    assert 0 <= decoded.confidence <= 1
    assert 0 <= decoded.mass <= 1


# Fast as slow


@given(house=small_houses(), text=sentences(), seed=st.integers(0, 2**32))
@settings(max_examples=80, deadline=None)
def test_fast_path_equals_reference(house: House, text: str, seed: int) -> None:
    """Feeding forced tokens together gives the same plan, confidence and mass as feeding one token at a time."""
    prompt = text_prompt(encoder().ids(text))
    fast_feed, slow_feed = HashFeed(seed), HashFeed(seed)
    fast = decode(fast_feed, walk_in(house, text), prompt, second_thoughts=0)
    slow = decode_reference(slow_feed, walk_in(house, text), prompt)
    assert fast.ids == slow.ids
    assert (fast.confidence, fast.mass) == (slow.confidence, slow.mass)
    assert fast.steps <= slow.steps
    assert slow_feed.fed[: len(fast_feed.fed)] == fast_feed.fed


def test_forced_tokens_cost_no_step() -> None:
    """Only choices are asked of the model; what is forced between two of them is fed together with the next."""
    lamp = encoder().ids("lamp")
    value = encoder().ids("max")
    script = [FUNCTION_IDS["set_brightness"], Mark.DEVICE, lamp[0], PARAMETER_IDS["level"], value[0], Mark.END]
    feed = HashFeed()
    decoded = decode(ScriptFeed(script), walk_in(HOUSE, "x"), [1, 2, 3])
    assert decoded.ids == (FUNCTION_IDS["set_brightness"], Mark.DEVICE, *lamp, PARAMETER_IDS["level"], *value, Mark.END)
    assert decoded.steps == len(script)
    refusal = decode(feed, walk_in(House(), "x"), [1, 2, 3])
    assert feed.calls[0] == 3
    assert len(feed.fed) <= 3 + len(refusal.ids)


# Second thoughts

POSITION, BRIGHTNESS, COLOR = FUNCTION_IDS["set_position"], FUNCTION_IDS["set_brightness"], FUNCTION_IDS["set_color"]
SHADY = House(devices=(Device("a", "Lamp", "light"), Device("b", "Blind", "cover")))
LAMP, BLIND, HALF = encoder().ids("lamp"), encoder().ids("blind"), encoder().ids("half")
LEVEL, AT = PARAMETER_IDS["level"], PARAMETER_IDS["position"]


def blind_at_half(first: float, second: float, *, between: float = 0.0, lamp: float = 0.01, half: float = 0.9) -> TableFeed:
    """A model that takes "blind to half" for a lamp's brightness, or between that and the blind's position for a lamp's color,
    until it says the blind's name. `lamp`: what it thinks of a lamp instead; `half`: of the value that it wants."""
    dim, tint, move = (BRIGHTNESS, Mark.DEVICE), (COLOR, Mark.DEVICE), (POSITION, Mark.DEVICE)
    return TableFeed(
        {
            (): {BRIGHTNESS: first, POSITION: second, **({COLOR: between} if between else {})},
            dim[:1]: {Mark.DEVICE: 0.99},
            tint[:1]: {Mark.DEVICE: 0.99},
            move[:1]: {Mark.DEVICE: 0.99},
            dim: {BLIND[0]: 0.99 - lamp, LAMP[0]: lamp},
            tint: {BLIND[0]: 0.99 - lamp, LAMP[0]: lamp},
            move: {BLIND[0]: 0.99},
            (*dim, *LAMP): {LEVEL: 0.99},
            (*move, *BLIND): {AT: 0.99},
            (*dim, *LAMP, LEVEL): {HALF[0]: 0.5, **dict.fromkeys(encoder().digits, 0.04)},
            (*move, *BLIND, AT): {HALF[0]: half},
            (*dim, *LAMP, LEVEL, *encoder().ids("max")): {Mark.END: 0.99},
            (*move, *BLIND, AT, *HALF): {Mark.END: 0.99},
        }
    )


def test_a_target_that_the_function_cannot_have_changes_the_function() -> None:
    """The second best function is tried, and is as sure as its own choices; its mass tells that it came second."""
    feed = blind_at_half(0.6, 0.39)
    decoded = decode(feed, walk_in(SHADY, "blind to half"), [1])
    assert decoded.ids == (POSITION, Mark.DEVICE, *BLIND, AT, *HALF, Mark.END)
    assert feed.rewound == 1
    assert decoded.confidence > 0.9
    assert decoded.mass == pytest.approx(0.39 / 0.6, abs=0.1)


def test_a_function_that_was_out_of_the_question_is_not_tried() -> None:
    """What had next to no probability is no second thought: the plan stays, and its mass tells all."""
    feed = blind_at_half(0.97, 0.02)
    decoded = decode(feed, walk_in(SHADY, "blind"), [1], second_thoughts=1)
    assert decoded.ids[0] == BRIGHTNESS
    assert feed.rewound == 0
    assert decoded.mass < 0.05


def test_a_plan_that_broke_off_does_not_beat_one_that_was_finished() -> None:
    """What is left of the first plan is likelier than all of the second, but not when it is finished too."""
    feed = blind_at_half(0.6, 0.38, lamp=0.09, half=0.125)
    decoded = decode(feed, walk_in(SHADY, "blind to half"), [1])
    assert decoded.ids == (POSITION, Mark.DEVICE, *BLIND, AT, *HALF, Mark.END)
    assert feed.rewound > 1
    other = decode(blind_at_half(0.6, 0.38, lamp=0.09, half=0.125), walk_in(SHADY, "blind to half"), [1], second_thoughts=0)
    assert other.ids[: 2 + len(LAMP)] == (BRIGHTNESS, Mark.DEVICE, *LAMP)


def test_the_third_best_function_is_tried_where_the_second_fails_too() -> None:
    """What could have been chosen instead is not forgotten while something else is tried."""
    feed = blind_at_half(0.4, 0.29, between=0.3)
    decoded = decode(feed, walk_in(SHADY, "blind to half"), [1])
    assert decoded.ids == (POSITION, Mark.DEVICE, *BLIND, AT, *HALF, Mark.END)
    assert feed.rewound == SECOND_THOUGHTS == 2


def test_second_thoughts_leave_no_trace_in_the_session() -> None:
    """Every choice of the plan was made after the prompt and what stands before it in the plan, and after nothing else."""
    rewound = 0

    @given(house=small_houses(), text=sentences(), seed=st.integers(0, 2**32))
    @settings(max_examples=40, deadline=None)
    def check(house: House, text: str, seed: int) -> None:
        nonlocal rewound
        prompt = text_prompt(encoder().ids(text))
        walk = walk_in(house, text)
        feed = TornFeed(seed, walk, prompt)
        decoded = decode(feed, walk, prompt)
        rewound += feed.rewound
        for token in decoded.ids:
            if len(walk.allowed) > 1:
                assert (*prompt, *walk.ids) in feed.histories
            walk.advance(token)

    check()
    assert rewound > 0


# Deadlines


def test_deadline_discards_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that is not finished in time is none; the message says how far it came."""
    now = itertools.count(0.0, 1.0)
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    script = [FUNCTION_IDS["turn_on"], Mark.ALL, NOUN_IDS["light"], Mark.END]
    with pytest.raises(DeadlineExceeded, match="expected a plan by the deadline, got 2 tokens of one"):
        decode(ScriptFeed(script), walk_in(HOUSE, "x"), [1], deadline=1.5)


def test_last_step_may_not_be_late_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that is complete a moment after the deadline is discarded like any other."""
    now = iter((0.0, 0.0, 0.0, 9.0))
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    script = [FUNCTION_IDS["turn_on"], Mark.ALL, NOUN_IDS["light"], Mark.END]
    with pytest.raises(DeadlineExceeded):
        decode(ScriptFeed(script), walk_in(HOUSE, "x"), [1], deadline=5.0)


def test_no_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a deadline there is all the time in the world."""
    monkeypatch.setattr(time, "monotonic", lambda: 1e12)
    script = [FUNCTION_IDS["get_time"], Mark.END]
    assert decode(ScriptFeed(script), walk_in(HOUSE, "x"), [1]).ids == tuple(script)


# Choosing


def test_choice_is_the_likeliest_allowed() -> None:
    """Its probability among the allowed, and that of the allowed among all."""
    logits = np.log(np.array([0.5, 0.3, 0.1, 0.1], np.float32))
    token, among, of_all = choose(logits, [1, 2])
    assert token == 1
    assert among == pytest.approx(0.75)
    assert of_all == pytest.approx(0.4)


def test_ids_that_the_mask_does_not_know_are_never_chosen() -> None:
    """Logits may be longer than the vocabulary (padding of the model's head): those count as minus infinity."""
    logits = np.zeros(VOCABULARY_SIZE + 64, np.float32)
    logits[VOCABULARY_SIZE:] = 50
    walk = walk_in(HOUSE, "x")
    token, among, of_all = choose(logits, walk.allowed)
    assert token in walk.allowed
    assert among == pytest.approx(1 / len(walk.allowed))
    assert of_all < 1e-15


def test_choice_among_the_impossible() -> None:
    """Where every allowed id is too unlikely for a float, the largest logit wins, with no probability mass."""
    logits = np.array([1000.0, 0.0, 5.0, -5.0], np.float32)
    token, among, of_all = choose(logits, [1, 2, 3])
    assert (token, of_all) == (2, 0.0)
    assert among == pytest.approx(1 / 3)


def test_only_choice_is_certain() -> None:
    """A single allowed id has confidence 1, and the mass that the model gives it."""
    assert choose(np.zeros(4, np.float32), [2]) == (2, 1.0, 0.25)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_logits_that_are_no_numbers(wrong: float) -> None:
    """A broken model must not choose: no plan comes of it."""
    logits = np.array([0.0, wrong, 1.0], np.float32)
    with pytest.raises(DecodeError, match="expected logits with a finite maximum"):
        choose(logits, [0, 2])
    with pytest.raises(DecodeError):
        choose(np.full(3, -math.inf, np.float32), [0, 2])


# Names that were said

AWNINGS = House(devices=(Device("a", "Awning", "cover"), Device("r", "Roller Shutter", "cover", aliases=("big blind",))))


@pytest.mark.parametrize(
    ("text", "word"), [("close the roller shutter", "roller shutter"), ("close the Big Blind please", "big blind")]
)
def test_a_name_that_stands_in_the_sentence_is_likelier(text: str, word: str) -> None:
    """By name or alias, word for word, from its first token on, and only where a name goes on."""
    said, awning = encoder().ids(word), encoder().ids("awning")
    walk = walk_in(AWNINGS, text)
    assert walk.said == []
    walk.advance(FUNCTION_IDS["close"])
    walk.advance(Mark.DEVICE)
    assert walk.said == [said[0]]
    even = np.zeros(VOCABULARY_SIZE, np.float32)
    assert choose(leaning(even, walk), walk.allowed)[0] == said[0]
    sure = even.copy()
    sure[awning[0]] = 5
    assert choose(leaning(sure, walk), walk.allowed)[0] == awning[0]
    assert not even.any()


def test_part_of_a_name_is_no_name() -> None:
    """ "Roller" alone tells nothing."""
    walk = walk_in(AWNINGS, "close the roller")
    assert walk.after([FUNCTION_IDS["close"], Mark.DEVICE]).said == []
