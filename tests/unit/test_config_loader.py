"""What a right configuration becomes: merged files, ids, settings, secrets, and the demo house."""

from __future__ import annotations

from pathlib import Path

import pytest

from octopus_hub.config.errors import ConfigError
from octopus_hub.config.function_table import FUNCTIONS
from octopus_hub.config.house import ActionClass, Area, Device, Floor, Group, House, Units
from octopus_hub.config.hub import (
    Engine,
    HomeAssistantSettings,
    HubSettings,
    JournalSettings,
    ModelSettings,
    MqttSettings,
    OpenRule,
    PolicySettings,
    Secret,
    SourceSettings,
)
from octopus_hub.config.kinds import KINDS
from octopus_hub.config.loader import check, demo_directory, load_config
from octopus_hub.config.schema_house import OPTION_LISTS


def write(directory: Path, **texts: str) -> Path:
    """A configuration directory: the text of hub.yaml as `hub`, and so on; a house of nothing unless given."""
    for name, text in {"house": "version: 1\n", **texts}.items():
        (directory / f"{name}.yaml").write_text(text, encoding="utf-8")
    if "secrets" in texts:
        (directory / "secrets.yaml").chmod(0o600)
    return directory


def load_house(directory: Path, text: str) -> House:
    """The house of a directory with this house.yaml."""
    return load_config(write(directory, house=text)).house


def messages(directory: Path) -> list[str]:
    """Path and message of every problem."""
    return [f"{problem.path}: {problem.message}" for problem in check(directory)]


def test_a_device_keeps_everything_that_is_said_about_it(tmp_path: Path) -> None:
    """Every key of a device arrives in the house, in the house's types."""
    house = load_house(
        tmp_path,
        """
        version: 1
        house: {name: Maple Street 4, units: imperial}
        floors: [{name: Ground, level: -1, aliases: [downstairs]}]
        areas: [{name: Hallway, floor: Ground, aliases: [entrance]}]
        groups: [{name: Comfort, devices: [nest], aliases: [cosy]}]
        devices:
          - id: nest
            name: Nest
            kind: climate
            area: Hallway
            aliases: [thermostat, "22"]
            device_class: heat_pump
            home_assistant: {main: climate.nest, battery: sensor.nest_2}
            limits: {temperature_c: [15, 26.5]}
            options: {hvac_modes: [off, heat]}
            temperature_unit: F
            class: hazard
            bulk: false
          - {name: Plug, kind: light, mqtt: {schema: json, command: plug/set, brightness: true, brightness_scale: 254}}
        """.replace("\n        ", "\n"),
    )
    nest = Device(
        id="nest",
        name="Nest",
        kind="climate",
        area="Hallway",
        aliases=("thermostat", "22"),
        device_class="heat_pump",
        home_assistant={"main": "climate.nest", "battery": "sensor.nest_2"},
        limits={"temperature_c": (15, 26.5)},
        options={"hvac_modes": ("off", "heat")},
        temperature_unit="F",
        action_class=ActionClass.HAZARD,
        bulk=False,
    )
    told: dict[str, str | bool | int | float] = {
        "schema": "json",
        "command": "plug/set",
        "brightness": True,
        "brightness_scale": 254,
    }
    plug = Device("plug", "Plug", "light", mqtt=told)
    assert house == House(
        name="Maple Street 4",
        units=Units.IMPERIAL,
        floors=(Floor("Ground", -1, ("downstairs",)),),
        areas=(Area("Hallway", "Ground", ("entrance",)),),
        groups=(Group("Comfort", ("nest",), ("cosy",)),),
        devices=(nest, plug),
    )


def test_ids_come_from_names_and_are_unique(tmp_path: Path) -> None:
    """A device without an id gets its name's, numbered where it is taken; given ids are never taken."""
    house = load_house(
        tmp_path,
        """
version: 1
devices:
  - {name: Ceiling Light, kind: light}
  - {name: "Ceiling light!", kind: light}
  - {id: ceiling_light_2, name: Other, kind: light}
  - {name: Küche 1, kind: light}
  - {name: 灯, kind: light}
""",
    )
    assert [device.id for device in house.devices] == ["ceiling_light", "ceiling_light_3", "ceiling_light_2", "kuche_1", "light"]


def test_short_forms(tmp_path: Path) -> None:
    """One entity stands for {main: …}, and Home Assistant's helper domains for our kinds."""
    house = load_house(
        tmp_path, "version: 1\ndevices: [{name: Guests, kind: input_boolean, home_assistant: input_boolean.guests}]\n"
    )
    assert house.devices[0].kind == "switch"
    assert house.devices[0].home_assistant == {"main": "input_boolean.guests"}


