"""What a test of accuracy comes to: shares, intervals and tables. Pure.

A sentence where something is meant is right or wrong. Where nothing is meant, acting now is a false action; answers and calls put
off are counted apart, for they do no harm at once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from octopus_hub.config.hub import HubSettings, PolicySettings
from octopus_hub.config.plan import Plan
from octopus_hub.daemon.accuracy_cases import Case
from octopus_hub.daemon.pipeline import is_doubtful
from octopus_hub.daemon.replies import Code
from octopus_hub.daemon.scoring import NOTHING_DONE, Verdict

Z_95 = 1.959964
"""Of the normal distribution, for 95 %."""

SWEEP = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
"""Thresholds that a sweep tries, of confidence and of mass."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence and what became of it; `plan` is None where decoding failed, `code` says why nothing was done."""

    case: Case
    plan: Plan | None
    verdict: Verdict
    is_reversed: bool = False
    code: Code | None = None
    ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Share:
    """So many of all, with Wilson's 95 % interval."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """0 where there is nothing to count."""
        return self.count / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Low and high, 0 to 1."""
        if not self.of:
            return 0.0, 1.0
        square = Z_95**2
        middle = self.value + square / (2 * self.of)
        spread = Z_95 * math.sqrt(self.value * (1 - self.value) / self.of + square / (4 * self.of**2))
        whole = 1 + square / self.of
        return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.value:.1f} % ({self.count} of {self.of}; {100 * low:.1f} to {100 * high:.1f})"

    def to_json(self) -> dict[str, float]:
        """Rounded to four places."""
        low, high = self.interval
        return {"count": self.count, "of": self.of, "share": round(self.value, 4), "low": round(low, 4), "high": round(high, 4)}


@dataclass(frozen=True, slots=True)
class Report:
    """Commands are the sentences where something is meant, the others are those where nothing is."""

    commands: tuple[Judged, ...]
    others: tuple[Judged, ...]

    @property
    def right(self) -> Share:
        """Commands that came out just as meant."""
        return _share(self.commands, lambda each: each.verdict is Verdict.RIGHT)

    @property
    def right_targets(self) -> Share:
        """Commands of which functions and devices came out as meant, whatever the values."""
        return _share(self.commands, lambda each: each.verdict in (Verdict.RIGHT, Verdict.WRONG_VALUE, Verdict.WRONG_TIME))

    @property
    def reversed(self) -> Share:
        """Commands that would do the opposite of what was meant."""
        return _share(self.commands, lambda each: each.is_reversed)

    @property
    def false_actions(self) -> Share:
        """Sentences where nothing is meant and something would be done now."""
        return _share(self.others, lambda each: each.verdict is Verdict.ACTED)

    @property
    def reasons(self) -> Share:
        """Of the refusals where nothing is meant, those with the right reason."""
        refused = [each for each in self.others if each.verdict in NOTHING_DONE and each.code is not None]
        return _share(refused, lambda each: each.case.reason is not None and str(each.code) == str(each.case.reason))

    @property
    def verdicts(self) -> Mapping[Verdict, Share]:
        """What became of the commands."""
        counts = Counter(each.verdict for each in self.commands)
        return {verdict: Share(counts[verdict], len(self.commands)) for verdict in COMMAND_VERDICTS}

    def right_by(self, names: Callable[[Case], Iterable[str]]) -> dict[str, Share]:
        """Right commands by what `names` says of a case, the worst first."""
        groups: dict[str, list[Judged]] = {}
        for each in self.commands:
            for name in dict.fromkeys(names(each.case)):
                groups.setdefault(name, []).append(each)
        shares = {name: _share(group, lambda each: each.verdict is Verdict.RIGHT) for name, group in groups.items()}
        return dict(sorted(shares.items(), key=lambda item: (item[1].value, -item[1].of, item[0])))

    def others_by_kind(self) -> dict[str, Counter[Verdict]]:
        """Verdicts by kind of sentence, where nothing is meant."""
        kinds: dict[str, Counter[Verdict]] = {}
        for each in self.others:
            kinds.setdefault(each.case.kind, Counter())[each.verdict] += 1
        return dict(sorted(kinds.items(), key=lambda item: (-item[1][Verdict.ACTED], item[0])))

    def times_ms(self) -> tuple[float, float]:
        """Text to calls of all sentences: median and 95th percentile."""
        times = sorted(each.ms for each in (*self.commands, *self.others))
        return (times[len(times) // 2], times[min(len(times) - 1, math.ceil(0.95 * len(times)) - 1)]) if times else (0.0, 0.0)


COMMAND_VERDICTS = tuple(verdict for verdict in Verdict if verdict not in (Verdict.ANSWERED, Verdict.PUT_OFF, Verdict.ACTED))


def report(judged: Iterable[Judged], policy: PolicySettings) -> Report:
    """The report with these thresholds of confidence and mass; `judged` is without any."""
    found = [with_doubt(each, policy) for each in judged]
    return Report(tuple(each for each in found if each.case.expected), tuple(each for each in found if not each.case.expected))


def with_doubt(judged: Judged, policy: PolicySettings) -> Judged:
    """What becomes of it where the owner's thresholds are asked too, by the daemon's own rule."""
    if judged.plan is None or not is_doubtful(judged.plan, HubSettings(policy=policy)):
        return judged
    return replace(judged, verdict=Verdict.DOUBTED, is_reversed=False, code=Code.UNSURE)


def sweep(judged: Sequence[Judged]) -> dict[tuple[float, float], tuple[Share, Share]]:
    """Right commands and false actions, by least confidence and least mass."""
    found = {}
    for confidence in SWEEP:
        for mass in SWEEP:
            made = report(judged, PolicySettings(min_confidence=confidence, min_mass=mass))
            found[confidence, mass] = (made.right, made.false_actions)
    return found


def functions_of(case: Case) -> Iterable[str]:
    """The functions that are expected."""
    return [call.function for call in case.expected]


def to_json(made: Report) -> dict[str, object]:
    """Everything, for a file."""
    p50_ms, p95_ms = made.times_ms()
    return {
        "right": made.right.to_json(),
        "right_targets": made.right_targets.to_json(),
        "reversed": made.reversed.to_json(),
        "false_actions": made.false_actions.to_json(),
        "reasons": made.reasons.to_json(),
        "verdicts": {str(verdict): share.to_json() for verdict, share in made.verdicts.items()},
        "by_kind": _shares_to_json(made.right_by(lambda case: (case.kind,))),
        "by_house": _shares_to_json(made.right_by(lambda case: (case.house_name,))),
        "by_function": _shares_to_json(made.right_by(functions_of)),
        "others_by_kind": {kind: {str(v): n for v, n in counts.items()} for kind, counts in made.others_by_kind().items()},
        "ms": {"p50": round(p50_ms, 2), "p95": round(p95_ms, 2)},
    }


def _shares_to_json(shares: Mapping[str, Share]) -> dict[str, dict[str, float]]:
    return {name: share.to_json() for name, share in shares.items()}


def _share(group: Sequence[Judged], counts: Callable[[Judged], bool]) -> Share:
    return Share(sum(map(counts, group)), len(group))
