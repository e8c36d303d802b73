"""The sets of sentences in tests/data: what their READMEs count is there, and the blind one is blind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from octopus_hub.daemon.accuracy_cases import read_cases
from octopus_hub.daemon.cli_accuracy import BLIND_TEST
from octopus_hub.models.data.overlap import CORPUS, read_corpus, seen, words_of

OTHERS = [BLIND_TEST.parent / name for name in ("development", "households", "corrections")]


@pytest.mark.parametrize("folder", [BLIND_TEST, *OTHERS], ids=lambda folder: folder.name)
def test_readme_counts_its_sentences(folder: Path) -> None:
    """All can be read, ids are unique, and the README's first numbers are theirs."""
    cases = read_cases(folder)
    commands = sum(bool(case.expected) for case in cases)
    numbers = [len(cases), len({case.house.digest for case in cases}), commands, len(cases) - commands]
    assert len({case.id for case in cases}) == len(cases)
    told = re.sub(r"\s+", " ", (folder / "README.md").read_text(encoding="utf-8"))
    first = re.search(r"(\d+) sentences in (\d+) houses.*? (\d+) commands and questions .*? (\d+) sentences where nothing", told)
    assert first is not None
    assert [int(number) for number in first.groups()] == numbers


def test_blind_test_is_not_in_the_training_text() -> None:
    """Not one of its sentences is trained on word for word."""
    known = seen(read_corpus(CORPUS))
    assert [case.id for case in read_cases(BLIND_TEST) if words_of(case.text) in known] == []
