"""Making training data: the same seed gives the same file, and what it was made of lies beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from octopus_hub.config.errors import InputError
from octopus_hub.daemon.cli_making import data_build, data_check, data_overlap
from octopus_hub.models.data.manifest import corpus_digest, manifest_path, split_tally
from octopus_hub.models.data.overlap import CORPUS
from octopus_hub.models.data.packs import read_packs
from octopus_hub.models.training.command import last_step

PATTERNS = "turn on the {d:light} ::: turn_on({d})\nwhat time is it ::: get_time()\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Two patterns, one sentence that means nothing, and the project's names."""
    folder = tmp_path / "corpus"
    for name, text in (("patterns", PATTERNS), ("negatives", "chat\tknock knock\n")):
        (folder / name).mkdir(parents=True)
        (folder / name / "ann.txt").write_text(text)
    (folder / "names").symlink_to(CORPUS / "names")
    return folder


def test_build_is_repeatable(corpus: Path, tmp_path: Path) -> None:
    """Seed and corpus decide the packs; the manifest counts them."""
    files = [tmp_path / "packs" / name for name in ("a.jsonl.gz", "b.jsonl.gz", "c.jsonl.gz")]
    for file, seed in zip(files, ("7", "7", "8"), strict=True):
        assert data_build(["--output", str(file), "--packs", "1", "--seed", seed, "--corpus", str(corpus)]) == 0
    first, same, other = ([(pack.prefix, pack.queries) for pack in read_packs(file)] for file in files)
    assert first == same != other
    made = json.loads(manifest_path(files[0]).read_text())
    assert (made["packs"], made["seed"], made["corpus_digest"]) == (1, 7, corpus_digest(corpus))
    assert made["sentences"] == sum(made["classes"].values()) == len(first[0][1])


def test_each_file_of_packs_has_its_own_manifest() -> None:
    """Whatever dots there are in its name."""
    names = [manifest_path(Path("packs", name)).name for name in ("run.1.jsonl.gz", "run.2.jsonl.gz", "run.jsonl.gz")]
    assert names == ["run.1.manifest.json", "run.2.manifest.json", "run.manifest.json"]


def test_build_wants_a_name_that_training_finds(corpus: Path, tmp_path: Path) -> None:
    """A file that training would pass over is refused before any work."""
    with pytest.raises(InputError, match=r"ends in \.jsonl\.gz"):
        data_build(["--output", str(tmp_path / "packs.json"), "--packs", "1", "--corpus", str(corpus)])


def test_check_tells_what_a_mask_refuses(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text that is not in the sentence can't be copied from it."""
    (corpus / "patterns" / "bob.txt").write_text('say hello ::: announce(message="goodbye")\n')
    assert data_check(["--corpus", str(corpus), "--houses", "12"]) == 1
    out = capsys.readouterr().out
    assert "refused by the mask: bob: say hello" in out
    assert "functions without a pattern: turn_off," in out


def test_overlap_is_told_by_line(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File, line, likeness, both texts; 1 where there is any."""
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "t.jsonl").write_text('{"id": "t-1", "text": "Knock knock!"}')
    arguments = ["--corpus", str(corpus), "--input", str(tmp_path / "test")]
    assert data_overlap([*arguments, "--least", "same"]) == 1
    assert capsys.readouterr().out.startswith("negatives/ann.txt:1: same: knock knock | t-1: Knock knock!\n")
    (tmp_path / "test" / "t.jsonl").write_text('{"id": "t-1", "text": "good night"}')
    assert data_overlap(arguments) == 0


def test_tally_is_split() -> None:
    """Classes, what was rejected, and functions, the most frequent first."""
    tally = {"chat": 1, "calls": 3, "rejected calls": 2, "function turn_on": 3}
    assert split_tally(tally) == ({"calls": 3, "chat": 1}, {"calls": 2}, {"turn_on": 3})


def test_corpus_digest_sees_every_change(corpus: Path) -> None:
    """Another word or another file name is another corpus."""
    before = corpus_digest(corpus)
    (corpus / "patterns" / "ann.txt").rename(corpus / "patterns" / "bea.txt")
    assert corpus_digest(corpus) != before


@pytest.mark.parametrize(
    ("log", "step"), [("", None), ('{"step": 1}\n{"step": 2}\n{"st', 2), ('{"step": 1}\n', 1), ('{"st', None), ("nonsense\n", None)]
)
def test_last_whole_line_of_a_log(tmp_path: Path, log: str, step: int | None) -> None:
    """The line that is being written does not count."""
    path = tmp_path / "log.jsonl"
    assert last_step(path) is None
    path.write_text(log)
    found = last_step(path)
    assert (found["step"] if found else None) == step
