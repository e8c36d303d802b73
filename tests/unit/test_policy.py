"""The action class of a call, by what it does to a household, and who may have it done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.small_house import HOUSE, device

from octopus_hub.config.function_table import FUNCTIONS, by_name
from octopus_hub.config.house import ActionClass, Device, DeviceState, House
from octopus_hub.config.plan import Call, Scalar
from octopus_hub.daemon.policy import DEFAULT_ALLOW, Trust, Verdict, class_of_names, decide, device_action_class
from octopus_hub.daemon.replies import Code

READ, PRIVATE, COMFORT, SECURE, HAZARD, OPEN = ActionClass
OWNER = Trust(frozenset(ActionClass))
STANDING = {"volvo": DeviceState("locked", {"speed": 0})}

CLASSES: list[tuple[str, Device, dict[str, Scalar], ActionClass]] = [
    ("turn_on", device("Lamp", "light"), {}, COMFORT),
    ("turn_on", device("Garage Door Light", "light"), {}, COMFORT),
    # A relay is what it is called.
    ("turn_on", device("Garage Door", "switch"), {}, OPEN),
    ("turn_off", device("Garage Door", "switch"), {}, OPEN),
    ("toggle", device("Relay 3", "switch", aliases=("front gate",)), {}, OPEN),
    ("turn_on", device("Relay 4", "switch", aliases=("gate opener",)), {}, OPEN),
    ("turn_on", device("GarageDoor", "switch"), {}, OPEN),
    ("turn_on", device("Garage Light", "switch"), {}, COMFORT),
    ("turn_on", device("Doorbell Chime", "switch"), {}, COMFORT),
    ("turn_on", device("Garage Heater", "switch"), {}, HAZARD),
    ("turn_on", device("Oven", "switch"), {}, HAZARD),
    ("set_value", device("Boiler Setpoint", "number"), {"value": 50}, HAZARD),
    ("turn_on", device("Radio", "switch"), {}, COMFORT),
    ("turn_on", device("Radio", "switch", action_class=HAZARD), {}, HAZARD),
    # Unknown content counts as open, unless the owner says what it is; a name that opens stays open.
    ("activate", device("Movie Night", "scene"), {}, OPEN),
    ("activate", device("Movie Night", "scene", action_class=COMFORT), {}, COMFORT),
    ("activate", device("Unlock all", "scene", action_class=COMFORT), {}, OPEN),
    ("run", device("Good Night", "script"), {}, OPEN),
    ("run", device("Good Night", "script", action_class=SECURE), {}, SECURE),
    ("run", device("Sunrise", "automation"), {}, OPEN),
    ("turn_off", device("Burglar Watch", "automation"), {}, OPEN),
    ("press", device("Bell", "button"), {}, OPEN),
    ("press", device("Bell", "button", action_class=COMFORT), {}, COMFORT),
    # Locks, covers, valves.
    ("lock", device("Front Door", "lock"), {}, SECURE),
    ("lock", device("Front Door", "lock", action_class=OPEN), {}, SECURE),
    ("unlock", device("Front Door", "lock"), {}, OPEN),
    ("open", device("Blind", "cover", device_class="blind"), {}, COMFORT),
    ("open", device("Blind", "cover"), {}, COMFORT),
    ("open", device("Old Door", "cover", device_class="garage"), {}, OPEN),
    ("open", device("Drive Gate", "cover"), {}, OPEN),
    ("open", device("Garage Door", "cover", device_class="roller"), {}, OPEN),
    ("open", device("Big One", "cover", device_class="garage_door"), {}, OPEN),
    ("open", device("Garage Door Blind", "cover", device_class="roller"), {}, OPEN),
    ("open", device("Garage Door Blind", "cover", device_class="blind"), {}, COMFORT),
    ("open", device("Left One", "cover", device_class="roller"), {}, COMFORT),
    ("close", device("Drive Gate", "cover", device_class="gate"), {}, SECURE),
    ("stop", device("Drive Gate", "cover", device_class="gate"), {}, SECURE),
    ("set_position", device("Drive Gate", "cover", device_class="gate"), {"position": 20}, OPEN),
    ("set_position", device("Drive Gate", "cover", device_class="gate"), {"position": 0}, SECURE),
    ("set_position", device("Drive Gate", "cover", device_class="gate", action_class=OPEN), {"position": 0}, SECURE),
    ("step_position", device("Drive Gate", "cover", device_class="gate"), {"direction": "open"}, OPEN),
    ("step_position", device("Drive Gate", "cover", device_class="gate"), {"direction": "close"}, SECURE),
    ("open", device("Main", "valve"), {}, OPEN),
    ("close", device("Main", "valve"), {}, SECURE),
    # Alarms and sirens.
    ("alarm_arm", device("Alarm", "alarm_control_panel"), {}, SECURE),
    ("alarm_disarm", device("Alarm", "alarm_control_panel"), {}, OPEN),
    ("alarm_trigger", device("Alarm", "alarm_control_panel"), {}, HAZARD),
    ("turn_on", device("Siren", "siren"), {}, HAZARD),
    ("turn_off", device("Siren", "siren"), {}, COMFORT),
    # Vehicles.
    ("unlock", device("Volvo", "vehicle"), {}, OPEN),
    ("lock", device("Volvo", "vehicle"), {}, SECURE),
    ("open_trunk", device("Volvo", "vehicle"), {}, OPEN),
    ("open_window", device("Volvo", "vehicle"), {}, OPEN),
    ("close_window", device("Volvo", "vehicle"), {}, SECURE),
    ("start_engine", device("Volvo", "vehicle"), {}, OPEN),
    ("vehicle_climate_start", device("Volvo", "vehicle"), {}, COMFORT),
    ("flash_lights", device("Volvo", "vehicle"), {}, COMFORT),
    # Questions.
    ("get_state", device("Front Door", "lock"), {}, READ),
    ("get_state", device("Anna", "person"), {}, PRIVATE),
    ("get_value", device("Volvo", "vehicle"), {"property": "location"}, PRIVATE),
    ("get_value", device("Volvo", "vehicle"), {"property": "range"}, READ),
    ("get_value", device("Plans", "calendar"), {"property": "next event"}, PRIVATE),
]


@pytest.mark.parametrize(
    ("function", "target", "arguments", "expected"),
    CLASSES,
    ids=lambda value: value.name if isinstance(value, Device) else str(value),
)
def test_action_class(function: str, target: Device, arguments: dict[str, Scalar], expected: ActionClass) -> None:
    """The class is decided by effect."""
    assert device_action_class(by_name()[function], target, arguments) is expected


def decided(function: str, *ids: str, trust: Trust | None = None, **arguments: Scalar) -> tuple[Verdict, Code | None]:
    found = decide(Call(function, ids, arguments), HOUSE, trust or Trust(), STANDING)
    return found.verdict, found.code


ALLOWED, DENIED = (Verdict.ALLOW, None), (Verdict.DENY, Code.DENIED)


def test_open_is_denied_by_default() -> None:
    """Nobody opens anything unless the owner allowed it."""
    assert OPEN not in DEFAULT_ALLOW
    assert decided("unlock", "front_door") == DENIED
    assert decided("open", "garage_door") == DENIED
    assert decided("unlock", "front_door", trust=OWNER) == ALLOWED


def test_closing_is_always_allowed() -> None:
    """Whoever may do anything may lock and close."""
    nobody = Trust(frozenset({SECURE}))
    assert decided("lock", "front_door", "back_door", trust=nobody) == ALLOWED
    assert decided("close", "garage_door", trust=nobody) == ALLOWED


def test_of_several_devices_the_highest_class_counts() -> None:
    """One garage door among blinds makes the call one that opens, and it is named."""
    found = decide(Call("open", ("left_blind", "garage_door")), HOUSE, Trust(), {})
    assert (found.verdict, found.action_class, found.device_id) == (Verdict.DENY, OPEN, "garage_door")


MOVING = [
    ({"speed": 0}, True),
    ({"speed": 0.0, "plugged_in": False}, True),
    ({"plugged_in": True}, True),
    ({"speed": 12.5}, False),
    ({"speed": 1, "plugged_in": True}, False),
    ({"plugged_in": False}, False),
    ({}, False),
]


@pytest.mark.parametrize(("attributes", "stands"), MOVING, ids=str)
def test_a_car_has_to_be_known_to_stand(attributes: dict[str, object], stands: bool) -> None:
    """What must not happen on the road does not happen, nor where nobody knows; everything else does."""
    states = {"volvo": DeviceState("locked", attributes)}
    for function in FUNCTIONS:
        if "vehicle" not in function.kinds or function.is_read:
            continue
        found = decide(Call(function.name, ("volvo",)), HOUSE, OWNER, states)
        assert (found.code is Code.MOVING) == (function.standstill and not stands), function.name
    assert {f.name for f in FUNCTIONS if f.standstill} == {"unlock", "open_trunk", "move_seat", "start_engine", "stop_engine"}
    assert decide(Call("unlock", ("front_door",)), HOUSE, OWNER, {}).verdict is Verdict.ALLOW


def test_hazards_are_switched_alone() -> None:
    """A hazard goes alone or not at all, whoever asks."""
    assert decided("turn_off", "fridge") == ALLOWED
    assert decided("turn_off", "floor_lamp", "heater", trust=OWNER) == (Verdict.DENY, Code.HAZARD)


def test_what_is_not_granted_is_denied() -> None:
    """A source has the classes that it was given, and no others."""
    guest = Trust(frozenset({READ, COMFORT, SECURE}))
    assert decided("get_state", "anna", trust=guest) == DENIED
    assert decided("turn_on", "heater", trust=guest) == DENIED
    assert decided("turn_on", "bedside", trust=guest) == ALLOWED


def test_calls_without_devices() -> None:
    """A call of the hub's own has the class of its function."""
    assert decided("timer_start", duration=60) == ALLOWED
    assert decided("get_time", trust=Trust(frozenset())) == DENIED


@given(
    function=st.sampled_from([function for function in FUNCTIONS if function.kinds]),
    name=st.sampled_from(["Lamp", "Garage Door", "Oven", "Movie"]),
    data=st.data(),
)
def test_default_never_opens(function: object, name: str, data: st.DataObject) -> None:
    """Whatever the function, kind, class and name: what the default allows has no class that opens."""
    known = next(each for each in FUNCTIONS if each is function)
    kind = data.draw(st.sampled_from(known.kinds))
    device_class = data.draw(st.sampled_from([None, "garage", "gate", "barrier", "blind", "outlet"]))
    target = device(name, kind, device_class=device_class)
    found = decide(Call(known.name, (target.id,)), House(devices=(target,)), Trust(), {})
    guarded = known.action_class is OPEN or device_action_class(known, target) is OPEN or (known.standstill and kind == "vehicle")
    assert (found.verdict is Verdict.DENY) == guarded


def test_words_in_names() -> None:
    """Only whole words betray a relay."""
    assert class_of_names(("Indoor Plant Lamp",)) is None
    assert class_of_names(("Blocked Drain Sensor",)) is None
    assert class_of_names(("Door",)) is OPEN
