"""Which devices a plan means, from where it was said and by what is on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.small_house import HOUSE, States, device, every, many, one, plan, planned, state

from octopus_hub.config.functions import Reason
from octopus_hub.config.house import Area, Device, House
from octopus_hub.config.plan import (
    Call,
    GroupNamed,
    Named,
    Number,
    Plan,
    PlannedCall,
    Selector,
    Target,
    Text,
    When,
    Where,
    Word,
)
from octopus_hub.daemon.replies import Code
from octopus_hub.daemon.resolver import Resolution, resolve

NOTHING: States = {}


def run(call: PlannedCall, states: States = NOTHING, area: str | None = None, house: House = HOUSE) -> Resolution:
    return resolve(plan(call), house, states, area)


def ids(call: PlannedCall, states: States = NOTHING, area: str | None = None, house: House = HOUSE) -> set[str]:
    found = run(call, states, area, house)
    assert found.calls, found
    return {device_id for each in found.calls for device_id in each.device_ids}


def refused(call: PlannedCall, states: States = NOTHING, area: str | None = None, house: House = HOUSE) -> Code:
    found = run(call, states, area, house)
    assert found.refusal is not None, found
    return found.refusal.code


def asked(call: PlannedCall, states: States = NOTHING, area: str | None = None) -> set[str]:
    found = run(call, states, area)
    assert found.question is not None, found
    return set(found.question.device_ids)


KITCHEN = {"kitchen_ceiling", "counter"}
LIVING = {"floor_lamp", "living_ceiling"}
LIGHTS = {"hallway_light", *KITCHEN, *LIVING, "bedside"}
ONE_ON: States = {"floor_lamp": state("on"), "living_ceiling": state("off"), "bedside": state("off")}
RADIO_PLAYS: States = {"radio": state("playing"), "tv": state("off")}
TV_PLAYS: States = {"radio": state("idle", volume_level=0.2), "tv": state("playing")}

WHICH = [
    # The light: those of the room, or of the place that was said.
    (planned("turn_on", one("light")), "Kitchen", NOTHING, KITCHEN),
    (planned("turn_on", one("light")), "cookhouse", NOTHING, KITCHEN),
    (planned("turn_on", one("light", "Bedroom")), "Kitchen", NOTHING, {"bedside"}),
    (planned("turn_on", one("light", "here")), "Living Room", NOTHING, LIVING),
    (planned("turn_on", one("light", "floor Upper")), None, NOTHING, {"bedside"}),
    # One lamp being off does not make it the light; one being on makes it the one to switch off.
    (planned("turn_on", one("light")), "Living Room", ONE_ON, LIVING),
    (planned("turn_off", one("light")), "Living Room", ONE_ON, {"floor_lamp"}),
    (planned("turn_off", one("light")), None, ONE_ON, {"floor_lamp"}),
    (planned("step_brightness", one("light"), direction=Word("up")), "Living Room", ONE_ON, {"floor_lamp"}),
    (planned("set_brightness", one("light"), level=Number(40)), "Living Room", ONE_ON, LIVING),
    # The lights: those here, else all; all the lights: all, wherever one is.
    (planned("turn_off", many("light")), "Kitchen", NOTHING, KITCHEN),
    (planned("turn_off", many("light")), "Garage", NOTHING, LIGHTS),
    (planned("turn_off", many("light")), None, NOTHING, LIGHTS),
    (planned("turn_off", every("light")), "Kitchen", NOTHING, LIGHTS),
    (planned("turn_off", every("light", "floor Ground")), None, NOTHING, LIGHTS - {"bedside"}),
    (planned("turn_off", many("light", "here")), "Kitchen", NOTHING, KITCHEN),
    (planned("turn_off", every("light"), without=(Named("Floor Lamp"),)), None, NOTHING, LIGHTS - {"floor_lamp"}),
    (planned("turn_off", every("light"), without=(one("light", "Kitchen"),)), None, NOTHING, LIGHTS - KITCHEN),
    (planned("turn_off", "Bedside", "Counter"), None, NOTHING, {"bedside", "counter"}),
    # The only one, wherever it is.
    (planned("open", one("garage door")), "Kitchen", NOTHING, {"garage_door"}),
    (planned("start", one("vacuum")), "Bedroom", NOTHING, {"robbie"}),
    (
        planned("step_temperature", one("thermostat"), direction=Word("up")),
        "Bedroom",
        {"nest": state("heat", temperature=20)},
        {"nest"},
    ),
    (planned("lock", one("vehicle")), None, NOTHING, {"volvo"}),
    # A door of a car is no lock of the house, whatever the noun.
    (planned("unlock", one("thing"), door=Word("driver")), "Hallway", NOTHING, {"volvo"}),
    # By state.
    (planned("media_pause", one("media player")), None, RADIO_PLAYS, {"radio"}),
    (planned("media_pause", one("media player")), "Kitchen", TV_PLAYS, {"tv"}),
    (planned("step_volume", one("media player"), direction=Word("up")), "Kitchen", TV_PLAYS, {"radio"}),
    (planned("media_pause", one("media player")), "Bedroom", RADIO_PLAYS, {"radio"}),
    (planned("close", one("blind")), "Living Room", {"left_blind": state("open"), "right_blind": state("closed")}, {"left_blind"}),
    (planned("unlock", one("lock")), None, {"front_door": state("unlocked"), "back_door": state("locked")}, {"back_door"}),
    (planned("select_source", one("media player"), source=Word("netflix")), None, NOTHING, {"tv"}),
    # What guards a house is locked everywhere, unlocked only here.
    (planned("lock", many("lock")), "Hallway", NOTHING, {"front_door", "back_door"}),
    (planned("unlock", many("lock")), "Hallway", NOTHING, {"front_door"}),
    (planned("unlock", every("lock")), "Hallway", NOTHING, {"front_door", "back_door"}),
    # A room without one: the only one of the storey.
    (planned("media_play", one("media player")), "Hallway", {"tv": state("paused"), "radio": state("off")}, {"tv"}),
    # Everything: what may be swept.
    (
        planned("turn_off", every("thing")),
        "Kitchen",
        NOTHING,
        LIGHTS | {"nest", "radio", "tv", "breeze"},
    ),
    (planned("turn_off", every("thing", "Living Room")), None, NOTHING, {*LIVING, "tv"}),
    (planned("turn_off", GroupNamed("reading corner")), None, NOTHING, {"floor_lamp", "heater"}),
    (planned("turn_on", GroupNamed("Nook")), None, NOTHING, {"floor_lamp", "heater"}),
    # Words and classes do not always fit.
    (planned("open", many("curtain")), "Living Room", NOTHING, {"drapes"}),
    (planned("open", many("curtain", "Living Room")), None, NOTHING, {"left_blind", "right_blind"}),
    (planned("open", many("cover")), "Living Room", NOTHING, {"left_blind", "right_blind"}),
    (planned("open", every("cover")), None, NOTHING, {"left_blind", "right_blind", "drapes"}),
    (planned("turn_on", "coffee plug"), None, NOTHING, {"kettle_plug"}),
    (planned("turn_on", one("outlet")), None, NOTHING, {"kettle_plug"}),
    # Nothing named.
    (planned("play_media", query=Text("jazz")), "Kitchen", NOTHING, {"radio"}),
    (planned("announce", message=Text("dinner")), "Bedroom", NOTHING, {"radio"}),
    (planned("clean_area", area=Word("Kitchen")), "Kitchen", NOTHING, {"robbie"}),
    (planned("todo_add", item=Text("milk")), None, NOTHING, {"shopping_list"}),
    # Hazards: only alone.
    (planned("turn_off", "Fridge"), None, NOTHING, {"fridge"}),
    (planned("turn_off", one("switch", "Living Room")), None, NOTHING, {"heater"}),
    # Questions need no choice.
    (planned("get_state", one("lock"), state=Word("locked")), None, NOTHING, {"front_door", "back_door"}),
    (planned("get_state", many("light"), state=Word("on")), "Kitchen", NOTHING, KITCHEN),
    (planned("list_devices", every("window"), state=Word("open")), None, NOTHING, {"bedroom_window"}),
    (planned("get_value", one("thing", "Office"), property=Word("temperature")), None, NOTHING, {"office_temperature"}),
    (planned("get_value", one("thing", "Hallway"), property=Word("temperature")), None, NOTHING, {"nest"}),
    (planned("get_value", property=Word("humidity")), "Living Room", NOTHING, {"living_humidity"}),
    (planned("get_value", property=Word("temperature")), "Kitchen", NOTHING, {"nest"}),
    (planned("get_value", property=Word("temperature")), None, {"office_temperature": state("21")}, {"office_temperature"}),
    (planned("get_weather"), None, NOTHING, {"sky"}),
]


@pytest.mark.parametrize(("call", "area", "states", "expected"), WHICH, ids=lambda value: str(value) if value else "")
def test_meant(call: PlannedCall, area: str | None, states: States, expected: set[str]) -> None:
    """Exactly these devices are meant."""
    assert ids(call, states, area) == expected


ASKS = [
    (planned("turn_on", one("light")), None, LIGHTS),
    (planned("turn_on", one("light")), "Garage", LIGHTS),
    (planned("open", one("blind")), "Living Room", {"left_blind", "right_blind"}),
    (planned("open", one("blind", "Living Room")), None, {"left_blind", "right_blind"}),
    (planned("turn_on", "Ceiling"), None, {"kitchen_ceiling", "living_ceiling"}),
    (planned("unlock", one("lock")), None, {"front_door", "back_door"}),
    (planned("set_volume", one("media player"), level=Number(20)), None, {"radio", "tv"}),
]


@pytest.mark.parametrize(("call", "area", "expected"), ASKS, ids=lambda value: str(value) if value else "")
def test_asks(call: PlannedCall, area: str | None, expected: set[str]) -> None:
    """Where several are meant equally, one is asked for and nothing is done."""
    assert asked(call, area=area) == expected


def test_a_room_that_nobody_is_in_decides_nothing() -> None:
    """Of two lamps of one name, one of them nowhere, a speaker who is nowhere is asked."""
    house = House(devices=(Device("a", "Lamp", "light"), Device("b", "Lamp", "light", "Kitchen")), areas=(Area("Kitchen"),))
    assert resolve(plan(planned("turn_on", "Lamp")), house, {}, None).question is not None
    assert resolve(plan(planned("turn_on", "Lamp")), house, {}, "Kitchen").calls == (Call("turn_on", ("b",)),)


REFUSALS = [
    (planned("open", one("gate")), None, Code.ABSENT),
    (planned("turn_on", many("light", "Garage")), None, Code.ABSENT),
    (planned("turn_on", one("fan", "Kitchen")), None, Code.ABSENT),
    (planned("step_temperature", one("thermostat", "Kitchen"), direction=Word("up")), None, Code.ABSENT),
    (planned("turn_off", "Toaster"), None, Code.ABSENT),
    (planned("turn_off", GroupNamed("Party")), None, Code.ABSENT),
    (planned("turn_off", many("light", "here")), None, Code.NO_AREA),
    (planned("turn_on", "Front Door"), None, Code.NOT_SUPPORTED),
    (planned("turn_off", every("switch", "Living Room")), None, Code.BY_NAME),
    (planned("turn_off", "Bedside", without=(Named("Bedside"),)), None, Code.ABSENT),
    (planned("turn_on"), None, Code.UNSURE),
    (planned("set_brightness", "Bedside"), None, Code.UNSURE),
    (planned("get_value", one("thing", "Garage"), property=Word("humidity")), None, Code.ABSENT),
]


@pytest.mark.parametrize(("call", "area", "code"), REFUSALS, ids=lambda value: str(value) if value else "")
def test_refuses(call: PlannedCall, area: str | None, code: Code) -> None:
    """What is not there or cannot be done is refused, and never stretched to something else."""
    assert refused(call, area=area) is code


def test_absent_names_what_was_looked_for() -> None:
    """A refusal says what was looked for, and where."""
    found = run(planned("open", one("gate", "Garage")))
    assert found.refusal is not None
    assert found.refusal.text == "I can't find a gate in the Garage."


def test_question_names_the_candidates() -> None:
    """A question names its candidates, with their rooms where names repeat."""
    found = run(planned("turn_on", "Ceiling"))
    assert found.question is not None
    assert found.question.text == "Which Ceiling do you mean: Ceiling in the Kitchen or Ceiling in the Living Room?"


def test_name_in_the_speakers_area_is_meant() -> None:
    """Of two devices with one name that of the speaker's room is meant."""
    assert ids(planned("turn_on", "Ceiling"), area="Kitchen") == {"kitchen_ceiling"}


