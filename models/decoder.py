"""Masked decoding: logits in, a complete plan's token ids out.

The fast path feeds every forced token together with the next choice, so that only choices cost a model step. It is greedy, but
thinks again: a function is chosen before its target, and where the target that the model wants is none that the function can have,
the likeliest allowed one is a wild guess. Then the best untried token of an earlier choice is tried, if that was likelier than what
is left of this plan. The reference path feeds one token at a time, never thinks again, and is what the fast path is tested against.
Neither knows where logits come from.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from octopus_hub.config.errors import DeadlineExceeded, DecodeError
from octopus_hub.models.mask import Walk
from octopus_hub.models.tokens import Mark

SECOND_THOUGHTS = 2
"""How often a plan is begun again, at most."""
COLLAPSED = 0.1
"""Below this probability of all allowed tokens together the model wants something else."""
SAID_BONUS = 2.0
"""In nats: how much likelier a name gets that stands in the sentence word for word. A small model is bad at spelling, and mistakes
"roller shutter" for the awning; what it wants instead with some certainty it still gets."""
LEAST_RIVAL = 0.05
"""What a token of an earlier choice must have had to be tried instead."""


class Feed(Protocol):
    """Where tokens go and logits come from: a session of an engine."""

    def append(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Feed `ids`; float32 logits (V,) after the last."""


class RewindableFeed(Feed, Protocol):
    """A feed that can go back."""

    def rewind(self, count: int) -> None:
        """Forget the last `count` tokens."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A plan's ids. `confidence`: product over choices of the probability among the allowed ids, but for one that was chosen on
    second thoughts. `mass`: product over choices of the probability of all allowed ids together among all that were scored; of a
    second thought its probability over the first's. `steps`: model calls made."""

    ids: tuple[int, ...]
    confidence: float
    mass: float
    steps: int


@dataclass(frozen=True)
class _Path:
    """A plan as far as it goes: its ids, the products of its choices so far (`likelihood`: unmasked), and where it could have
    gone otherwise, each a path of its own."""

    ids: tuple[int, ...] = ()
    likelihood: float = 1.0
    confidence: float = 1.0
    mass: float = 1.0
    rivals: tuple[_Path, ...] = ()
    is_done: bool = False


def decode(
    feed: RewindableFeed, walk: Walk, prompt: Sequence[int], deadline: float = float("inf"), second_thoughts: int = SECOND_THOUGHTS
) -> Decoded:
    """Decode after `prompt`; `deadline` is a time.monotonic() value. Raises DeadlineExceeded, DecodeError."""
    search = _Search(feed, walk, prompt, deadline)
    paths = [search.extended(_Path(), stop_at_collapse=second_thoughts > 0)]
    untried: list[_Path] = []
    for thought in range(second_thoughts):
        if paths[-1].is_done:
            break
        untried += paths[-1].rivals
        rival = max(untried, key=lambda rival: rival.likelihood, default=None)
        if rival is None or rival.likelihood <= _best(paths).likelihood:
            break
        untried.remove(rival)
        paths.append(search.extended(rival, stop_at_collapse=thought + 1 < second_thoughts))
    while not (best := _best(paths)).is_done:  # what broke off early looks likelier than what went on
        paths[paths.index(best)] = search.extended(best, stop_at_collapse=False)
    return Decoded(best.ids, best.confidence, best.mass, search.steps)


def _best(paths: Sequence[_Path]) -> _Path:
    return max(paths, key=lambda path: path.likelihood)


