"""What is said: a sentence for every code, and what was done in few words."""

from __future__ import annotations

from string import Formatter

import pytest
from support.sample_calls import ACTING, NAMES, sample_call
from support.small_house import HOUSE, device

from octopus_hub.config.function_table import FUNCTIONS
from octopus_hub.config.functions import Reason
from octopus_hub.config.house import House
from octopus_hub.config.plan import Call, Result, Status
from octopus_hub.daemon.replies import DETAILED, OF_REASON, PLAIN, Code, ask, join, name_devices, refuse, the
from octopus_hub.daemon.reports import DONE, intend, tell


@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_a_sentence(code: Code) -> None:
    """Each code has a sentence that needs no parts, and one with its parts if it has any."""
    assert refuse(code) == PLAIN[code]
    fields = [name for _, name, _, _ in Formatter().parse(DETAILED.get(code, "")) if name]
    sentence = refuse(code, dict.fromkeys(fields, "the thing"))
    assert sentence[0].isupper()
    assert sentence.endswith((".", "?"))


def test_missing_parts_leave_the_plain_sentence() -> None:
    """A sentence with a hole is never said."""
    assert refuse(Code.RANGE, {"value": "50 °C"}) == PLAIN[Code.RANGE]


def test_every_reason_of_the_model_has_a_code() -> None:
    """Whatever the model refuses with can be said."""
    assert set(OF_REASON) == set(Reason)


def test_question() -> None:
    """Few candidates are named, many are counted."""
    devices = HOUSE.devices[4:6]
    assert ask(devices, "light").text == "Which light do you mean: Ceiling or Counter?"
    assert ask(HOUSE.devices[:9], "light").text == "Which light do you mean? There are 9."
    assert ask(devices).device_ids == ("kitchen_ceiling", "counter")


def test_names() -> None:
    """Equal names are told apart by room, then by what they are; proper names take no article."""
    assert name_devices(("kitchen_ceiling", "living_ceiling"), HOUSE) == "Ceiling in the Kitchen and Ceiling in the Living Room"
    lights = tuple(each.id for each in HOUSE.devices if each.kind == "light")
    assert name_devices(lights, HOUSE) == "6 lights"
    mixed = ("bedside", "counter", "tv", "radio", "nest")
    assert name_devices(mixed, HOUSE) == "5 devices"
    assert the(device("Front Door", "lock")) == "the Front Door"
    assert the(device("Anna's Lamp", "light")) == "Anna's Lamp"
    assert join(["A", "B", "C"]) == "A, B and C"


def done(*calls: Call, status: Status = Status.DONE, message: str = "") -> list[Result]:
    return [Result(device_id, call.function, status, message) for call in calls for device_id in call.device_ids]


def test_what_was_done() -> None:
    """Several calls are told in one sentence."""
    calls = (Call("set_temperature", ("nest",), {"temperature": 21.5, "unit": "°C"}), Call("lock", ("front_door",)))
    assert tell(calls, done(*calls), HOUSE) == "Nest set to 21.5 °C, Front Door locked."


def test_parts_of_a_car_are_told() -> None:
    """Which door or window it was; all of them where none was said."""
    told = {
        ("unlock", ("door", "rear left")): "Volvo rear left door unlocked.",
        ("lock", ("door", "rear")): "Volvo rear doors locked.",
        ("close_window", ("window", "driver")): "Volvo driver window closed.",
        ("open_window", ("window", "all")): "Volvo windows open.",
    }
    for (function, argument), sentence in told.items():
        call = Call(function, ("volvo",), dict([argument]))
        assert tell((call,), done(call), HOUSE) == sentence


def test_what_is_on_its_way() -> None:
    """A door that was seen opening is not told as open."""
    call = Call("open", ("garage_door",))
    assert tell((call,), done(call, message="opening"), HOUSE) == "Garage Door opening."


def test_what_was_not_confirmed_and_what_failed() -> None:
    """Success is told of those that showed it, and only of those."""
    call = Call("turn_on", ("bedside", "counter", "tv"))
    results = (
        Result("bedside", "turn_on", Status.DONE),
        Result("counter", "turn_on", Status.NOT_CONFIRMED),
        Result("tv", "turn_on", Status.FAILED, "no route to host"),
    )
    expected = "Bedside on. I asked, but the Counter hasn't confirmed it. "
    assert tell((call,), results, HOUSE) == expected + "That didn't work with the TV."
    assert tell((call,), results, HOUSE, (None, None, Code.UNREACHABLE)) == expected + "I can't reach the TV at the moment."


def test_what_failed_for_different_reasons() -> None:
    """Each reason is told of the devices that it is of."""
    call = Call("turn_on", ("bedside", "counter", "tv"))
    results = done(call, status=Status.FAILED)
    codes = (Code.REJECTED, Code.UNREACHABLE, Code.REJECTED)
    assert tell((call,), results, HOUSE, codes) == "Bedside and TV refused. I can't reach the Counter at the moment."


def test_calls_of_one_function_on_one_device_are_told_apart() -> None:
    """Of two things for the same list each is told by what became of it."""
    calls = tuple(Call("todo_add", ("shopping_list",), {"item": item}) for item in ("milk", "eggs"))
    assert tell(calls, done(*calls), HOUSE) == "Milk added to Shopping List, eggs added to Shopping List."
    results = (*done(calls[0]), *done(calls[1], status=Status.FAILED))
    expected = "Milk added to Shopping List. The Shopping List refused."
    assert tell(calls, results, HOUSE, (None, Code.REJECTED)) == expected


def test_dry_run() -> None:
    """A dry run tells what would be done."""
    assert intend((Call("toggle", ("bedside",), {"state": "off"}),), HOUSE) == "I would do this: Bedside off."
    assert intend((), HOUSE) == "I would do nothing."
    pasta = Call("timer_start", (), {"duration": 720, "label": "pasta"})
    assert intend((pasta, Call("undo", ())), HOUSE) == "I would do this: timer start (duration 720, label pasta), undo."


@pytest.mark.parametrize(("function", "kind"), ACTING, ids=NAMES)
def test_every_function_can_be_told(function: object, kind: str) -> None:
    """Each function has words of its own, filled from its arguments."""
    known = next(each for each in FUNCTIONS if each is function)
    house = House(devices=(device("It", kind),))
    sentence = tell((sample_call(known, kind),), (Result("it", known.name, Status.DONE),), house)
    assert known.name in DONE
    assert "it" in sentence.casefold()
    assert sentence != "It done."
    assert "{" not in sentence
