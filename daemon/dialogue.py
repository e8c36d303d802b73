"""Questions back ("Which one do you mean?") and the sentences that answer them. Pure: the clock is handed in.

A source has at most one open question. Its next sentence is an answer only if it says nothing but which one ("the kitchen one",
"the second"): anything else is a command of its own, and the question is dropped.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from octopus_hub.config.house import Device, House
from octopus_hub.config.plan import Command, Outcome, Plan, Status
from octopus_hub.daemon.replies import Code

PATIENCE_S = 30.0
MOST_REMEMBERED = 64

FILLERS = frozenset(["the", "a", "an", "one", "in", "on", "at", "of", "please", "i", "mean", "meant", "it", "is", "that", "this"])
ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}


@dataclass(frozen=True, slots=True)
class Asked:
    """An open question: of which command, with what plan and earlier choices, between which devices, and when (steady seconds)."""

    command: Command
    plan: Plan
    device_ids: tuple[str, ...]
    prefer: frozenset[str]
    at_s: float

    def chosen_by(self, text: str, house: House) -> str | None:
        """The id of the device that `text` picks; None if it picks none, several, or says more than that."""
        words = [word for word in _words(text) if word not in FILLERS]
        devices = [house.by_id[device_id] for device_id in self.device_ids if device_id in house.by_id]
        if not words or len(devices) != len(self.device_ids):
            return None
        if len(words) == 1 and words[0] in ORDINALS:
            index = ORDINALS[words[0]]
            return devices[index].id if index < len(devices) else None
        fitting = [device for device in devices if set(words) <= _said_of(device)]
        exact = [device for device in fitting if set(words) == set(_words(device.name)) - FILLERS]
        left = exact if len(exact) == 1 else fitting
        return left[0].id if len(left) == 1 else None


@dataclass(slots=True)
class Dialogue:
    """What is open with each source, and what was said to it last."""

    _asked: dict[str, Asked] = field(default_factory=dict)
    _said: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def ask(self, asked: Asked) -> None:
        """Opens a question."""
        self._asked[asked.command.source] = asked

    def take(self, source: str) -> Asked | None:
        """The source's open question, which is open no more."""
        return self._asked.pop(source, None)

    def give_up(self, now_s: float) -> list[Asked]:
        """The questions that nobody answered in time, which are open no more."""
        late = [asked for asked in self._asked.values() if now_s - asked.at_s > PATIENCE_S]
        for asked in late:
            del self._asked[asked.command.source]
        return late

    def remember(self, source: str, sentence: str) -> None:
        """Keeps what was said, for whoever wants it repeated."""
        self._said[source] = sentence
        self._said.move_to_end(source)
        while len(self._said) > MOST_REMEMBERED:
            self._said.popitem(last=False)

    def last_said(self, source: str) -> str:
        """What was said last to the source; empty where nothing was."""
        return self._said.get(source, "")


def settled(asked: Asked, answer: Outcome | None) -> Outcome:
    """The final Outcome of a command that had asked: what its answer brought about, or that none came; nothing to say aloud."""
    if answer is None or not answer.final:
        return Outcome(asked.command.id, Status.REFUSED, asked.command.text, code=Code.WHICH)
    return replace(answer, command_id=asked.command.id, text=asked.command.text, say="")


def _said_of(device: Device) -> set[str]:
    return {word for said in (device.name, *device.aliases, device.area or "", device.noun.name) for word in _words(said)}


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())
