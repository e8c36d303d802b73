"""The house of a record: filled in where something is missing, told in one line where it makes no sense."""

from __future__ import annotations

import pytest

from octopus_hub.config.errors import InputError
from octopus_hub.config.house import ActionClass, Area, Device, DeviceState, Floor, Group, House, Units
from octopus_hub.config.record import house_from_record

LAMP = {"name": "Lamp", "kind": "light"}


def only_device(**fields: object) -> Device:
    """The device of a record with one device."""
    return house_from_record({"devices": [{**LAMP, **fields}]}).house.devices[0]


def test_a_record_may_hold_next_to_nothing() -> None:
    """Version, house, ids, areas and units may be missing, and null is missing."""
    assert house_from_record({}) == (House(), {})
    house, states = house_from_record({"areas": None, "devices": [{**LAMP, "area": None, "state": None}, LAMP]})
    assert house == House(devices=(Device("lamp", "Lamp", "light"), Device("lamp_2", "Lamp", "light")))
    assert states == {}


def test_a_record_may_hold_all_of_a_house() -> None:
    """What house.yaml can say is understood in a record."""
    house, _ = house_from_record(
        {
            "version": 1,
            "house": {"name": "Maple Street 4", "units": "imperial"},
            "floors": [{"name": "Ground", "level": 0, "aliases": ["downstairs"]}],
            "areas": [{"name": "Hallway", "floor": "Ground", "aliases": ["entrance"]}],
            "groups": [{"name": "Comfort", "devices": ["nest", "lamp"], "aliases": "cosy"}],
            "devices": [
                {
                    "id": "nest",
                    "name": "Nest",
                    "kind": "climate",
                    "area": "hallway",
                    "aliases": ["thermostat"],
                    "device_class": "heat_pump",
                    "home_assistant": {"main": "climate.nest"},
                    "mqtt": {"command": "nest/set"},
                    "limits": {"temperature_c": [15, 26]},
                    "options": {"hvac_modes": ["off", "heat"]},
                    "temperature_unit": "C",
                    "class": "hazard",
                    "bulk": False,
                },
                {"id": 7, "name": "Lamp", "kind": "light"},
            ],
        }
    )
    nest = Device(
        id="nest",
        name="Nest",
        kind="climate",
        area="Hallway",
        aliases=("thermostat",),
        device_class="heat_pump",
        home_assistant={"main": "climate.nest"},
        mqtt={"command": "nest/set"},
        limits={"temperature_c": (15, 26)},
        options={"hvac_modes": ("off", "heat")},
        temperature_unit="C",
        action_class=ActionClass.HAZARD,
        bulk=False,
    )
    assert house == House(
        name="Maple Street 4",
        units=Units.IMPERIAL,
        floors=(Floor("Ground", 0, ("downstairs",)),),
        areas=(Area("Hallway", "Ground", ("entrance",)),),
        groups=(Group("Comfort", ("nest", "7"), ("cosy",)),),
        devices=(nest, Device("7", "Lamp", "light")),
    )


def test_places_that_are_only_mentioned_exist() -> None:
    """Areas that devices name and floors that areas name are created; one area in two spellings is one."""
    areas = ["Attic", {"name": "Kitchen", "floor": "Ground"}, {"name": "kitchen"}]
    house, _ = house_from_record({"areas": areas, "devices": [{**LAMP, "area": "KITCHEN"}, {**LAMP, "area": "Garden"}]})
    assert house.areas == (Area("Attic"), Area("Kitchen", "Ground"), Area("Garden"))
    assert house.floors == (Floor("Ground"),)
    assert [device.area for device in house.devices] == ["Kitchen", "Garden"]


@pytest.mark.parametrize(
    ("fields", "kind", "noun"),
    [
        ({"kind": "input_boolean"}, "switch", "switch"),
        ({"kind": "dishwasher"}, "other", "device"),
        ({"kind": None, "home_assistant": "cover.gate", "attributes": {"device_class": "gate"}}, "cover", "gate"),
        ({"kind": "media_player", "device_class": "tv", "attributes": {"device_class": "speaker"}}, "media_player", "TV"),
    ],
)
def test_kinds(fields: dict[str, object], kind: str, noun: str) -> None:
    """Helper domains are our kinds, unknown ones are "other", and the class may be an attribute."""
    device = only_device(**fields)
    assert (device.kind, device.noun.name) == (kind, noun)


def test_attributes_tell_options_limits_and_units() -> None:
    """Home Assistant's attributes fill in what the record does not say itself."""
    thermostat = only_device(
        kind="climate",
        attributes={
            "hvac_modes": ["off", "heat"],
            "preset_modes": None,
            "min_temp": 45,
            "max_temp": "95",
            "temperature_unit": "°F",
        },
        limits={"humidity_pct": [30, 60]},
    )
    assert thermostat.options == {"hvac_modes": ("off", "heat")}
    assert thermostat.limits == {"temperature_f": (45, 95), "humidity_pct": (30, 60)}
    assert thermostat.temperature_unit == "F"
    boiler = only_device(kind="water_heater", attributes={"operation_list": ["eco", "eco", "off"], "min_temp": 60, "max_temp": 40})
    assert (boiler.options, boiler.limits) == ({"available_modes": ("eco", "off")}, {})
    sensor = only_device(kind="sensor", attributes={"unit_of_measurement": "°C"})
    assert (sensor.temperature_unit, only_device(attributes={"unit_of_measurement": "%"}).temperature_unit) == ("C", None)
    number = only_device(kind="number", attributes={"min": 1, "max": 10})
    assert number.limits == {"value": (1, 10)}


