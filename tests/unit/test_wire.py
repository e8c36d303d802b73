"""Payloads: what is read, what is refused and in which words, and that the JSON Schemas say the same."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octopus_hub.config.errors import InputError
from octopus_hub.config.plan import Call, Outcome, Result, Status
from octopus_hub.daemon import wire

SCHEMAS = Path(wire.__file__).parent / "schemas"


def schema(name: str) -> Any:
    """One of the JSON Schemas in the repository."""
    return json.loads((SCHEMAS / f"{name}.json").read_text())


def test_plain_text_is_a_command() -> None:
    """A payload that is no JSON object is the sentence itself."""
    assert wire.parse_request("turn on the café light".encode()) == wire.Request(text="turn on the café light")


def test_spaces_and_control_characters_are_tidied() -> None:
    """Line ends, tabs and control characters become single spaces."""
    assert wire.parse_request(b"  turn\ton\r\nthe\x00 light \n").text == "turn on the light"


def test_all_fields_are_read() -> None:
    """Every field of a JSON command reaches the request."""
    payload = (
        b'{"schema": 1, "text": "on", "id": "a-1", "sent_at": 1700000000.5, "area": "Kitchen", "dry_run": true, "speak": true}'
    )
    assert wire.parse_request(payload) == wire.Request("on", (), "a-1", 1700000000.5, "Kitchen", True, True)


def test_calls_are_read() -> None:
    """Structured calls keep function, devices, arguments and time."""
    payload = (
        b'{"calls": [{"function": "set_brightness", "devices": ["lamp"], "arguments": {"level": 40}, "at": 60},'
        b' {"function": "undo"}]}'
    )
    calls = wire.parse_request(payload).calls
    assert calls == (Call("set_brightness", ("lamp",), {"level": 40}, 60), Call("undo", ()))


UNKNOWN_IN_CALL = 'unknown field "device" in "calls[0]"; known are function, devices, arguments, at'
REFUSED = {
    b"": "the command is empty",
    b" \n\x00": "the command is empty",
    b"\xff\xfe": "a command must be UTF-8 text, byte 0 is not",
    b"a" * 16385: "a command has at most 16384 bytes, this one has 16385",
    b"a" * 501: "a command has at most 500 characters, this one has 501",
    b"{": "not valid JSON at line 1, column 2: Expecting property name enclosed in double quotes",
    b'{"text": "on"} x': "not valid JSON at line 1, column 16: Extra data",
    b"{}": 'a command has either "text" or "calls"',
    b'{"text": "on", "calls": []}': 'a command has either "text" or "calls"',
    b'{"text": 5}': '"text" must be text, got a number',
    b'{"text": null}': '"text" must be text, got null',
    b'{"text": ""}': '"text" must have 1 to 16384 characters, got 0',
    b'{"text": "on", "dry-run": true}': 'unknown field "dry-run"; known are schema, text, calls, id, sent_at, area, dry_run, speak',
    b'{"text": "on", "dry_run": "true"}': '"dry_run" must be true or false, got text',
    b'{"text": "on", "schema": 2}': "this hub reads schema 1, not 2",
    b'{"text": "on", "schema": true}': "this hub reads schema 1, not True",
    b'{"text": "on", "sent_at": "now"}': '"sent_at" must be a number, got text',
    b'{"text": "on", "sent_at": true}': '"sent_at" must be a number, got true or false',
    b'{"text": "on", "sent_at": 1700000000000}': '"sent_at" is out of range; times are in seconds, not milliseconds',
    b'{"text": "on", "sent_at": NaN}': "NaN is not a number that JSON knows",
    b'{"text": "on", "sent_at": 1e999}': '"sent_at" is out of range; times are in seconds, not milliseconds',
    b'{"text": "on", "text": "off"}': '"text" is given twice',
    b'{"text": "on", "id": 7}': '"id" must be text, got a number',
    b'{"text": "on", "id": "\\n"}': '"id" must be visible characters',
    b'{"text": "\\ud800"}': '"text" has half a character (a lone surrogate) at 0',
    b'{"calls": {}}': '"calls" must be a list, got an object',
    b'{"calls": []}': '"calls" must have 1 to 16 entries, got 0',
    b'{"calls": ["turn_on"]}': '"calls[0]" must be an object, got text',
    b'{"calls": [{}]}': '"calls[0]" has no "function"',
    b'{"calls": [{"function": "on", "device": "x"}]}': UNKNOWN_IN_CALL,
    b'{"calls": [{"function": "turn_on", "devices": "x"}]}': '"calls[0].devices" must be a list, got text',
    b'{"calls": [{"function": "turn_on", "arguments": {"level": [1]}}]}': '"calls[0].arguments.level" must be a number, got a list',
    b'{"calls": [{"function": "a", "arguments": {"b\\udc00": 1}}]}': (
        '"a name of a field" has half a character (a lone surrogate) at 1'
    ),
    b'{"calls": [{"function": "turn_on", "at": false}]}': '"calls[0].at" must be a number, got true or false',
}


@pytest.mark.parametrize(("payload", "message"), REFUSED.items(), ids=range(len(REFUSED)))
def test_refused_with_one_clear_sentence(payload: bytes, message: str) -> None:
    """What can't be read is refused with a sentence that says what was expected."""
    with pytest.raises(InputError) as error:
        wire.parse_request(payload)
    assert str(error.value) == message


