"""The tables of Home Assistant services as rows for documentation: found by trying every function with every choice.

Pure; knows the tables' shape and nothing of what is in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from octopus_hub.adapters.service_rows import ROWS, Row
from octopus_hub.adapters.service_vehicle import VEHICLE_ROWS
from octopus_hub.config.function_table import FUNCTIONS, by_name
from octopus_hub.config.functions import Function, Parameter, ValueType
from octopus_hub.config.house import Device
from octopus_hub.config.kinds import KINDS
from octopus_hub.config.plan import Scalar
from octopus_hub.daemon.steps import STEPS

Arguments = Mapping[str, Scalar]

DOMAINS = ("lock", "climate", "cover", "switch", "light", "button", "number", "select", "text", "notify", "scene", "script")
"""What entities of a vehicle may be."""

TEXT_TYPES = frozenset({ValueType.TEXT, ValueType.OPTION, ValueType.AREA, ValueType.TIME})


@dataclass(frozen=True, slots=True)
class KindRow:
    """What a device of a kind is told for a function: the services it may be, and the data any of them may carry."""

    kind: str
    function: str
    services: tuple[str, ...]
    data: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VehicleRow:
    """The same for a vehicle, with the roles of the entities that are told."""

    function: str
    roles: tuple[str, ...]
    services: tuple[str, ...]
    data: tuple[str, ...]


def by_kind() -> list[KindRow]:
    """A row for each kind and function that has a service, in the order of kinds, then functions."""
    order = {function.name: position for position, function in enumerate(FUNCTIONS)}
    pairs = sorted(ROWS, key=lambda pair: (KINDS.index(pair[1]), order[pair[0]]))
    return [_kind_row(function, kind, ROWS[function, kind]) for function, kind in pairs]


def of_vehicles() -> list[VehicleRow]:
    """A row for each function of vehicles, in the order of functions."""
    return [_vehicle_row(function) for function in FUNCTIONS if function.name in VEHICLE_ROWS]


def _kind_row(function: str, kind: str, row: Row) -> KindRow:
    device = Device("x", "X", kind, home_assistant={"main": f"{kind}.x"})
    tried = list(possible_arguments(by_name()[function]))
    services = (f"{row.domain or kind}.{row.service(arguments)}" for arguments in tried)
    data = (key for arguments in tried for key in row.data(arguments, device))
    return KindRow(kind, function, _unique(services), _unique(data))


def _vehicle_row(function: Function) -> VehicleRow:
    tell = VEHICLE_ROWS[function.name]
    tried = list(possible_arguments(function))
    told = [each for domain in DOMAINS for arguments in tried for each in tell(Everything(domain), arguments)]
    return VehicleRow(
        function.name,
        _unique(each.id.partition(".")[2] for each in told),
        _unique(f"{each.domain}.{each.service}" for each in told),
        _unique(key for each in told for key in each.data),
    )


class Everything(dict[str, str]):
    """Bindings of a vehicle that has an entity of one domain in every role, called by the role."""

    def __init__(self, domain: str) -> None:
        super().__init__()
        self._domain = domain

    def __contains__(self, role: object) -> bool:
        return True

    def __missing__(self, role: str) -> str:
        return f"{self._domain}.{role}"

    def get(self, role: str, default: object = None) -> str:
        return self[role]


def possible_arguments(function: Function) -> Iterator[Arguments]:
    """Every combination of choices, with one sample for what is not a choice, as a resolved call carries them."""
    lists = [_samples(parameter) for parameter in function.parameters] + _added(function)
    for combination in product(*lists):
        yield {name: value for found in combination for name, value in found.items()}


def _samples(parameter: Parameter) -> list[Arguments]:
    if parameter.type is ValueType.CHOICE:
        found: list[Arguments] = [{parameter.name: choice} for choice in parameter.choices]
    else:
        found = [{parameter.name: "x" if parameter.type in TEXT_TYPES else 1}]
    return found if parameter.required else [{}, *found]


def _added(function: Function) -> list[list[Arguments]]:
    """What the resolver adds to a toggle or a step (`octopus_hub.daemon.steps`)."""
    if function.name == "toggle":
        return [[{}, {"state": "on"}, {"state": "off"}]]
    step = STEPS.get(function.name)
    if step is None:
        return []
    ends: list[Arguments] = [{step.end: 1}] if step.end else [{}]
    return [[{"amount": 1}], ends] if step.names_amount else [[{}, *ends]]


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
