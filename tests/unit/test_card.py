"""The model card against what was built."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from octopus_hub.models.card import CARD, check_against_card
from octopus_hub.models.engine import ModelError


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
