"""Decoding without the mask, to measure what the mask is worth; the daemon never does.

The likeliest token of the whole vocabulary is taken until the end token. What comes out counts only if the mask would have let it
through, token by token; anything else is no plan and raises.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from octopus_hub.config.errors import DeadlineExceeded, DecodeError, InputError
from octopus_hub.config.house import House
from octopus_hub.config.plan import Correction, Plan
from octopus_hub.models.corrections import Corrections
from octopus_hub.models.decoder import Decoded, Feed
from octopus_hub.models.engine import Engine, KeyValueState
from octopus_hub.models.interpreter import MAX_PLAN_TOKENS, MAX_TEXT_TOKENS
from octopus_hub.models.lexicon import Lexicon
from octopus_hub.models.mask import HouseMask, Walk
from octopus_hub.models.prompt import text_prompt
from octopus_hub.models.reader import PlanReader
from octopus_hub.models.shards import HousePrompt
from octopus_hub.models.spelling import Speller
from octopus_hub.models.tokens import Mark, TextEncoder


class Malformed(DecodeError):
    """What was written without a mask is no plan for this house and sentence."""


class UnmaskedInterpreter:
    """As `octopus_hub.models.interpreter.Interpreter`, without the mask."""

    def __init__(self, engine: Engine, encoder: TextEncoder) -> None:
        self._engine = engine
        self._encoder = encoder
        self._corrections = Corrections((), encoder)
        self._mask: HouseMask | None = None
        self._prompt: HousePrompt | None = None
        self._speller: Speller | None = None
        self._prefix: KeyValueState | None = None

    @property
    def model_digest(self) -> str:
        """The digest of the model that it asks."""
        return self._engine.digest

    def set_house(self, house: House) -> None:
        """Read the house; nothing is cached."""
        mask = HouseMask(Lexicon(house, self._encoder))
        prompt = HousePrompt(house, self._encoder)
        self._prefix = self._engine.prefill(prompt.prefix)
        self._mask, self._prompt, self._speller = mask, prompt, Speller(house, self._encoder)

    def learn(self, corrections: Sequence[Correction]) -> None:
        """From now on sentences mean what these say."""
        self._corrections = Corrections(corrections, self._encoder)

    def interpret(self, text: str, deadline_s: float = float("inf")) -> Plan:
        """The plan for `text`; its mass is 1. Raises Malformed, InputError for text that is too long, DeadlineExceeded."""
        if self._mask is None or self._prompt is None or self._speller is None:
            raise InputError("expected a house before a sentence, got none")
        meant, pieces = self._speller.read(text)
        prompt = text_prompt(i for piece in pieces for i in piece.ids)
        if not pieces or len(prompt) > MAX_TEXT_TOKENS:
            raise InputError(f"expected a sentence of at most {MAX_TEXT_TOKENS} tokens, got {len(prompt)}")
        prompt = [*self._prompt.about(meant), *self._corrections.about(meant), *prompt]
        session = self._engine.session(self._prefix, len(prompt) + MAX_PLAN_TOKENS)
        decoded = decode_unmasked(session, prompt, MAX_PLAN_TOKENS, time.monotonic() + deadline_s)
        accept(self._mask.walk(pieces), decoded.ids)
        plan = PlanReader(decoded.ids, self._mask.lexicon, text, pieces).read()
        return Plan(plan.calls, plan.refusal, decoded.confidence, decoded.mass)


def decode_unmasked(feed: Feed, prompt: Sequence[int], limit: int, deadline: float = float("inf")) -> Decoded:
    """The likeliest id of all, one a step, up to the end token. Raises Malformed after `limit` ids, DeadlineExceeded."""
    ids: list[int] = []
    confidence = 1.0
    pending = list(prompt)
    while len(ids) < limit:
        if time.monotonic() > deadline:
            raise DeadlineExceeded(f"expected a plan by the deadline, got {len(ids)} tokens of one")
        logits = feed.append(pending)
        best = int(logits.argmax())
        confidence /= float(np.exp(logits - logits[best]).sum())
        ids.append(best)
        if best == Mark.END:
            return Decoded(tuple(ids), confidence, 1.0, len(ids))
        pending = [best]
    raise Malformed(f"expected the end of a plan, got {limit} tokens without one")


def accept(walk: Walk, ids: Sequence[int]) -> None:
    """Take `ids` to the end of the plan. Raises Malformed where the mask would not."""
    for position, token in enumerate(ids):
        try:
            walk.advance(token)
        except ValueError as error:
            raise Malformed(f"expected a token that the mask allows at {position}, got {token}") from error
    if not walk.is_done:
        raise Malformed(f"expected a whole plan, got {len(ids)} tokens of one")
