"""Answers to questions about the house, out of its states. Pure: the clock is handed in.

Timers, reminders, alarm clocks, "repeat" and "undo" are not answered here: the hub keeps those itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from octopus_hub.adapters.ha_timers import counted_down
from octopus_hub.config.house import Device, DeviceState, House
from octopus_hub.config.plan import Call, Scalar
from octopus_hub.daemon.conditions import is_available, is_known, shows, spoken_state
from octopus_hub.daemon.properties import Reading, read, todo_items
from octopus_hub.daemon.quantities import Subject
from octopus_hub.daemon.replies import MAX_SPOKEN, Code, common_plural, distinct_names, join, refuse, the
from octopus_hub.daemon.weather import forecast_told, now_told


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say; `value` and `unit` are what another call may use; `code` is set where it could not be answered."""

    text: str
    value: Scalar | None = None
    unit: str = ""
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class _Question:
    call: Call
    house: House
    states: Mapping[str, DeviceState]
    now: datetime

    @property
    def devices(self) -> list[Device]:
        return [self.house.by_id[device_id] for device_id in self.call.device_ids]

    @property
    def word(self) -> str | None:
        said = self.call.arguments.get("state")
        return None if said is None else str(said)

    def state(self, device: Device) -> DeviceState | None:
        state = self.states.get(device.id)
        return counted_down(state, self.now) if state is not None and device.kind == "timer" else state

    @property
    def silent(self) -> list[Device]:
        """Those that nothing is known of; whether something is available is known of all."""
        if self.word in ("available", "unavailable"):
            return []
        return [device for device in self.devices if not is_known(self.state(device))]

    def showing(self, word: str) -> list[Device]:
        return [device for device in self.devices if shows(device, self.state(device), word)]


def answer(call: Call, house: House, states: Mapping[str, DeviceState], now: datetime) -> Answer:
    """The answer to a question that `ANSWERED` names. Raises KeyError for another function."""
    return ANSWERED[call.function](_Question(call, house, states, now))


def _get_state(question: _Question) -> Answer:
    devices = question.devices
    if len(devices) == 1:
        return _one_state(question, devices[0])
    word = question.word
    if word is None:
        parts = [f"{name} is {spoken_state(device, question.state(device))}" for name, device in _named(devices)]
        return Answer(_sentence(join(parts)), join(parts))
    found, silent = question.showing(word), question.silent
    if len(silent) == len(devices):
        return _unknown("")
    if len(found) == len(devices):
        return Answer(f"Yes, all {_counted(devices)} are {word}.", True)
    if not found:
        known = [device for device in devices if device not in silent]
        return Answer(f"No, none of the {_counted(known)} is {word}.{_but(silent)}", False)
    return Answer(f"{len(found)} of {_counted(devices)} {_are(found)} {word}{_listed(found)}.{_but(silent)}", False)


def _one_state(question: _Question, device: Device) -> Answer:
    state, word = question.state(device), question.word
    if question.silent:
        if not is_available(state):
            return Answer(refuse(Code.UNAVAILABLE, {"device": the(device)}), code=Code.UNAVAILABLE)
        return _unknown(f"{'where' if device.kind == 'person' else 'how'} {the(device)} is")
    told = spoken_state(device, state)
    if word is None:
        return Answer(_sentence(f"{the(device)} is {told}"), told)
    if shows(device, state, word):
        return Answer(f"Yes, {the(device)} is {word}.", True)
    return Answer(f"No, {the(device)} is {told if told != word else f'not {word}'}.", False)


def _get_value(question: _Question) -> Answer:
    name = str(question.call.arguments["property"])
    readings = [(device, read(_subject(question, device), name)) for device in question.devices]
    known = [(device, reading) for device, reading in readings if reading is not None]
    if not known:
        return _unknown(_value_asked(question.devices[0], name) if len(readings) == 1 else "")
    if len(known) == 1:
        device, reading = known[0]
        return Answer(_sentence(_value_phrase(device, name, reading)), reading.value, reading.unit)
    text = join([f"{label}: {reading}" for label, (_, reading) in zip(distinct_names([d for d, _ in known]), known, strict=True)])
    return Answer(_sentence(text), text)


def _value_phrase(device: Device, name: str, reading: Reading) -> str:
    if name == "temperature" and device.kind in ("sensor", "climate"):
        return f"it is {reading} in the {device.area}" if device.area else f"it is {reading}"
    if name == "title":
        return f"{the(device)} is playing {reading}"
    if name == "items":
        return f"on {the(device)}: {reading}"
    if name == "value":
        return f"{the(device)} is {reading}"
    if _says_it(device, name):
        return f"{the(device)} is {reading}"
    return f"the {name} of {the(device)} is {reading}"


def _says_it(device: Device, name: str) -> bool:
    """Does the name of a sensor say already what it measures?"""
    return device.kind == "sensor" and name in device.name.casefold()


