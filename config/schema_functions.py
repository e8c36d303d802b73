"""The form of functions.yaml: what an installer's house can do beyond the hub's own functions, and the functions made of it.

The arguments are named with the words that the model has tokens for; sentences for training are read where they are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from octopus_hub.config.errors import InputError, Problem
from octopus_hub.config.function_table import FUNCTIONS
from octopus_hub.config.functions import MOST_OWN, Confirmation, Function, Parameter, Told, ValueType
from octopus_hub.config.house import ActionClass
from octopus_hub.config.kinds import ALIAS_KINDS
from octopus_hub.config.schema import Node, Version
from octopus_hub.config.schema_types import Kind, MqttText, PlainTopic, Slug, matching
from octopus_hub.config.suggestions import near_miss
from octopus_hub.config.templates import compiled
from octopus_hub.config.yaml_nodes import Document

ARGUMENTS = tuple(dict.fromkeys(parameter.name for function in FUNCTIONS for parameter in function.parameters))
"""What arguments can be called: a model has a token for each."""


def _checked_argument(name: str) -> str:
    if name not in ARGUMENTS:
        raise ValueError(f"no argument is called {name!r}{near_miss(name, ARGUMENTS)}; expected one of {', '.join(ARGUMENTS)}")
    return name


def _checked_name(name: str) -> str:
    if any(function.name == name for function in FUNCTIONS):
        raise ValueError(f"the hub has a function {name!r} already")
    return name


def _checked_template(text: str) -> str:
    try:
        compiled(text)
    except InputError as error:
        raise ValueError(str(error)) from None
    return text


TEMPERATURE_UNITS = {"C": "°C", "°C": "°C", "F": "°F", "°F": "°F"}

FunctionName = Annotated[Slug, AfterValidator(_checked_name)]
ArgumentName = Annotated[str, AfterValidator(_checked_argument)]
Template = Annotated[MqttText, AfterValidator(_checked_template)]
Service = Annotated[str, *matching(r"[a-z0-9_]+\.[a-z0-9_]+", "a service like script.boost_pump")]


class ArgumentNode(Node):
    """One argument."""

    name: ArgumentName = Field(description="One of the names that arguments have in docs/functions.md.")
    type: Literal["percent", "temperature", "number", "duration", "time", "text", "choice"] = Field(description="What it takes.")
    doc: str = Field("", description="What it is.")
    required: bool = Field(True, description="Must it be said?")
    unit: str = Field("", description="The unit of a number; of a temperature C or F, the device's own where left out.")
    minimum: float | None = Field(None, description="The least that is accepted.")
    maximum: float | None = Field(None, description="The most that is accepted.")
    choices: tuple[str, ...] = Field((), description="The words of a choice, or words in place of a number.")


class FunctionNode(Node):
    """One thing that can be asked of some devices."""

    name: FunctionName = Field(description="What it is called.")
    doc: str = Field(min_length=1, description="What it does, in a sentence: the model begins with these words.")
    not_for: str = Field("", description="When it is the wrong one.")
    kinds: tuple[Kind, ...] = Field(description="The kinds of devices that may have it.")
    devices: tuple[str, ...] = Field((), description="Ids of those that alone have it; all of the kinds where left out.")
    action_class: Literal["comfort", "secure", "open", "hazard"] = Field("comfort", alias="class", description="What it can do.")
    arguments: tuple[ArgumentNode, ...] = Field((), description="What is said with it.")
    service: Service | None = Field(None, description="The service of Home Assistant that does it, told the device's main entity.")
    data: dict[Slug, Template] = Field(default_factory=dict, description="Its data; templates over arguments.")
    topic: PlainTopic | None = Field(None, description="The MQTT topic that is told instead.")
    payload: Template = Field("", description="What it is told; a template over arguments.")
    examples: tuple[str, ...] = Field((), description="Sentences and plans for training, as in docs/training.md: about 100.")


class FunctionsFile(Node):
    """functions.yaml."""

    version: Version = Field(description="The version of this form.")
    functions: tuple[FunctionNode, ...] = Field((), max_length=MOST_OWN, description="The functions.")


def check_functions(document: Document, file: FunctionsFile, device_ids: Sequence[str] | None, problems: list[Problem]) -> None:
    """Append what is wrong between the parts of the file, and with its devices where the house is known."""
    names = [node.name for node in file.functions]
    for position, node in enumerate(file.functions):
        where = ("functions", position)
        if node.name in names[:position]:
            problems.append(document.problem((*where, "name"), f"there are two functions {node.name!r}"))
        if not node.kinds:
            problems.append(document.problem((*where, "kinds"), "expected at least one kind, got none"))
        if node.service is None and node.topic is None:
            problems.append(document.problem(where, "expected a service or a topic, got neither"))
        said = [argument.name for argument in node.arguments]
        for index, argument in enumerate(node.arguments):
            place = (*where, "arguments", index)
            if argument.name in said[:index]:
                problems.append(document.problem((*place, "name"), f"there are two arguments {argument.name!r}"))
            if argument.type == "choice" and not argument.choices:
                problems.append(document.problem(place, "expected the choices of a choice, got none"))
            if argument.type == "temperature" and argument.unit and argument.unit not in TEMPERATURE_UNITS:
                problems.append(document.problem((*place, "unit"), f"expected C or F, got {argument.unit!r}"))
            low, high = argument.minimum, argument.maximum
            if low is not None and high is not None and low > high:
                problems.append(document.problem((*place, "minimum"), f"expected at most the maximum of {high:g}, got {low:g}"))
        for index, device_id in enumerate(node.devices):
            if device_ids is not None and device_id not in device_ids:
                message = f"no device has the id {device_id!r}{near_miss(device_id, device_ids)}"
                problems.append(document.problem((*where, "devices", index), message))


def functions_of(file: FunctionsFile) -> tuple[Function, ...]:
    """The functions described by a checked file, in its order."""
    return tuple(_function(node) for node in file.functions)


def _unit(argument: ArgumentNode) -> str:
    if argument.type == "temperature":
        return TEMPERATURE_UNITS.get(argument.unit, "")
    return argument.unit or ("%" if argument.type == "percent" else "")


def _function(node: FunctionNode) -> Function:
    return Function(
        name=node.name,
        doc=node.doc,
        kinds=tuple(dict.fromkeys(ALIAS_KINDS.get(kind, kind) for kind in node.kinds)),
        parameters=tuple(
            Parameter(
                name=argument.name,
                type=ValueType(argument.type),
                doc=argument.doc,
                required=argument.required,
                unit=_unit(argument),
                minimum=argument.minimum,
                maximum=argument.maximum,
                choices=argument.choices,
            )
            for argument in node.arguments
        ),
        action_class=ActionClass(node.action_class),
        confirmation=Confirmation.SENT,
        not_for=node.not_for,
        devices=node.devices,
        told=Told(node.service or "", node.data, node.topic or "", node.payload),
    )
