"""Home Assistant's timers: how much time is left, and one that gets longer than it was. Pure but for the clock.

`timer.change` never makes a timer longer than it was started with; then it is started anew with the time that is left and more.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from octopus_hub.adapters.services import ServiceCall
from octopus_hub.config.house import DeviceState


def time_left_s(state: DeviceState) -> float | None:
    """Seconds that are left of a timer that runs or is paused; None for others."""
    if state.state == "active" and isinstance(ends := state.attributes.get("finishes_at"), str):
        return max(0.0, (datetime.fromisoformat(ends) - datetime.now(UTC)).total_seconds())
    if state.state == "paused":
        return seconds(str(state.attributes.get("remaining", "")))
    return None


def counted_down(state: DeviceState, now: datetime) -> DeviceState:
    """A timer that runs with what remains of it `now`: Home Assistant tells what did when it began."""
    if state.state != "active" or not isinstance(ends := state.attributes.get("finishes_at"), str):
        return state
    left = max(timedelta(), datetime.fromisoformat(ends) - now.astimezone())
    return replace(state, attributes={**state.attributes, "remaining": str(timedelta(seconds=round(left.total_seconds())))})


def started_anew(change: ServiceCall, left_s: float) -> ServiceCall:
    """Instead of a `timer.change`, a `timer.start` with the sum."""
    added = change.data["duration"]
    more_s = float(added) if isinstance(added, int | float) else seconds(str(added)) or 0.0
    return ServiceCall("timer.start", change.entity_ids, {"duration": round(left_s + more_s)})


def seconds(text: str) -> float | None:
    """ "0:01:30" → 90; None for what is no such text."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    parts = digits.split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return None
    hours, minutes, rest = map(int, parts)
    return float(sign * (hours * 3600 + minutes * 60 + rest))
