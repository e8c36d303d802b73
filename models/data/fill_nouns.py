"""What the nouns of a pattern can mean in one house, function by function."""

from __future__ import annotations

from dataclasses import replace

from octopus_hub.config.function_table import by_name
from octopus_hub.config.house import Device, House
from octopus_hub.config.kinds import noun_by_name
from octopus_hub.models.data.patterns import CallTemplate, SelectorTemplate

FALLBACK_NOUNS = {
    "TV": ("media player",), "speaker": ("media player",), "outlet": ("switch",),
    "blind": ("shade", "shutter", "cover"), "shade": ("blind", "shutter", "cover"), "shutter": ("blind", "shade", "cover"),
    "curtain": ("blind", "shade", "cover"), "window": ("window sensor",), "door": ("door sensor", "lock"),
    "window sensor": ("window",), "door sensor": ("door",), "receiver": ("media player",),
}  # fmt: skip
"""What a noun may mean where the house has none of it; a general noun only for devices without a class of their own."""

NEEDS_A_DEVICE = frozenset({"announce", "play_media", "clean_area", "todo_add", "todo_remove", "todo_complete", "todo_read",
                            "navigate_to", "get_weather"})  # fmt: skip
"""Functions whose target may be left out, but not in a house that has nothing for them."""


class Unfit(Exception):
    """The house has nothing for a part of the pattern; `function` is the call that cannot be completed."""

    def __init__(self, function: str) -> None:
        super().__init__(function)
        self.function = function


class HouseNouns:
    """The devices of a house by function and noun."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._by_noun: dict[tuple[str, str], list[Device]] = {}

    def supported(self, function: str) -> list[Device]:
        """What `function` can act on."""
        return [d for d in self._house.devices if by_name()[function].takes(d)]

    def meant(self, function: str, noun: str) -> list[Device]:
        """What `function` can act on and `noun` can mean."""
        key = (function, noun)
        if key not in self._by_noun:
            wanted = noun_by_name(noun)
            self._by_noun[key] = [d for d in self.supported(function) if d.is_a(wanted)]
        return self._by_noun[key]

    def in_call(self, call: CallTemplate, *, strict: bool = True) -> CallTemplate:
        """The call with nouns that mean something in this house. Raises Unfit, if `strict`."""
        include = tuple(self._in_selector(s, call.function, strict) for s in call.include)
        exclude = tuple(self._in_selector(s, call.function, strict) for s in call.exclude)
        inner = {k: self.in_call(v, strict=strict) if isinstance(v, CallTemplate) else v for k, v in call.arguments.items()}
        if strict and call.function in NEEDS_A_DEVICE and not call.include and not self.supported(call.function):
            raise Unfit(call.function)
        return replace(call, include=include, exclude=exclude, arguments=inner)

    def _in_selector(self, selector: SelectorTemplate, function: str, strict: bool) -> SelectorTemplate:
        if not selector.noun or self.meant(function, selector.noun):
            return selector
        for other in FALLBACK_NOUNS.get(selector.noun, ()):
            found = self.meant(function, other)
            if found and (noun_by_name(other).device_classes or any(d.device_class is None for d in found)):
                return replace(selector, noun=other)
        if strict:
            raise Unfit(function)
        return selector
