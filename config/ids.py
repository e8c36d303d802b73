"""Device ids made from names: stable, readable, unique. The same names in the same order give the same ids."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence


def slug(name: str) -> str:
    """Lower-case ASCII letters, digits and single underscores; accents are dropped; empty where nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")


def assign_ids(wanted: Sequence[tuple[str | None, str, str]]) -> list[str]:
    """An id for each (id, name, kind): the id where there is one, else the name's slug, else the kind's; then `_2`, `_3`, …

    Given ids come first, so that none of them is taken by a device that has none. A device added at the end changes no
    earlier id. Given ids are not checked for being unique.
    """
    taken = {given for given, _, _ in wanted if given is not None}
    ids = []
    for given, name, kind in wanted:
        chosen = given if given is not None else _free(slug(name) or slug(kind) or "device", taken)
        taken.add(chosen)
        ids.append(chosen)
    return ids


def _free(stem: str, taken: set[str]) -> str:
    chosen, number = stem, 1
    while chosen in taken:
        number += 1
        chosen = f"{stem}_{number}"
    return chosen
