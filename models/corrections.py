"""What a house was taught: sentences with what they mean there. Those that are like a sentence are told before it."""

from __future__ import annotations

from collections.abc import Sequence

from octopus_hub.config.errors import InputError
from octopus_hub.config.plan import Correction
from octopus_hub.models.prompt import example_section
from octopus_hub.models.shards import words
from octopus_hub.models.tokens import FUNCTION_IDS, TextEncoder
from octopus_hub.models.writer import plan_ids

CORRECTIONS_TOLD = 3
CORRECTION_TOKENS = 96
"""What a sentence is preceded by, at most: about 1.5 ms a token."""


class Corrections:
    """Those of one house. Raises InputError for a function that the model has no token for."""

    def __init__(self, corrections: Sequence[Correction], encoder: TextEncoder) -> None:
        unknown = {call.function for c in corrections for call in c.plan.calls} - FUNCTION_IDS.keys()
        if unknown:
            raise InputError(f"expected corrections with functions that the model knows, got {', '.join(sorted(unknown))}")
        sections = [example_section(encoder.ids(c.text), plan_ids(c.plan, encoder)) for c in corrections]
        self._known = [(words(c.text), section) for c, section in zip(corrections, sections, strict=True)]

    def about(self, text: str) -> list[int]:
        """Token ids of the corrections that share words with `text`, the one that shares most last."""
        said = words(text)
        alike = [(len(said & known) / len(said | known), section) for known, section in self._known if said & known]
        told: list[int] = []
        for _, section in sorted(alike, key=lambda each: -each[0])[:CORRECTIONS_TOLD]:
            if len(told) + len(section) <= CORRECTION_TOKENS:
                told = [*section, *told]
        return told
