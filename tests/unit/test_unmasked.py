"""Decoding without the mask: the likeliest token of all, and nothing that the mask would not accept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from support.model_houses import encoder, house_mask

from octopus_hub.config.errors import DeadlineExceeded
from octopus_hub.config.functions import Reason
from octopus_hub.config.house import Device, House
from octopus_hub.config.plan import Named, Plan, PlannedCall, Target
from octopus_hub.models.mask import Walk
from octopus_hub.models.tokens import VOCABULARY_SIZE, Mark
from octopus_hub.models.unmasked import Malformed, accept, decode_unmasked
from octopus_hub.models.writer import plan_ids

HOUSE = House(devices=(Device("lamp", "Lamp", "light"), Device("tv", "TV", "media_player")))
PROMPT = [int(Mark.TEXT), int(Mark.RESPONSE)]
ON = plan_ids(Plan((PlannedCall("turn_on", Target((Named("Lamp"),))),)), encoder())


class Script:
    """Wants these ids, one after the other; remembers what it was fed."""

    def __init__(self, ids: Sequence[int]) -> None:
        self._wanted = list(ids)
        self.fed: list[int] = []

    def append(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Logits that want the next id."""
        self.fed += ids
        logits = np.full(VOCABULARY_SIZE, -100, np.float32)
        logits[self._wanted.pop(0)] = 1.0
        return logits


def walk() -> Walk:
    """A walk through the mask of HOUSE."""
    return house_mask(HOUSE).walk(encoder().pieces("lamp on"))


def test_likeliest_ids_up_to_the_end() -> None:
    """What the model wants comes out, each id is fed once, and the mask takes it."""
    script = Script([*ON, 5])
    decoded = decode_unmasked(script, PROMPT, 50)
    assert decoded.ids == tuple(ON)
    assert script.fed == PROMPT + ON[:-1]
    assert decoded.confidence == pytest.approx(1.0)
    assert decoded.mass == 1.0
    accept(walk(), decoded.ids)


def test_confidence_is_of_the_whole_vocabulary() -> None:
    """An id that is as likely as the one taken halves it."""

    class Torn(Script):
        def append(self, ids: Sequence[int]) -> NDArray[np.float32]:
            logits = super().append(ids)
            logits[-1] = 1.0 if Mark.RESPONSE in ids else -100.0
            return logits

    decoded = decode_unmasked(Torn(plan_ids(Plan((), Reason.CHAT), encoder())), PROMPT, 50)
    assert decoded.confidence == pytest.approx(0.5)


@pytest.mark.parametrize("wrong", [[*ON[:-2], Mark.END], [*ON[:1], 17, Mark.END], [Mark.END], [17]])
def test_what_the_mask_would_refuse_is_no_plan(wrong: list[int]) -> None:
    """Half a plan, a foreign token and nothing at all raise."""
    with pytest.raises(Malformed):
        accept(walk(), wrong)


def test_no_end_is_no_plan() -> None:
    """A model that babbles is stopped."""
    with pytest.raises(Malformed, match="got 3 tokens without one"):
        decode_unmasked(Script([17] * 9), PROMPT, 3)


def test_deadline_holds() -> None:
    """A missed deadline leaves nothing."""
    with pytest.raises(DeadlineExceeded):
        decode_unmasked(Script(ON), PROMPT, 50, deadline=0.0)