def test_limits_without_a_unit_are_in_the_house_s() -> None:
    """A range of temperatures without a unit is in that of the house."""
    device = {"name": "Nest", "kind": "climate", "attributes": {"min_temp": 45, "max_temp": 95}}
    assert house_from_record({"units": "imperial", "devices": [device]}).house.devices[0].limits == {"temperature_f": (45, 95)}
    assert house_from_record({"house": "Home", "devices": [device]}).house.devices[0].limits == {"temperature_c": (45, 95)}


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"state": "on", "attributes": {"brightness": 128}}, DeviceState("on", {"brightness": 128})),
        ({"state": 21.5}, DeviceState("21.5")),
        ({"state": True}, DeviceState("on")),
        ({"state": False, "kind": "lock"}, DeviceState("unlocked")),
        ({"state": True, "kind": "cover"}, DeviceState("open")),
        ({"attributes": {"brightness": 128}}, DeviceState("unknown", {"brightness": 128})),
    ],
)
def test_states(fields: dict[str, object], state: DeviceState) -> None:
    """States come by device id, in Home Assistant's words."""
    assert house_from_record({"devices": [{**LAMP, **fields}]}).states == {"lamp": state}


def test_names_are_put_in_one_line() -> None:
    """White space in a name is a single space; an alias that is left empty is none."""
    device = only_device(name=" Floor \n Lamp", aliases=["", " lamp "])
    assert (device.name, device.aliases) == ("Floor Lamp", ("lamp",))


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ([], "house: expected an object, got a list"),
        ({"devices": {}}, "house.devices: expected a list, got a mapping"),
        ({"devices": [4]}, "house.devices.0: expected an object, got the number 4"),
        ({"devices": [{"kind": "light"}]}, "house.devices.0.name: missing"),
        ({"devices": [{"name": " ", "kind": "light"}]}, "house.devices.0.name: missing"),
        ({"devices": [{"name": ["a"], "kind": "light"}]}, "house.devices.0.name: expected text, got a list"),
        ({"devices": [{"name": "Lamp"}]}, "house.devices.0.kind: missing"),
        ({"devices": [{**LAMP, "id": "a"}, {**LAMP, "id": "a"}]}, "house.devices.1.id: two devices have the id 'a'"),
        ({"devices": [{**LAMP, "attributes": "on"}]}, "house.devices.0.attributes: expected an object, got the text 'on'"),
        ({"devices": [{**LAMP, "state": []}]}, "house.devices.0.state: expected text, got a list"),
        ({"devices": [{**LAMP, "aliases": [{}]}]}, "house.devices.0.aliases: expected text, got a mapping"),
        (
            {"devices": [{**LAMP, "limits": {"value": [5, 1]}}]},
            "house.devices.0.limits.value: expected [low, high] with low below high, got [5, 1]",
        ),
        (
            {"devices": [{**LAMP, "class": "bad"}]},
            "house.devices.0.class: expected read, private, comfort, secure, hazard or open, got the text 'bad'",
        ),
        ({"house": {"units": "si"}}, "house.house.units: expected metric or imperial, got the text 'si'"),
        (
            {"groups": [{"name": "All", "devices": ["lamp"]}]},
            "house.groups.0.devices: no device has the id or name 'lamp'",
        ),
    ],
)
def test_a_bad_record_is_told_in_one_line(record: object, message: str) -> None:
    """What cannot be used says where it stands, what was expected and what came."""
    with pytest.raises(InputError) as raised:
        house_from_record(record)
    assert str(raised.value) == message


def test_floors_are_called_by_their_level() -> None:
    """Upstairs, downstairs and basement, where one floor alone can be meant and nothing else is called so."""
    levels = {"Keller": -1, "Erdgeschoss": 0, "Obergeschoss": 1}

    def aliases(**more: object) -> list[tuple[str, ...]]:
        floors = [{"name": name, "level": level} for name, level in levels.items()]
        house = {"floors": floors, "areas": [], "devices": [{"name": "Lamp", "kind": "light"}], **more}
        return [floor.aliases for floor in house_from_record(house).house.floors]

    assert aliases() == [("basement",), ("downstairs",), ("upstairs",)]
    assert aliases(areas=[{"name": "Den", "aliases": ["Basement"]}]) == [(), ("downstairs",), ("upstairs",)]
    levels["Dachgeschoss"] = 2
    assert aliases() == [("basement",), ("downstairs",), (), ()]
    levels = {"Erdgeschoss": 0}
    assert aliases() == [()]
