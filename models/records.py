"""Files of JSON objects, one a line, that grow as something goes on and may be cut off in the middle of a line."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO


def read_records(path: Path) -> list[dict[str, Any]]:
    """The objects of the file, none where there is no file yet. A line that was cut off is none."""
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else ():
        with suppress(ValueError):
            record = json.loads(line)
            if isinstance(record, dict):
                found.append(record)
    return found


def open_to_append(path: Path) -> TextIO:
    """The file, behind a line of its own where the last one was cut off."""
    file = path.open("a+", encoding="utf-8")
    if file.tell() and path.read_bytes()[-1:] != b"\n":
        file.write("\n")
    return file
