"""The settings of a hub, as the daemon sees them: checked, with defaults, immutable.

Knows nothing of YAML. A `None` path or zone means "the daemon's own choice". Secrets show themselves only when asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from octopus_hub.config.house import ActionClass

DEFAULT_TTL_S = 15.0


@dataclass(frozen=True, slots=True)
class Secret:
    """A password or token; it is not in its own repr, so that no log line shows it."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """The broker; without a host the hub starts a mosquitto of its own on loopback.

    `response_topics` are the MQTT topic filters an answer may be sent to on request; none lies below `base_topic`.
    """

    host: str | None = None
    port: int = 1883
    username: str | None = None
    password: Secret | None = None
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    base_topic: str = "octopus"
    response_topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HomeAssistantSettings:
    """Where Home Assistant answers (no slash at the end), and a long-lived token of a user that is no administrator. `follow`: what
    is renamed, moved or removed there is imported while the hub runs."""

    url: str
    token: Secret
    follow: bool = False


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """What is known of a source: the classes beyond comfort it is trusted with, where it stands, how long its words hold."""

    allow: frozenset[ActionClass] = frozenset()
    area: str | None = None
    ttl_s: float = DEFAULT_TTL_S


class OpenRule(StrEnum):
    """What becomes of a call of class *open* from a source that is trusted with it."""

    DENY = "deny"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """When not to act: `min_confidence` and `min_mass` are compared with those of a plan, both 0 to 1."""

    open: OpenRule = OpenRule.DENY
    # Chosen on the development set (docs/accuracy.md); the same in `schema_hub`.
    min_confidence: float = 0.25
    min_mass: float = 0.4


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """Where sentences are kept, for how long, and whether their text is kept at all."""

    path: Path | None = None
    retention_days: int = 7
    keep_text: bool = True


class Engine(StrEnum):
    """What runs the model."""

    ONNX = "onnx"
    TRANSFORMERS = "transformers"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which model, on what, and how long a sentence may take; `threads` None is all cores. `quantization` ("nf4" or "none") is for
    the engine transformers only."""

    directory: Path | None = None
    engine: Engine = Engine.ONNX
    threads: int | None = None
    deadline_ms: int = 2000
    quantization: str = "nf4"


@dataclass(frozen=True, slots=True)
class HubSettings:
    """Everything in hub.yaml. `time_zone` is an IANA name."""

    mqtt: MqttSettings = field(default_factory=MqttSettings)
    home_assistant: HomeAssistantSettings | None = None
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    policy: PolicySettings = field(default_factory=PolicySettings)
    journal: JournalSettings = field(default_factory=JournalSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    queue_size: int = 16
    ttl_s: float = DEFAULT_TTL_S
    time_zone: str | None = None
    language: str = "en"
    state_directory: Path | None = None

    def source(self, name: str) -> SourceSettings:
        """The settings of a source; one that is not listed is trusted with nothing and stands nowhere."""
        return self.sources.get(name) or SourceSettings(ttl_s=self.ttl_s)
