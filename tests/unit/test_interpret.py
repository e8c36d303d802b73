"""Batch interpretation: one row a record, in order, whatever the records are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from support.interpreters import TableInterpreter, call

from octopus_hub.config.errors import DeadlineExceeded
from octopus_hub.config.hub import HubSettings
from octopus_hub.config.plan import Correction, Plan, When
from octopus_hub.daemon.interpret import Batch, Row
from octopus_hub.models.engine import HouseTooLarge

LIGHT = {"name": "Lamp", "kind": "light", "area": "Office", "home_assistant": "light.lamp", "state": "off"}
ONE: Mapping[str, Any] = {"devices": [LIGHT]}
TWO: Mapping[str, Any] = {"devices": [LIGHT, {"name": "Lock", "kind": "lock", "home_assistant": "lock.front", "state": "locked"}]}
LATER = When(after_s=600)
PLANS = {
    "on": Plan((call("turn_on", "Lamp"),), confidence=0.9, mass=0.8),
    "later": Plan((call("turn_on", "Lamp", when=LATER),)),
    "perhaps": Plan((call("turn_on", "Lamp"),), confidence=0.1),
    "unlock": Plan((call("unlock", "Lock"),)),
    "asked": Plan((call("get_state", "Lock"),)),
}


class Interpreter(TableInterpreter):
    """The table, with a house too large and a sentence too slow."""

    def __init__(self) -> None:
        super().__init__(PLANS)
        self.houses = 0
        self.lessons: list[tuple[Correction, ...]] = []

    def learn(self, corrections: Sequence[Correction]) -> None:
        """Keeps them."""
        self.lessons.append(tuple(corrections))

    def set_house(self, house: Any) -> None:
        """Counts."""
        self.houses += 1
        if house.name == "Vast":
            raise HouseTooLarge("this house does not fit")
        super().set_house(house)

    def interpret(self, text: str, deadline_s: float) -> Plan:
        """The table's plan."""
        if text == "slow":
            raise DeadlineExceeded("late")
        return super().interpret(text, deadline_s)


def rows(*records: Mapping[str, Any] | str, interpreter: Interpreter | None = None) -> list[Row]:
    """The rows of records."""
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    return Batch(interpreter or Interpreter(), HubSettings()).interpret(lines)


def test_a_sentence_becomes_calls_and_services() -> None:
    """A row has what the hub would do, what Home Assistant would be sent, and how sure it is."""
    (row,) = rows({"id": "r-1", "text": "on", "house": ONE})
    ms = row["ms"]
    assert isinstance(ms, float)
    assert row == {
        "id": "r-1",
        "status": "dry_run",
        "calls": [{"function": "turn_on", "devices": ["lamp"], "arguments": {}}],
        "services": [{"service": "light.turn_on", "entity_ids": ["light.lamp"], "data": {}}],
        "say": "I would do this: Lamp on.",
        "confidence": 0.9,
        "mass": 0.8,
        "plan": 'turn_on("Lamp")',
        "ms": ms,
    }


def test_a_call_put_off_says_when() -> None:
    """What is not for now carries "at" in calls and services."""
    (row,) = rows({"id": 1, "text": "later", "house": ONE})
    calls, services = row["calls"], row["services"]
    assert isinstance(calls, list)
    assert isinstance(services, list)
    assert (calls[0]["at"], services[0]["at"]) == (600, 600)


def test_permissions_are_not_asked() -> None:
    """An unlock appears as it is understood."""
    (row,) = rows({"id": 1, "text": "unlock", "house": TWO})
    assert row["services"] == [{"service": "lock.unlock", "entity_ids": ["lock.front"], "data": {}}]


def test_questions_are_answered_from_the_states_of_the_record() -> None:
    """A question is answered and calls no service."""
    (row,) = rows({"id": 1, "text": "asked", "house": TWO})
    assert (row["status"], row["say"], row["services"]) == ("answered", "The Lock is locked.", [])


def test_doubt_is_refused() -> None:
    """Below the owner's thresholds nothing would be done."""
    (row,) = rows({"id": 1, "text": "perhaps", "house": ONE})
    assert (row["status"], row["calls"], row["confidence"]) == ("refused", [], 0.1)


def test_houses_are_read_once_and_rows_keep_their_order() -> None:
    """Records of one house share it, also when others stand between them."""
    interpreter = Interpreter()
    houses = [ONE, TWO, ONE, TWO, ONE]
    found = rows(*({"id": number, "text": "on", "house": house} for number, house in enumerate(houses)), interpreter=interpreter)
    assert [row["id"] for row in found] == [0, 1, 2, 3, 4]
    assert interpreter.houses == 2


def test_corrections_of_a_house() -> None:
    """The interpreter learns those of each record; devices are called by their names, with the room where two have one."""
    interpreter = Interpreter()
    twins = {"devices": [{**LIGHT, "id": "l1"}, {**LIGHT, "id": "l2", "area": "Loft"}]}
    calls = [{"function": "set_brightness", "devices": ["l2"], "arguments": {"level": 30}}]
    (row, _) = rows(
        {"id": 1, "text": "on", "house": twins, "examples": [{"text": "cosy", "calls": calls}]},
        {"id": 2, "text": "on", "house": ONE},
        interpreter=interpreter,
    )
    assert row["id"] == 1
    assert [[(each.text, str(each.plan)) for each in learnt] for learnt in interpreter.lessons] == [
        [("cosy", 'set_brightness("Lamp" in "Loft"; level=30)')],
        [],
    ]


BAD = [
    ({"id": 1, "text": "on", "house": ONE, "examples": {}}, 1, '"examples" must be a list'),
    ({"id": 1, "text": "on", "house": ONE, "examples": [{"calls": []}]}, 1, '"examples[0]" must have a "text" and "calls"'),
    ({"id": 1, "text": "on", "house": ONE, "examples": [{"text": "x", "calls": [{"function": "lite"}]}]}, 1, 'no function "lite"'),
    ("nonsense", None, "not valid JSON"),
    ("[]", None, "expected a JSON object, got a list"),
    ({"id": 1, "house": ONE}, 1, '"text" must be a sentence'),
    ({"id": 1, "text": "on"}, 1, '"house" is missing'),
    ({"id": 1, "text": "on", "area": 5, "house": ONE}, 1, '"area" must be the name of an area'),
    ({"id": 1, "text": "on", "house": {"devices": [{"kind": "light"}]}}, 1, "name"),
    ({"id": 1, "text": "on", "house": {**ONE, "house": {"name": "Nowhere"}}}, 1, "this house can't be read"),
    ({"id": 1, "text": "on", "house": {**ONE, "house": {"name": "Vast"}}}, 1, "this house does not fit"),
]


@pytest.mark.parametrize(("record", "record_id", "message"), BAD)
def test_a_record_of_no_use_stops_nothing(record: Mapping[str, Any] | str, record_id: object, message: str) -> None:
    """It is answered as invalid with what is wrong, and the next one is interpreted."""
    bad, good = rows(record, {"id": 2, "text": "on", "house": ONE})
    assert (bad["id"], bad["status"], bad["calls"]) == (record_id, "invalid", [])
    assert message in str(bad["say"])
    assert good["status"] == "dry_run"


def test_a_sentence_that_takes_too_long_failed() -> None:
    """A deadline that passes is told, and stops nothing."""
    late, good = rows({"id": 1, "text": "slow", "house": ONE}, {"id": 2, "text": "on", "house": ONE})
    assert (late["status"], good["status"]) == ("failed", "dry_run")