def test_name_with_a_place() -> None:
    """A place after a name decides."""
    where: Selector = Named("Ceiling", Where(area="Living Room"))
    assert ids(planned("turn_on", where), area="Kitchen") == {"living_ceiling"}


def test_name_is_looked_for_within_the_functions_kinds() -> None:
    """Of a lamp and a blind with one name, opening means the blind."""
    house = replace(HOUSE, devices=(*HOUSE.devices, device("Drapes", "light", "Bedroom", id="drapes_light")))
    assert ids(planned("open", "Drapes"), house=house) == {"drapes"}
    assert ids(planned("turn_on", "Drapes"), house=house) == {"drapes_light"}


def test_an_answered_question_decides() -> None:
    """A device that was chosen when asked is the one."""
    found = resolve(plan(planned("open", one("blind"))), HOUSE, {}, "Living Room", prefer=frozenset({"right_blind"}))
    assert found.calls == (Call("open", ("right_blind",)),)


CARS = House(
    areas=(Area("Garage", aliases=("workshop",)), Area("Den")),
    devices=(
        device("F-150", "vehicle", id="truck", aliases=("the truck",)),
        device("Model Y", "vehicle", id="tesla"),
        device("Garage Lamp", "light", "Garage", id="lamp"),
        device("Neon Sign", "light", "Garage", id="neon"),
        device("Telly", "media_player", "Garage", device_class="tv", id="telly"),
        device("Bert's Telly", "media_player", "Den", device_class="tv", id="berts"),
        device("Music Corner", "media_player", "Den", id="music"),
        device("Roller", "cover", "Garage", device_class="blind", id="garage_blind"),
        device("Slats", "cover", "Den", device_class="blind", id="den_blind"),
    ),
)


