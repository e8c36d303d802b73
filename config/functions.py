"""What can be asked of a house: the shape of a function, and look-ups over the table in `function_table`.

A function has one functional token of the model: its position in the table. The table is append only.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from octopus_hub.config.house import ActionClass


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
    where not all of the function's do.
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


@dataclass(frozen=True, slots=True)
class Function:
    """One thing that can be asked; `not_for` says when it is the wrong one, `standstill` that a vehicle must be known to stand."""

    name: str
    doc: str
    kinds: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    target: TargetRule = TargetRule.REQUIRED
    action_class: ActionClass = ActionClass.COMFORT
    confirmation: Confirmation = Confirmation.STATE
    not_for: str = ""
    standstill: bool = False

    @property
    def is_read(self) -> bool:
        """Does it only answer, and so may be nested in another call?"""
        return self.action_class in (ActionClass.READ, ActionClass.PRIVATE)

    def kinds_with(self, arguments: Container[str]) -> tuple[str, ...]:
        """The kinds that have all of these arguments, by name."""
        limits = [parameter.kinds for parameter in self.parameters if parameter.kinds and parameter.name in arguments]
        return tuple(kind for kind in self.kinds if all(kind in kinds for kinds in limits))

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
