"""Properties of house.yaml: what is written is what is loaded, and one wrong key is a problem on its line."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from octopus_hub.config.house import ActionClass, Area, Device, Floor, Group, House, Units, with_usual_words
from octopus_hub.config.ids import assign_ids
from octopus_hub.config.kinds import KINDS
from octopus_hub.config.loader import check, load_config
from octopus_hub.config.schema_house import LIMITS, OPTION_LISTS

LETTERS = st.characters(exclude_categories=("C", "Z"))
NAMES = st.one_of(
    st.text(LETTERS, min_size=1, max_size=80),
    st.sampled_from(
        ["on", "22:30", "null", "~", "4", "1e5", "0x1F", "- a", "a: b", "# no", "<|im_end|>", "*x", "!x", "'", "Ceiling Light"]
    ),
)
ALIASES = st.lists(NAMES, max_size=2).map(tuple)
SLUGS = st.from_regex(r"[a-z0-9_]{1,12}", fullmatch=True)
ENTITY_IDS = st.from_regex(r"[a-z0-9_]{1,5}\.[a-z0-9_]{1,5}", fullmatch=True)
RANGES = st.lists(st.floats(0, 100), min_size=2, max_size=2, unique=True).map(lambda pair: (min(pair), max(pair)))


def _maybe(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.none() | strategy


@st.composite
def _entities(draw: st.DrawFn) -> Mapping[str, str]:
    return {"main": draw(ENTITY_IDS)} | draw(st.dictionaries(SLUGS, ENTITY_IDS, max_size=2)) if draw(st.booleans()) else {}


TOPICS = st.sampled_from(["lamp", "z2m/lamp/set", "Küche/lampe", "a b"])


def _mqtt(kind: str) -> st.SearchStrategy[Mapping[str, str]]:
    """One of the ways in which a device of this kind may be behind MQTT."""
    if kind == "vehicle":
        return st.fixed_dictionaries({"vss": TOPICS})
    return st.one_of(
        st.fixed_dictionaries({"discovery": TOPICS}),
        st.fixed_dictionaries({"services": TOPICS}, optional={"state": TOPICS}),
        st.fixed_dictionaries({"command": TOPICS}, optional={"state": TOPICS, "brightness_state_topic": TOPICS}),
    )


@st.composite
def _device(draw: st.DrawFn, device_id: str, area: st.SearchStrategy[str | None]) -> Device:
    kind, entities = draw(st.sampled_from(KINDS)), draw(_entities())
    return Device(
        id=device_id,
        name=draw(NAMES),
        kind=kind,
        area=draw(area),
        aliases=draw(ALIASES),
        device_class=draw(_maybe(SLUGS)),
        home_assistant=entities,
        mqtt={} if entities else draw(st.just({}) | _mqtt(kind)),
        limits=draw(st.dictionaries(st.sampled_from(LIMITS), RANGES, max_size=3)),
        options=draw(st.dictionaries(st.sampled_from(OPTION_LISTS), ALIASES, max_size=3)),
        temperature_unit=draw(_maybe(st.sampled_from(["C", "F"]))),
        action_class=draw(st.none() | st.sampled_from(ActionClass)),
        bulk=draw(st.booleans()),
    )


@st.composite
def houses(draw: st.DrawFn) -> House:
    """Any house that can be configured."""
    floors = [Floor(name, draw(st.none() | st.integers(-20, 200)), draw(ALIASES)) for name in _unique_names(draw)]
    floor = _maybe(st.sampled_from([floor.name for floor in floors])) if floors else st.none()
    areas = [Area(name, draw(floor), draw(ALIASES)) for name in _unique_names(draw)]
    area = _maybe(st.sampled_from([area.name for area in areas])) if areas else st.none()
    devices = [draw(_device(device_id, area)) for device_id in draw(st.lists(SLUGS, max_size=3, unique=True))]
    members = st.lists(st.sampled_from([device.id for device in devices]), min_size=1, unique=True) if devices else st.nothing()
    groups = [Group(name, tuple(draw(members)), draw(ALIASES)) for name in _unique_names(draw)] if devices else []
    return House(draw(NAMES), draw(st.sampled_from(Units)), tuple(floors), tuple(areas), tuple(groups), tuple(devices))


def _unique_names(draw: st.DrawFn) -> list[str]:
    return draw(st.lists(NAMES, max_size=2, unique_by=str.casefold))


def content(house: House) -> dict[str, object]:
    """The data of the house.yaml that describes a house; every key is there unless it has nothing to say."""
    return {
        "version": 1,
        "house": {"name": house.name, "units": house.units},
        "floors": [_filled(name=floor.name, level=floor.level, aliases=floor.aliases) for floor in house.floors],
        "areas": [_filled(name=area.name, floor=area.floor, aliases=area.aliases) for area in house.areas],
        "groups": [_filled(name=group.name, devices=group.device_ids, aliases=group.aliases) for group in house.groups],
        "devices": [
            _filled(
                **{name: getattr(device, name) for name in Device.__dataclass_fields__ if name != "action_class"},
                **{"class": device.action_class},
            )
            for device in house.devices
        ],
    }


def _filled(**values: object) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None and value != {}}


Line = tuple[int, str, object]
"""Indentation, key and value; a value of None stands for the lines that follow, an empty key for an item of a list."""


def lines(data: Mapping[str, object], indent: int = 0) -> Iterator[Line]:
    """The lines of a YAML file: every key on a line of its own, every scalar and every list of scalars as JSON."""
    for key, value in data.items():
        items = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
        if isinstance(value, Mapping) or any(isinstance(item, Mapping) for item in items):
            yield indent, key, None
        else:
            yield indent, key, value
        if isinstance(value, Mapping):
            yield from lines(value, indent + 2)
        for item in items:
            if isinstance(item, Mapping):
                yield indent + 2, "", None
                yield from lines(item, indent + 4)


def text(file_lines: Sequence[Line]) -> str:
    """The file with these lines."""
    return "".join(_line(*line) for line in file_lines)


def _line(indent: int, key: str, value: object) -> str:
    if not key:
        return " " * indent + "-\n"
    return f"{' ' * indent}{key}:{'' if value is None else ' ' + json.dumps(value, ensure_ascii=False)}\n"


def write(directory: str, file_text: str) -> Path:
    """A configuration directory with this house.yaml."""
    (Path(directory) / "house.yaml").write_text(file_text, encoding="utf-8")
    return Path(directory)


@settings(max_examples=25, deadline=None)
@given(houses())
def test_what_is_written_is_what_is_loaded(house: House) -> None:
    """Every house comes back from its YAML as it was, with the usual words for its floors."""
    expected = replace(house, floors=with_usual_words(house.floors, house.areas))
    with tempfile.TemporaryDirectory() as directory:
        assert load_config(write(directory, text(list(lines(content(house)))))).house == expected


@settings(max_examples=25, deadline=None)
@given(houses(), st.data())
def test_a_renamed_key_is_a_problem_on_its_line(house: House, data: st.DataObject) -> None:
    """A key that is misspelt is told where it stands."""
    file_lines = list(lines(content(house)))
    free = _free_keys(file_lines)
    number = data.draw(st.sampled_from([index for index, (_, key, _) in enumerate(file_lines) if key and index not in free]))
    indent, key, value = file_lines[number]
    file_lines[number] = (indent, data.draw(st.sampled_from([f"{key}x", f"x{key}", key.upper()])), value)
    assert number + 1 in _problem_lines(file_lines)


@settings(max_examples=25, deadline=None)
@given(houses(), st.data())
def test_a_value_of_a_wrong_type_is_a_problem_on_its_line(house: House, data: st.DataObject) -> None:
    """A value that is not what its key takes is told where it stands."""
    file_lines = list(lines(content(house)))
    number = data.draw(st.sampled_from([index for index, (_, key, value) in enumerate(file_lines) if key and value is not None]))
    indent, key, value = file_lines[number]
    wrong = data.draw(st.sampled_from(_wrong_values(value)))
    file_lines[number] = (indent, key, wrong)
    assert number + 1 in _problem_lines(file_lines)


def _wrong_values(value: object) -> list[object]:
    """Values of other types; None stands for no value at all."""
    if isinstance(value, bool):
        return ["yes", 1, [], {"a": 1}, None]
    if isinstance(value, int):
        return ["1", 1.5, True, [], {"a": 1}, None]
    if isinstance(value, str):
        return [4, 1.5, True, [], {"a": 1}, None]
    return ["a", 4, False, {"a": 1}, [[]], [None], None]


def _free_keys(file_lines: Sequence[Line]) -> set[int]:
    """The lines of keys that a house may choose: topics, and entities but the main one."""
    free, inside = set(), -1
    for index, (indent, key, _) in enumerate(file_lines):
        if inside >= 0 and indent > inside:
            if key != "main":
                free.add(index)
        else:
            inside = indent if key in ("home_assistant", "mqtt") else -1
    return free


def _problem_lines(file_lines: Sequence[Line]) -> set[int]:
    with tempfile.TemporaryDirectory() as directory:
        return {problem.line for problem in check(write(directory, text(file_lines)))}


@given(st.lists(st.tuples(_maybe(SLUGS), NAMES, st.sampled_from(KINDS)), unique_by=lambda wanted: wanted[0] or wanted, max_size=8))
def test_ids_are_unique_and_stay(wanted: list[tuple[str | None, str, str]]) -> None:
    """No two devices get one id, and one more device at the end changes none."""
    ids = assign_ids(wanted)
    assert len(set(ids)) == len(ids)
    assert assign_ids([*wanted, (None, "Lamp", "light")])[: len(ids)] == ids
