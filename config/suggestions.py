"""What to tell somebody who wrote a word that is not known: the nearest one, else the known ones."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SHOWN_AT_MOST = 16


def near_miss(word: str, known: Iterable[str]) -> str:
    """The end of a message, with its semicolon: the known word that was probably meant, or nothing."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(word.casefold(), by_folded, n=1)
    return f"; did you mean {by_folded[near[0]]!r}?" if near else ""


def alternatives(word: str, known: Iterable[str]) -> str:
    """The end of a message: the near miss if there is one, else all known words if they are few, else nothing."""
    words = list(dict.fromkeys(known))
    fallback = f"; expected {one_of(words)}" if 0 < len(words) <= SHOWN_AT_MOST else ""
    return near_miss(word, words) or fallback


def one_of(words: Iterable[str]) -> str:
    """The words as a choice: "a, b or c"."""
    *rest, last = words
    return f"{', '.join(rest)} or {last}" if rest else last
