"""Sentences with what they should lead to, as `octopus bench accuracy` reads them.

A folder holds houses (`*houses.json`: an object of houses by name, each as in a record of `octopus interpret`) and sentences
(`*.jsonl`, which may be read one file at a time). A line is
`{"id", "house", "area"?, "text", "expect", "reason"?, "class"?, "examples"?}`:
`house` is a house's name, or the house itself; `expect` lists calls `{"function", "devices"?, "arguments"?, "at"?}` in order and is
empty where nothing is to be done. Arguments are as said (tests/data/blind/README.md); `at` tells only whether the call is put off.
`examples` are corrections that the house was taught: `{"text", "calls"}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from octopus_hub.config.errors import InputError
from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Function, Reason
from octopus_hub.config.house import House
from octopus_hub.config.plan import Correction
from octopus_hub.config.record import RecordedHouse, house_from_record
from octopus_hub.config.record_fields import Fields
from octopus_hub.daemon.teaching import read_corrections

UNIT = "_unit"
"""What the name of an argument's unit ends in: `temperature_unit`."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A call that should come out. No devices: none was said. `arguments` as said; units are apart, as "C" or "F"."""

    function: str
    device_ids: frozenset[str] = frozenset()
    arguments: Mapping[str, Said] = field(default_factory=dict)
    is_later: bool = False


Said = str | float | Expected
"""A value as said; a call where it is the answer of a question."""


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence in a house. `kind` is the kind of sentence, `reason` why nothing is to be done."""

    id: str
    text: str
    area: str | None
    house_name: str
    recorded: RecordedHouse
    expected: tuple[Expected, ...]
    reason: Reason | None = None
    kind: str = ""
    examples: tuple[Correction, ...] = ()

    @property
    def house(self) -> House:
        """Where it is said."""
        return self.recorded.house


def read_cases(source: Path) -> list[Case]:
    """Every sentence of a folder's files, or of one file of it. Raises InputError with file and line."""
    folder = source.parent if source.is_file() else source
    houses = _houses(sorted(folder.glob("*houses.json")))
    files = [source] if source.is_file() else sorted(folder.glob("*.jsonl"))
    if not files:
        raise InputError(f"expected sentences (*.jsonl) in {folder}, got none")
    return [case for path in files for case in _cases(path, houses)]


def _houses(paths: Iterable[Path]) -> dict[str, RecordedHouse]:
    return {name: house_from_record(data) for path in paths for name, data in _object(_text(path), path.name).items()}


def _cases(path: Path, houses: Mapping[str, RecordedHouse]) -> Iterable[Case]:
    for number, line in enumerate(_text(path).split("\n"), 1):
        if line.strip():
            place = f"{path.name}:{number}"
            yield _case(Fields(_object(line, place), place), houses)


def _case(fields: Fields, houses: Mapping[str, RecordedHouse]) -> Case:
    named = fields.get("house")
    if isinstance(named, str):
        if named not in houses:
            raise InputError(f"{fields.path}.house: no house is called {named!r}")
        recorded = houses[named]
    else:
        recorded = house_from_record(named)
    case_id, text = fields.text("id"), fields.get("text")
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{fields.path}.text: expected a sentence")
    return Case(
        id=case_id,
        text=text,
        area=fields.find_text("area"),
        house_name=named if isinstance(named, str) else recorded.house.name,
        recorded=recorded,
        expected=tuple(_expected(item, recorded.house) for item in fields.items("expect")),
        reason=fields.find_choice("reason", Reason),
        kind=fields.find_text("class") or _kind_of(case_id),
        examples=read_corrections(f"{fields.path}.examples", fields.get("examples"), recorded.house),
    )


def _kind_of(case_id: str) -> str:
    """`studio-one-07` is of the kind "one"."""
    parts = case_id.split("-")
    return parts[1] if len(parts) > 2 else "other"


def _expected(item: Fields, house: House) -> Expected:
    function = by_name().get(item.text("function"))
    if function is None:
        raise InputError(f"{item.path}.function: no function is called {item.text('function')!r}")
    device_ids = frozenset(item.texts("devices"))
    if strangers := device_ids - set(house.by_id):
        raise InputError(f"{item.path}.devices: the house has no {', '.join(sorted(strangers))}")
    given = item.fields("arguments")
    arguments = {str(name): _said(given, str(name), function, house) for name in given.data}
    return Expected(function.name, device_ids, arguments, bool(item.get("at")))


def _said(given: Fields, name: str, function: Function, house: House) -> Said:
    if name.removesuffix(UNIT) not in {parameter.name for parameter in function.parameters}:
        raise InputError(f"{given.path}.{name}: {function.name} has no such argument")
    value = given.get(name)
    if isinstance(value, Mapping):
        return _expected(given.fields(name), house)
    return float(value) if isinstance(value, int | float) else given.text(name)


def _object(text: str, place: str) -> Mapping[str, object]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{place}: not valid JSON: {error}") from error
    return Fields(value, place).data


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} can't be read: {error}") from error
