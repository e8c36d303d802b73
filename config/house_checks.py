"""What must hold between the parts of a house: unique names and ids, and no reference to what is not there.

Works on the files' plain data, so that a mistake in one device hides none in another: what has no usable type is passed over
here, since the schema reports it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from octopus_hub.config.errors import Problem
from octopus_hub.config.ids import assign_ids
from octopus_hub.config.suggestions import alternatives, near_miss
from octopus_hub.config.yaml_nodes import Document, KeyPath


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a section (a floor, an area, a group, a device), and where it stands."""

    document: Document
    path: KeyPath
    data: Mapping[str, object]

    def find_text(self, key: str) -> str | None:
        """The text under `key`, if there is one."""
        value = self.data.get(key)
        return value if isinstance(value, str) else None

    def texts(self, key: str) -> Iterator[tuple[KeyPath, str]]:
        """The texts in the list under `key`, with their paths."""
        values = self.data.get(key)
        for index, value in enumerate(values if isinstance(values, list) else ()):
            if isinstance(value, str):
                yield (*self.path, key, index), value


def entries(documents: Sequence[Document], section: str) -> list[Entry]:
    """The items of a section of all files, in order."""
    found = []
    for document in documents:
        items = document.data.get(section)
        for index, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, dict):
                found.append(Entry(document, (section, index), item))
    return found


def names(documents: Sequence[Document], section: str) -> list[str]:
    """The names in a section of all files."""
    return [name for entry in entries(documents, section) if (name := entry.find_text("name")) is not None]


def check_entities(documents: Sequence[Document], known: Collection[str]) -> list[Problem]:
    """A problem for every binding to an entity that Home Assistant does not have."""
    problems = []
    for entry in entries(documents, "devices"):
        bound = entry.data.get("home_assistant")
        roles = bound.items() if isinstance(bound, dict) else [("", bound)]
        for role, entity_id in roles:
            if isinstance(entity_id, str) and entity_id not in known:
                path = (*entry.path, "home_assistant", *([str(role)] if role else []))
                message = f"Home Assistant has no entity {entity_id!r}{near_miss(entity_id, known)}"
                problems.append(entry.document.problem(path, message))
    return problems


def check_unique(documents: Sequence[Document], problems: list[Problem]) -> None:
    """Append a problem for everything that is given twice in these files."""
    _one_head(documents, problems)
    for section, word in (("floors", "floor"), ("areas", "area"), ("groups", "group")):
        _unique(entries(documents, section), "name", word, str.casefold, problems)
    _unique(entries(documents, "devices"), "id", "device", str, problems)


def check_references(documents: Sequence[Document], problems: list[Problem]) -> None:
    """Append a problem for every reference to what is not in the house; `documents` are all its files."""
    _refers(entries(documents, "areas"), "floor", names(documents, "floors"), problems)
    _refers(entries(documents, "devices"), "area", names(documents, "areas"), problems)
    _members(documents, problems)


def _one_head(documents: Sequence[Document], problems: list[Problem]) -> None:
    first: Document | None = None
    for document in documents:
        if "house" not in document.data:
            continue
        if first is None:
            first = document
        else:
            message = f"given in two files; the first is at {first.where(('house',))}"
            problems.append(document.problem(("house",), message, at_key=True))


def _unique(found: Sequence[Entry], key: str, word: str, fold: Callable[[str], str], problems: list[Problem]) -> None:
    first: dict[str, Entry] = {}
    for entry in found:
        value = entry.find_text(key)
        if value is None:
            continue
        earlier = first.setdefault(fold(value), entry)
        if earlier is not entry:
            where = earlier.document.where((*earlier.path, key))
            message = f"two {word}s have the {key} {value!r}; the first is at {where}"
            problems.append(entry.document.problem((*entry.path, key), message))


def _refers(found: Sequence[Entry], key: str, known: Sequence[str], problems: list[Problem]) -> None:
    for entry in found:
        value = entry.find_text(key)
        if value is not None and value not in known:
            problems.append(entry.document.problem((*entry.path, key), unknown(key, value, known)))


def _members(documents: Sequence[Document], problems: list[Problem]) -> None:
    devices = entries(documents, "devices")
    ids = assign_ids([(entry.find_text("id"), entry.find_text("name") or "", entry.find_text("kind") or "") for entry in devices])
    id_by_name = {(entry.find_text("name") or "").casefold(): device_id for entry, device_id in zip(devices, ids, strict=True)}
    for group in entries(documents, "groups"):
        seen: set[str] = set()
        for path, member in group.texts("devices"):
            if member in seen:
                problems.append(group.document.problem(path, f"device {member!r} is in the group twice"))
            elif member.casefold() in id_by_name and member not in ids:
                message = f"unknown device id {member!r}; the device of that name has the id {id_by_name[member.casefold()]!r}"
                problems.append(group.document.problem(path, message))
            elif member not in ids:
                problems.append(group.document.problem(path, unknown("device id", member, ids)))
            seen.add(member)


def unknown(word: str, value: str, known: Sequence[str]) -> str:
    """The message for a reference to something that is not in the house."""
    return f"unknown {word} {value!r}" + (alternatives(value, known) or ("" if known else "; the house lists none"))
