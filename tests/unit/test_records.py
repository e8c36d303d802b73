"""Files that grow line by line: what was cut off is passed over, and nothing that comes after it is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.corpus import names
from support.model_houses import encoder

from octopus_hub.config.plan import Plan
from octopus_hub.models.data.examples import Corpus
from octopus_hub.models.data.verify import Examples, Line, Outcome, judge, read_verdicts
from octopus_hub.models.records import open_to_append, read_records
from octopus_hub.models.training.curves import draw_curves

GREETINGS = (Line("negatives/ann.txt:1", "chat\thello there"), Line("negatives/ann.txt:2", "chat\tgood morning"))


class Agreeable:
    """A judge who finds all as it should be."""

    async def agrees(self, text: str, plan: Plan) -> bool:
        """Always."""
        return True

    async def rewritten(self, line: str, plan: Plan) -> str:
        """Never asked."""
        raise AssertionError("a line that is right was to be written anew")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"", []),
        (b'{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}\n{"a": 2', [{"a": 1}]),
        (b'{"a": 1}\n{"a\n{"a": 3}\n', [{"a": 1}, {"a": 3}]),
        (b'{"a": 1}\n1\n', [{"a": 1}]),
        ('{"a": "é"}\n{"a": "é'.encode()[:-1], [{"a": "é"}]),
    ],
)
def test_a_line_that_was_cut_off_is_none(tmp_path: Path, text: bytes, found: list[dict[str, object]]) -> None:
    """In the middle of a name, a number or a letter, at the end of the file or before another run's lines."""
    path = tmp_path / "log.jsonl"
    assert read_records(path) == []
    path.write_bytes(text)
    assert read_records(path) == found


@pytest.mark.parametrize(
    ("before", "after"), [("", "{}\n"), ('{"a": 1}\n', '{"a": 1}\n{}\n'), ('{"a": 1}\n{"a', '{"a": 1}\n{"a\n{}\n')]
)
def test_what_is_appended_has_a_line_of_its_own(tmp_path: Path, before: str, after: str) -> None:
    """Behind a line that was cut off; nowhere else is a line left empty."""
    path = tmp_path / "log.jsonl"
    if before:
        path.write_text(before, encoding="utf-8")
    with open_to_append(path) as file:
        file.write("{}\n")
    assert path.read_text(encoding="utf-8") == after


async def test_verdicts_after_one_that_was_cut_off(tmp_path: Path) -> None:
    """They are kept; the one that was cut off is made again, the others are not."""
    path = tmp_path / "verdicts.jsonl"

    async def judged(*lines: Line) -> None:
        examples = Examples(Corpus([], [], names()), encoder(), seed=1, houses=0)
        await judge(lines, examples, Agreeable(), path, tries=0, at_once=1, advance=lambda: None)

    await judged(GREETINGS[0])
    path.write_bytes(path.read_bytes()[:-9])
    await judged(GREETINGS[1])
    assert read_verdicts(path) == {(GREETINGS[1].place, GREETINGS[1].text): (Outcome.KEPT, GREETINGS[1].text)}
    await judged(*GREETINGS)
    assert read_verdicts(path) == {(line.place, line.text): (Outcome.KEPT, line.text) for line in GREETINGS}
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3


def test_curves_of_a_run_that_was_cut_off(tmp_path: Path) -> None:
    """They are drawn from the lines that are whole."""
    pytest.importorskip("matplotlib", reason="needs the extra [train]")
    log, output = tmp_path / "log.jsonl", tmp_path / "curves.png"
    log.write_text('{"step": 1, "loss": 2.0, "right": 0.5}\n{"step": 2, "lo', encoding="utf-8")
    with open_to_append(log) as file:
        file.write(json.dumps({"step": 2, "loss": 1.5, "right": 0.6}) + "\n")
    draw_curves(log, output)
    assert output.read_bytes()[:4] == b"\x89PNG"
