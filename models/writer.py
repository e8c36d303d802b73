"""Plan → token ids: what the model is taught to write. The inverse of `reader`."""

from __future__ import annotations

from collections.abc import Iterable

from octopus_hub.config.function_table import by_name
from octopus_hub.config.functions import Parameter, ValueType
from octopus_hub.config.plan import (
    Described,
    Duration,
    GroupNamed,
    Named,
    Nested,
    Number,
    Plan,
    PlannedCall,
    Quantifier,
    Selector,
    Target,
    Text,
    Value,
    When,
    Where,
    Word,
)
from octopus_hub.models.lexicon import spoken
from octopus_hub.models.tokens import (
    FUNCTION_IDS,
    NOUN_IDS,
    PARAMETER_IDS,
    REASON_IDS,
    TIME_UNITS,
    UNIT_IDS,
    Mark,
    TextEncoder,
)

QUANTIFIER_IDS = {Quantifier.ONE: Mark.ONE, Quantifier.MANY: Mark.MANY, Quantifier.ALL: Mark.ALL}


def plan_ids(plan: Plan, encoder: TextEncoder) -> list[int]:
    """The ids of `plan` up to and with the end token."""
    if plan.refusal is not None:
        return [Mark.GIVE_UP, REASON_IDS[plan.refusal], Mark.END]
    ids: list[int] = []
    for call in plan.calls:
        ids += [Mark.NEXT] if ids else []
        ids += call_ids(call, encoder)
    return [*ids, Mark.END]


def call_ids(call: PlannedCall, encoder: TextEncoder) -> list[int]:
    """The ids of one call, arguments in the order of the function's parameters."""
    ids = [FUNCTION_IDS[call.function]]
    if call.target is not None:
        ids += _target(call.target, encoder)
    for parameter in by_name()[call.function].parameters:
        if parameter.name in call.arguments:
            ids += [PARAMETER_IDS[parameter.name], *_value(call.arguments[parameter.name], parameter, encoder)]
    return ids + (_when(call.when, encoder) if call.when else [])


def _target(target: Target, encoder: TextEncoder) -> list[int]:
    ids = _joined(target.include, encoder)
    return ids + ([Mark.EXCEPT, *_joined(target.exclude, encoder)] if target.exclude else [])


def _joined(selectors: Iterable[Selector], encoder: TextEncoder) -> list[int]:
    ids: list[int] = []
    for selector in selectors:
        ids += [Mark.ALSO] if ids else []
        ids += _selector(selector, encoder)
    return ids


def _selector(selector: Selector, encoder: TextEncoder) -> list[int]:
    match selector:
        case Named(name, where):
            return [Mark.DEVICE, *encoder.ids(name), *_where(where, encoder)]
        case GroupNamed(name):
            return [Mark.GROUP, *encoder.ids(name)]
        case Described(quantifier, noun, where):
            return [QUANTIFIER_IDS[quantifier], NOUN_IDS[noun], *_where(where, encoder)]


def _where(where: Where | None, encoder: TextEncoder) -> list[int]:
    if where is None:
        return []
    if where.here:
        return [Mark.HERE]
    if where.area is not None:
        return [Mark.IN, *encoder.ids(where.area)]
    return [Mark.ON, *encoder.ids(where.floor or "")]


def _value(value: Value, parameter: Parameter, encoder: TextEncoder) -> list[int]:
    match value:
        case Number(amount, unit):
            sign = [Mark.MINUS] if amount < 0 else []
            return [*sign, *encoder.digit_ids(_digits(abs(amount))), *([UNIT_IDS[unit]] if unit else [])]
        case Duration(seconds, unit_s):
            return _duration(seconds, unit_s, encoder)
        case Nested(call):
            return [*call_ids(call, encoder), Mark.CLOSE]
        case Word(text):
            return list(encoder.ids(text if parameter.type is ValueType.AREA else spoken(text)))
        case Text(text):
            return _copied(text, encoder)


def _digits(amount: float) -> str:
    """At most two decimals, none that says nothing; never an exponent."""
    return f"{amount:.2f}".rstrip("0").rstrip(".")


def _copied(text: str, encoder: TextEncoder) -> list[int]:
    return [i for piece in encoder.pieces(text) if piece.is_word for i in piece.ids]


def _duration(seconds: int, unit_s: int, encoder: TextEncoder) -> list[int]:
    """In the unit it was said in, if it is a whole number of those; else in as few units as it takes."""
    ids: list[int] = []
    only = unit_s if unit_s and seconds % unit_s == 0 else 0
    for unit, size in TIME_UNITS:
        amount, rest = divmod(seconds, size)
        if only in (0, size) and amount:
            ids += [*encoder.digit_ids(str(amount)), unit]
            seconds = rest
    return ids or [*encoder.digit_ids("0"), Mark.SECONDS]


def _when(when: When, encoder: TextEncoder) -> list[int]:
    if when.at is not None:
        return [Mark.AT, *_copied(when.at, encoder)]
    if when.after_s is not None:
        return [Mark.AFTER, *_duration(when.after_s, when.unit_s, encoder)]
    return [Mark.FOR, *_duration(when.for_s or 0, when.unit_s, encoder)]
