"""Reading values out of somebody else's JSON: lenient about form, clear about what cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from octopus_hub.config.errors import InputError
from octopus_hub.config.house import number
from octopus_hub.config.suggestions import one_of
from octopus_hub.config.yaml_nodes import describe

Choice = TypeVar("Choice", bound=StrEnum)


class Fields:
    """A JSON object and where it stands (`house.devices.0`). Null counts as missing; the methods raise InputError."""

    def __init__(self, data: object, path: str) -> None:
        if not isinstance(data, Mapping):
            raise InputError(f"{path}: expected an object, got {describe(data)}")
        self.data = data
        self.path = path

    def get(self, key: str) -> object:
        """Whatever is under `key`, or None."""
        return self.data.get(key)

    def fields(self, key: str) -> Fields:
        """The object under `key`; an empty one where it is missing."""
        value = self.get(key)
        return Fields({} if value is None else value, f"{self.path}.{key}")

    def items(self, key: str) -> list[Fields]:
        """The objects in the list under `key`; a bare text is an object with that name."""
        return [
            Fields({"name": item} if isinstance(item, str) else item, f"{self.path}.{key}.{index}")
            for index, item in enumerate(self._list(key))
        ]

    def find_text(self, key: str) -> str | None:
        """The text under `key` with its white space made single spaces; a number is text too. None where nothing is left."""
        value = self.get(key)
        return None if value is None else _text(value, f"{self.path}.{key}") or None

    def text(self, key: str) -> str:
        """The same, where it may not be missing."""
        text = self.find_text(key)
        if text is None:
            raise InputError(f"{self.path}.{key}: missing")
        return text

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts in the list under `key`, each once; a bare text is a list of one."""
        texts = (_text(item, f"{self.path}.{key}") for item in self._list(key) if item is not None)
        return tuple(dict.fromkeys(text for text in texts if text))

    def all_texts(self) -> dict[str, str]:
        """The whole object as texts by key."""
        return {str(key): text for key in self.data if (text := self.find_text(key)) is not None}

    def find_number(self, key: str) -> float | None:
        """The number under `key`, also where it is written as text; None for anything else."""
        return number(self.get(key))

    def find_choice(self, key: str, choices: type[Choice]) -> Choice | None:
        """The member of an enumeration under `key`."""
        value = self.get(key)
        if value is None:
            return None
        for choice in choices:
            if choice == value:
                return choice
        raise InputError(f"{self.path}.{key}: expected {one_of(choices)}, got {describe(value)}")

    def pair(self, key: str) -> tuple[float, float]:
        """The [low, high] under `key`, low below high."""
        value = self.get(key)
        match value:
            case [int() | float() as low, int() | float() as high] if low < high:
                return float(low), float(high)
        raise InputError(f"{self.path}.{key}: expected [low, high] with low below high, got {value!r}")

    def _list(self, key: str) -> list[object]:
        value = self.get(key)
        if value is None:
            return []
        if isinstance(value, (list, tuple)):
            return list(value)
        if isinstance(value, str):
            return [value]
        raise InputError(f"{self.path}.{key}: expected a list, got {describe(value)}")


def _text(value: object, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise InputError(f"{where}: expected text, got {describe(value)}")
    return " ".join(str(value).split())
