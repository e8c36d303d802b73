"""Which sentences answer the hub's question, and which are commands of their own."""

from __future__ import annotations

import pytest
from support.small_house import HOUSE

from octopus_hub.config.plan import Command, Plan
from octopus_hub.daemon.dialogue import Asked, Dialogue


def asked(*device_ids: str) -> Asked:
    """An open question between these devices."""
    return Asked(Command("c-1", "turn on the light", "me", 0.0), Plan(()), device_ids, frozenset(), 0.0)


LIGHTS = asked("kitchen_ceiling", "living_ceiling", "counter")

CHOICES = [
    ("the counter", "counter"),
    ("Counter, please.", "counter"),
    ("the ceiling one in the living room", "living_ceiling"),
    ("living room", "living_ceiling"),
    ("the second one", "living_ceiling"),
    ("the last one", "counter"),
    ("the ceiling", None),
    ("the kitchen one", None),
    ("the fourth", None),
    ("the one", None),
    ("turn off the counter", None),
    ("turn on the counter in the kitchen", None),
    ("yes", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "device_id"), CHOICES)
def test_only_a_choice_answers(text: str, device_id: str | None) -> None:
    """A sentence that says nothing but which one, and of which only one fits, is an answer."""
    assert LIGHTS.chosen_by(text, HOUSE) == device_id


def test_a_device_that_is_gone_ends_the_question() -> None:
    """After a reload without one of the devices nothing can be chosen any more."""
    assert asked("counter", "removed").chosen_by("the counter", HOUSE) is None


def test_only_the_last_sources_are_remembered() -> None:
    """What was said is kept for a bounded number of sources."""
    dialogue = Dialogue()
    for number in range(100):
        dialogue.remember(f"s-{number}", "Hello.")
    assert (dialogue.last_said("s-0"), dialogue.last_said("s-99")) == ("", "Hello.")
