"""What devices tell that they can't do."""

from __future__ import annotations

from octopus_hub.config.house import Device, DeviceState, House
from octopus_hub.daemon.abilities import inabilities

ALARM = {"supported_features": 1}  # at home only
STATES = {
    "plain": DeviceState("on", {"supported_color_modes": ["onoff"]}),
    "white": DeviceState("on", {"supported_color_modes": ["color_temp"], "supported_features": 0}),
    "silent": DeviceState("on"),
    "blind": DeviceState("open", {"supported_features": 1 | 2}),
    "alarm": DeviceState("disarmed", ALARM),
}
KINDS = {"plain": "light", "white": "light", "silent": "light", "blind": "cover", "alarm": "alarm_control_panel", "away": "light"}
HOUSE = House(devices=tuple(Device(name, name.title(), kind) for name, kind in KINDS.items()))


def test_only_what_is_known_to_be_impossible() -> None:
    """By colour modes and features; a device that tells nothing, or is not known, can do everything of its kind."""
    found = inabilities(HOUSE, STATES)
    assert found["plain"] == {"set_brightness", "step_brightness", "set_color", "set_color_temperature", "step_color_temperature"}
    assert found["white"] == {"set_color", "set_effect"}
    assert found["blind"] == {"set_position", "step_position", "stop", "set_tilt"}
    assert not {"silent", "away"} & found.keys()


def test_arming_in_some_way_stays() -> None:
    """An alarm that arms at home only can be armed; the way that was said is checked when it is known."""
    assert "alarm_arm" not in inabilities(HOUSE, STATES)["alarm"]