def _value_asked(device: Device, name: str) -> str:
    if name == "title":
        return f"what {the(device)} is playing"
    if name == "location":
        return f"where {the(device)} is"
    if name in ("items", "value") or _says_it(device, name):
        return f"what {the(device)} shows"
    return f"the {name} of {the(device)}"


def _list_devices(question: _Question) -> Answer:
    return _devices_showing(question, names=8)


def _count_devices(question: _Question) -> Answer:
    return _devices_showing(question, names=0)


def _devices_showing(question: _Question, names: int) -> Answer:
    """How many, and which if they are `names` at most; the value is one or the other."""
    word, silent = question.word or "on", question.silent
    found = question.showing(word)
    if silent and len(silent) == len(question.devices):
        return _unknown("")
    if not found:
        return Answer(f"{_none(question.devices, word)}{_but(silent)}", 0)
    told = _sentence(f"{_counted(found)} {_are(found)} {word}{_listed(found, limit=names)}")
    return Answer(f"{told}{_but(silent)}", join(distinct_names(found)) if names else len(found))


def _unknown(what: str) -> Answer:
    """ "I don't know how the Front Door is now"; nothing said: "that"."""
    return Answer(refuse(Code.UNKNOWN_STATE, {"what": what} if what else {}), code=Code.UNKNOWN_STATE)


def _but(silent: Sequence[Device]) -> str:
    """What an answer about several leaves open."""
    if not silent:
        return ""
    which = join(distinct_names(silent)) if len(silent) <= MAX_SPOKEN else _counted(silent)
    return f" I don't know about {which}."


def _get_time(question: _Question) -> Answer:
    told = f"{question.now:%H:%M}"
    return Answer(f"It is {told}.", told)


def _get_date(question: _Question) -> Answer:
    now = question.now
    told = f"{now:%A}, {now.day} {now:%B %Y}"
    return Answer(f"It is {told}.", told)


def _get_weather(question: _Question) -> Answer:
    devices = question.devices
    if not devices or not is_known(question.state(devices[0])):
        return _unknown("what the weather is")
    subject = _subject(question, devices[0])
    day = str(question.call.arguments.get("day", "now"))
    forecast = forecast_told(subject, day, question.now)
    if day in ("now", "today"):
        told = f"It is {now_told(subject)}."
        return Answer(f"{told} {_sentence(forecast)}" if forecast else told, told)
    if forecast is not None:
        return Answer(_sentence(forecast), forecast)
    return Answer(f"I only know the weather of now: {now_told(subject)}.", now_told(subject))


def _todo_read(question: _Question) -> Answer:
    told = []
    for device in question.devices:
        items = todo_items(question.state(device))
        if items is None:
            count = question.states[device.id].state if device.id in question.states else None
            if count is None or not count.isdigit():
                return _unknown(f"what {the(device)} shows")
            told.append(f"{the(device)} has {count} {'item' if count == '1' else 'items'}")
        else:
            told.append(f"on {the(device)}: {join(items)}" if items else f"{the(device)} is empty")
    return Answer(_sentence(join(told)), join(told))


def _timer_query(question: _Question) -> Answer:
    told = []
    for name, device in _named(question.devices):
        state = question.state(device)
        left = read(_subject(question, device), "time left")
        running = state is not None and state.state in ("active", "paused")
        told.append(f"{name} has {left} left" if running and left else f"{name} is {spoken_state(device, state)}")
    return Answer(_sentence(join(told)), join(told))


def _subject(question: _Question, device: Device) -> Subject:
    return Subject(device, question.state(device), question.house)


def _named(devices: Sequence[Device]) -> list[tuple[str, Device]]:
    return [
        (the(device) if len(devices) == 1 else name, device) for name, device in zip(distinct_names(devices), devices, strict=True)
    ]


def _counted(devices: Sequence[Device]) -> str:
    return f"{len(devices)} {_watched(devices[0].noun.name if len(devices) == 1 else common_plural(devices))}"


def _none(asked: Sequence[Device], word: str) -> str:
    nouns = {device.noun for device in asked}
    return f"No {_watched(nouns.pop().name) if len(nouns) == 1 else 'device'} is {word}."


def _watched(noun: str) -> str:
    """What a sensor watches: people ask for open windows, not for open window sensors."""
    return noun.replace(" sensor", "") if noun.startswith(("door", "window")) else noun


def _listed(devices: Sequence[Device], limit: int = MAX_SPOKEN) -> str:
    return f": {join(distinct_names(devices))}" if len(devices) <= limit else ""


def _are(devices: Sequence[Device]) -> str:
    return "is" if len(devices) == 1 else "are"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


ANSWERED: Mapping[str, Callable[[_Question], Answer]] = {
    "get_state": _get_state,
    "get_value": _get_value,
    "list_devices": _list_devices,
    "count_devices": _count_devices,
    "get_time": _get_time,
    "get_date": _get_date,
    "get_weather": _get_weather,
    "todo_read": _todo_read,
    "timer_query": _timer_query,
}
"""The questions that states and the clock answer (a timer query only for timers of the house)."""
