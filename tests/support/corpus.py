"""The committed corpus, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from octopus_hub.models.data.examples import Corpus
from octopus_hub.models.data.houses import Names

FOLDER = Path(__file__).resolve().parents[2] / "models" / "data" / "corpus"


@cache
def corpus() -> Corpus:
    """Patterns, negatives and names; parsing all takes seconds."""
    return Corpus.read(FOLDER)


@cache
def names() -> Names:
    """The word lists alone."""
    return Names(FOLDER / "names")
