"""What a file of packs was made of, beside it as JSON: enough to make the same file again."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from octopus_hub.models.data.packs import SUFFIX

FUNCTION, REJECTED = "function ", "rejected "
"""What keys of a pack maker's tally begin with."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Counts are of sentences; `classes` are "calls" and the reasons, `rejected` what the mask did not let through.

    `home_assistant` says how many samples of each block of which version of its intents were taken beside the corpus.
    """

    packs: int
    sentences: int
    seed: int
    corpus_digest: str
    home_assistant: str | None
    vocabulary_digest: str
    tokenizer_digest: str
    commit: str | None
    classes: Mapping[str, int]
    rejected: Mapping[str, int]
    functions: Mapping[str, int]

    def to_json(self) -> str:
        """For the file."""
        return json.dumps({"schema": 1, **asdict(self)}, indent=1) + "\n"


def split_tally(tally: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Classes, rejected and functions of a pack maker's tally, the most frequent first."""
    ordered = sorted(tally.items(), key=lambda item: (-item[1], item[0]))
    functions = {key.removeprefix(FUNCTION): count for key, count in ordered if key.startswith(FUNCTION)}
    rejected = {key.removeprefix(REJECTED): count for key, count in ordered if key.startswith(REJECTED)}
    classes = {key: count for key, count in ordered if not key.startswith((FUNCTION, REJECTED))}
    return classes, rejected, functions


def manifest_path(packs: Path) -> Path:
    """`a.jsonl.gz` has its manifest in `a.manifest.json`."""
    return packs.with_name(f"{packs.name.removesuffix(SUFFIX)}.manifest.json")


def corpus_digest(folder: Path) -> str:
    """SHA-256, in hex, over the names and contents of the corpus's files."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*.txt")):
        total.update(f"{path.relative_to(folder).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def commit_of(folder: Path) -> str | None:
    """The commit that is checked out there, with "+" where files differ from it; None without git."""
    try:
        head = _git(folder, "rev-parse", "HEAD")
        return head + ("+" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.strip()
