"""What travels through the hub: command, plan, call, outcome. All frozen.

A *plan* is what the model decoded: functions with described targets. A *call* is a plan's step after resolution: functions with
device ids. `str()` of a plan gives the notation that the documentation and the training text use::

    set_temperature("Nest"; temperature=21 °C); turn_off(all light in "Kitchen" except "Lamp") after 600 s
    no(absent)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from octopus_hub.config.functions import Reason


class Quantifier(StrEnum):
    """How many are meant: "the light" (one), "the lights" (many: those here), "all the lights" (all)."""

    ONE = "one"
    MANY = "many"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Where:
    """A place: an area, a floor, or here (the speaker's own area). Exactly one is set."""

    area: str | None = None
    floor: str | None = None
    here: bool = False

    def __str__(self) -> str:
        if self.here:
            return "here"
        return f'in "{self.area}"' if self.area is not None else f'on "{self.floor}"'


@dataclass(frozen=True, slots=True)
class Named:
    """Devices of that name; `where` only where a name occurs in several areas."""

    name: str
    where: Where | None = None

    def __str__(self) -> str:
        return f'"{self.name}"' + (f" {self.where}" if self.where else "")


@dataclass(frozen=True, slots=True)
class GroupNamed:
    """The group of that name."""

    name: str

    def __str__(self) -> str:
        return f'group "{self.name}"'


@dataclass(frozen=True, slots=True)
class Described:
    """Devices by noun, quantity and place."""

    quantifier: Quantifier
    noun: str
    where: Where | None = None

    def __str__(self) -> str:
        return f"{self.quantifier} {self.noun}" + (f" {self.where}" if self.where else "")


Selector = Named | GroupNamed | Described


@dataclass(frozen=True, slots=True)
class Target:
    """Everything in `include` without everything in `exclude`."""

    include: tuple[Selector, ...]
    exclude: tuple[Selector, ...] = ()

    def __str__(self) -> str:
        text = ", ".join(map(str, self.include))
        return text + (" except " + ", ".join(map(str, self.exclude)) if self.exclude else "")


@dataclass(frozen=True, slots=True)
class Number:
    """A number with the unit that was said: "", "%", "°C", "°F" or "K"."""

    value: float
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.value:g}" + (f" {self.unit}" if self.unit else "")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a closed list: a choice, a device's option, an area's name."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Text:
    """Words copied from the sentence."""

    text: str

    def __str__(self) -> str:
        return f'"{self.text}"'


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in seconds; `unit_s` is the unit it was said in (90 minutes: 60), 0 for several units."""

    seconds: int
    unit_s: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"{self.seconds} s"


@dataclass(frozen=True, slots=True)
class Nested:
    """The answer of a read function, used as a value."""

    call: PlannedCall

    def __str__(self) -> str:
        return str(self.call)


Value = Number | Word | Text | Duration | Nested


@dataclass(frozen=True, slots=True)
class When:
    """Not now: after a delay, at a time in the sentence's words, or only for a while. Exactly one of the three is set."""

    after_s: int | None = None
    at: str | None = None
    for_s: int | None = None
    unit_s: int = field(default=0, compare=False)

    def __str__(self) -> str:
        if self.at is not None:
            return f'at "{self.at}"'
        return f"after {self.after_s} s" if self.after_s is not None else f"for {self.for_s} s"


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One step of a plan."""

    function: str
    target: Target | None = None
    arguments: Mapping[str, Value] = field(default_factory=dict)
    when: When | None = None

    @property
    def size(self) -> int:
        """It and the calls in place of its values."""
        return 1 + sum(value.call.size for value in self.arguments.values() if isinstance(value, Nested))

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}={value}" for name, value in self.arguments.items())
        inside = "; ".join(part for part in (str(self.target or ""), arguments) if part)
        return f"{self.function}({inside})" + (f" {self.when}" if self.when else "")


@dataclass(frozen=True, slots=True)
class Plan:
    """Calls in order, or a refusal and no calls.

    `confidence` is the product over real choices of the probability among the allowed tokens; `mass` the product over the
    positions of the probability of all allowed tokens together, without a mask.
    """

    calls: tuple[PlannedCall, ...]
    refusal: Reason | None = None
    confidence: float = 1.0
    mass: float = 1.0

    @property
    def size(self) -> int:
        """How many calls it has, those in place of values too; 1 for a refusal."""
        return max(1, sum(call.size for call in self.calls))

    def __str__(self) -> str:
        return f"no({self.refusal})" if self.refusal else "; ".join(map(str, self.calls))


@dataclass(frozen=True, slots=True)
class Correction:
    """What a sentence means in this house, as somebody there said."""

    text: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody said: `sent_at` and `received_at` in seconds since the epoch."""

    id: str
    text: str
    source: str
    received_at: float
    sent_at: float | None = None
    area: str | None = None
    ttl_s: float = 15.0
    dry_run: bool = False


Scalar = str | float | int | bool


@dataclass(frozen=True, slots=True)
class Call:
    """A step that can be carried out: arguments in the function's own units (%, °C or °F with `unit`, K, s).

    `at` is set where it is not for now: seconds from now, or a clock time in words.
    """

    function: str
    device_ids: tuple[str, ...]
    arguments: Mapping[str, Scalar] = field(default_factory=dict)
    at: float | str | None = None


class Status(StrEnum):
    """What became of a command."""

    DONE = "done"
    SENT = "sent"
    ANSWERED = "answered"
    REFUSED = "refused"
    QUESTION = "question"
    DENIED = "denied"
    NOT_CONFIRMED = "not_confirmed"
    PARTLY = "partly"
    FAILED = "failed"
    EXPIRED = "expired"
    DUPLICATE = "duplicate"
    BUSY = "busy"
    INVALID = "invalid"
    INTERRUPTED = "interrupted"
    DRY_RUN = "dry_run"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one call on one device; `status` is DONE, SENT, NOT_CONFIRMED or FAILED."""

    device_id: str
    function: str
    status: Status
    message: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to a command. `code` is from a closed list (see `octopus_hub.daemon.replies`); `times_ms` by stage."""

    command_id: str
    status: Status
    text: str
    calls: tuple[Call, ...] = ()
    results: tuple[Result, ...] = ()
    say: str = ""
    code: str = ""
    confidence: float | None = None
    times_ms: Mapping[str, float] = field(default_factory=dict)
    final: bool = True
