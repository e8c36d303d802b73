"""One key/value buffer for past and present: who lives in it, and what is done when another must.

A prefix that is in the buffer is not copied to be used: a session writes behind it, and the next session starts behind it
again. A state that has to leave the buffer while somebody still holds it takes its own copy along, so states never change. On
disk a state is a header (JSON: digest, shape, checksum) and float32 numbers (L 2 H T D), about 46 kB a token for the base
model.
"""

from __future__ import annotations

import json
import weakref
import zlib
from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np

from octopus_hub.config.errors import InputError
from octopus_hub.models.engine import CapacityExceeded, Floats, KeyValueState, SessionEnded, StateMismatch

MAGIC = b"octopus-kv-1\n"
PREFILL_TOKENS = 64
"""Tokens of a prefix read at once: as fast as all at once (400 tokens: 0.6 s both ways), and 25 MB less memory."""


class Cache(Protocol):
    """A model with one key/value buffer. Positions below `past` are read, those from `past` on are written."""

    digest: str
    vocabulary_size: int
    positions: int

    def step(self, ids: Sequence[int], past: int, keep: int = 1) -> Floats:
        """Feed `ids` behind the first `past` positions; what the model makes of the last `keep` (T, D), before its head."""

    def want(self, ids: Collection[int] | None) -> None:
        """From now on only logits of these tokens are asked for; None: of all."""

    def logits(self, states: Floats) -> Floats:
        """Logits (T, V) of what `step` gave for T tokens; minus infinity for those that are not wanted."""

    def read(self, length: int) -> Floats:
        """A copy of the first `length` positions (L 2 H T D)."""

    def write(self, array: Floats) -> None:
        """Put (L 2 H T D) into the first T positions."""

    def shape(self, length: int) -> tuple[int, ...]:
        """(L, 2, H, `length`, D)."""


class PrefixState:
    """A prefix as a model remembers it: in the model's buffer, or in an array of its own."""

    def __init__(self, cache: Cache, length: int) -> None:
        self.length = length
        self.digest = cache.digest
        self._cache = cache
        self._array: Floats | None = None

    def belongs_to(self, cache: Cache) -> bool:
        """Whether `cache` made it; another engine gets it as bytes."""
        return self._cache is cache

    def to_bytes(self) -> bytes:
        """Header and numbers. Source of the format: this module."""
        array = self._array if self._array is not None else self._cache.read(self.length)
        return pack(array, self.digest)

    def leave_buffer(self) -> None:
        """Take a copy of what the buffer holds, since something else comes there."""
        self._array = self._cache.read(self.length)

    def enter_buffer(self) -> None:
        """Put the own copy into the buffer and drop it."""
        if self._array is not None:
            self._cache.write(self._array)
            self._array = None


