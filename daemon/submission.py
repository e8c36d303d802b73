"""What the parts of the daemon hand to each other: a command with where its answer goes, and the answer with how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from octopus_hub.config.plan import Call, Command, Outcome


class Channel(StrEnum):
    """How a command came in, which is who its sender is; nothing in a text can change that."""

    MQTT = "mqtt"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the Outcome goes besides the source's own topic; the response topic has passed the allow-list."""

    channel: Channel
    response_topic: str | None = None
    correlation: bytes | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A parsed command. `calls` are set where it brought calls instead of text."""

    command: Command
    address: Address
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """An Outcome and what the model made of the text, in the notation of `octopus_hub.config.plan`."""

    outcome: Outcome
    plan: str = ""
    mass: float | None = None


@dataclass(frozen=True, slots=True)
class Handled:
    """What one command brought about: its own report, and the final one of an earlier command that had asked a question."""

    report: Report
    settled: Report | None = None
