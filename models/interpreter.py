"""Text → plan for one house: prefix state, mask and decoder together. Blocking; use it from one thread.

Knows the house's names; nothing of states, adapters or where the speaker stands.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from octopus_hub.config.errors import HubError, InputError
from octopus_hub.config.function_table import FUNCTIONS
from octopus_hub.config.functions import Function
from octopus_hub.config.house import House
from octopus_hub.config.plan import Correction, Plan
from octopus_hub.models.corrections import CORRECTION_TOKENS, Corrections
from octopus_hub.models.decoder import decode
from octopus_hub.models.engine import Engine, HouseTooLarge, KeyValueState
from octopus_hub.models.lexicon import Lexicon
from octopus_hub.models.mask import HouseMask
from octopus_hub.models.prompt import text_prompt
from octopus_hub.models.reader import PlanReader
from octopus_hub.models.shards import TOKENS_TOLD, HousePrompt
from octopus_hub.models.spelling import Speller
from octopus_hub.models.tokens import TextEncoder

MAX_TEXT_TOKENS = 192
MAX_PLAN_TOKENS = 256
MAX_SENTENCE_TOKENS = TOKENS_TOLD + CORRECTION_TOKENS + MAX_TEXT_TOKENS + MAX_PLAN_TOKENS
"""What is fed after the prefix."""
MAX_HOUSE_TOKENS = 8_192 - MAX_SENTENCE_TOKENS
"""What the base's 8,192 positions leave for the house's prefix."""
KEPT_PREFIXES = 4
"""Files that stay in the cache, those used last: one is some 20 MB for a house of 60 devices."""

logger = logging.getLogger(__name__)


class Interpreter:
    """Understands sentences in a house. `cache` is a folder for prefix states, one file a house and model; `functions` are those
    that the model knows."""

    def __init__(
        self, engine: Engine, encoder: TextEncoder, cache: Path | None = None, functions: Sequence[Function] = FUNCTIONS
    ) -> None:
        self._engine = engine
        self._encoder = encoder
        self._cache = cache
        self.functions = functions
        self._cannot: Mapping[str, frozenset[str]] = {}
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
        """Compile the mask and read the house, from the cache if it was read before. The old house stays if this raises.

        Raises HouseTooLarge, VocabularyMismatch.
        """
        prompt = HousePrompt(house, self._encoder)
        if len(prompt.prefix) > MAX_HOUSE_TOKENS:
            raise HouseTooLarge(too_large(len(prompt.prefix), house))
        mask = HouseMask(Lexicon(house, self._encoder, self.functions, self._cannot))
        prefix = self._prefix_state(prompt.prefix)
        self._engine.session(prefix, MAX_SENTENCE_TOKENS, ())  # raises now where no sentence would fit
        self._mask, self._prompt, self._prefix = mask, prompt, prefix
        self._speller = Speller(house, self._encoder)

    def leave_out(self, cannot: Mapping[str, frozenset[str]]) -> None:
        """From now on these devices, by id, are known not to do these functions. What was read of the house stays as it is."""
        self._cannot = cannot
        if self._mask is not None:
            self._mask = HouseMask(Lexicon(self._mask.lexicon.house, self._encoder, self.functions, cannot))

    def learn(self, corrections: Sequence[Correction]) -> None:
        """From now on sentences mean what these say, and nothing of what was learnt before."""
        self._corrections = Corrections(corrections, self._encoder)

    def interpret(self, text: str, deadline_s: float = float("inf")) -> Plan:
        """The plan for `text`. Raises InputError for text that is empty, too long or not Unicode, DeadlineExceeded."""
        if self._mask is None or self._prompt is None or self._speller is None:
            raise InputError("expected a house before a sentence, got none")
        deadline = time.monotonic() + deadline_s
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise InputError("expected a sentence, got half of a surrogate pair in it")
        meant, pieces = self._speller.read(text)
        prompt = text_prompt(i for piece in pieces for i in piece.ids)
        if not any(piece.ids for piece in pieces):
            raise InputError("expected a sentence, got no words")
        if len(prompt) > MAX_TEXT_TOKENS:
            raise InputError(f"expected a sentence of at most {MAX_TEXT_TOKENS} tokens, got {len(prompt)}")
        prompt = [*self._prompt.about(meant), *self._corrections.about(meant), *prompt]
        wanted = self._mask.lexicon.token_ids.union(*(piece.ids for piece in pieces))
        session = self._engine.session(self._prefix, len(prompt) + MAX_PLAN_TOKENS, wanted)
        decoded = decode(session, self._mask.walk(pieces), prompt, deadline)
        plan = PlanReader(decoded.ids, self._mask.lexicon, text, pieces).read()
        return replace(plan, confidence=decoded.confidence, mass=decoded.mass)

    def _prefix_state(self, ids: list[int]) -> KeyValueState:
        if self._cache is None:
            return self._engine.prefill(ids)
        key = hashlib.sha256(f"{self._engine.digest} {ids}".encode()).hexdigest()[:32]
        path = self._cache / f"{key}.prefix"
        state = self._cached(path)
        if state is None:
            state = self._engine.prefill(ids)
            self._keep(path, state)
        return state

    def _cached(self, path: Path) -> KeyValueState | None:
        """The state in the file; None where there is none, or one that is damaged."""
        try:
            data = path.read_bytes()
            with suppress(OSError):
                path.touch()
            return self._engine.load_state(data)
        except FileNotFoundError:
            return None
        except (OSError, HubError) as error:
            logger.warning("prefix state not used, the house is read again file=%s: %s", path, error)
            return None

    def _keep(self, path: Path, state: KeyValueState) -> None:
        """Write the state, whole or not at all, and remove those unused for longest. A full disk costs time, not the house."""
        temporary = path.with_suffix(".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(state.to_bytes())
            temporary.replace(path)
            for old in sorted(path.parent.iterdir(), key=lambda file: file.stat().st_mtime_ns, reverse=True)[KEPT_PREFIXES:]:
                old.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("prefix state not kept, the next start is slower file=%s: %s", path, error)
            with suppress(OSError):
                temporary.unlink()


def too_large(tokens: int, house: House) -> str:
    """What is said of a house that does not fit the model."""
    places = f"{len(house.areas)} areas and {len(house.groups)} groups"
    return (
        f"expected a house of at most {MAX_HOUSE_TOKENS} tokens of the model's prompt, got {tokens} for {places}; "
        "leave out those that nobody speaks of"
    )
