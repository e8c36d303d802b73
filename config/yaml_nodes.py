"""A YAML file as data with positions; JSON's scalars only, whatever YAML 1.1 thinks of `on`, `no` and `22:30`.

Knows nothing of houses or hubs. Every key and value has a line and a column, both 1-based. Duplicate keys, keys without a
value, aliases and tags are problems; `!secret name` is resolved where the caller says how. Messages show keys, never values.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

from octopus_hub.config.errors import Problem

KeyPath = tuple[str | int, ...]
"""Where a value is in its file: `("devices", 0, "name")`."""

ResolveSecret = Callable[[str], str]
"""The value of a secret by its name. Raises LookupError with the message for the installer."""

WHOLE_FILE = "(file)"
_TEXT_TAG = "tag:yaml.org,2002:str"
_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]{0,17}))(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_NO_TAGS = "a tag (!) is not read; write plain text in quotes"
_SECRET_ELSEWHERE = "!secret is only for texts in hub.yaml"
_SURROGATE = re.compile("[\ud800-\udfff]")


class Mark(NamedTuple):
    """A place in a file, 1-based."""

    line: int
    column: int


TOP = Mark(1, 1)


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its top-level mapping, and where everything in it stands.

    `reported` are paths that already have a problem (their value is None), `secrets` those whose value came from `!secret`.
    """

    file: str
    data: Mapping[str, object]
    keys: Mapping[KeyPath, Mark]
    values: Mapping[KeyPath, Mark]
    reported: frozenset[KeyPath] = frozenset()
    secrets: frozenset[KeyPath] = frozenset()

    def known(self, path: KeyPath) -> KeyPath:
        """The longest beginning of `path` that the file has."""
        while path not in self.values:
            path = path[:-1]
        return path

    def where(self, path: KeyPath) -> str:
        """`file:line:column` of the value at `path`."""
        return ":".join(map(str, (self.file, *self.values[self.known(path)])))

    def problem(self, path: KeyPath, message: str, *, at_key: bool = False) -> Problem:
        """A problem at the value at `path` (or at its key), or at the nearest thing around it that the file has."""
        marks = self.keys if at_key and path in self.keys else self.values
        return Problem(self.file, *marks[self.known(path)], dotted(path), message)


def file_problem(path: Path, message: str, mark: Mark = TOP) -> Problem:
    """A problem of a file as a whole."""
    return Problem(str(path), *mark, WHOLE_FILE, message)


def dotted(path: KeyPath) -> str:
    """`devices.0.name`, always one line."""
    return ".".join(str(part) if str(part).isprintable() else ascii(part) for part in path) or WHOLE_FILE