class _Search:
    """Paths through one mask, fed to one session: what two paths have in common is not fed again."""

    def __init__(self, feed: RewindableFeed, walk: Walk, prompt: Sequence[int], deadline: float) -> None:
        self._feed = feed
        self._walk = walk
        self._prompt = list(prompt)
        self._deadline = deadline
        self._fed: list[int] = []
        self.steps = 0

    def extended(self, path: _Path, *, stop_at_collapse: bool) -> _Path:
        """The path to its end, or until the model wants what is not allowed."""
        walk = self._walk.after(path.ids)
        while not walk.is_done:
            walk.advance_forced()
            if walk.is_done:
                break
            logits = leaning(self._logits(walk.ids), walk)
            token, among, of_all = choose(logits, walk.allowed)
            rivals = _rivals(path, walk, token, logits) if stop_at_collapse else ()
            walk.advance(token)
            likelihood, confidence, mass = path.likelihood * among * of_all, path.confidence * among, path.mass * of_all
            path = _Path(tuple(walk.ids), likelihood, confidence, mass, (*path.rivals, *rivals))
            if stop_at_collapse and of_all < COLLAPSED:
                return path
        return replace(path, ids=tuple(walk.ids), is_done=True)

    def _logits(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """After the prompt and `ids`. Raises DeadlineExceeded."""
        tokens = [*self._prompt, *ids]
        same = next((i for i, (old, new) in enumerate(zip(self._fed, tokens, strict=False)) if old != new), len(self._fed))
        same = min(same, len(tokens) - 1)
        if same < len(self._fed):
            self._feed.rewind(len(self._fed) - same)
        logits = self._feed.append(tokens[same:])
        self._fed = tokens
        if time.monotonic() > self._deadline:
            raise DeadlineExceeded(f"expected a plan by the deadline, got {len(ids)} tokens of one")
        self.steps += 1
        return logits


def _rivals(path: _Path, walk: Walk, chosen: int, logits: NDArray[np.float32]) -> tuple[_Path, ...]:
    """What else could have been chosen. Such a path is as sure as its later choices are; its mass is measured by the first's."""
    ids = np.asarray(walk.allowed)
    weights = np.exp(logits[ids] - logits.max())
    shares = weights / float(np.exp(logits - logits.max()).sum())
    first = float(shares.max())
    likely = [(int(i), float(share)) for i, share in zip(ids, shares, strict=True) if share >= LEAST_RIVAL and i != chosen]
    return tuple(
        _Path((*walk.ids, i), path.likelihood * share, path.confidence, path.mass * min(1.0, share / first)) for i, share in likely
    )


def decode_reference(feed: Feed, walk: Walk, prompt: Sequence[int]) -> Decoded:
    """The slow path: one token a step, forced or not."""
    logits = feed.append(prompt)
    confidence = mass = 1.0
    steps = 1
    while not walk.is_done:
        allowed = walk.allowed
        token, among, of_all = choose(leaning(logits, walk), allowed)
        if len(allowed) > 1:
            confidence *= among
            mass *= of_all
        walk.advance(token)
        if not walk.is_done:
            logits = feed.append([token])
            steps += 1
    return Decoded(tuple(walk.ids), confidence, mass, steps)


def leaning(logits: NDArray[np.float32], walk: Walk) -> NDArray[np.float32]:
    """The logits with what was said word for word a little likelier."""
    said = walk.said
    if not said:
        return logits
    leaned = logits.copy()
    leaned[said] += SAID_BONUS
    return leaned


def choose(logits: NDArray[np.float32], allowed: Sequence[int]) -> tuple[int, float, float]:
    """The likeliest allowed id, its probability among the allowed, and the probability of the allowed among all.

    Giving up is one id, acting is many that share their probability: so giving up is chosen only where it is likelier than all
    others together. Ids that are not allowed count as minus infinity, those beyond the mask's vocabulary included. Raises
    DecodeError for logits that are not numbers.
    """
    ids = np.asarray(allowed)
    top = float(logits.max())
    if not np.isfinite(top):
        raise DecodeError(f"expected logits with a finite maximum, got {top}")
    everything = float(np.exp(logits - top).sum())
    weights = np.exp(logits[ids] - top)
    inside = float(weights.sum())
    best = int(weights.argmax())
    if len(ids) > 1 and ids[best] == Mark.GIVE_UP and 2 * weights[best] <= inside:
        best = int(np.where(ids == Mark.GIVE_UP, -1.0, weights).argmax())
    if inside <= 0.0:  # every allowed id underflowed: fall back to the largest logit, with no probability mass
        return int(ids[int(logits[ids].argmax())]), 1.0 / len(ids), 0.0
    return int(ids[best]), float(weights[best]) / inside, min(1.0, inside / everything)
