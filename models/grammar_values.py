"""Arguments in the grammar of plans: numbers, words of closed lists, copied text, durations, answers of other functions. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from octopus_hub.config.functions import NUMBERS, Function, Parameter, TargetRule, ValueType
from octopus_hub.models.grammar_copies import CopyStart
from octopus_hub.models.grammar_states import NOTHING, Context, MustStay, State, Symbol
from octopus_hub.models.grammar_targets import Target
from octopus_hub.models.lexicon import Devices
from octopus_hub.models.tokens import FUNCTION_IDS, PARAMETER_IDS, TIME_UNITS, Mark
from octopus_hub.models.trie import Trie


def function_body(function: Function, rest: tuple[Symbol, ...], *, nested: bool = False) -> tuple[Symbol, ...]:
    """What follows a function token: target and parameters of `function`, then `rest`."""
    target: tuple[Symbol, ...] = () if function.target is TargetRule.NONE else (Target(function),)
    return (*target, *(ParameterMark(function, i, nested) for i in range(len(function.parameters))), *rest)


@dataclass(frozen=True, eq=False)
class ParameterMark:
    """The mark before an argument; left out where the argument is optional, or no selected device has it."""

    function: Function
    index: int
    nested: bool

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        parameter = self.function.parameters[self.index]
        if parameter.kinds and not any(device.kind in parameter.kinds for device in context.lexicon.devices(state.devices)):
            return {}
        value = _value_symbol(self.function, self.index, self.nested, state, context)
        return {PARAMETER_IDS[parameter.name]: state.then(value)}

    def leave(self, state: State, context: Context) -> State | None:
        return None if self.function.parameters[self.index].required else state.then()


def _value_symbol(function: Function, index: int, nested: bool, state: State, context: Context) -> Symbol:
    parameter = function.parameters[index]
    if parameter.type is ValueType.DURATION:
        return Digits()
    if parameter.type is ValueType.AREA:
        return ValueStart(parameter, context.lexicon.all_areas, nested)
    words = context.lexicon.words(parameter, state.devices or context.lexicon.supported[function.name])
    return ValueStart(parameter, words, nested)


@dataclass(frozen=True, eq=False)
class ValueStart(MustStay):
    """A number, a word of a list, copied text where there is no list, or the answer of a read function."""

    parameter: Parameter
    words: Trie[str]
    nested: bool

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        found = WordIn(self.words).arcs(state, context)
        if self.parameter.type in NUMBERS:
            units = tuple(unit for unit in _units(self.parameter.type) if context.says(unit))
            found |= NumberPart(0, False, units).arcs(state, context)
            if self.parameter.type is not ValueType.PERCENT:
                found[Mark.MINUS] = state.then(NumberPart(0, False, units))
        elif not found:
            found |= CopyStart().arcs(state, context)
        if not self.nested:
            for inner in context.lexicon.nestable(self.parameter):
                body = function_body(inner, (Closing(state.devices),), nested=True)
                found[FUNCTION_IDS[inner.name]] = state.then(*body)._replace(devices=NOTHING)
        return found


def _units(value: ValueType) -> tuple[int, ...]:
    if value is ValueType.TEMPERATURE:
        return (Mark.CELSIUS, Mark.FAHRENHEIT)
    return (Mark.PERCENT,) if value is ValueType.PERCENT else (Mark.KELVIN, Mark.PERCENT)


@dataclass(frozen=True, eq=False)
class NumberPart:
    """Inside a number: `digits` written since its start or its point. Only the syntax is checked here."""

    digits: int
    after_point: bool
    units: tuple[int, ...]

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        encoder = context.lexicon.encoder
        found: dict[int, State] = {}
        if self.digits < (context.limits.decimals if self.after_point else context.limits.number_digits):
            step = state.then(NumberPart(self.digits + 1, self.after_point, self.units))
            found |= dict.fromkeys(encoder.digits, step)
        if self.digits and not self.after_point:
            found[encoder.point] = state.then(NumberPart(0, True, self.units))
        if self.digits:
            found |= {unit: state.then() for unit in self.units}
        return found

    def leave(self, state: State, context: Context) -> State | None:
        return state.then() if self.digits else None


@dataclass(frozen=True, eq=False)
class WordIn:
    """Inside a word of a closed list."""

    node: Trie[str]
    inside: bool = False

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {i: state.then(WordIn(child, True)) for i, child in self.node.children.items()}

    def leave(self, state: State, context: Context) -> State | None:
        return state.then() if self.node.values else None


@dataclass(frozen=True)
class Digits(MustStay):
    """The amount of one unit of a duration, from the largest unit down."""

    digits: int = 0
    first_unit: int = 0

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        found: dict[int, State] = {}
        if self.digits < context.limits.duration_digits:
            found |= dict.fromkeys(context.lexicon.encoder.digits, state.then(Digits(self.digits + 1, self.first_unit)))
        if self.digits:
            for position in range(self.first_unit, len(TIME_UNITS)):
                found[TIME_UNITS[position][0]] = state.then(DigitsMaybe(position + 1))
        return found


@dataclass(frozen=True, eq=False)
class DigitsMaybe:
    """After one unit of a duration: a smaller one, or nothing."""

    first_unit: int

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        if self.first_unit >= len(TIME_UNITS):
            return {}
        return Digits(0, self.first_unit).arcs(state, context)

    def leave(self, state: State, context: Context) -> State | None:
        return state.then()


@dataclass(frozen=True, eq=False)
class Closing(MustStay):
    """The end of a nested call; the outer call's devices come back."""

    devices: Devices

    def arcs(self, state: State, context: Context) -> dict[int, State]:
        return {int(Mark.CLOSE): state.then()._replace(devices=self.devices)}
