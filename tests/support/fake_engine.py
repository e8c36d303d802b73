"""An engine without a model: logits are a hash of everything fed, or those of an answer learnt by heart.

Its key/value buffer holds the ids themselves, so prefixes and sessions are the product's own (`octopus_hub.models.prefix`).
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from octopus_hub.models.engine import Floats, KeyValueState, Session
from octopus_hub.models.prefix import Prefixes
from octopus_hub.models.tokens import VOCABULARY_SIZE, Mark


class FakeCache:
    """`octopus_hub.models.prefix.Cache` whose buffer (1 2 1 positions 1) holds ids."""

    def __init__(self, answers: Mapping[tuple[int, ...], Sequence[int]], digest: str, positions: int, vocabulary_size: int) -> None:
        self.answers = dict(answers)
        self.digest = digest
        self.vocabulary_size = vocabulary_size
        self.positions = positions
        self.fed: list[int] = []
        self._buffer = np.zeros(self.shape(positions), np.float32)
        self._noise = np.random.default_rng(1).normal(size=2 * vocabulary_size).astype(np.float32)

    def step(self, ids: Sequence[int], past: int, keep: int = 1) -> Floats:
        """See `Cache.step`."""
        self._buffer[:, :, :, past : past + len(ids), 0] = ids
        self.fed = [int(i) for i in self._buffer[0, 0, 0, : past + len(ids), 0]]
        return np.stack([self._after(self.fed[: len(self.fed) - left]) for left in reversed(range(keep))])

    def want(self, ids: Collection[int] | None) -> None:
        """See `Cache.want`."""

    def logits(self, states: Floats) -> Floats:
        """See `Cache.logits`."""
        return states

    def _after(self, fed: list[int]) -> Floats:
        start = zlib.crc32(repr((self.digest, fed)).encode()) % self.vocabulary_size
        logits: Floats = self._noise[start : start + self.vocabulary_size].copy()
        since_text = fed[fed.index(Mark.TEXT) :] if Mark.TEXT in fed else []
        for prompt, plan in self.answers.items():
            whole = [*prompt, *plan]
            if len(prompt) <= len(since_text) < len(whole) and since_text == whole[: len(since_text)]:
                logits[whole[len(since_text)]] += 20
        return logits

    def read(self, length: int) -> Floats:
        """See `Cache.read`."""
        return self._buffer[:, :, :, :length].copy()

    def write(self, array: Floats) -> None:
        """See `Cache.write`."""
        self._buffer[:, :, :, : array.shape[3]] = array

    def shape(self, length: int) -> tuple[int, ...]:
        """See `Cache.shape`."""
        return (1, 2, 1, length, 1)


class FakeEngine:
    """`octopus_hub.models.engine.Engine`; it keeps a record of the prefixes it read and of the states it loaded.

    `answers` gives plans by prompt (the ids behind the prefix): where one fits, each of its ids is 20 nats above the rest.
    """

    def __init__(
        self,
        answers: Mapping[tuple[int, ...], Sequence[int]] | None = None,
        digest: str = "0" * 64,
        positions: int = 8192,
        vocabulary_size: int = VOCABULARY_SIZE,
    ) -> None:
        self.prefilled: list[tuple[int, ...]] = []
        self.loaded = 0
        self.digest = digest
        self.vocabulary_size = vocabulary_size
        self.cache = FakeCache(answers or {}, digest, positions, vocabulary_size)
        self._prefixes = Prefixes(self.cache)

    def prefill(self, ids: Sequence[int]) -> KeyValueState:
        """See `Engine`."""
        state = self._prefixes.prefill(ids)
        self.prefilled.append(tuple(ids))
        return state

    def load_state(self, data: bytes) -> KeyValueState:
        """See `Engine`."""
        state = self._prefixes.load_state(data)
        self.loaded += 1
        return state

    def session(self, prefix: KeyValueState | None, capacity: int, wanted: Collection[int] | None = None) -> Session:
        """See `Engine`."""
        return self._prefixes.session(prefix, capacity, wanted)
