"""The model card against what was built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from octopus_hub.config.errors import InputError
from octopus_hub.models.card import CARD, TEXT, card_text, check_against_card, make_card, read_score
from octopus_hub.models.engine import ModelError
from octopus_hub.models.graph import WEIGHTS
from octopus_hub.models.lora import NEW_ROWS, Adapter


def write_card(folder: Path, text: str) -> None:
    """A card with that text."""
    (folder / CARD).write_text(text, encoding="utf-8")


def test_no_card_expects_nothing(tmp_path: Path) -> None:
    """An adapter of one's own has no card."""
    check_against_card(tmp_path, "a", "d")


def test_another_adapter_is_not_spoken_of(tmp_path: Path) -> None:
    """The card of the shipped adapter says nothing of another."""
    write_card(tmp_path, json.dumps({"adapter_sha256": "other", "data_sha256": "x"}))
    check_against_card(tmp_path, "a", "d")


def test_the_build_the_card_expects_passes(tmp_path: Path) -> None:
    """Adapter and data as the card says."""
    write_card(tmp_path, json.dumps({"adapter_sha256": "a", "data_sha256": "d"}))
    check_against_card(tmp_path, "a", "d")


def test_another_build_is_refused(tmp_path: Path) -> None:
    """The same adapter with other data is told, with both digests."""
    write_card(tmp_path, json.dumps({"adapter_sha256": "a", "data_sha256": "x"}))
    with pytest.raises(ModelError, match=r"expected a build of SHA-256 x, as .*card\.json says, got d"):
        check_against_card(tmp_path, "a", "d")


@pytest.mark.parametrize("text", ["", "[]", "{}", "{"])
def test_a_damaged_card_is_told(tmp_path: Path, text: str) -> None:
    """A card that can't be read is an error, not no card."""
    write_card(tmp_path, text)
    with pytest.raises(ModelError, match="expected a model card"):
        check_against_card(tmp_path, "a", "d")


PACKS = [{"seed": 9, "corpus_sha256": "c" * 64, "home_assistant": "6 of 2026.10"}]
RUN = {"steps": 1200, "sentences": 60000, "minutes": 80, "rate": 0.001, "seed": 3, "started_from_sha256": "5" * 64, "commit": "abc"}
SHARE = {"count": 9, "of": 10, "share": 0.9, "low": 0.6, "high": 0.98}
NONE = {"count": 0, "of": 0, "share": 0.0, "low": 0.0, "high": 1.0}


def adapter(**metadata: str) -> Adapter:
    """One that changes nothing."""
    return Adapter(16, 32.0, "v", "a" * 64, {NEW_ROWS: np.zeros((0, 4), np.float16)}, metadata=metadata)


def report(**more: Any) -> str:
    """What `octopus bench accuracy --json` writes, in part."""
    asked = {"input": "tests/data/blind", "fill_to": 0}
    return json.dumps({"model": "m", "asked": asked, "right": SHARE, "false_actions": NONE, "reversed": SHARE, "p50_ms": 3, **more})


def test_a_card_tells_what_its_adapter_knows(tmp_path: Path) -> None:
    """Of the run, of what it lies between, and of the scores; in words too."""
    (tmp_path / "blind.json").write_text(report())
    scores = [read_score(tmp_path / "blind.json", "m")]
    card = make_card(adapter(trained=json.dumps({**RUN, "packs": PACKS}), mixed="0.4 of x, the rest of y"), "d" * 64, scores)
    assert json.loads(json.dumps(card)) == card
    text = card_text(card)
    assert "| built | SHA-256 dddd" in text
    assert "1,200 steps on 60,000 sentences in 80 minutes, highest rate 0.001, seed 3, commit abc; from the adapter 5555" in text
    assert "; then mixed: 0.4 of x, the rest of y |" in text
    assert "packs of seed 9: corpus cccccccccccc, Home Assistant 6 of 2026.10" in text
    assert text.endswith("| tests/data/blind | 90.0 % (9 of 10; 60.0 to 98.0) |  | 90.0 % (9 of 10; 60.0 to 98.0) |\n")


def test_an_adapter_of_which_nothing_is_known() -> None:
    """Has a card all the same, without scores."""
    text = card_text(make_card(adapter(), "d"))
    assert "| trained | nobody wrote down how |" in text
    assert "## Scores" not in text


def test_scores_are_those_of_the_model(tmp_path: Path) -> None:
    """Not another's, and not any file."""
    path = tmp_path / "report.json"
    path.write_text(report())
    with pytest.raises(InputError, match=r"expected scores of the model n in .*report\.json, got those of m"):
        read_score(path, "n")
    path.write_text("{}")
    with pytest.raises(InputError, match="expected a report of octopus bench accuracy"):
        read_score(path, "m")


def test_the_shipped_card_in_words() -> None:
    """Both halves say the same."""
    assert (WEIGHTS / TEXT).read_text(encoding="utf-8") == card_text(json.loads((WEIGHTS / CARD).read_text(encoding="utf-8")))