def describe(value: object) -> str:
    """What was found, in an installer's words; long text is cut."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {value if len(value) <= 40 else value[:39] + '…'!r}"
        case Mapping():
            return "a mapping"
        case _:
            return "a list"


def read_document(path: Path, problems: list[Problem], resolve_secret: ResolveSecret | None = None) -> Document | None:
    """The file as data; appends what is wrong with it. None where nothing of it can be used."""
    text = _read_text(path, problems)
    if text is None:
        return None
    root = _compose(path, text, problems)
    if root is None:
        return None
    walk = _Walk(str(path), problems, resolve_secret)
    data = walk.value(root, ())
    if isinstance(data, dict):
        return Document(str(path), data, walk.keys, walk.values, frozenset(walk.reported), frozenset(walk.secrets))
    if () in walk.reported:
        return None
    got = "a list" if isinstance(data, list) else "a single value"
    problems.append(file_problem(path, f"expected keys and values, got {got}", _mark(root.start_mark)))
    return None


def _read_text(path: Path, problems: list[Problem]) -> str | None:
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        problems.append(file_problem(path, reason))
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        mark = _mark_at_end(error.object[: error.start].decode("utf-8-sig"))
        message = f"not UTF-8: byte 0x{error.object[error.start]:02x}; save the file as UTF-8"
        problems.append(file_problem(path, message, mark))
        return None


def _mark_at_end(text: str) -> Mark:
    return Mark(text.count("\n") + 1, len(text) - text.rfind("\n"))


def _mark(mark: yaml.Mark | None) -> Mark:
    return Mark(mark.line + 1, mark.column + 1) if mark is not None else TOP


class _AliasFound(yaml.MarkedYAMLError):
    """`*name` in a file."""


class _Composer(yaml.BaseLoader):
    """Nodes without implicit types, and without aliases: a house is read by people, and an alias can blow up a file."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The next node. Raises _AliasFound."""
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs leave it out.
            raise _AliasFound(None, None, "an alias (*) is not read; write the value out, or in quotes", event.start_mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


def _compose(path: Path, text: str, problems: list[Problem]) -> yaml.Node | None:
    try:
        root = yaml.compose(text, Loader=_Composer)
    except yaml.reader.ReaderError as error:
        mark, message = _mark_at_end(text[: error.position]), f"character U+{ord(text[error.position]):04X} is not allowed in YAML"
    except yaml.MarkedYAMLError as error:
        mark, message = _syntax_problem(text, error)
    except RecursionError:
        mark, message = TOP, "nested too deeply"
    except (ValueError, OverflowError):  # PyYAML makes characters of escapes without looking
        mark, message = TOP, r"an escape in quotes (\x, \u, \U) that is no character"
    else:
        if root is not None:
            return root
        mark, message = TOP, "the file is empty; expected at least `version: 1`"
    problems.append(file_problem(path, message, mark))
    return None


def _syntax_problem(text: str, error: yaml.MarkedYAMLError) -> tuple[Mark, str]:
    mark = _mark(error.problem_mark)
    lines = text.splitlines() or [""]
    line = lines[min(mark.line, len(lines)) - 1]
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent:
        return Mark(mark.line, indent.index("\t") + 1), "a tab in the indentation; use spaces"
    if isinstance(error, _AliasFound):
        return mark, str(error.problem)
    if error.context is None:
        return mark, f"not YAML: {error.problem}"
    begun = _mark(error.context_mark).line
    return mark, f"not YAML: {error.context}{f' from line {begun}' if begun < mark.line else ''}, {error.problem}"


class _Walk:
    """One walk over the nodes of a file: fills the tables of positions and reports what is not plain data."""

    def __init__(self, file: str, problems: list[Problem], resolve_secret: ResolveSecret | None) -> None:
        self.file = file
        self.problems = problems
        self.resolve_secret = resolve_secret
        self.keys: dict[KeyPath, Mark] = {}
        self.values: dict[KeyPath, Mark] = {}
        self.reported: set[KeyPath] = set()
        self.secrets: set[KeyPath] = set()

    def value(self, node: yaml.Node, path: KeyPath) -> object:
        """The data of a node."""
        self.values[path] = _mark(node.start_mark)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if node.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            self._report(path, _SECRET_ELSEWHERE if node.tag == "!secret" else _NO_TAGS)
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, object]:
        data: dict[str, object] = {}
        for key_node, value_node in node.value:
            mark = _mark(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != _TEXT_TAG:
                self.problems.append(Problem(self.file, *mark, dotted(path), "a key is a plain word"))
                continue
            key = (*path, key_node.value)
            if key in self.keys:
                message = f"given twice; the first is at line {self.keys[key].line}"
                self.problems.append(Problem(self.file, *mark, dotted(key), message))
                continue
            self.keys[key] = mark
            data[key_node.value] = self.value(value_node, key)
        return data

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> object:
        if node.tag == "!secret" and self.resolve_secret is not None:
            return self._secret(node.value, self.resolve_secret, path)
        if node.tag != _TEXT_TAG:
            self._report(path, _SECRET_ELSEWHERE if node.tag == "!secret" else _NO_TAGS)
            return None
        if _SURROGATE.search(node.value):
            self._report(path, "half of a surrogate pair is not a character")
            return None
        value = node.value if node.style is not None else _plain(node.value)
        if value is None:
            self._report(path, "no value; write one, or leave the key out", at=self.keys.get(path))
        return value

    def _secret(self, name: str, resolve: ResolveSecret, path: KeyPath) -> str | None:
        self.secrets.add(path)
        try:
            return resolve(name)
        except LookupError as error:
            self._report(path, str(error.args[0]))
            return None

    def _report(self, path: KeyPath, message: str, at: Mark | None = None) -> None:
        """Append a problem at a value, which becomes None."""
        self.problems.append(Problem(self.file, *(at or self.values[path]), dotted(path), message))
        self.reported.add(path)


def _plain(text: str) -> object:
    """A plain scalar as JSON reads it: true, false, null and numbers; all else is text."""
    if text in _WORDS:
        return _WORDS[text]
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    if not (number[2] or number[3]):
        return int(text)
    return float(text) if math.isfinite(float(text)) else text