@pytest.mark.parametrize(
    ("call", "text", "expected"),
    [
        (planned("lock", one("vehicle")), "lock the truck", {"truck"}),
        (planned("get_state", one("vehicle"), state=Word("locked")), "is the truck locked", {"truck"}),
        (planned("lock", one("vehicle")), "lock the vehicle", set()),
        (planned("turn_off", one("TV")), "telly off", {"telly"}),
        (planned("turn_off", one("TV")), "bert's telly off", {"berts"}),
        (planned("open", one("blind")), "workshop blind up", {"garage_blind"}),
        (planned("media_pause", one("media player")), "stop the music", set()),
        (planned("turn_on", one("light", "Garage")), "the lamp in the garage", {"lamp"}),
        (planned("turn_on", one("light", "Garage")), "garage light", {"lamp", "neon"}),
    ],
)
def test_of_several_the_one_that_was_called_by_its_name(call: PlannedCall, text: str, expected: set[str]) -> None:
    """A word of the name decides where the plan does not; words for the kind and for rooms are nobody's name."""
    found = resolve(plan(call), CARS, {}, text=text)
    assert {device_id for each in found.calls for device_id in each.device_ids} == expected


def test_what_follows_is_meant_where_something_is_done_already() -> None:
    """ "In the den: blind down, telly off": of two tellies the den's, unless the speaker's room has one; and never to unlock."""
    blind, telly = planned("close", one("blind", "Den")), planned("turn_off", one("TV"))
    assert resolve(plan(blind, telly), CARS, {}).calls[1].device_ids == ("berts",)
    assert resolve(plan(blind, telly), CARS, {}, "Garage").calls[1].device_ids == ("telly",)
    assert resolve(plan(telly, blind), CARS, {}).question is not None
    assert resolve(plan(planned("lock", "F-150"), telly), CARS, {}).question is not None
    doors = House(
        areas=(Area("Hall"), Area("Shed")),
        devices=(
            device("Lamp", "light", "Hall"),
            device("Front", "lock", "Hall"),
            device("Back", "lock", "Shed"),
        ),
    )
    assert resolve(plan(planned("turn_on", "Lamp"), planned("lock", one("lock"))), doors, {}).calls[1].device_ids == ("front",)
    assert resolve(plan(planned("turn_on", "Lamp"), planned("unlock", one("lock"))), doors, {}).question is not None


