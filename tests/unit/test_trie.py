"""Tries over token ids."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from octopus_hub.models.trie import Trie

IDS = st.lists(st.integers(0, 3), max_size=4).map(tuple)


def test_entry_that_begins_another() -> None:
    """An end inside a longer entry carries its value."""
    trie = Trie.build([((1,), "Lamp"), ((1, 2), "Lamp 2")])
    assert trie.children[1].values == ("Lamp",)
    assert trie.find((1, 2)) == ("Lamp 2",)


def test_entries_spelled_alike() -> None:
    """They share an end, in their order."""
    assert Trie.build([((1, 2), "a"), ((1, 2), "b")]).find((1, 2)) == ("a", "b")


def test_what_is_not_there() -> None:
    """Beginnings, longer ids and other ids find nothing."""
    trie = Trie.build([((1, 2), "a")])
    assert [trie.find(ids) for ids in ((), (1,), (1, 2, 3), (7,))] == [()] * 4


def test_entry_without_ids() -> None:
    """It is left out: nothing can be written for it."""
    assert not Trie.build([((), "a")])


@given(st.lists(st.tuples(IDS, st.integers(0, 9)), max_size=12))
@settings(max_examples=50, deadline=None)
def test_walk_gives_every_entry(entries: list[tuple[tuple[int, ...], int]]) -> None:
    """Walking a trie gives back what it was built from, grouped by ids; finding each gives the same."""
    expected: dict[tuple[int, ...], tuple[int, ...]] = {}
    for ids, value in entries:
        if ids:
            expected[ids] = (*expected.get(ids, ()), value)
    trie = Trie.build(entries)
    assert dict(trie.walk()) == expected
    assert all(trie.find(ids) == values for ids, values in expected.items())