def test_control_tokens_in_names_are_plain_text(tmp_path: Path) -> None:
    """A name may look like a token of the model."""
    house = load_house(tmp_path, "version: 1\ndevices: [{name: <|im_end|>, kind: light}]\n")
    assert house.devices[0].name == "<|im_end|>"


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    """Editors of another system may leave one."""
    assert load_house(tmp_path, "\ufeffversion: 1\n") == House()


def test_files_are_merged_in_the_order_of_their_names(tmp_path: Path) -> None:
    """house.yaml comes first, and parts may refer to each other."""
    write(tmp_path, house="version: 1\ndevices: [{name: A, kind: light, area: Garage}]\n")
    (tmp_path / "house.d").mkdir()
    (tmp_path / "house.d" / "20.yaml").write_text("version: 1\ndevices: [{name: C, kind: light}]\nareas: [{name: Garage}]\n")
    (tmp_path / "house.d" / "10.yaml").write_text("version: 1\ndevices: [{name: B, kind: light}]\nhouse: {name: Here}\n")
    (tmp_path / "house.d" / "README").write_text("Not a part of the house.")
    house = load_config(tmp_path).house
    assert (house.name, [device.name for device in house.devices]) == ("Here", ["A", "B", "C"])


def test_without_hub_yaml_everything_has_its_default(tmp_path: Path) -> None:
    """A house alone is a configuration."""
    assert load_config(write(tmp_path)).hub == HubSettings()


def test_hub_settings(tmp_path: Path) -> None:
    """Every key of hub.yaml arrives in the settings; relative paths start at the directory."""
    write(
        tmp_path,
        house="version: 1\nareas: [{name: Kitchen}]\n",
        secrets='broker: hunter2\nha: "1234"\n',
        hub="""
version: 1
mqtt:
  host: broker.lan
  username: octopus
  password: !secret broker
  tls: true
  ca_file: ca.pem
  base_topic: homes/maple
  response_topics: [nodered/+/answers, homes/oak/#]
home_assistant: {url: "http://ha.lan:8123/", token: !secret ha}
sources:
  voice-kitchen: {area: Kitchen, allow: [open, hazard, private], ttl_s: 5}
  nodered: {}
policy: {open: confirm, min_confidence: 0, min_mass: 0.25}
journal: {path: journal.sqlite, retention_days: 30, keep_text: false}
model: {directory: /srv/model, engine: transformers, threads: 2, deadline_ms: 500}
queue_size: 4
ttl_s: 10
time_zone: Europe/Berlin
language: en
state_directory: state
""",
    )
    trusted = frozenset({ActionClass.OPEN, ActionClass.HAZARD, ActionClass.PRIVATE})
    hub = load_config(tmp_path).hub
    assert hub == HubSettings(
        mqtt=MqttSettings(
            host="broker.lan",
            port=8883,
            username="octopus",
            password=Secret("hunter2"),
            tls=True,
            ca_file=tmp_path / "ca.pem",
            base_topic="homes/maple",
            response_topics=("nodered/+/answers", "homes/oak/#"),
        ),
        home_assistant=HomeAssistantSettings("http://ha.lan:8123", Secret("1234")),
        sources={"voice-kitchen": SourceSettings(trusted, "Kitchen", 5), "nodered": SourceSettings(ttl_s=10)},
        policy=PolicySettings(OpenRule.CONFIRM, 0, 0.25),
        journal=JournalSettings(tmp_path / "journal.sqlite", 30, False),
        model=ModelSettings(Path("/srv/model"), Engine.TRANSFORMERS, 2, 500),
        queue_size=4,
        ttl_s=10,
        time_zone="Europe/Berlin",
        state_directory=tmp_path / "state",
    )
    assert hub.source("stranger") == SourceSettings(ttl_s=10)
    assert "hunter2" not in repr(hub)


HUB_WITH_SECRET = "version: 1\nmqtt: {host: broker.lan, password: !secret broker}\n"


def password_of(directory: Path, credentials_directory: Path | None = None) -> str | None:
    """The broker's password."""
    password = load_config(directory, credentials_directory=credentials_directory).hub.mqtt.password
    return password.value if password else None


def test_a_secret_may_be_a_credential_of_systemd(tmp_path: Path) -> None:
    """A name that secrets.yaml lacks is a file of the credentials directory, without its last line break."""
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "broker").write_text("from systemd\n")
    write(tmp_path, hub=HUB_WITH_SECRET)
    assert password_of(tmp_path, tmp_path / "credentials") == "from systemd"
    write(tmp_path, secrets="broker: from the file\n")
    assert password_of(tmp_path, tmp_path / "credentials") == "from the file"


@pytest.mark.parametrize("name", ["../house.yaml", "..", "", "absent"])
def test_a_credential_is_only_a_file_of_that_directory(tmp_path: Path, name: str) -> None:
    """No secret name leads elsewhere."""
    (tmp_path / "credentials").mkdir()
    write(tmp_path, hub=HUB_WITH_SECRET.replace("broker}", f"'{name}'}}"))
    with pytest.raises(ConfigError, match=r"unknown secret '.*'"):
        load_config(tmp_path, credentials_directory=tmp_path / "credentials")


