"""Relative changes: how much "a bit" is, and where a step ends when the present value is known. Pure.

A step keeps its direction and, where said, its amount; beyond a limit already, it is refused rather than turned round. Where the
device can only be told an end value, or the house file limits it, the end value is added: `level` (volume), `position`,
`temperature` with `unit`, `humidity`, `value`, `kelvin`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite

from octopus_hub.config.functions import Function
from octopus_hub.config.house import UNKNOWN_STATES, number
from octopus_hub.config.plan import Scalar
from octopus_hub.daemon.quantities import (
    FAHRENHEIT,
    HUMIDITY,
    KELVIN,
    POSITION,
    TEMPERATURE,
    VALUE,
    VOLUME,
    Quantity,
    Subject,
    exact,
    has_own_limit,
    limits,
    spoken,
    tidy,
    written,
)
from octopus_hub.daemon.replies import Code, Unresolved, refusal, the

UPWARD = frozenset({"up", "open", "cooler"})
"""Directions of a rising number; cooler light has more kelvin."""


@dataclass(frozen=True, slots=True)
class Step:
    """A relative function: amounts for a little, unsaid and a lot; `end` names the end value's argument, if it needs one."""

    amounts: tuple[float, float, float]
    end: str = ""
    quantity: Quantity | None = None
    present: Callable[[Subject], float | None] | None = None
    amounts_f: tuple[float, float, float] | None = None
    names_amount: bool = True

    def amount(self, subject: Subject, said: Scalar | None) -> float:
        """By how much, as a number."""
        amounts = self.amounts_f if self.amounts_f and subject.temperature_unit == FAHRENHEIT else self.amounts
        words: Mapping[Scalar | None, float] = {"little": amounts[0], None: amounts[1], "lot": amounts[2]}
        return words[said] if said in words else float(said or 0)


def step_arguments(function: Function, subject: Subject, found: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """What a relative function needs beside `found`. Raises Unresolved where the present value must be known and is not."""
    if function.name == "toggle":
        return _toggled(subject)
    step = STEPS.get(function.name)
    if step is None:
        return {}
    said = found.get("amount")
    amount = _own_step(subject, said) if function.name == "step_value" else step.amount(subject, said)
    added: dict[str, Scalar] = {"amount": exact(amount)} if step.names_amount or said is not None else {}
    if step.quantity is None or (step.quantity is VOLUME and said is None and not has_own_limit(VOLUME, subject)):
        return added
    present = step.present(subject) if step.present else None
    if present is None:
        if step.quantity is VOLUME and not has_own_limit(VOLUME, subject):
            return added
        raise refusal(Code.UNKNOWN_STATE, what=f"how {the(subject.device)} is set")
    added[step.end] = _end(step.quantity, subject, present, amount if found["direction"] in UPWARD else -amount)
    return added | ({"unit": subject.temperature_unit} if step.quantity is TEMPERATURE else {})


def worked_out(function: str) -> frozenset[str]:
    """The arguments that `step_arguments` may add, but for the amount."""
    if function == "toggle":
        return frozenset({"state"})
    return frozenset({STEPS[function].end} - {""}) if function in STEPS else frozenset()


def out_of_range(subject: Subject, said: str, *, is_above: bool, bounds: tuple[float, float], unit: str) -> Unresolved:
    """The refusal of a value that is beyond `bounds`; they are told where there are two."""
    if not all(map(isfinite, bounds)):
        return refusal(Code.RANGE)
    return refusal(
        Code.RANGE,
        value=said,
        side="high" if is_above else "low",
        device=the(subject.device),
        low=written(bounds[0]),
        high=spoken(bounds[1], unit),
    )


def _end(quantity: Quantity, subject: Subject, present: float, change: float) -> float:
    """Where the step ends: at a limit at the latest. Raises Unresolved where the limit lies behind it."""
    low, high = bounds = limits(quantity, subject)
    grain, lowest = _grain(quantity, subject), (subject.attribute("min") or 0.0) if quantity is VALUE else 0.0
    end = tidy(min(max(present + change, low), high), grain, lowest)
    if (end - tidy(present, grain, lowest)) * change < 0:
        unit = subject.temperature_unit if quantity is TEMPERATURE else quantity.unit
        raise out_of_range(subject, spoken(present, unit), is_above=change > 0, bounds=bounds, unit=unit)
    return end


def _toggled(subject: Subject) -> dict[str, Scalar]:
    """A toggle with a known state says where it goes, so that it means the same when it arrives twice."""
    known = subject.state is not None and subject.state.state not in UNKNOWN_STATES
    if subject.state is None or not known:
        return {}
    return {"state": "on" if subject.state.state in ("off", "standby") else "off"}


def _own_step(subject: Subject, said: Scalar | None) -> float:
    """A number's step is its own: one of it, or five for "a lot"."""
    own = subject.attribute("step") or 1
    return own * 5 if said == "lot" else own if said in (None, "little") else float(said)


def _grain(quantity: Quantity, subject: Subject) -> float | None:
    name = {TEMPERATURE.key: "target_temp_step", VALUE.key: "step"}.get(quantity.key)
    return subject.attribute(name) if name else None


def _present_position(subject: Subject) -> float | None:
    shown = subject.attribute("current_position")
    if shown is None and subject.state is not None:
        return {"open": 100.0, "closed": 0.0}.get(subject.state.state)
    return shown


def _present_kelvin(subject: Subject) -> float | None:
    low, high = limits(KELVIN, subject)
    return subject.attribute("color_temp_kelvin") or min(max(4000.0, low), high)


def _present_volume(subject: Subject) -> float | None:
    shown = subject.attribute("volume_level")
    return None if shown is None else shown * 100


STEPS: Mapping[str, Step] = {
    "step_brightness": Step((10, 20, 40)),
    "step_color_temperature": Step((500, 1000, 2000), "kelvin", KELVIN, _present_kelvin),
    "step_position": Step((10, 20, 40), "position", POSITION, _present_position),
    "step_temperature": Step(
        (0.5, 1, 2), "temperature", TEMPERATURE, lambda subject: subject.attribute("temperature"), amounts_f=(1, 2, 4)
    ),
    "step_humidity": Step((5, 10, 20), "humidity", HUMIDITY, lambda subject: subject.attribute("humidity")),
    "step_volume": Step((5, 10, 20), "level", VOLUME, _present_volume, names_amount=False),
    "step_fan_speed": Step((10, 20, 40), names_amount=False),
    "step_value": Step(
        (1, 1, 5), "value", VALUE, lambda subject: number(subject.state.state) if subject.state is not None else None
    ),
}
"""The relative functions. Device's own steps are used where it has services for them (volume, fans) and no amount was said."""
