"""`octopus bench accuracy`: sentences with what they should lead to, understood and scored; no device is touched.

Every sentence goes the daemon's way from text to plan and through the resolver; docs/accuracy.md says how it is scored.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from octopus_hub.adapters.virtual_initial import initial_state
from octopus_hub.config.errors import DecodeError, InputError
from octopus_hub.config.house import DeviceState, House
from octopus_hub.config.hub import ModelSettings
from octopus_hub.config.record import UNKNOWN_STATE
from octopus_hub.daemon.accuracy_cases import Case
from octopus_hub.daemon.accuracy_report import Judged
from octopus_hub.daemon.brain import Interpreter
from octopus_hub.daemon.places import model_directory
from octopus_hub.daemon.replies import OF_REASON
from octopus_hub.daemon.resolver import Resolution
from octopus_hub.daemon.scoring import Scene, Verdict, find, is_reversed, judge, judge_nothing

if TYPE_CHECKING:
    from octopus_hub.models.interpreter import Interpreter as Masked
    from octopus_hub.models.unmasked import UnmaskedInterpreter

DEADLINE_S = 60.0
"""A sentence may take its time: accuracy is measured, on machines that do other things too."""


class States(StrEnum):
    """What is known of the devices: the record's states over made-up quiet ones, or the record's alone."""

    QUIET = "quiet"
    NONE = "none"


class Examiner:
    """Puts sentences to an interpreter; `advance` is called after each.

    `fill_to`: each house is shown to the interpreter filled up with other rooms to so many devices; what a plan means is looked up
    in the house as it is, so that "all the lights" stay those of the test."""

    def __init__(
        self, interpreter: Interpreter, states: States, advance: Callable[[], None] = lambda: None, fill_to: int = 0
    ) -> None:
        self._interpreter = interpreter
        self._states = states
        self._advance = advance
        self._fill_to = fill_to

    def examine(self, cases: Sequence[Case]) -> list[Judged]:
        """All cases, those of one house together, in the order given; no thresholds are applied."""
        from octopus_hub.models.bench_houses import filled_up

        by_house: dict[str, list[int]] = {}
        for number, case in enumerate(cases):
            by_house.setdefault(case.house.digest, []).append(number)
        found: dict[int, Judged] = {}
        for numbers in by_house.values():
            self._interpreter.set_house(filled_up(cases[numbers[0]].house, self._fill_to))
            for number in numbers:
                found[number] = self._judged(cases[number])
                self._advance()
        return [found[number] for number in range(len(cases))]

    def _judged(self, case: Case) -> Judged:
        began_s = time.perf_counter()
        try:
            self._interpreter.learn(case.examples)
            plan = self._interpreter.interpret(case.text, DEADLINE_S)
        except (DecodeError, InputError):
            return Judged(case, None, Verdict.FAILED, ms=1000 * (time.perf_counter() - began_s))
        scene = Scene(case.house, self._known(case), case.area, datetime.now().astimezone(), case.text)
        found = find(plan, scene)
        judged = Judged(case, plan, Verdict.REFUSED, ms=1000 * (time.perf_counter() - began_s))
        if plan.refusal is not None:
            return replace(judged, code=OF_REASON[plan.refusal])
        if isinstance(found, Resolution):
            if found.question is not None:
                return replace(judged, verdict=Verdict.ASKED)
            return replace(judged, verdict=Verdict.UNRESOLVED, code=found.refusal.code if found.refusal else None)
        if not case.expected:
            return replace(judged, verdict=judge_nothing(found))
        return replace(judged, verdict=judge(case.expected, found), is_reversed=is_reversed(case.expected, found))

    def _known(self, case: Case) -> Mapping[str, DeviceState]:
        told = case.recorded.states
        if self._states is not States.QUIET:
            return told
        return {device_id: _over(quiet, told.get(device_id)) for device_id, quiet in quiet_states(case.house).items()}


def _over(quiet: DeviceState, told: DeviceState | None) -> DeviceState:
    """What a record tells over what is made up; options alone tell no state."""
    if told is None:
        return quiet
    return DeviceState(quiet.state if told.state == UNKNOWN_STATE else told.state, {**quiet.attributes, **told.attributes})


def quiet_states(house: House) -> dict[str, DeviceState]:
    """Everything off, shut and idle, and in a range only where the house says so: a step needs something to start from."""
    states = {device.id: initial_state(device, house.units) for device in house.devices}
    unlimited = (device.id for device in house.devices if device.kind == "number" and "value" not in device.limits)
    return states | {device_id: DeviceState("50") for device_id in unlimited}


def make_interpreter(model: ModelSettings, state: Path, *, masked: bool) -> Masked | UnmaskedInterpreter:
    """The interpreter of the settings, which keeps no prefixes; without the mask only here. Raises HubError."""
    from octopus_hub.daemon.loading import ENGINES  # the runtime takes a while
    from octopus_hub.models.graph import WEIGHTS
    from octopus_hub.models.interpreter import Interpreter as Masked
    from octopus_hub.models.tokens import TextEncoder
    from octopus_hub.models.unmasked import UnmaskedInterpreter

    engine, functions = ENGINES[model.engine](model_directory(model, state), model)
    encoder = TextEncoder(WEIGHTS / "tokenizer.json")
    return Masked(engine, encoder, functions=functions) if masked else UnmaskedInterpreter(engine, encoder)


def dump_row(judged: Judged) -> str:
    """A line of the dump."""
    case, plan = judged.case, judged.plan
    row = {
        "id": case.id,
        "text": case.text,
        "verdict": str(judged.verdict),
        "plan": None if plan is None else str(plan),
        "confidence": None if plan is None else round(plan.confidence, 6),
        "mass": None if plan is None else round(plan.mass, 6),
        "code": None if judged.code is None else str(judged.code),
        "ms": round(judged.ms, 2),
    }
    return json.dumps(row, ensure_ascii=False)
