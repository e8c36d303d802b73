"""An engine without a model: logits are a hash of everything fed, or those of an answer learnt by heart."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from octopus_hub.config.errors import InputError
from octopus_hub.models.engine import CapacityExceeded, Floats, KeyValueState, SessionEnded, StateMismatch
from octopus_hub.models.tokens import VOCABULARY_SIZE


@dataclass(frozen=True)
class FakeState:
    """The ids of a prefix."""

    ids: tuple[int, ...]
    digest: str

    @property
    def length(self) -> int:
        """See `KeyValueState`."""
        return len(self.ids)

    def to_bytes(self) -> bytes:
        """See `KeyValueState`."""
        body = json.dumps({"digest": self.digest, "ids": self.ids})
        return f"{zlib.crc32(body.encode()):08x}{body}".encode()


class FakeEngine:
    """`octopus_hub.models.engine.Engine` with everything it was asked on record.

    `answers` gives plans by prompt (the ids fed behind the prefix): where one fits, each of its ids is 20 nats above the rest.
    """

    def __init__(
        self, answers: Mapping[tuple[int, ...], Sequence[int]] | None = None, digest: str = "0" * 64, positions: int = 8192
    ) -> None:
        self.prefilled: list[tuple[int, ...]] = []
        self.loaded = 0
        self.answers = dict(answers or {})
        self.live: FakeSession | None = None
        self.positions = positions
        self._digest = digest
        self._noise = np.random.default_rng(1).normal(size=2 * VOCABULARY_SIZE).astype(np.float32)

    @property
    def vocabulary_size(self) -> int:
        """See `Engine`."""
        return VOCABULARY_SIZE

    @property
    def digest(self) -> str:
        """See `Engine`."""
        return self._digest

    def prefill(self, ids: Sequence[int]) -> FakeState:
        """See `Engine`."""
        self._check(ids, self.positions)
        self.prefilled.append(tuple(ids))
        return FakeState(tuple(ids), self._digest)

    def load_state(self, data: bytes) -> FakeState:
        """See `Engine`."""
        checksum, body = data[:8], data[8:]
        if checksum != f"{zlib.crc32(body):08x}".encode():
            raise StateMismatch("expected a whole state, got damaged bytes")
        content = json.loads(body)
        if content["digest"] != self._digest:
            raise StateMismatch(f"expected a state of model {self._digest[:12]}, got one of {content['digest'][:12]}")
        self.loaded += 1
        return FakeState(tuple(content["ids"]), self._digest)

    def session(self, prefix: KeyValueState | None, capacity: int) -> FakeSession:
        """See `Engine`."""
        if prefix is not None and not isinstance(prefix, FakeState):
            raise StateMismatch(f"expected a prefix of this engine, got {type(prefix).__name__}")
        ids = prefix.ids if prefix is not None else ()
        if len(ids) + capacity > self.positions:
            raise CapacityExceeded(f"expected at most {self.positions} tokens, got {len(ids)} of prefix and {capacity} more")
        self.live = FakeSession(self, ids, capacity)
        return self.live

    def logits(self, prefix: tuple[int, ...], fed: Sequence[int]) -> Floats:
        """Float32 (V,) after these ids."""
        start = zlib.crc32(json.dumps([prefix, [int(i) for i in fed]]).encode()) % VOCABULARY_SIZE
        logits: Floats = self._noise[start : start + VOCABULARY_SIZE].copy()
        for prompt, plan in self.answers.items():
            written = len(fed) - len(prompt)
            if (
                tuple(fed[: len(prompt)]) == prompt
                and list(fed[len(prompt) :]) == list(plan[:written])
                and 0 <= written < len(plan)
            ):
                logits[plan[written]] += 20
        return logits

    @staticmethod
    def _check(ids: Sequence[int], room: int) -> None:
        if not ids or min(ids) < 0 or max(ids) >= VOCABULARY_SIZE:
            raise InputError(f"expected token ids below {VOCABULARY_SIZE}, at least one, got {list(ids)[:8]}")
        if len(ids) > room:
            raise CapacityExceeded(f"expected at most {room} tokens, got {len(ids)}")


class FakeSession:
    """`octopus_hub.models.engine.Session`."""

    def __init__(self, engine: FakeEngine, prefix: tuple[int, ...], capacity: int) -> None:
        self.fed: list[int] = []
        self._engine = engine
        self._prefix = prefix
        self._capacity = capacity

    @property
    def length(self) -> int:
        """See `Session`."""
        return len(self._prefix) + len(self.fed)

    def append(self, ids: Sequence[int]) -> Floats:
        """See `Session`."""
        if self._engine.live is not self:
            raise SessionEnded("expected the session opened last, got one that ended")
        self._engine._check(ids, self._capacity - len(self.fed))
        self.fed += ids
        return self._engine.logits(self._prefix, self.fed)

    def append_all(self, ids: Sequence[int]) -> Floats:
        """See `Session`."""
        return np.stack([self.append([i]) for i in ids])
