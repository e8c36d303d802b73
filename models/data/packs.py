"""A pack: one house prefix with many sentences and their plans, the unit of training; and its file, one JSON array a line."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".jsonl.gz"
"""What the names of its files end in."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Token ids: the prefix, and (text prompt, response) pairs."""

    prefix: list[int]
    queries: list[tuple[list[int], list[int]]]


def write_packs(path: Path, packs: Iterator[Pack]) -> int:
    """Write packs to a gzipped file, under a temporary name until it is whole; returns how many."""
    temporary = path.with_suffix(".part")
    count = 0
    with gzip.open(temporary, "wt", compresslevel=3) as file:
        for pack in packs:
            file.write(json.dumps([pack.prefix, pack.queries], separators=(",", ":")) + "\n")
            count += 1
    temporary.replace(path)
    return count


def read_packs(path: Path) -> Iterator[Pack]:
    """The packs of a file, in order."""
    with gzip.open(path, "rt") as file:
        for line in file:
            prefix, queries = json.loads(line)
            yield Pack(prefix, [(text, response) for text, response in queries])
