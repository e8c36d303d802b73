"""Targets in the grammar of plans: which devices are meant, by name, group, or noun with a place. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from octopus_hub.config.functions import Function, TargetRule
from octopus_hub.models.grammar_states import Context, MustStay, State
from octopus_hub.models.lexicon import Devices
from octopus_hub.models.tokens import Mark
from octopus_hub.models.trie import Either, Trie


@dataclass(frozen=True, eq=False)
class Target:
    """One selector or more. An optional target may be left out; a function without devices in this house has none."""

    function: Function

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return _selectors(self.function, state, context, MoreSelectors(self.function, 1, False))

    def leave(self, state: State, context: Context) -> State | None:
        return state.then() if self.function.target is TargetRule.OPTIONAL else None


@dataclass(frozen=True, eq=False)
class MoreSelectors:
    """After a selector: one more, or exceptions."""

    function: Function
    count: int
    excluding: bool

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        found = {}
        if self.count < context.limits.selectors:
            found[int(Mark.ALSO)] = state.then(OneSelector(self.function, self.count + 1, self.excluding))
            if not self.excluding:
                found[int(Mark.EXCEPT)] = state.then(OneSelector(self.function, self.count + 1, True))
        return found

    def leave(self, state: State, context: Context) -> State | None:
        return state.then()


@dataclass(frozen=True, eq=False)
class OneSelector(MustStay):
    """A selector that must come."""

    function: Function
    count: int
    excluding: bool

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return _selectors(self.function, state, context, MoreSelectors(self.function, self.count, self.excluding))


def _selectors(function: Function, state: State, context: Context, more: MoreSelectors) -> dict[int, State]:
    found: dict[int, State] = {}
    if names := context.names(function):
        found[Mark.DEVICE] = state.then(Name(names), more)
    if groups := context.lexicon.groups(function):
        found[Mark.GROUP] = state.then(GroupName(groups), more)
    if context.lexicon.nouns(function):
        found |= {int(mark): state.then(NounWord(function), more) for mark in (Mark.ONE, Mark.MANY, Mark.ALL)}
    return found


@dataclass(frozen=True, eq=False)
class Name:
    """Inside a device's name; several devices may share it."""

    node: Either[int]
    inside: bool = False

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {i: state.then(Name(child, True)) for i, child in self.node.children.items()}

    def leave(self, state: State, context: Context) -> State | None:
        if not self.node.values:
            return None
        meant = frozenset(self.node.values)
        areas = {context.lexicon.house.devices[i].area for i in meant}
        return state.then(Place(meant)) if len(areas) > 1 else state.then().selecting(meant)


@dataclass(frozen=True, eq=False)
class GroupName:
    """Inside a group's name."""

    node: Trie[Devices]
    inside: bool = False

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {i: state.then(GroupName(child, True)) for i, child in self.node.children.items()}

    def leave(self, state: State, context: Context) -> State | None:
        return state.then().selecting(frozenset().union(*self.node.values)) if self.node.values else None


@dataclass(frozen=True, eq=False)
class NounWord(MustStay):
    """A noun that means at least one device here."""

    function: Function

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {i: state.then(Place(devices)) for i, devices in context.lexicon.nouns(self.function).items()}


@dataclass(frozen=True, eq=False)
class Place:
    """Maybe a place in which at least one of `devices` is."""

    devices: Devices

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        found = {int(Mark.HERE): state.then().selecting(self.devices)}
        for mark in (Mark.IN, Mark.ON):
            if places := context.places(self.devices, mark):
                found[mark] = state.then(PlaceName(places, self.devices, mark))
        return found

    def leave(self, state: State, context: Context) -> State | None:
        return state.then().selecting(self.devices)


@dataclass(frozen=True, eq=False)
class PlaceName:
    """Inside the name of an area or floor."""

    node: Either[str]
    devices: Devices
    mark: Mark
    inside: bool = False

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {i: state.then(PlaceName(child, self.devices, self.mark, True)) for i, child in self.node.children.items()}

    def leave(self, state: State, context: Context) -> State | None:
        if not self.node.values:
            return None
        there = (context.there(self.devices, name, self.mark)[1] for name in self.node.values)
        return state.then().selecting(frozenset().union(*there))
