"""docs/functions.md, written from the function table and the table of services: `make docs`, or

    python -m octopus_hub.daemon.function_docs > docs/functions.md

Knows nothing of tokens. A unit test checks that the committed page is this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from octopus_hub.config.function_table import FUNCTIONS
from octopus_hub.config.functions import Confirmation, Function, Parameter, TargetRule, ValueType
from octopus_hub.daemon.service_docs import by_kind, of_vehicles

HEAD = """\
# Functions

Everything that can be asked of a house. Written by `make docs` from the tables in `config/function_table.py` and `adapters/`;
do not edit it here.

A function is what a sentence is turned into, and what an automation names in the `calls` of a command. For each:

* **Devices**: must it name some, and of which kinds.
* **Class**: what it can do to a household, at the least: a switch called "Garage Door", an oven, a scene that unlocks raise it.
  How the hub decides, and who may do what: [classes](configuration.md#classes).
* **Done when**: what must be seen before success is reported.

Ranges are what a person may say. A device's own `limits` are narrower, and are what is enforced. A word in place of a number
(`max`, `half`, `little`) is turned into one for the device. A temperature's unit is in the argument `unit` (`°C` or `°F`);
without it, it is the device's.

Understood, but refused in this version: reminders, alarm clocks, undo, calls that are put off, and timers where the house has
no device of kind `timer`.
"""

SERVICES = """\
## Home Assistant's services, by kind

What a device with a `home_assistant` binding is told. Where several services stand, the arguments or what is known of the
device choose. What is not in the table is answered by the hub itself, or refused. `clean_area` can't pass the room on yet: the
vacuum cleans as on `start`.
"""

VEHICLES = """\
## Home Assistant's services for vehicles

A vehicle is several entities, bound by role; what one is told depends on its domain. In place of an entity for each part there
may be one for all: `windows`, `seat_heating`, `defrost`.
"""

TARGETS = {TargetRule.NONE: "names no device", TargetRule.OPTIONAL: "may name devices", TargetRule.REQUIRED: "names devices"}

DONE_WHEN = {
    Confirmation.STATE: "the device's state shows it",
    Confirmation.SENT: "it is sent; nothing can be seen, and nothing more is claimed",
    Confirmation.HUB: "the hub has answered, or a device's state shows it",
}

TAKES = {
    ValueType.PERCENT: "a percentage",
    ValueType.TEMPERATURE: "a temperature",
    ValueType.NUMBER: "a number",
    ValueType.DURATION: "a length of time, in seconds",
    ValueType.TIME: "a time, in words",
    ValueType.TEXT: "text",
    ValueType.CHOICE: "a word",
    ValueType.AREA: "an area's name",
}


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, _overview(), *map(_function, FUNCTIONS), _services(), _vehicles()])


def _overview() -> str:
    rows = [(f"[{each.name}](#{each.name})", each.doc, str(each.action_class)) for each in FUNCTIONS]
    return "## All of them\n\n" + table(("function", "what it does", "class"), rows)


def _function(function: Function) -> str:
    not_for = f" Not for {function.not_for}." if function.not_for else ""
    kinds = f" of kind {_code(function.kinds)}" if function.kinds else ""
    lines = [
        f"### {function.name}",
        "",
        function.doc + not_for,
        "",
        f"* **Devices**: {TARGETS[function.target]}{kinds}",
        f"* **Class**: {function.action_class}",
        f"* **Done when** {DONE_WHEN[function.confirmation]}",
    ]
    if function.standstill:
        lines.append("* **Of a vehicle** only when it is known to stand still: by its speed, else because it is plugged in")
    if not function.parameters:
        return "\n".join([*lines, ""])
    rows = [(f"`{each.name}`", _takes(each), each.doc, "yes" if each.required else "no") for each in function.parameters]
    return "\n".join([*lines, "", table(("argument", "takes", "what", "needed"), rows)])


def _takes(parameter: Parameter) -> str:
    """Type, unit, range and words of a parameter."""
    if parameter.type is ValueType.OPTION:
        return f"one of the device's `{parameter.option}`"
    if parameter.type is ValueType.CHOICE:
        return f"one of {_code(parameter.choices)}"
    words = f", or one of {_code(parameter.choices)}" if parameter.choices else ""
    return TAKES[parameter.type] + _range(parameter) + words


def _range(parameter: Parameter) -> str:
    unit = f" {parameter.unit}" if parameter.unit else ""
    if parameter.minimum is None or parameter.maximum is None:
        return unit and f" in{unit}"
    return f", {parameter.minimum:.0f} to {parameter.maximum:.0f}{unit}"


def _services() -> str:
    rows = [(f"`{each.kind}`", each.function, _code(each.services), _code(each.data)) for each in by_kind()]
    return SERVICES + "\n" + table(("kind", "function", "service", "data"), rows)


def _vehicles() -> str:
    rows = [(each.function, _code(each.roles), _code(each.services), _code(each.data)) for each in of_vehicles()]
    return VEHICLES + "\n" + table(("function", "roles", "service", "data"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


if __name__ == "__main__":
    print(page(), end="")
