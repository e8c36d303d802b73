"""Packs and their files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from octopus_hub.models.data.packs import Pack, read_packs, write_packs

PACKS = [Pack([1, 2, 3], [([4, 5], [6, 7, 8]), ([9], [10])]), Pack([1], [([2], [3])])]


def test_file_gives_back_what_was_written(tmp_path: Path) -> None:
    """In order, and counted."""
    assert write_packs(tmp_path / "a.jsonl.gz", iter(PACKS)) == 2
    assert list(read_packs(tmp_path / "a.jsonl.gz")) == PACKS


def test_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    """A run that is cut off leaves no file that training would take."""

    def cut_off() -> Iterator[Pack]:
        yield PACKS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_packs(tmp_path / "a.jsonl.gz", cut_off())
    assert not list(tmp_path.glob("*.gz"))


def test_older_file_is_replaced(tmp_path: Path) -> None:
    """Writing again leaves the new packs only."""
    path = tmp_path / "a.jsonl.gz"
    write_packs(path, iter(PACKS))
    write_packs(path, iter(PACKS[:1]))
    assert list(read_packs(path)) == PACKS[:1]