class Prefixes:
    """Prefixes and sessions over one cache: all of `Engine` but loading a model."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._resident: weakref.ref[PrefixState] | None = None
        self._live: BufferSession | None = None

    def prefill(self, ids: Sequence[int]) -> PrefixState:
        """See `Engine.prefill`."""
        self._check(ids, 0, self._cache.positions)
        self._vacate()
        for start in range(0, len(ids), PREFILL_TOKENS):
            self._cache.step(ids[start : start + PREFILL_TOKENS], start)
        return self._settle(PrefixState(self._cache, len(ids)))

    def load_state(self, data: bytes) -> PrefixState:
        """See `Engine.load_state`."""
        array = unpack(data, self._cache)
        self._vacate()
        self._cache.write(array)
        return self._settle(PrefixState(self._cache, array.shape[3]))

    def session(self, prefix: KeyValueState | None, capacity: int, wanted: Collection[int] | None = None) -> BufferSession:
        """See `Engine.session`."""
        length = 0 if prefix is None else prefix.length
        if prefix is not None and not (isinstance(prefix, PrefixState) and prefix.belongs_to(self._cache)):
            raise StateMismatch(f"expected a prefix of this engine, {self._cache.digest[:12]}, got one of {prefix.digest[:12]}")
        if length + capacity > self._cache.positions:
            raise CapacityExceeded(f"expected at most {self._cache.positions} tokens, got {length} of prefix and {capacity} more")
        resident = self._resident() if self._resident else None
        if prefix is None or prefix is not resident:
            self._vacate()
            if isinstance(prefix, PrefixState):
                prefix.enter_buffer()
                self._settle(prefix)
        self._cache.want(wanted)
        self._live = BufferSession(self, length, length + capacity)
        return self._live

    def feed(self, session: BufferSession, ids: Sequence[int], count: int) -> Floats:
        """One step of the live session; logits (`count` V) after the last tokens."""
        if session is not self._live:
            raise SessionEnded("expected the session opened last, got one that ended")
        self._check(ids, session.length, session.limit)
        return self._cache.logits(self._cache.step(ids, session.length, count))

    def _check(self, ids: Sequence[int], length: int, limit: int) -> None:
        if not len(ids):
            raise InputError("expected at least one token, got none")
        if min(ids) < 0 or max(ids) >= self._cache.vocabulary_size:
            raise InputError(f"expected token ids below {self._cache.vocabulary_size}, got {min(ids)} to {max(ids)}")
        if length + len(ids) > limit:
            raise CapacityExceeded(f"expected at most {limit} tokens, got {length} and {len(ids)} more")

    def _vacate(self) -> None:
        """Let whoever lives in the buffer take its numbers along; ends the live session."""
        resident = self._resident() if self._resident else None
        if resident is not None:
            resident.leave_buffer()
        self._resident = self._live = None

    def _settle(self, state: PrefixState) -> PrefixState:
        self._resident = weakref.ref(state)
        return state


class BufferSession:
    """Tokens behind a prefix that is in the buffer."""

    def __init__(self, prefixes: Prefixes, length: int, limit: int) -> None:
        self.length = self._start = length
        self.limit = limit
        self._prefixes = prefixes

    def append(self, ids: Sequence[int]) -> Floats:
        """See `Session.append`."""
        logits: Floats = self.append_scored(ids, 1)[0]
        return logits

    def append_scored(self, ids: Sequence[int], count: int) -> Floats:
        """See `Session.append_scored`."""
        logits = self._prefixes.feed(self, ids, count)
        self.length += len(ids)
        return logits

    def rewind(self, count: int) -> None:
        """See `Session.rewind`."""
        if not 0 <= count <= self.length - self._start:
            raise InputError(f"expected at most {self.length - self._start} tokens to forget, got {count}")
        self.length -= count

    def append_all(self, ids: Sequence[int]) -> Floats:
        """See `Session.append_all`."""
        return np.stack([self.append([i]) for i in ids])


def pack(array: Floats, digest: str) -> bytes:
    """A state as bytes: magic, length of the header (4 bytes, little endian), header, numbers."""
    numbers = np.ascontiguousarray(array, dtype="<f4").tobytes()
    header = json.dumps({"schema": 1, "digest": digest, "shape": array.shape, "crc32": zlib.crc32(numbers)}).encode()
    return b"".join((MAGIC, len(header).to_bytes(4, "little"), header, numbers))


def unpack(data: bytes, cache: Cache) -> Floats:
    """The numbers (L 2 H T D) of a state of this cache's model. Raises StateMismatch."""
    start = len(MAGIC) + 4
    try:
        if data[: len(MAGIC)] != MAGIC:
            raise ValueError("no key/value state")
        end = start + int.from_bytes(data[len(MAGIC) : start], "little")
        header = json.loads(data[start:end])
        digest, shape, checksum = header["digest"], tuple(header["shape"]), header["crc32"]
    except (ValueError, KeyError, TypeError) as error:
        raise StateMismatch(f"expected a key/value state, got bytes that are none: {error}") from error
    if digest != cache.digest:
        raise StateMismatch(f"expected a state of model {cache.digest[:12]}, got one of {str(digest)[:12]}")
    numbers = memoryview(data)[end:]
    if len(shape) != 5 or shape != cache.shape(shape[3]) or not 0 < shape[3] <= cache.positions:
        raise StateMismatch(f"expected a state of shape {cache.shape(0)} but for the tokens, got {shape}")
    if len(numbers) != 4 * int(np.prod(shape)) or zlib.crc32(numbers) != checksum:
        raise StateMismatch(f"expected a whole state of shape {shape}, got {len(numbers)} damaged bytes")
    return np.frombuffer(numbers, dtype="<f4").reshape(shape)
