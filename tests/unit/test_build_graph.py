"""The committed graph: small, without weights, and in step with the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from octopus_hub.models.engine import ModelError
from octopus_hub.models.graph import GRAPH, LAYOUT, WEIGHTS, Part, read_layout
from octopus_hub.models.tokens import VOCABULARY_SIZE
from octopus_hub.models.training.export import EIGHT_BITS


def test_committed_graph() -> None:
    """Graph and layout are there, small, of this program's vocabulary, and store in 8 bits what the exporter says."""
    assert (WEIGHTS / GRAPH).stat().st_size < 500_000
    layout = read_layout(WEIGHTS / LAYOUT)
    assert layout.shape.vocabulary == VOCABULARY_SIZE
    assert layout.data_bytes < 110_000_000
    assert {t.source for t in layout.tensors if t.bits == 8} == EIGHT_BITS
    assert {t.bits for t in layout.tensors if t.part is Part.CODES} == {4, 8}


def test_layout_round_trips(tmp_path: Path) -> None:
    """A layout comes back from its JSON."""
    layout = read_layout(WEIGHTS / LAYOUT)
    (tmp_path / LAYOUT).write_text(layout.to_json())
    assert read_layout(tmp_path / LAYOUT) == layout


@pytest.mark.parametrize("content", ["", "{}", '{"shape": {}, "tensors": []}', "[]"])
def test_other_files_are_no_layout(tmp_path: Path, content: str) -> None:
    """A file that is no layout is an error that names it."""
    (tmp_path / LAYOUT).write_text(content)
    with pytest.raises(ModelError, match=r"expected the layout of a graph in .*layout\.json"):
        read_layout(tmp_path / LAYOUT)
