"""What decoding needs of a model, whatever computes it: tokens in, logits of the last ones out, a fixed prefix read only once.

One thread uses an engine, and one session is live at a time: opening a session ends the one before. Past and present share one
key/value buffer (`octopus_hub.models.prefix`), so a session over the prefix that is in the buffer costs nothing but its own
tokens. Knows token ids only; nothing of houses, masks, or where files are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from octopus_hub.config.errors import DecodeError, HubError

Floats: TypeAlias = NDArray[np.float32]


class ModelError(HubError):
    """The model on disk is missing, damaged, or not the one that was expected."""

    exit_code = 78


class StateMismatch(DecodeError):
    """A key/value state is damaged, or another model made it."""


class CapacityExceeded(DecodeError):
    """More tokens than a session, or the model, has room for."""


class HouseTooLarge(CapacityExceeded):
    """A house that leaves no room for a sentence and its plan."""

    exit_code = 78


class SessionEnded(DecodeError):
    """A session was used after its engine had opened another or read another prefix."""


class KeyValueState(Protocol):
    """What a model remembers of a fixed prefix. Never changes."""

    @property
    def length(self) -> int:
        """Tokens read."""

    @property
    def digest(self) -> str:
        """The digest of the model that read them."""

    def to_bytes(self) -> bytes:
        """All of it, for `Engine.load_state` of the same model."""


class Session(Protocol):
    """Tokens fed one after the other behind a prefix."""

    @property
    def length(self) -> int:
        """Tokens so far, the prefix included."""

    def append(self, ids: Sequence[int]) -> Floats:
        """Feed `ids` (at least one) at once; logits (V,) after the last. Raises CapacityExceeded, and then feeds nothing."""

    def append_scored(self, ids: Sequence[int], count: int) -> Floats:
        """The same; logits (`count` V) after each of the last `count`."""

    def rewind(self, count: int) -> None:
        """Forget the last `count` tokens; never those of the prefix. Raises InputError for more than there are."""

    def append_all(self, ids: Sequence[int]) -> Floats:
        """Feed `ids` one by one; logits (T, V) after each. Slow: the reference for `append`."""


class Engine(Protocol):
    """A causal language model with a key/value cache."""

    @property
    def vocabulary_size(self) -> int:
        """V, the length of the logits."""

    @property
    def digest(self) -> str:
        """Changes whenever the same ids could give other logits: a key for states kept on disk."""

    def prefill(self, ids: Sequence[int]) -> KeyValueState:
        """Read a fixed prefix (at least one token). Raises CapacityExceeded beyond the model's positions."""

    def load_state(self, data: bytes) -> KeyValueState:
        """The state that `to_bytes` wrote. Raises StateMismatch for another model's, or damaged bytes."""

    def session(self, prefix: KeyValueState | None, capacity: int, wanted: Collection[int] | None = None) -> Session:
        """A session for at most `capacity` tokens behind `prefix`. Logits of other tokens than those `wanted` are minus infinity,
        where that saves work. Raises CapacityExceeded beyond the model's positions."""