def test_all_or_nothing() -> None:
    """One step that cannot be resolved keeps the others from being done."""
    found = resolve(plan(planned("turn_on", "Bedside"), planned("open", one("gate"))), HOUSE, {})
    assert found.calls == ()
    assert found.refusal is not None


@pytest.mark.parametrize("reason", list(Reason))
def test_refusal_of_the_model(reason: Reason) -> None:
    """What the model refused stays refused, with the code of its reason."""
    found = resolve(Plan((), reason), HOUSE, {})
    assert found.refusal is not None
    assert found.refusal.code == reason.value


def test_unavailable_devices_drop_out_of_many() -> None:
    """An unavailable lamp is left out of "the lights" and named when it is meant alone."""
    away = {"counter": state("unavailable")}
    assert ids(planned("turn_on", many("light")), away, "Kitchen") == {"kitchen_ceiling"}
    assert refused(planned("turn_on", "Counter"), away) is Code.UNAVAILABLE
    assert refused(planned("turn_on", many("light", "Bedroom")), {"bedside": state("unavailable")}) is Code.UNAVAILABLE


def test_unavailable_devices_can_be_asked_about() -> None:
    """A question about an unavailable device is answered, not refused."""
    assert ids(planned("get_state", "Counter"), {"counter": state("unavailable")}) == {"counter"}


