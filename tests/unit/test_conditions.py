"""Commands that wait, are repeated or are forbidden become sentences after which nothing is done."""

from __future__ import annotations

import random

from octopus_hub.config.functions import Reason
from octopus_hub.models.data.conditions import EVENTS, FORBIDDING, REPEATED, SITUATIONS, forbidden, on_condition


def test_a_condition_or_a_schedule() -> None:
    """Before or after the command, which stays as it was said."""
    said = [on_condition("Turn on the Lamp!", random.Random(seed)) for seed in range(200)]
    assert {filled.plan.refusal for filled in said} == {Reason.UNSUPPORTED}
    assert all("urn on the lamp" in filled.text.lower() for filled in said)
    clauses = (*REPEATED, *(f"{situation} {event}" for situation in SITUATIONS for event in EVENTS))
    assert all(any(clause.lower() in filled.text.lower() for clause in clauses) for filled in said)
    assert {filled.text.lower().startswith("turn") for filled in said} == {True, False}


def test_an_order_not_to() -> None:
    """Only of a command that begins with what is to be done."""
    found = forbidden("Turn on the Lamp!", random.Random(1))
    assert found is not None
    assert found.plan.refusal is Reason.UNSURE
    assert found.text.endswith(" turn on the Lamp")
    assert found.text.startswith(FORBIDDING)
    assert forbidden("is the lamp on", random.Random(1)) is None
