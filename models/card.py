"""The machine-readable half of the model card: which adapter it speaks of, and what a build of it must come to."""

from __future__ import annotations

import json
from pathlib import Path

from octopus_hub.models.engine import ModelError

CARD = "card.json"


def check_against_card(folder: Path, adapter_digest: str, data_digest: str) -> None:
    """Raise ModelError where the card in `folder` speaks of this adapter and expects other data. No card, nothing to check."""
    path = folder / CARD
    if not path.exists():
        return
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        adapter, data = card["adapter_sha256"], card["data_sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"expected a model card in {path}, got a file that is none: {error}") from error
    if adapter == adapter_digest and data != data_digest:
        raise ModelError(f"expected a build of SHA-256 {data}, as {path} says, got {data_digest}")
