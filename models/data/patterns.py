"""Sentence patterns with their plans: the notation of `models/data/corpus/patterns/*.txt`, one a line.

    put the {d:light} on {n:percent} percent ::: set_brightness({d}; level={n})
    a bit darker now ::: step_brightness(it; direction=down, amount=little)

Slots are `{name:type}`; the plan refers to `{name}`; `it` is what the turn before was about.
Types are nouns (a device), area, floor, group, "area of d", percent,
temperature, kelvin, number, color, option, duration, time, and free text: media, item, task, message, place, label.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from octopus_hub.config.errors import InputError
from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Reason, TargetRule, ValueType
from octopus_hub.config.kinds import NOUNS
from octopus_hub.config.plan import Quantifier

Item = TypeVar("Item")

NOUN_NAMES = frozenset(noun.name for noun in NOUNS)
VALUE_TYPES = frozenset({"percent", "temperature", "kelvin", "number", "color", "option", "duration", "time"})
TEXT_TYPES = frozenset({"media", "item", "task", "message", "place", "label"})
PLACE_TYPES = frozenset({"area", "floor", "group"})

_SLOT = re.compile(r"\{(\w+):([^{}]+)\}")
_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Slot:
    """A hole in a sentence. `nouns` for a device; `of` names the device slot whose area it is."""

    name: str
    type: str
    nouns: tuple[str, ...] = ()
    of: str = ""


@dataclass(frozen=True, slots=True)
class SelectorTemplate:
    """A selector of a plan: a device slot, a group slot, quantifier and noun with a place (slot name, or "here"), or what the turn
    before was about (`same`)."""

    slot: str = ""
    group: str = ""
    quantifier: Quantifier | None = None
    noun: str = ""
    place: str = ""
    same: bool = False


@dataclass(frozen=True, slots=True)
class CallTemplate:
    """A call of a plan whose values are slot names in braces, literals, quoted text, or a nested call."""

    function: str
    include: tuple[SelectorTemplate, ...] = ()
    exclude: tuple[SelectorTemplate, ...] = ()
    arguments: dict[str, str | CallTemplate] = field(default_factory=dict)
    when: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A sentence with slots and its plan; `refusal` where nothing is to be done."""

    text: str
    slots: tuple[Slot, ...]
    calls: tuple[CallTemplate, ...]
    refusal: Reason | None
    origin: str

    @property
    def functions(self) -> tuple[str, ...]:
        """Names of the functions called."""
        return tuple(call.function for call in self.calls)

    @property
    def follows(self) -> bool:
        """Does it say "it" of what the turn before was about?"""
        return any(selector.same for call in self.calls for c in flat(call) for selector in (*c.include, *c.exclude))


def read_patterns(folder: Path) -> list[Pattern]:
    """Every pattern of the `.txt` files of `folder`. Raises InputError naming each bad line."""
    return _read(folder, parse)


def read_negatives(folder: Path) -> list[tuple[Reason, str]]:
    """Every sentence of the `.txt` files of `folder` that means nothing, behind reason and tab. Raises InputError, likewise."""
    return _read(folder, lambda line, _: _negative(line))


