"""Structured calls as plans: what is accepted, and what is refused in which words."""

from __future__ import annotations

import pytest
from support.small_house import HOUSE

from octopus_hub.config.errors import InputError
from octopus_hub.config.house import DeviceState
from octopus_hub.config.plan import Call
from octopus_hub.daemon.resolver import resolve
from octopus_hub.daemon.structured import plan_of

WARMER = {"direction": "up", "amount": 1, "temperature": 21, "unit": "°C"}
GOOD = [
    (Call("turn_on", ("hallway_light",)), {}),
    (Call("turn_on", ("Hallway Light",)), {}),
    (Call("set_brightness", ("counter", "kitchen_ceiling"), {"level": 40}), {"level": 40}),
    (Call("set_brightness", ("counter",), {"level": "max"}), {"level": 100}),
    (Call("set_temperature", ("nest",), {"temperature": 68, "unit": "°F"}), {"temperature": 20, "unit": "°C"}),
    (Call("set_hvac_mode", ("nest",), {"mode": "heat"}), {"mode": "heat"}),
    (Call("todo_add", ("shopping_list",), {"item": "milk"}), {"item": "milk"}),
    (Call("unlock", ("volvo",), {"door": "rear left"}), {"door": "rear left"}),
    (Call("get_time", ()), {}),
    (Call("toggle", ("counter",), {"state": "off"}), {}),
    (Call("step_temperature", ("nest",), {"direction": "up", "amount": 1, "temperature": 9, "unit": "°C"}), WARMER),
]


@pytest.mark.parametrize(("call", "arguments"), GOOD)
def test_a_call_means_exactly_its_devices(call: Call, arguments: dict[str, object]) -> None:
    """A structured call resolves to the same function, devices and arguments, in the units of the devices; what an Outcome has
    beside what was said is worked out anew."""
    plan, house = plan_of((call,), HOUSE)
    (resolved,) = resolve(plan, house, {"nest": DeviceState("heat", {"temperature": 20})}).calls
    assert resolved.function == call.function
    assert len(resolved.device_ids) == len(call.device_ids)
    assert dict(resolved.arguments) == arguments


def test_ids_decide_between_devices_of_one_name() -> None:
    """The two lights called "Ceiling" are told apart by id."""
    plan, house = plan_of((Call("turn_on", ("living_ceiling",)),), HOUSE)
    assert resolve(plan, house, {}, "Kitchen").calls == (Call("turn_on", ("living_ceiling",)),)


def test_a_time_is_kept() -> None:
    """A call put off stays put off."""
    plan, house = plan_of((Call("turn_on", ("counter",), at=60), Call("turn_on", ("counter",), at="tonight")), HOUSE)
    assert [call.at for call in resolve(plan, house, {}).calls] == [60, "tonight"]


BAD = [
    (Call("turn_onn", ("counter",)), '"calls[0]": no function "turn_onn"; did you mean \'turn_on\'?'),
    (Call("xyzzy", ("counter",)), '"calls[0]": no function "xyzzy"'),
    (Call("turn_on", ()), '"calls[0]": turn_on needs "devices"'),
    (Call("undo", ("counter",)), '"calls[0]": undo takes no devices'),
    (Call("turn_on", ("nothing",)), '"calls[0]": no device is called "nothing"'),
    (Call("turn_on", ("Ceiling",)), '"calls[0]": 2 devices are called "Ceiling"; use the id'),
    (Call("turn_on", ("front_door",)), '"calls[0]": turn_on is not for "front_door", which is of kind lock'),
    (Call("set_volume", ("radio",), {"loud": 1}), '"calls[0]": set_volume has no argument "loud"; it has level'),
    (
        Call("unlock", ("volvo", "front_door"), {"door": "driver"}),
        '"calls[0]": unlock is not for "front_door" with these arguments, which is of kind lock',
    ),
    (Call("set_brightness", ("counter",)), '"calls[0]": set_brightness needs the argument "level" (brightness)'),
    (
        Call("set_brightness", ("counter",), {"level": "bright"}),
        "\"calls[0].level\" must be a percentage or one of low, medium, high, max, min, got 'bright'",
    ),
    (
        Call("set_brightness", ("counter",), {"level": True}),
        '"calls[0].level" must be a percentage or one of low, medium, high, max, min, got True',
    ),
    (Call("todo_add", ("shopping_list",), {"item": 3}), '"calls[0].item" must be text, got 3'),
    (
        Call("set_temperature", ("nest",), {"temperature": 21, "unit": "K"}),
        "\"calls[0].unit\" must be °C or °F, got 'K'",
    ),
    (Call("timer_start", (), {"duration": -5}), '"calls[0].duration" must be seconds, got -5'),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_refused_in_words_that_help(call: Call, message: str) -> None:
    """What can't be meant is refused with the place and what was expected."""
    with pytest.raises(InputError) as error:
        plan_of((call,), HOUSE)
    assert str(error.value) == message
