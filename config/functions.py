"""What can be asked of a house: the shape of a function, and look-ups over the table in `function_table`.

A function has one functional token of the model: its position in the table. The table is append only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from octopus_hub.config.house import ActionClass, Device

MOST_OWN = 64
"""Functions of an installer's own; their tokens lie behind all others."""


class ValueType(StrEnum):
    """What a parameter takes, and how the model writes it."""

    PERCENT = "percent"
    TEMPERATURE = "temperature"
    NUMBER = "number"
    DURATION = "duration"
    TIME = "time"
    TEXT = "text"
    CHOICE = "choice"
    OPTION = "option"
    AREA = "area"


NUMBERS = (ValueType.PERCENT, ValueType.TEMPERATURE, ValueType.NUMBER)
"""What a measured value may stand for."""


class TargetRule(Enum):
    """Does a call name devices?"""

    NONE = auto()
    OPTIONAL = auto()
    REQUIRED = auto()


class Confirmation(StrEnum):
    """When a call counts as done: its state was seen, or nothing can be seen, or it is answered by the hub itself."""

    STATE = "state"
    SENT = "sent"
    HUB = "hub"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument. `choices` are closed words (for numbers: words instead of digits); `option` names the device's own list.

    `minimum` and `maximum` are in `unit`; they are checked after decoding, never by the mask. `kinds` are those that alone have it,
    where not all of the function's do; `choice_kinds` tells those by choice.
    """

    name: str
    type: ValueType
    doc: str
    required: bool = True
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    option: str = ""
    kinds: tuple[str, ...] = ()
    choice_kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def is_of(self, kind: str, value: object) -> bool:
        """Can devices of a kind have this argument, with this value?"""
        chosen = self.choice_kinds.get(value, ()) if isinstance(value, str) else ()
        return all(kind in kinds for kinds in (self.kinds, chosen) if kinds)


@dataclass(frozen=True, slots=True)
class Told:
    """What carries out a function that an installer made: a service of Home Assistant with its data, a message over MQTT. Texts are
    Jinja templates over the arguments."""

    service: str = ""
    data: Mapping[str, str] = field(default_factory=dict, hash=False)
    topic: str = ""
    payload: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """One thing that can be asked; `not_for` says when it is the wrong one, `standstill` that a vehicle must be known to stand.

    `devices` are those that alone have it, by id, where not all of its kinds do; `told` is for an installer's own.
    """

    name: str
    doc: str
    kinds: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    target: TargetRule = TargetRule.REQUIRED
    action_class: ActionClass = ActionClass.COMFORT
    confirmation: Confirmation = Confirmation.STATE
    not_for: str = ""
    standstill: bool = False
    devices: tuple[str, ...] = ()
    told: Told | None = None

    @property
    def is_read(self) -> bool:
        """Does it only answer, and so may be nested in another call?"""
        return self.action_class in (ActionClass.READ, ActionClass.PRIVATE)

    def takes(self, device: Device, arguments: Mapping[str, object] | None = None) -> bool:
        """Is it for this device, with all of these arguments?"""
        given = arguments or {}
        is_its = device.kind in self.kinds and (not self.devices or device.id in self.devices)
        return is_its and all(p.is_of(device.kind, given[p.name]) for p in self.parameters if p.name in given)

    def parameter(self, name: str) -> Parameter:
        """The parameter called `name`. Raises KeyError."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise KeyError(name)


class Reason(StrEnum):
    """Why nothing is done."""

    CHAT = "chat"
    ABSENT = "absent"
    UNSUPPORTED = "unsupported"
    UNSURE = "unsure"
