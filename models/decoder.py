"""Masked greedy decoding: logits in, a complete plan's token ids out.

The fast path feeds every forced token together with the next choice, so that only choices cost a model step; the reference path
feeds one token at a time and is what the fast path is tested against. Neither knows where logits come from.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from octopus_hub.config.errors import DeadlineExceeded, DecodeError
from octopus_hub.models.mask import Walk
from octopus_hub.models.tokens import Mark


class Feed(Protocol):
    """Where tokens go and logits come from: a session of an engine."""

    def append(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Feed `ids`; float32 logits (V,) after the last."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A plan's ids. `confidence`: product over choices of the probability among the allowed ids. `mass`: product over choices of
    the unmasked probability of all allowed ids together. `steps`: model calls made."""

    ids: tuple[int, ...]
    confidence: float
    mass: float
    steps: int


def decode(feed: Feed, walk: Walk, prompt: Sequence[int], deadline: float = float("inf")) -> Decoded:
    """Decode after `prompt`; `deadline` is a time.monotonic() value. Raises DeadlineExceeded, DecodeError."""
    pending = list(prompt)
    confidence = mass = 1.0
    steps = 0
    while not walk.is_done:
        pending += walk.advance_forced()
        if walk.is_done:
            break
        token, among, of_all = choose(feed.append(pending), walk.allowed)
        if time.monotonic() > deadline:
            raise DeadlineExceeded(f"expected a plan by the deadline, got {len(walk.ids)} tokens of one")
        steps += 1
        confidence *= among
        mass *= of_all
        walk.advance(token)
        pending = [token]
    return Decoded(tuple(walk.ids), confidence, mass, steps)


def decode_reference(feed: Feed, walk: Walk, prompt: Sequence[int]) -> Decoded:
    """The slow path: one token a step, forced or not."""
    logits = feed.append(prompt)
    confidence = mass = 1.0
    steps = 1
    while not walk.is_done:
        allowed = walk.allowed
        token, among, of_all = choose(logits, allowed)
        if len(allowed) > 1:
            confidence *= among
            mass *= of_all
        walk.advance(token)
        if not walk.is_done:
            logits = feed.append([token])
            steps += 1
    return Decoded(tuple(walk.ids), confidence, mass, steps)


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
