"""What the hub says when it does not simply obey: the closed list of codes, and one English sentence for each.

Knows nothing of states, models or adapters. What was done is told by `octopus_hub.daemon.reports`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from string import Formatter

from octopus_hub.config.errors import InputError
from octopus_hub.config.functions import Reason
from octopus_hub.config.house import Device, House
from octopus_hub.config.kinds import NOUNS


class Code(StrEnum):
    """Why a command did not simply end well; part of the wire format, only ever appended to."""

    # Nothing to do was understood.
    CHAT = "chat"
    UNSUPPORTED = "unsupported"
    UNSURE = "unsure"
    ABSENT = "absent"
    # Understood, but it cannot be done like this.
    WHICH = "which"
    NO_AREA = "no_area"
    NOT_SUPPORTED = "not_supported"
    OPTION = "option"
    RANGE = "range"
    UNAVAILABLE = "unavailable"
    UNKNOWN_STATE = "unknown_state"
    BY_NAME = "by_name"
    LATER = "later"
    # Forbidden.
    DENIED = "denied"
    HAZARD = "hazard"
    MOVING = "moving"
    # The command itself.
    EXPIRED = "expired"
    DUPLICATE = "duplicate"
    BUSY = "busy"
    INVALID = "invalid"
    INTERRUPTED = "interrupted"
    # The devices.
    NOT_CONFIRMED = "not_confirmed"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    FAILED = "failed"


PLAIN: Mapping[Code, str] = {
    Code.CHAT: "I only control this home and car.",
    Code.UNSUPPORTED: "I'm not able to do that.",
    Code.UNSURE: "I'm not sure what you mean.",
    Code.ABSENT: "I can't find that here.",
    Code.WHICH: "Which one do you mean?",
    Code.NO_AREA: "I don't know which room you are in.",
    Code.NOT_SUPPORTED: "It can't do that.",
    Code.OPTION: "It has no such setting.",
    Code.RANGE: "That is out of range.",
    Code.UNAVAILABLE: "It isn't available at the moment.",
    Code.UNKNOWN_STATE: "I don't know that now.",
    Code.BY_NAME: "For safety, that one has to be named on its own.",
    Code.LATER: "I can't do that later yet.",
    Code.DENIED: "I'm not allowed to do that from here.",
    Code.HAZARD: "For safety, I only do that one device at a time.",
    Code.MOVING: "For safety, I only do that when I know that the car stands still.",
    Code.EXPIRED: "That came too late, so I left it.",
    Code.DUPLICATE: "I already did that.",
    Code.BUSY: "I'm busy; please try again in a moment.",
    Code.INVALID: "I couldn't read that.",
    Code.INTERRUPTED: "I was restarted in the middle of that; please check.",
    Code.NOT_CONFIRMED: "I asked, but nothing confirmed it.",
    Code.REJECTED: "It was refused.",
    Code.UNREACHABLE: "I can't reach it at the moment.",
    Code.FAILED: "That didn't work.",
}
"""The sentence for each code when nothing more is known."""

DETAILED: Mapping[Code, str] = {
    Code.ABSENT: "I can't find {what} {where}.",
    Code.NOT_SUPPORTED: "{device} can't do that.",
    Code.OPTION: "{device} has no {option}; it has {options}.",
    Code.RANGE: "{value} is too {side} for {device}: it takes {low} to {high}.",
    Code.UNAVAILABLE: "{device} isn't available at the moment.",
    Code.UNKNOWN_STATE: "I don't know {what} now.",
    Code.BY_NAME: "For safety, {device} has to be named on its own.",
    Code.HAZARD: "For safety, I only do that with {device} on its own.",
    Code.MOVING: "For safety, I only do that when I know that {device} stands still.",
    Code.DENIED: "I'm not allowed to do that with {device} from here.",
    Code.NOT_CONFIRMED: "I asked, but {device} hasn't confirmed it.",
    Code.REJECTED: "{device} refused.",
    Code.UNREACHABLE: "I can't reach {device} at the moment.",
    Code.FAILED: "That didn't work with {device}.",
}
"""The sentence when all its parts are known."""

OF_REASON: Mapping[Reason, Code] = {
    Reason.CHAT: Code.CHAT,
    Reason.ABSENT: Code.ABSENT,
    Reason.UNSUPPORTED: Code.UNSUPPORTED,
    Reason.UNSURE: Code.UNSURE,
}

MAX_SPOKEN = 4
"""More names than this in one sentence are counted instead of read out."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing is done, and why; `parts` fill the sentence of the code."""

    code: Code
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentence to say."""
        return refuse(self.code, self.parts)


@dataclass(frozen=True, slots=True)
class Question:
    """Nothing is done until the speaker chose one of `device_ids`."""

    text: str
    device_ids: tuple[str, ...]


class Unresolved(InputError):
    """A plan that cannot be carried out as it stands; carries what to say instead."""

    def __init__(self, verdict: Refusal | Question) -> None:
        self.verdict = verdict
        super().__init__(verdict.text)


def refusal(code: Code, **parts: str) -> Unresolved:
    """The error to raise for a refusal."""
    return Unresolved(Refusal(code, parts))


def refuse(code: Code, parts: Mapping[str, str] | None = None) -> str:
    """The sentence for `code`, with its parts where all of them are known."""
    known = parts or {}
    template = DETAILED.get(code, "")
    fields = {name for _, name, _, _ in Formatter().parse(template) if name}
    return _sentence(template.format_map(known)) if fields and fields <= known.keys() else PLAIN[code]


def ask(devices: Sequence[Device], what: str = "one") -> Question:
    """The question which of `devices` is meant; `what` is the noun used."""
    ids = tuple(device.id for device in devices)
    if len(devices) > MAX_SPOKEN:
        return Question(f"Which {what} do you mean? There are {len(devices)}.", ids)
    return Question(f"Which {what} do you mean: {join(distinct_names(devices), 'or')}?", ids)


def distinct_names(devices: Sequence[Device]) -> list[str]:
    """The devices' names, with the area, else the noun, where a name occurs twice."""
    names = [device.name for device in devices]
    if len(set(names)) == len(names):
        return names
    placed = [f"{device.name} in the {device.area}" if device.area else device.name for device in devices]
    if len(set(placed)) == len(placed):
        return placed
    return [f"{name} ({device.noun.name})" for name, device in zip(placed, devices, strict=True)]


