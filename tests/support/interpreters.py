"""An interpreter that knows a table of sentences of the demo house, for tests that are about everything else."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from octopus_hub.config.errors import InputError
from octopus_hub.config.functions import Reason
from octopus_hub.config.house import House
from octopus_hub.config.plan import (
    Correction,
    Described,
    Duration,
    Named,
    Number,
    Plan,
    PlannedCall,
    Quantifier,
    Target,
    Text,
    Value,
    When,
    Word,
)


def call(function: str, *names: str, when: When | None = None, **arguments: Value) -> PlannedCall:
    """A planned call of named devices."""
    return PlannedCall(function, Target(tuple(map(Named, names))) if names else None, arguments, when)


def one(function: str, noun: str) -> Plan:
    """A plan for "the" something."""
    return Plan((PlannedCall(function, Target((Described(Quantifier.ONE, noun),))),))


SENTENCES: Mapping[str, Plan] = {
    "turn on the hallway light": Plan((call("turn_on", "Hallway Light"),)),
    "turn off the hallway light": Plan((call("turn_off", "Hallway Light"),)),
    "set the nest to 21 degrees": Plan((call("set_temperature", "Nest", temperature=Number(21)),)),
    "set the nest to 50 degrees": Plan((call("set_temperature", "Nest", temperature=Number(50)),)),
    "lock the front door": Plan((call("lock", "Front Door"),)),
    "unlock the front door": Plan((call("unlock", "Front Door"),)),
    "close the left blind": Plan((call("close", "Left Blind"),)),
    "turn on the light": one("turn_on", "light"),
    "start the robot and lock up": Plan((call("start", "Robbie"), call("lock", "Front Door"))),
    "is the front door locked": Plan((call("get_state", "Front Door", state=Word("locked")),)),
    "what time is it": Plan((call("get_time"),)),
    "who is home": Plan((call("list_devices", "Anna", state=Word("home")),)),
    "turn on the armchair heater": Plan((call("turn_on", "Armchair Heater"),)),
    "add milk to the shopping list": Plan((call("todo_add", "Shopping List", item=Text("milk")),)),
    "next song": Plan((call("media_next", "TV"),)),
    "turn on the hallway light in ten minutes": Plan((call("turn_on", "Hallway Light", when=When(after_s=600)),)),
    "set a timer for five minutes": Plan((call("timer_start", duration=Duration(300)),)),
    "say that again": Plan((call("repeat"),)),
    "never mind": Plan((call("cancel"),)),
    "tell me a joke": Plan((), Reason.CHAT),
    "perhaps the hallway light": Plan((call("turn_on", "Hallway Light"),), confidence=0.2),
    "hallway light lyrics": Plan((call("turn_on", "Hallway Light"),), mass=0.1),
}
"""What the table interpreter understands; anything else it is unsure about."""


class TableInterpreter:
    """`octopus_hub.daemon.brain.Interpreter` by table. "slowly …" takes a second; "crash" raises what no interpreter may."""

    def __init__(self, plans: Mapping[str, Plan] = SENTENCES) -> None:
        self.heard: list[str] = []
        self.house: House | None = None
        self._plans = plans

    def interpret(self, text: str, deadline_s: float) -> Plan:
        """The plan of the table."""
        self.heard.append(text)
        if text.startswith("slowly "):
            time.sleep(1.0)
        if text == "crash":
            raise RuntimeError("a bug in a test")
        return self._plans.get(text.removeprefix("slowly ").lower(), Plan((), Reason.UNSURE))

    def leave_out(self, cannot: Mapping[str, frozenset[str]]) -> None:
        """The table stays as it is."""
        self.cannot = cannot

    def learn(self, corrections: Sequence[Correction]) -> None:
        """The table grows."""
        self.learnt = tuple(corrections)

    def set_house(self, house: House) -> None:
        """Any house but one called Nowhere."""
        if house.name == "Nowhere":
            raise InputError("this house can't be read")
        self.house = house
