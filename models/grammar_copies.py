"""Copied words in the grammar of plans: neighbouring words of the sentence, over punctuation. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from octopus_hub.models.grammar_states import Context, MustStay, State
from octopus_hub.models.tokens import Piece


@dataclass(frozen=True, eq=False)
class CopyStart(MustStay):
    """Copied words, from any word of the sentence on."""

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        starts = frozenset((n, 0) for n, piece in enumerate(context.pieces) if piece.is_word)
        return _copy_arcs(starts, 0, state, context)


@dataclass(frozen=True, eq=False)
class CopyPart:
    """Inside copied words: `places` are the (piece, token) positions last copied, all spelled alike so far."""

    places: frozenset[tuple[int, int]]
    words: int

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        following = set()
        for piece, token in self.places:
            if token + 1 < len(context.pieces[piece].ids):
                following.add((piece, token + 1))
            elif self.words < context.limits.copied_words and (word := next_word(context.pieces, piece)) is not None:
                following.add((word, 0))
        return _copy_arcs(frozenset(following), self.words, state, context)

    def leave(self, state: State, context: Context) -> State | None:
        ends = any(token + 1 == len(context.pieces[piece].ids) for piece, token in self.places)
        return state.then() if ends else None


def _copy_arcs(places: frozenset[tuple[int, int]], words: int, state: State, context: Context) -> dict[int, State]:
    by_id: dict[int, set[tuple[int, int]]] = {}
    for piece, token in places:
        by_id.setdefault(context.pieces[piece].ids[token], set()).add((piece, token))
    found = {}
    for i, same in by_id.items():
        begun = words + any(token == 0 for _, token in same)
        found[i] = state.then(CopyPart(frozenset(same), begun))
    return found


def next_word(pieces: tuple[Piece, ...], piece: int) -> int | None:
    """The position of the next word after `piece`, over punctuation."""
    return next((n for n in range(piece + 1, len(pieces)) if pieces[n].is_word), None)