def join(words: Sequence[str], last: str = "and") -> str:
    """Words as English lists them: "A", "A and B", "A, B and C"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def the(device: Device) -> str:
    """A device's name inside a sentence: "the Front Door", but "Anna" and "Anna's Lamp"."""
    first = device.name.casefold().replace("’", "'").partition(" ")[0]
    is_proper = device.kind == "person" or first in ("the", "my", "our") or first.endswith(("'s", "s'"))
    return device.name if is_proper else f"the {device.name}"


def name_devices(device_ids: Sequence[str], house: House) -> str:
    """Devices in a sentence: by name where few, else counted by their common noun ("5 lights")."""
    devices = [house.by_id[device_id] for device_id in device_ids if device_id in house.by_id]
    if len(devices) <= MAX_SPOKEN:
        return join(distinct_names(devices))
    return f"{len(devices)} {common_plural(devices)}"


def common_plural(devices: Sequence[Device]) -> str:
    """The plural noun that fits all of them: "blinds", else "covers", else "devices"."""
    nouns = {device.noun for device in devices}
    if len(nouns) == 1:
        return nouns.pop().plural
    kinds = {device.kind for device in devices}
    general = [noun.plural for noun in NOUNS if noun.kind in kinds and not noun.device_classes]
    return general[0] if len(kinds) == 1 and general else "devices"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