def _read(folder: Path, read: Callable[[str, str], Item]) -> list[Item]:
    found, problems = [], []
    for path in sorted(folder.glob("*.txt")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                found.append(read(line, path.stem))
            except InputError as error:
                problems.append(f"{path.name}:{number}: {error}")
    if problems:
        raise InputError("\n".join(problems))
    return found


def _negative(line: str) -> tuple[Reason, str]:
    reason, _, text = line.partition("\t")
    if not text.strip():
        raise InputError(f"expected a reason, a tab and a sentence, got {line!r}")
    return read_reason(reason), text


def parse(line: str, origin: str = "") -> Pattern:
    """One line. Raises InputError."""
    text, separator, plan = line.partition(":::")
    if not separator or not plan.strip():
        raise InputError("expected 'sentence ::: plan'")
    slots = tuple(_slot(name, kind.strip()) for name, kind in _SLOT.findall(text))
    if "{" in _SLOT.sub("", text):
        raise InputError(f"a slot that is not {{name:type}} in {text.strip()!r}")
    plan = plan.strip()
    if refusal := re.fullmatch(r"no\((\w+)\)", plan):
        return Pattern(text.strip(), slots, (), read_reason(refusal[1]), origin)
    calls = tuple(_call(part) for part in _split(plan, ";"))
    targets = {s.slot for call in calls for c in flat(call) for s in (*c.include, *c.exclude) if s.slot}
    slots = tuple(Slot(s.name, "device", ("number",)) if s.type == "number" and s.name in targets else s for s in slots)
    _check_slots(slots, calls, set(_NAME.findall(plan)))
    return Pattern(text.strip(), slots, calls, None, origin)


def _check_slots(slots: tuple[Slot, ...], calls: tuple[CallTemplate, ...], used: set[str]) -> None:
    """Does the plan use slots of the sentence, each for what it is? Raises InputError."""
    types = {slot.name: slot.type for slot in slots}
    selectors = [s for call in calls for c in flat(call) for s in (*c.include, *c.exclude)]
    if len(types) < len(slots):
        raise InputError(f"two slots of one name in {sorted(slot.name for slot in slots)}")
    if unknown := used - set(types):
        raise InputError(f"the plan uses {sorted(unknown)}, the sentence has {sorted(types)}")
    if wrong := {s.slot for s in selectors if s.slot and types[s.slot] != "device"}:
        raise InputError(f"targets {sorted(wrong)} are no device slots of the sentence")
    if wrong := {s.place for s in selectors if s.place not in ("", "here") and types[s.place] not in ("area", "floor")}:
        raise InputError(f"places {sorted(wrong)} are no area or floor slots of the sentence")
    if wrong := {s.group for s in selectors if s.group and types[s.group] != "group"}:
        raise InputError(f"groups {sorted(wrong)} are no group slots of the sentence")
    if wrong := {slot.of for slot in slots if slot.type == "area of" and types.get(slot.of) != "device"}:
        raise InputError(f"areas of {sorted(wrong)}, which are no device slots of the sentence")


def flat(call: CallTemplate) -> list[CallTemplate]:
    """The call and those nested in it."""
    return [call, *(inner for value in call.arguments.values() if isinstance(value, CallTemplate) for inner in flat(value))]


def read_reason(word: str) -> Reason:
    """The reason of that name. Raises InputError."""
    try:
        return Reason(word)
    except ValueError:
        raise InputError(f"expected a reason of {[str(r) for r in Reason]}, got {word}") from None


def _slot(name: str, kind: str) -> Slot:
    if kind in VALUE_TYPES | TEXT_TYPES | PLACE_TYPES:
        return Slot(name, kind)
    if kind.startswith("area of "):
        return Slot(name, "area of", of=kind.removeprefix("area of ").strip())
    nouns = tuple(part.strip() for part in kind.split("|"))
    if unknown := set(nouns) - NOUN_NAMES:
        raise InputError(f"unknown slot type {sorted(unknown)}")
    return Slot(name, "device", nouns)


def _split(text: str, separator: str) -> list[str]:
    """Split outside parentheses and quotes."""
    parts, depth, quoted, begin = [], 0, False, 0
    for at, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif not quoted:
            depth += (character == "(") - (character == ")")
            if character == separator and depth == 0:
                parts.append(text[begin:at].strip())
                begin = at + 1
    parts.append(text[begin:].strip())
    if depth or quoted:
        raise InputError(f"unbalanced parentheses or quotes in {text!r}")
    return [part for part in parts if part]


_CALL = re.compile(r"(\w+)\((.*)\)\s*(?:(after|at|for)\s+(\S.*))?", re.DOTALL)


def _call(text: str) -> CallTemplate:
    match = _CALL.fullmatch(text.strip())
    if not match or match[1] not in by_name():
        raise InputError(f"expected a call of a known function, got {text!r}")
    function = by_name()[match[1]]
    halves = _split(match[2], ";")
    has_arguments = len(halves) > 1 or (halves and _is_argument(halves[0]))
    targets = halves[0] if halves and not _is_argument(halves[0]) else ""
    include, _, exclude = targets.partition(" except ")
    arguments = _arguments(", ".join(halves[1:] if targets else halves) if has_arguments else "", function.name)
    if function.target is TargetRule.REQUIRED and not targets:
        raise InputError(f"{function.name} needs a target")
    if function.target is TargetRule.NONE and targets:
        raise InputError(f"{function.name} takes no target")
    missing = [p.name for p in function.parameters if p.required and p.name not in arguments]
    if missing:
        raise InputError(f"{function.name} needs {missing}")
    when = (match[3], match[4].strip()) if match[3] else None
    if when and not _NAME.fullmatch(when[1]) and not when[1].startswith('"'):
        raise InputError(f"expected a slot or quoted words after {when[0]}, got {when[1]}")
    return CallTemplate(function.name, _selectors(include), _selectors(exclude), arguments, when)


def _is_argument(text: str) -> bool:
    return bool(re.match(r"\w+\s*=", text))


def _selectors(text: str) -> tuple[SelectorTemplate, ...]:
    return tuple(_selector(part) for part in _split(text, ","))


_DESCRIBED = re.compile(r"(one|many|all)\s+(.+?)(?:\s+(here)|\s+(?:in|on)\s+\{(\w+)\})?")


def _selector(text: str) -> SelectorTemplate:
    if slot := _NAME.fullmatch(text):
        return SelectorTemplate(slot=slot[1])
    if text == "it":
        return SelectorTemplate(same=True)
    if group := re.fullmatch(r"group \{(\w+)\}", text):
        return SelectorTemplate(group=group[1])
    match = _DESCRIBED.fullmatch(text)
    if not match or match[2] not in NOUN_NAMES:
        raise InputError(f"expected a slot, a group or 'one|many|all noun [in {{a}}|here]', got {text!r}")
    return SelectorTemplate(quantifier=Quantifier(match[1]), noun=match[2], place=match[3] or match[4] or "")


def _arguments(text: str, function: str) -> dict[str, str | CallTemplate]:
    found: dict[str, str | CallTemplate] = {}
    for part in _split(text, ","):
        name, separator, value = (piece.strip() for piece in part.partition("="))
        parameter = next((p for p in by_name()[function].parameters if p.name == name), None)
        if not separator or parameter is None:
            raise InputError(f"{function} has no argument {part!r}")
        if re.match(r"[a-z_]+\(", value):
            found[name] = _call(value)
            continue
        if parameter.type is ValueType.CHOICE and "{" not in value and value not in parameter.choices:
            raise InputError(f"{function}: {name} is one of {', '.join(parameter.choices)}, got {value!r}")
        found[name] = value
    return found