@pytest.mark.parametrize("payload", [b'{"a":' * 3000, b'{"sent_at": ' + b"9" * 5000 + b"}"], ids=["deep", "long number"])
def test_hostile_json_is_refused(payload: bytes) -> None:
    """JSON that breaks naive readers is refused like any other."""
    with pytest.raises(InputError):
        wire.parse_request(payload)


def test_id_of_a_broken_command_is_found() -> None:
    """The answer to an unusable command can still carry its id."""
    assert wire.find_id(b'{"id": "a-1", "text": 5}') == "a-1"
    assert wire.find_id(b'{"id": 5}') is None
    assert wire.find_id(b"\xff") is None


NAMES = st.sampled_from(
    ["schema", "text", "calls", "id", "sent_at", "area", "dry_run", "speak", "function", "devices", "arguments", "at", "x"]
)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**12), 10**12), st.floats(allow_nan=False), st.text("ab é", max_size=3)
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8)
CALLS = st.lists(st.dictionaries(st.sampled_from(["function", "devices", "arguments", "at"]), VALUES, max_size=4), max_size=2)
COMMANDS = (
    st.dictionaries(NAMES, VALUES, max_size=4) | st.fixed_dictionaries({"calls": CALLS}) | st.fixed_dictionaries({"text": VALUES})
)


@settings(max_examples=60)
@given(COMMANDS)
def test_reader_accepts_no_more_than_the_schema(fields: dict[str, Any]) -> None:
    """Whatever the reader takes is valid by the JSON Schema."""
    try:
        wire.request_from(json.loads(json.dumps(fields)))
    except InputError:
        return
    jsonschema.validate(fields, schema("command"))


@given(st.binary(max_size=64))
def test_any_bytes_give_a_request_or_an_input_error(payload: bytes) -> None:
    """No bytes raise anything but InputError."""
    with contextlib.suppress(InputError):
        assert wire.parse_request(payload).text


OUTCOME = Outcome(
    "a-1",
    Status.PARTLY,
    "dim it and lock up",
    calls=(Call("set_brightness", ("lamp",), {"level": 40}), Call("lock", ("door",), at="tonight")),
    results=(Result("lamp", "set_brightness", Status.DONE), Result("door", "lock", Status.NOT_CONFIRMED, "no state")),
    say="The lamp is at 40 %.",
    code="not_confirmed",
    confidence=0.9,
    times_ms={"queue": 0.1, "total": 30.25},
)


@pytest.mark.parametrize("outcome", [OUTCOME, Outcome("", Status.INVALID, "")], ids=["full", "bare"])
def test_outcomes_are_valid_by_the_schema(outcome: Outcome) -> None:
    """What is published is what the JSON Schema promises."""
    fields = json.loads(wire.dump(wire.outcome_to_json(outcome)))
    jsonschema.validate(fields, schema("outcome"))
    assert set(fields) == set(schema("outcome")["required"])


def test_schema_lists_all_statuses() -> None:
    """The closed list of statuses in the JSON Schema is that of the code."""
    assert schema("outcome")["properties"]["status"]["enum"] == [str(status) for status in Status]


@pytest.mark.parametrize("name", ["command", "outcome", "status"])
def test_schemas_are_schemas(name: str) -> None:
    """The files are themselves valid JSON Schemas."""
    jsonschema.Draft202012Validator.check_schema(schema(name))


def test_half_a_character_of_a_device_is_a_question_mark() -> None:
    """A title that was cut inside an emoji ends no daemon."""
    assert wire.dump({"say": "Love \ud83d"}) == b'{"say":"Love ?"}'
