"""What travels over MQTT and the control socket, as JSON: commands in, outcomes and status out.

Pure: bytes to frozen dataclasses and back. `schemas/*.json` say the same to other programs; a test holds the two together.
Unknown keys in a command are refused, for a misspelt "dry_run" would be carried out; outcomes may gain keys, so readers skip
what they don't know.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from octopus_hub.config.errors import InputError
from octopus_hub.config.plan import Call, Outcome, Result, Scalar
from octopus_hub.daemon.replies import Code, refuse

SCHEMA = 1
MAX_PAYLOAD_BYTES = 16 * 1024
MAX_TEXT_CHARACTERS = 500
MAX_ID_CHARACTERS = 128
MAX_CALLS = 16
MAX_DEVICES = 200
LATEST_EPOCH_S = 1e11
"""A `sent_at` above this (year 5138) is in milliseconds, the usual slip of JavaScript."""

SOURCE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed command: `text` or `calls`, never both. `sent_at` in seconds since the epoch."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    id: str | None = None
    sent_at: float | None = None
    area: str | None = None
    dry_run: bool = False
    speak: bool = False


def parse_request(payload: bytes) -> Request:
    """A command from plain text or a JSON object (recognised by its first character, "{").

    Raises InputError with one sentence that can be said to whoever sent it.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise InputError(f"a command has at most {MAX_PAYLOAD_BYTES} bytes, this one has {len(payload)}")
    try:
        content = payload.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"a command must be UTF-8 text, byte {error.start} is not") from error
    if not content.lstrip().startswith("{"):
        return Request(text=_text(content))
    return request_from(read_json(content))