@pytest.mark.parametrize(
    ("when", "at"),
    [(When(after_s=600), 600.0), (When(at="half past six"), "half past six"), (When(for_s=60), 60.0), (None, None)],
)
def test_put_off(when: When | None, at: float | str | None) -> None:
    """What is not for now carries when, and whoever carries calls out can see it."""
    (call,) = run(planned("turn_off", "Bedside", when=when)).calls
    assert call.at == at


def test_hub_functions_need_no_device() -> None:
    """A timer without a device is the hub's own."""
    assert run(planned("get_time")).calls == (Call("get_time", ()),)


def test_a_switch_may_be_a_light_by_its_name() -> None:
    """Where a room has no lights, a switch called a lamp is one."""
    house = replace(HOUSE, devices=(*HOUSE.devices, device("Garage Lamp", "switch", "Garage")))
    assert ids(planned("turn_on", many("light", "Garage")), house=house) == {"garage_lamp"}


def test_a_gate_without_a_class_is_found_by_name() -> None:
    """A cover without a device class is a gate if it is called so, and no blind is ever one."""
    house = replace(HOUSE, devices=(*HOUSE.devices, device("Drive Gate", "cover")))
    assert ids(planned("open", one("gate")), house=house) == {"drive_gate"}


def test_two_floors() -> None:
    """With two players on the floor of a room that has none, the speaker is asked."""
    assert asked(planned("set_volume", one("media player"), level=Number(9)), area="Hallway") == {"radio", "tv"}


def test_unknown_area_is_no_room() -> None:
    """A speaker's area that the house does not know counts as none of its rooms."""
    assert ids(planned("turn_off", many("light")), area="Moon") == LIGHTS


def test_lights_all_in_one_room_need_no_area() -> None:
    """Where all lights are in one room, "the light" means them from anywhere."""
    house = House(areas=(Area("Studio"),), devices=(device("A", "light", "Studio"), device("B", "light", "Studio")))
    assert ids(planned("turn_on", one("light")), house=house) == {"a", "b"}


def test_a_hazard_does_not_slip_through_apart() -> None:
    """A toggled group whose members go different ways is not split so that its heater goes alone."""
    states = {"floor_lamp": state("on"), "heater": state("off")}
    assert refused(planned("toggle", GroupNamed("Reading Corner")), states) is Code.HAZARD


def test_a_state_tells_which_of_two_is_asked_about() -> None:
    """The front door is a lock and a sensor: locked is one, open the other; neither where no state is said."""
    front = (device("Front Door", "lock", id="bolt"), device("Front Door", "binary_sensor", id="contact", device_class="door"))
    house = House(devices=front)
    assert ids(planned("get_state", Named("Front Door"), state=Word("locked")), house=house) == {"bolt"}
    assert ids(planned("get_state", Named("Front Door"), state=Word("open")), house=house) == {"contact"}
    assert ids(planned("get_state", Named("Front Door")), house=house) == {"bolt", "contact"}


def test_a_list_that_is_named_once_is_meant_by_all() -> None:
    """ "Put milk and eggs on the second list" are two calls, of which one names it."""
    lists = (device("First", "todo"), device("Second", "todo"))
    house = House(devices=lists)
    calls = (planned("todo_add", item=Text("milk")), planned("todo_add", Named("Second"), item=Text("eggs")))
    found = resolve(Plan(calls), house, NOTHING)
    assert [call.device_ids for call in found.calls] == [("second",), ("second",)]
    assert resolve(Plan(calls[:1]), house, NOTHING).question is not None


def test_a_value_of_what_is_named_after_a_device() -> None:
    """A freezer that is a switch knows no temperature; its thermometer does. A room's sensor goes before its air conditioning."""
    devices = (
        Device("freezer", "Freezer", "switch", "Kitchen"),
        Device("probe", "Freezer Thermometer", "sensor", "Kitchen", device_class="temperature"),
        Device("air", "Kitchen AC", "climate", "Kitchen"),
        Device("room", "Kitchen Sensor", "sensor", "Kitchen", device_class="temperature"),
    )
    house = House(areas=(Area("Kitchen"),), devices=devices)
    known = {"probe": state("-18"), "room": state("21"), "air": state("cool", current_temperature=24)}
    asked = {"property": Word("temperature")}
    named = Plan((PlannedCall("get_value", Target((Named("freezer"),)), asked),))
    assert resolve(named, house, known, None).calls[0].device_ids == ("probe",)
    assert resolve(named, house, {}, None).calls[0].device_ids == ("freezer",)
    here = Plan((PlannedCall("get_value", Target((one("thing", "here"),)), asked),))
    assert resolve(here, house, known, "Kitchen").calls[0].device_ids == ("room",)
