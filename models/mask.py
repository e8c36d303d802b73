"""The conditional mask: which token ids may come next while a plan is decoded for one house and one sentence.

Fails closed: an id that is not allowed raises, and a vocabulary with a state that has no way out is refused when it is built.
Pure: no model, no I/O.
"""

from __future__ import annotations

from collections.abc import Sequence

from octopus_hub.config.errors import VocabularyMismatch
from octopus_hub.config.functions import ValueType
from octopus_hub.models.grammar import arcs, is_final, start
from octopus_hub.models.grammar_states import LIMITS, Context, Limits
from octopus_hub.models.lexicon import Lexicon
from octopus_hub.models.tokens import Mark, Piece


class HouseMask:
    """The mask of one house. Raises VocabularyMismatch if some function could be begun but never completed."""

    def __init__(self, lexicon: Lexicon, limits: Limits = LIMITS) -> None:
        self.lexicon = lexicon
        self._limits = limits
        for function in lexicon.functions.values():
            for parameter in function.parameters:
                if parameter.type is ValueType.CHOICE and not lexicon.words(parameter, frozenset()):
                    raise VocabularyMismatch(f"function {function.name}: parameter {parameter.name} has no choices")

    def walk(self, pieces: tuple[Piece, ...]) -> Walk:
        """A new walk for a sentence."""
        return Walk(Context(self.lexicon, pieces, self._limits))


class Walk:
    """One path through the mask, from the first token of a plan to its end."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = start()
        self._arcs = arcs(self._state, context)
        self.ids: list[int] = []

    @property
    def allowed(self) -> list[int]:
        """Ids that may come next; empty only at the end."""
        return [int(token) for token in self._arcs]

    @property
    def said(self) -> list[int]:
        """Those of `allowed` that begin or continue a device's name that stands in the sentence word for word."""
        if Mark.DEVICE not in self.ids:
            return []
        since = self.ids[len(self.ids) - self.ids[::-1].index(Mark.DEVICE) :]
        return [int(token) for token in self._arcs if (*since, token) in self._context.said_names]

    @property
    def is_done(self) -> bool:
        """Is the plan complete?"""
        return is_final(self._state)

    def after(self, ids: Sequence[int]) -> Walk:
        """Another walk for the same sentence, with `ids` taken. Raises ValueError if one of them is not allowed."""
        walk = Walk(self._context)
        for token in ids:
            walk.advance(token)
        return walk

    def advance(self, token: int) -> None:
        """Take `token`. Raises ValueError if it is not allowed here."""
        if token not in self._arcs:
            raise ValueError(f"token {token} is not allowed after {self.ids}")
        self._state = self._arcs[token]
        self._arcs = arcs(self._state, self._context)
        self.ids.append(token)

    def advance_forced(self) -> list[int]:
        """Take every token that is the only one allowed, up to the next choice or the end, and return them."""
        taken = []
        while len(self._arcs) == 1:
            (token,) = self.allowed
            self.advance(token)
            taken.append(token)
        return taken