def read_json(content: str) -> Mapping[str, object]:
    """A JSON object, strictly: no NaN, no key twice, no half characters. Raises InputError."""
    try:
        value = json.loads(content, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise InputError(f"not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise InputError("the JSON is nested too deeply") from error
    except ValueError as error:  # a number with thousands of digits
        raise InputError(f"not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"expected a JSON object, got {_type_name(value)}")
    _check_characters("", value)
    return cast("Mapping[str, object]", value)  # json gives str keys


def request_from(fields: Mapping[str, object]) -> Request:
    """A command from a JSON object's fields. Raises InputError that names the field."""
    unknown = sorted(set(fields) - set(_FIELDS))
    if unknown:
        raise InputError(f'unknown field "{_short(unknown[0])}"; known are {", ".join(_FIELDS)}')
    if fields.get("schema", SCHEMA) != SCHEMA or isinstance(fields.get("schema"), bool):
        raise InputError(f"this hub reads schema {SCHEMA}, not {_short(str(fields['schema']))}")
    if ("text" in fields) == ("calls" in fields):
        raise InputError('a command has either "text" or "calls"')
    values = {name: read(name, fields[name]) for name, read in _FIELDS.items() if name in fields and name != "schema"}
    return Request(**values)  # type: ignore[arg-type]  # each reader gives its field's type


def outcome_to_json(outcome: Outcome) -> dict[str, object]:
    """The fields of an Outcome, ready for JSON."""
    return {
        "schema": SCHEMA,
        "command_id": outcome.command_id,
        "status": str(outcome.status),
        "final": outcome.final,
        "text": outcome.text,
        "calls": [call_to_json(call) for call in outcome.calls],
        "results": [_result_to_json(result) for result in outcome.results],
        "say": outcome.say,
        "code": str(outcome.code),
        "confidence": outcome.confidence,
        "times_ms": {stage: round(value, 3) for stage, value in outcome.times_ms.items()},
    }


def call_to_json(call: Call) -> dict[str, object]:
    """The fields of a call, as `parse_request` reads them."""
    fields: dict[str, object] = {"function": call.function, "devices": list(call.device_ids), "arguments": dict(call.arguments)}
    return fields | ({} if call.at is None else {"at": call.at})


def dump(fields: Mapping[str, object]) -> bytes:
    """One line of UTF-8 JSON. Half characters, which devices may tell of a title that was cut, become question marks."""
    return json.dumps(fields, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(errors="replace")


def _result_to_json(result: Result) -> dict[str, object]:
    return {
        "device": result.device_id,
        "function": result.function,
        "status": str(result.status),
        "message": result.message,
    }


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f'"{_short(twice)}" is given twice')
    return fields


def _no_constant(name: str) -> object:
    raise InputError(f"{name} is not a number that JSON knows")


def _type_name(value: object) -> str:
    for kinds, name in _TYPE_NAMES:
        if isinstance(value, kinds):
            return name
    return "null"


_TYPE_NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),
    ((int, float), "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "an object"),
)


def _short(text: str) -> str:
    clean = text.encode(errors="replace").decode()
    return clean if len(clean) <= 40 else clean[:39] + "…"


def _wrong(name: str, expected: str, value: object) -> InputError:
    return InputError(f'"{name}" must be {expected}, got {_type_name(value)}')


def _check_characters(name: str, value: object) -> None:
    """Raises InputError for half a character in any text of a JSON value."""
    match value:
        case str():
            try:
                value.encode()
            except UnicodeEncodeError as error:
                raise InputError(f'"{name}" has half a character (a lone surrogate) at {error.start}') from error
        case dict():
            for key, each in value.items():
                _check_characters("a name of a field", key)
                _check_characters(f"{name}.{key}" if name else key, each)
        case list():
            for index, each in enumerate(value):
                _check_characters(f"{name}[{index}]", each)


def _characters(name: str, value: object, most: int) -> str:
    if not isinstance(value, str):
        raise _wrong(name, "text", value)
    if not 0 < len(value) <= most:
        raise InputError(f'"{name}" must have 1 to {most} characters, got {len(value)}')
    return value


def _text(content: str) -> str:
    text = " ".join("".join(character if character.isprintable() else " " for character in content).split())
    if not text:
        raise InputError("the command is empty")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise InputError(f"a command has at most {MAX_TEXT_CHARACTERS} characters, this one has {len(text)}")
    return text


def _read_text(name: str, value: object) -> str:
    return _text(_characters(name, value, MAX_PAYLOAD_BYTES))


def _read_name(name: str, value: object) -> str:
    text = _characters(name, value, MAX_ID_CHARACTERS)
    if not text.isprintable() or not text.strip():
        raise InputError(f'"{name}" must be visible characters')
    return text


def _read_bool(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, "true or false", value)
    return value


def _read_number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, "a number", value)
    if abs(value) > LATEST_EPOCH_S or not math.isfinite(value):
        raise InputError(f'"{name}" is out of range; times are in seconds, not milliseconds')
    return value


def read_calls(name: str, value: object) -> tuple[Call, ...]:
    """The list of calls `value`, which is called `name` in errors. Raises InputError."""
    if not isinstance(value, list):
        raise _wrong(name, "a list", value)
    if not 0 < len(value) <= MAX_CALLS:
        raise InputError(f'"{name}" must have 1 to {MAX_CALLS} entries, got {len(value)}')
    return tuple(_read_call(f"{name}[{index}]", entry) for index, entry in enumerate(value))


def _read_call(name: str, value: object) -> Call:
    if not isinstance(value, dict):
        raise _wrong(name, "an object", value)
    unknown = sorted(set(value) - {"function", "devices", "arguments", "at"})
    if unknown:
        raise InputError(f'unknown field "{_short(unknown[0])}" in "{name}"; known are function, devices, arguments, at')
    if "function" not in value:
        raise InputError(f'"{name}" has no "function"')
    at = value.get("at")
    return Call(
        function=_read_name(f"{name}.function", value["function"]),
        device_ids=_read_devices(f"{name}.devices", value.get("devices", [])),
        arguments=_read_arguments(f"{name}.arguments", value.get("arguments", {})),
        at=None if "at" not in value else _read_name(f"{name}.at", at) if isinstance(at, str) else _read_number(f"{name}.at", at),
    )


def _read_devices(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _wrong(name, "a list", value)
    if len(value) > MAX_DEVICES:
        raise InputError(f'"{name}" must have at most {MAX_DEVICES} entries, got {len(value)}')
    return tuple(_read_name(f"{name}[{index}]", entry) for index, entry in enumerate(value))


def _read_arguments(name: str, value: object) -> Mapping[str, Scalar]:
    if not isinstance(value, dict):
        raise _wrong(name, "an object", value)
    return {key: _read_scalar(f"{name}.{_short(key)}", entry) for key, entry in value.items()}


def _read_scalar(name: str, value: object) -> Scalar:
    if isinstance(value, str):
        return _characters(name, value, MAX_TEXT_CHARACTERS)
    return value if isinstance(value, bool) else _read_number(name, value)


def complaint(error: InputError) -> str:
    """What is said about a command that can't be read."""
    message = str(error)
    return f"{refuse(Code.INVALID)} {message[:1].upper()}{message[1:]}{'' if message.endswith(('.', '?')) else '.'}"


def find_id(payload: bytes) -> str | None:
    """The id in a command that is otherwise of no use, so that its answer can say which one it was."""
    try:
        return _read_name("id", read_json(payload[: 4 * MAX_PAYLOAD_BYTES].decode()).get("id"))
    except (InputError, UnicodeDecodeError):
        return None


_FIELDS: Mapping[str, Callable[[str, object], object]] = {
    "schema": _read_number,
    "text": _read_text,
    "calls": read_calls,
    "id": _read_name,
    "sent_at": _read_number,
    "area": _read_name,
    "dry_run": _read_bool,
    "speak": _read_bool,
}
