"""Batch interpretation: records in, what the hub would do out; no device is touched and permissions are not asked.

A record brings its own house and states (docs/cli.md). Records of one house are taken together, so that its prefix is read once;
the answers come in the order of the records. A record that can't be used is answered with status `invalid` and stops nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from octopus_hub.adapters.services import record_services
from octopus_hub.config.errors import DecodeError, HubError, InputError, Unsupported
from octopus_hub.config.house import DeviceState, House
from octopus_hub.config.hub import HubSettings
from octopus_hub.config.plan import Call, Correction, Plan, Status
from octopus_hub.config.record import house_from_record
from octopus_hub.daemon.answers import ANSWERED, answer
from octopus_hub.daemon.brain import Interpreter
from octopus_hub.daemon.pipeline import is_doubtful
from octopus_hub.daemon.replies import Code, Refusal, refuse
from octopus_hub.daemon.reports import intend
from octopus_hub.daemon.resolver import Resolution, resolve
from octopus_hub.daemon.teaching import read_corrections
from octopus_hub.daemon.wire import call_to_json, read_json

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Record:
    """A readable record; `number` is its line, from 0."""

    number: int
    id: object
    text: str
    area: str | None
    house: House
    states: Mapping[str, DeviceState]
    examples: tuple[Correction, ...] = ()


class Batch:
    """Interprets records with one interpreter; `advance` is told of every record that is done."""

    def __init__(self, interpreter: Interpreter, settings: HubSettings, advance: Callable[[], None] = lambda: None) -> None:
        self._interpreter = interpreter
        self._settings = settings
        self._advance = advance

    def interpret(self, lines: Iterable[str]) -> list[Row]:
        """One row for each line, in order."""
        rows: dict[int, Row] = {}
        by_house: dict[str, list[Record]] = {}
        for number, line in enumerate(lines):
            try:
                record = _read(number, line)
            except InputError as error:
                rows[number] = _invalid(_find_id(line), error)
                self._advance()
            else:
                by_house.setdefault(record.house.digest, []).append(record)
        for records in by_house.values():
            rows |= self._of_one_house(records)
        return [rows[number] for number in sorted(rows)]

    def _of_one_house(self, records: Sequence[Record]) -> dict[int, Row]:
        try:
            self._interpreter.set_house(records[0].house)
        except (InputError, DecodeError) as error:  # DecodeError: it does not fit the model
            return {record.number: _invalid(record.id, error) for record in records}
        rows: dict[int, Row] = {}
        for record in records:
            rows[record.number] = self._row(record)
            self._advance()
        return rows

    def _row(self, record: Record) -> Row:
        began_s = time.monotonic()
        try:
            self._interpreter.learn(record.examples)
            plan = self._interpreter.interpret(record.text, self._settings.model.deadline_ms / 1000)
        except InputError as error:
            return _invalid(record.id, error)
        except DecodeError as error:
            return _row(record, Status.FAILED, began_s, say=f"{refuse(Code.UNSURE)} ({error})")
        now = datetime.now().astimezone()
        found = self._resolve(record, plan, now)
        if found.question is not None:
            return _row(record, Status.QUESTION, began_s, plan, say=found.question.text)
        if found.refusal is not None:
            return _row(record, Status.REFUSED, began_s, plan, say=found.refusal.text)
        return _understood(record, _row(record, Status.DRY_RUN, began_s, plan), found.calls, now)

    def _resolve(self, record: Record, plan: Plan, now: datetime) -> Resolution:
        if is_doubtful(plan, self._settings):
            return Resolution(refusal=Refusal(Code.UNSURE))
        return resolve(plan, record.house, record.states, record.area, now=now, text=record.text)


def _understood(record: Record, row: Row, calls: tuple[Call, ...], now: datetime) -> Row:
    """The row with its calls, the services they would be, and the answers to questions."""
    status, say = Status.DRY_RUN, intend(calls, record.house)
    if all(call.function in ANSWERED for call in calls):
        status = Status.ANSWERED
        say = " ".join(answer(call, record.house, record.states, now).text for call in calls)
    filled = {**row, "status": str(status), "calls": [call_to_json(call) for call in calls], "say": say}
    try:
        return filled | {"services": record_services(calls, record.house)}
    except Unsupported as error:
        return filled | {"status": str(Status.REFUSED), "say": f"{refuse(Code.NOT_SUPPORTED)} ({error})"}


def _row(record: Record, status: Status, began_s: float, plan: Plan | None = None, *, say: str = "") -> Row:
    return {
        "id": record.id,
        "status": str(status),
        "calls": [],
        "services": [],
        "say": say,
        "confidence": None if plan is None else round(plan.confidence, 4),
        "mass": None if plan is None else round(plan.mass, 4),
        "plan": "" if plan is None else str(plan),
        "ms": round(1000 * (time.monotonic() - began_s), 3),
    }


def _invalid(record_id: object, error: HubError) -> Row:
    told = {"id": record_id, "status": str(Status.INVALID), "calls": [], "services": [], "say": str(error)}
    return told | {"confidence": None, "mass": None, "plan": "", "ms": None}


def _read(number: int, line: str) -> Record:
    fields = read_json(line)
    text, area = fields.get("text"), fields.get("area")
    if not isinstance(text, str) or not text.strip():
        raise InputError('"text" must be a sentence')
    if area is not None and not isinstance(area, str):
        raise InputError('"area" must be the name of an area')
    if "house" not in fields:
        raise InputError('"house" is missing')
    recorded = house_from_record(fields["house"])
    examples = read_corrections("examples", fields.get("examples"), recorded.house)
    return Record(number, fields.get("id"), text, area, recorded.house, recorded.states, examples)


def _find_id(line: str) -> object:
    try:
        return read_json(line).get("id")
    except InputError:
        return None
