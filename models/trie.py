"""Tries over token ids whose ends carry a value. Immutable once built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Trie(Generic[T]):
    """One node: `children` by token id; `values` of the entries that end here (several where entries are spelled alike)."""

    __slots__ = ("children", "values")

    def __init__(self) -> None:
        self.children: dict[int, Trie[T]] = {}
        self.values: tuple[T, ...] = ()

    @classmethod
    def build(cls, entries: Iterable[tuple[Sequence[int], T]]) -> Trie[T]:
        """A trie of (ids, value) pairs; entries without ids are left out."""
        root = cls()
        for ids, value in entries:
            if not ids:
                continue
            node = root
            for i in ids:
                node = node.children.setdefault(i, cls())
            node.values = (*node.values, value)
        return root

    def __bool__(self) -> bool:
        """Does anything go on from here? A leaf, which has values only, is false."""
        return bool(self.children)

    def find(self, ids: Sequence[int]) -> tuple[T, ...]:
        """The values of the entries with exactly these ids."""
        node = self
        for i in ids:
            if i not in node.children:
                return ()
            node = node.children[i]
        return node.values

    def walk(self) -> Iterator[tuple[tuple[int, ...], tuple[T, ...]]]:
        """Every (ids, values) with values."""
        stack: list[tuple[tuple[int, ...], Trie[T]]] = [((), self)]
        while stack:
            ids, node = stack.pop()
            if node.values:
                yield ids, node.values
            stack.extend(((*ids, i), child) for i, child in node.children.items())


class Either(Generic[T]):
    """Several tries as one: the entries of all; of those spelled alike, the first trie's."""

    __slots__ = ("_nodes",)

    def __init__(self, nodes: Iterable[Trie[T]]) -> None:
        self._nodes = tuple(nodes)

    @property
    def children(self) -> dict[int, Either[T]]:
        """See `Trie`."""
        found: dict[int, list[Trie[T]]] = {}
        for node in self._nodes:
            for i, child in node.children.items():
                found.setdefault(i, []).append(child)
        return {i: Either(children) for i, children in found.items()}

    @property
    def values(self) -> tuple[T, ...]:
        """See `Trie`."""
        return next((node.values for node in self._nodes if node.values), ())

    def __bool__(self) -> bool:
        return any(self._nodes)

    def find(self, ids: Sequence[int]) -> tuple[T, ...]:
        """See `Trie.find`."""
        return next((values for node in self._nodes if (values := node.find(ids))), ())
