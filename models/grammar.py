"""The grammar of plans as a pushdown automaton over token ids: pure, no I/O, no model.

A `State` is a stack of symbols and the devices selected so far in the current call. Each symbol says which ids it accepts and what
state follows each; a symbol that may be left (a complete name, an optional argument) also accepts whatever the state after leaving
it accepts. Ids of the two never clash: names, words and numbers are base tokens, everything that may follow them is an added one.

    plan     := call (NEXT call)* END | GIVE_UP reason END                GIVE_UP is accepted at every choice
    call     := function [target] (parameter value)* [AFTER duration | AT copy | FOR duration]
    target   := selector (ALSO selector)* [EXCEPT selector (ALSO selector)*]
    selector := DEVICE name [place, if the name repeats] | GROUP name | (ONE | MANY | ALL) noun [place]
    place    := (IN | ON) (area | floor) | HERE
    value    := number [unit] | word | copied words | duration | read-function call CLOSE
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from octopus_hub.models.grammar_copies import CopyStart
from octopus_hub.models.grammar_states import NOTHING, Context, MustStay, State, Symbol
from octopus_hub.models.grammar_targets import GroupName, Name, NounWord, OneSelector, PlaceName, Target
from octopus_hub.models.grammar_values import Digits, ValueStart, WordIn, function_body
from octopus_hub.models.lexicon import Lexicon
from octopus_hub.models.tokens import REASON_IDS, Mark


def start() -> State:
    """Before the first token of a plan."""
    return State((CallStart(),))


def is_final(state: State) -> bool:
    """May nothing follow?"""
    return not state.stack


def arcs(state: State, context: Context) -> dict[int, State]:
    """Every id accepted in `state`, with the state after it. Empty only for a final state."""
    found: dict[int, State] = {}
    here: State | None = state
    while here is not None and here.stack:
        symbol = here.stack[-1]
        found |= symbol.arcs(here, context)
        here = symbol.leave(here, context)
    if state.stack and not isinstance(state.stack[-1], (ReasonWord, End)) and (len(found) != 1 or _begins_choice(state.stack[-1])):
        found[Mark.GIVE_UP] = State((End(), ReasonWord()))
    return found


def _begins_choice(symbol: Symbol) -> bool:
    """Is this where a meaning is chosen, so that even a single possibility must not be forced?"""
    if isinstance(symbol, (Name, GroupName, PlaceName, WordIn)):
        return not symbol.inside
    return isinstance(symbol, (CallStart, Target, OneSelector, NounWord, ValueStart, CopyStart)) or symbol == Digits()


@dataclass(frozen=True, eq=False)
class CallStart(MustStay):
    """A function of the house."""

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        below, calls = state.stack[:-1], state.calls
        return {i: State(below + body, NOTHING, calls) for i, body in _bodies(context.lexicon).items()}


@lru_cache(maxsize=4)
def _bodies(lexicon: Lexicon) -> dict[int, tuple[Symbol, ...]]:
    """What follows each function of a house, as on a stack, the next one last: the same in every sentence."""
    rest = (WhenMaybe(), AfterCall())
    return {i: function_body(function, rest)[::-1] for i, function in lexicon.function_ids.items()}


@dataclass(frozen=True, eq=False)
class AfterCall(MustStay):
    """Another call, or the end."""

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        found = {int(Mark.END): state.then()}
        if state.calls + 1 < context.limits.calls:
            found[Mark.NEXT] = state.then(CallStart())._replace(calls=state.calls + 1)
        return found


@dataclass(frozen=True, eq=False)
class ReasonWord(MustStay):
    """Why nothing is done."""

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {int(i): state.then() for i in REASON_IDS.values()}


@dataclass(frozen=True, eq=False)
class End(MustStay):
    """The end token alone."""

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {int(Mark.END): state.then()}


@dataclass(frozen=True, eq=False)
class WhenMaybe:
    """Maybe not now."""

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        found: dict[int, State] = {int(Mark.AFTER): state.then(Digits()), int(Mark.FOR): state.then(Digits())}
        if any(piece.is_word for piece in context.pieces):
            found[Mark.AT] = state.then(CopyStart())
        return found

    def leave(self, state: State, context: Context) -> State | None:
        return state.then()