def test_a_credential_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    """Binary credentials are for other programs."""
    (tmp_path / "broker").write_bytes(b"\xff")
    write(tmp_path, hub=HUB_WITH_SECRET)
    with pytest.raises(ConfigError, match="the credential 'broker' cannot be read as UTF-8 text"):
        load_config(tmp_path, credentials_directory=tmp_path)


def test_others_must_not_read_the_secrets(tmp_path: Path) -> None:
    """secrets.yaml with rights for a group or for all is refused, even if nothing uses it."""
    write(tmp_path, secrets="broker: x\n")
    (tmp_path / "secrets.yaml").chmod(0o640)
    assert messages(tmp_path) == ["(file): expected mode 0600, got 0640: others can read it; run chmod 600 secrets.yaml"]


def test_an_unknown_secret_names_the_near_one(tmp_path: Path) -> None:
    """A misspelt secret is told with the name that was meant."""
    write(tmp_path, hub=HUB_WITH_SECRET, secrets="brokr: x\n")
    assert messages(tmp_path) == ["mqtt.password: unknown secret 'broker'; did you mean 'brokr'?"]


@pytest.mark.parametrize(
    ("secrets", "message"),
    [
        ("broker: 987654\n", "broker: expected text; put it in quotes"),
        ("broker: *987654\n", "(file): an alias (*) is not read; write the value out, or in quotes"),
        ("broker: !987654\n", "broker: a tag (!) is not read; write plain text in quotes"),
        ("987654\n", "(file): expected keys and values, got a single value"),
        ("broker: {nested: '987654'}\n", "broker: expected text; put it in quotes"),
    ],
)
def test_no_message_shows_a_secret(tmp_path: Path, secrets: str, message: str) -> None:
    """What is wrong with secrets.yaml is told without its values."""
    write(tmp_path, secrets=secrets)
    assert messages(tmp_path) == [message]


def test_a_secret_that_does_not_fit_is_not_shown(tmp_path: Path) -> None:
    """A secret may stand anywhere in hub.yaml, and no check shows its value."""
    hub = "version: 1\nmqtt: {port: !secret port}\nhome_assistant: {url: !secret url, token: !secret url}\n"
    write(tmp_path, hub=hub, secrets='port: "987654"\nurl: "987654"\n')
    assert messages(tmp_path) == [
        "mqtt.port: the secret's value does not fit here",
        "home_assistant.url: the secret's value does not fit here",
    ]


def test_the_demo_house_shows_every_kind() -> None:
    """The demo loads, and has a device of every kind, and the cases that matter most."""
    config = load_config(demo_directory())
    house = config.house
    assert {device.kind for device in house.devices} == set(KINDS) - {"other"}
    assert {device.noun.name for device in house.devices} >= {"garage door", "blind", "curtain", "TV", "speaker", "outlet"}
    assert [device.area for device in house.devices if device.kind == "lock"] == ["Hallway"]
    assert house.by_id["nest"].limits == {"temperature_c": (15, 26)}
    assert [device.name for device in house.devices if not device.bulk] == ["Fridge", "Armchair Heater"]
    assert len(house.floors) == 2
    assert config.hub.mqtt.host is None


def test_every_option_of_a_function_can_be_configured() -> None:
    """What a function chooses from is a list that a device can have."""
    assert {parameter.option for function in FUNCTIONS for parameter in function.parameters} - {""} <= set(OPTION_LISTS)


def test_a_vehicle_bound_by_signals(tmp_path: Path) -> None:
    """Signals of VSS stand for roles, and the lock for the main entity; one that is not known is told with the nearest."""
    house = load_house(
        tmp_path,
        """
        version: 1
        devices:
          - name: Volvo
            kind: vehicle
            home_assistant:
              Vehicle.Cabin.Door.Row1.DriverSide.IsLocked: lock.volvo
              Vehicle.Cabin.Seat.Row1.PassengerSide.Heating: select.seat
              Vehicle.Speed: sensor.speed
        """.replace("\n        ", "\n"),
    )
    roles = {
        "main": "lock.volvo",
        "lock_front_left": "lock.volvo",
        "seat_heating_passenger": "select.seat",
        "speed": "sensor.speed",
    }
    assert house.devices[0].home_assistant == roles
    wrong = "version: 1\ndevices: [{name: V, kind: vehicle, home_assistant: {main: lock.v, Vehicle.Sped: sensor.s}}]\n"
    (tmp_path / "house.yaml").write_text(wrong)
    assert messages(tmp_path) == ["devices.0.home_assistant: unknown signal 'Vehicle.Sped'; did you mean 'Vehicle.Speed'?"]
