"""The form of hub.yaml, and the settings made of it. References to the house are checked in `hub_checks`."""

from __future__ import annotations

import zoneinfo
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, WithJsonSchema

from octopus_hub.config.house import ActionClass
from octopus_hub.config.hub import (
    DEFAULT_TTL_S,
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
from octopus_hub.config.schema import Node, Version
from octopus_hub.config.schema_types import SecretText, matching
from octopus_hub.config.suggestions import near_miss

PORT, TLS_PORT = 1883, 8883


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    if not port_is_fine or parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"expected an address like http://homeassistant.local:8123, got {url!r}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("expected an address without user and password; Home Assistant takes a token")
    return url.rstrip("/")


def _checked_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = near_miss(name, zoneinfo.available_timezones())
        raise ValueError(f"unknown time zone {name!r}{near or '; expected a name like Europe/Berlin'}") from None
    return name


def _checked_filter(topic: str) -> str:
    levels = topic.split("/")
    misplaced = "#" in levels[:-1] or any(len(level) > 1 and ("#" in level or "+" in level) for level in levels)
    if not topic or misplaced or topic.startswith("$") or any(ord(character) < 32 for character in topic):
        raise ValueError(f"expected an MQTT topic, + for one level and # at the end allowed, got {topic!r}")
    return topic


Host = Annotated[str, *matching(r"[A-Za-z0-9._:-]{1,253}", "a host name or address, without mqtt://")]
BaseTopic = Annotated[str, *matching(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", "an MQTT topic of letters, digits, dots and dashes")]
TopicFilter = Annotated[str, AfterValidator(_checked_filter)]
SourceName = Annotated[
    str,
    *matching(
        r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", "up to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
    ),
]
Url = Annotated[str, AfterValidator(_checked_url), WithJsonSchema({"type": "string", "pattern": "^https?://"})]
TimeZone = Annotated[str, AfterValidator(_checked_zone)]
FilePath = Annotated[str, *matching(r"[^\x00]+", "a path")]
Ttl = Annotated[float, Field(ge=1, le=3600)]
Share = Annotated[float, Field(ge=0, le=1)]


class MqttNode(Node):
    """The broker."""

    host: Host | None = Field(None, description="The broker; without it the hub starts a mosquitto of its own on loopback.")
    port: int | None = Field(None, ge=1, le=65535, description=f"{PORT}, with tls {TLS_PORT}.")
    username: str | None = Field(None, description="The hub's account at the broker.")
    password: SecretText | None = Field(None, description="!secret NAME")
    tls: bool = Field(False, description="Encrypt, and check the broker's certificate.")
    ca_file: FilePath | None = Field(None, description="A certificate authority of your own, as PEM.")
    cert_file: FilePath | None = Field(None, description="The hub's own certificate, as PEM, for a broker that asks for one.")
    key_file: FilePath | None = Field(None, description="The key of cert_file, as PEM, without a password.")
    base_topic: BaseTopic = Field("octopus", description="The first level of all the hub's topics; one for each house.")
    response_topics: tuple[TopicFilter, ...] = Field((), description="Where an MQTT 5 response topic may point.")


class HomeAssistantNode(Node):
    """Home Assistant."""

    url: Url = Field(description="Where it answers: http://homeassistant.local:8123")
    token: SecretText = Field(description="!secret NAME: a long-lived token of a user that is no administrator.")
    follow: bool = Field(False, description="Import again, while the hub runs, what is renamed, moved or removed there.")


class SourceNode(Node):
    """Where commands come from: one topic segment, one broker account."""

    allow: tuple[Literal["open", "hazard", "private"], ...] = Field(
        (), description="Classes it is trusted with, beyond comfort; open not yet."
    )
    area: str | None = Field(None, description='The area that "here" is.')
    ttl_s: Ttl | None = Field(None, description="How old its commands may be, in seconds.")


class PolicyNode(Node):
    """When not to act."""

    open: OpenRule = Field(OpenRule.DENY, description="Unlocking, opening, disarming: never; confirm changes nothing yet.")
    min_confidence: Share = Field(0.25, description="Below this a plan is not carried out.")
    min_mass: Share = Field(0.4, description="Below this the model wanted what cannot be done here; nothing is done.")


class JournalNode(Node):
    """What was said and done."""

    path: FilePath | None = Field(None, description="The journal's file.")
    retention_days: int = Field(7, ge=1, le=3650, description="For how many days it is kept.")
    keep_text: bool = Field(True, description="Is the text of sentences kept?")


class ModelNode(Node):
    """The language model."""

    directory: FilePath | None = Field(None, description="Where the built model lies.")
    engine: Engine = Field(Engine.ONNX, description="What runs it.")
    threads: int | None = Field(None, ge=1, le=256, description="On how many threads; all cores, four at most, where left out.")
    deadline_ms: int = Field(2000, ge=50, le=60000, description="After this a sentence is given up.")
    quantization: Literal["nf4", "none"] = Field("nf4", description="How the engine transformers holds its weights.")


class HubFile(Node):
    """hub.yaml."""

    version: Version = Field(description="The version of this form.")
    mqtt: MqttNode = Field(default_factory=MqttNode, description="The broker.")
    home_assistant: HomeAssistantNode | None = Field(None, description="Home Assistant.")
    sources: dict[SourceName, SourceNode] = Field(default_factory=dict, description="Where commands come from, by name.")
    policy: PolicyNode = Field(default_factory=PolicyNode, description="When not to act.")
    journal: JournalNode = Field(default_factory=JournalNode, description="What was said and done.")
    model: ModelNode = Field(default_factory=ModelNode, description="The language model.")
    queue_size: int = Field(16, ge=1, le=1024, description="How many commands of a source may wait; more are refused as busy.")
    ttl_s: Ttl = Field(DEFAULT_TTL_S, description="How old a command may be, in seconds.")
    time_zone: TimeZone | None = Field(None, description="An IANA name like Europe/Berlin; the system's where left out.")
    language: Literal["en"] = Field("en", description="The language of sentences and answers.")
    state_directory: FilePath | None = Field(None, description="Where the hub keeps what it learns and builds.")


def settings_of(file: HubFile, directory: Path) -> HubSettings:
    """The settings in a checked file; its relative paths start at `directory`."""
    return HubSettings(
        mqtt=_mqtt(file.mqtt, directory),
        home_assistant=_home_assistant(file.home_assistant),
        sources={name: _source(node, file.ttl_s) for name, node in file.sources.items()},
        policy=PolicySettings(file.policy.open, file.policy.min_confidence, file.policy.min_mass),
        journal=JournalSettings(_path(file.journal.path, directory), file.journal.retention_days, file.journal.keep_text),
        model=ModelSettings(
            _path(file.model.directory, directory),
            file.model.engine,
            file.model.threads,
            file.model.deadline_ms,
            file.model.quantization,
        ),
        queue_size=file.queue_size,
        ttl_s=file.ttl_s,
        time_zone=file.time_zone,
        language=file.language,
        state_directory=_path(file.state_directory, directory),
    )


def _mqtt(node: MqttNode, directory: Path) -> MqttSettings:
    return MqttSettings(
        host=node.host,
        port=node.port or (TLS_PORT if node.tls else PORT),
        username=node.username,
        password=Secret(node.password) if node.password is not None else None,
        tls=node.tls,
        ca_file=_path(node.ca_file, directory),
        cert_file=_path(node.cert_file, directory),
        key_file=_path(node.key_file, directory),
        base_topic=node.base_topic,
        response_topics=node.response_topics,
    )


def _home_assistant(node: HomeAssistantNode | None) -> HomeAssistantSettings | None:
    return HomeAssistantSettings(node.url, Secret(node.token), node.follow) if node else None


def _source(node: SourceNode, ttl_s: float) -> SourceSettings:
    return SourceSettings(frozenset(map(ActionClass, node.allow)), node.area, node.ttl_s if node.ttl_s is not None else ttl_s)


def _path(text: str | None, directory: Path) -> Path | None:
    return directory / text if text is not None else None
