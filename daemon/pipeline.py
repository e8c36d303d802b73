"""A command's way: understood, resolved, permitted, carried out, told. No sockets, no files; what it needs is handed in.

One direction: plan → resolution → policy → devices → Outcome. All or nothing until the first device is asked: one call that is
not clear, not allowed or put off, and nothing is done.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from octopus_hub.config.errors import DeadlineExceeded, HubError, InputError
from octopus_hub.config.house import House
from octopus_hub.config.hub import HubSettings
from octopus_hub.config.plan import Call, Command, Outcome, Plan, Status
from octopus_hub.daemon.brain import Understood
from octopus_hub.daemon.dialogue import Asked, Dialogue, settled
from octopus_hub.daemon.performance import Devices, Performance, Performer
from octopus_hub.daemon.policy import Verdict, decide
from octopus_hub.daemon.replies import Code, Question, Refusal, Unresolved, refusal, the
from octopus_hub.daemon.reports import intend
from octopus_hub.daemon.resolver import resolve
from octopus_hub.daemon.structured import plan_of
from octopus_hub.daemon.submission import Handled, Report, Submission
from octopus_hub.daemon.trust import trust_of
from octopus_hub.daemon.wire import complaint

Interpret = Callable[[str], Awaitable[Understood]]
"""Text to a plan, in the words of a house. Raises DecodeError."""

TOO_SLOW = "That took me too long to understand, so I left it."
NOT_UNDERSTOOD = "Something went wrong while I tried to understand that, so I left it."

STATUS_OF: Mapping[Code, Status] = {
    Code.DENIED: Status.DENIED,
    Code.HAZARD: Status.DENIED,
    Code.MOVING: Status.DENIED,
    Code.EXPIRED: Status.EXPIRED,
}
"""Refusals that have a status of their own."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds since the epoch, and seconds that never jump."""

    now_s: Callable[[], float] = time.time
    steady_s: Callable[[], float] = time.monotonic


@dataclass(slots=True)
class _Course:
    """A command under way, in the house and with the settings in force when it began."""

    submission: Submission
    house: House
    settings: HubSettings
    times_ms: dict[str, float]
    mark_s: float
    plan: Plan | None = None
    calls: tuple[Call, ...] = ()
    prefer: frozenset[str] = frozenset()
    answers: Asked | None = None

    @property
    def command(self) -> Command:
        return self.submission.command

    def note(self, stage: str, now_s: float) -> None:
        """The stage took from the last mark until now."""
        self.times_ms[stage] = 1000 * (now_s - self.mark_s)
        self.mark_s = now_s


@dataclass(slots=True)
class Pipeline:
    """`house` and `settings` may be replaced at any time; a command under way keeps those it was understood with."""

    house: House
    settings: HubSettings
    interpret: Interpret
    devices: Devices
    clock: Clock = field(default_factory=Clock)
    dialogue: Dialogue = field(default_factory=Dialogue)

    async def handle(self, submission: Submission, waited_s: float = 0.0) -> Handled:
        """Carries a command out; `waited_s` is how long it was queued. Raises nothing but bugs."""
        command = submission.command
        began_s = self.clock.steady_s()
        course = _Course(submission, self.house, self.settings, {"queue": 1000 * waited_s}, began_s)
        open_question = self.dialogue.take(command.source)
        try:
            report = await self._run(course, open_question)
        except Unresolved as stop:
            report = self._stopped(course, stop.verdict)
        except DeadlineExceeded:
            report = _report(course, Status.FAILED, TOO_SLOW, Code.FAILED)
        except InputError as error:
            report = _report(course, Status.INVALID, complaint(error), Code.INVALID)
        except HubError as error:
            report = _report(course, Status.FAILED, f"{NOT_UNDERSTOOD} ({error})", Code.FAILED)
        total_ms = 1000 * (waited_s + self.clock.steady_s() - began_s)
        report = replace(report, outcome=replace(report.outcome, times_ms=course.times_ms | {"total": total_ms}))
        if report.outcome.say:
            self.dialogue.remember(command.source, report.outcome.say)
        return Handled(report, None if open_question is None else self._settled(open_question, course, report))

    def give_up(self) -> list[tuple[str, Report]]:
        """The final reports of commands whose question nobody answered, by source."""
        late = self.dialogue.give_up(self.clock.steady_s())
        return [(asked.command.source, Report(settled(asked, None), str(asked.plan))) for asked in late]

    async def _run(self, course: _Course, question: Asked | None) -> Report:
        self._refuse_stale(course)
        course.calls = await self._understand(course, question)
        self._permit(course)
        if course.command.dry_run:
            return _report(course, Status.DRY_RUN, intend(course.calls, course.house))
        self._refuse_stale(course)
        last_said, denial = self.dialogue.last_said(course.command.source), partial(self._denial, course)
        performer = Performer(course.house, self.devices, self._local_time(course), last_said, denial)
        performance = await performer.perform(course.calls)
        course.note("execute", self.clock.steady_s())
        return _performed(course, performance)

    async def _understand(self, course: _Course, question: Asked | None) -> tuple[Call, ...]:
        """The calls that are meant. Raises Unresolved, InputError and DecodeError."""
        house = course.house
        if course.submission.calls:
            course.plan, house = plan_of(course.submission.calls, house)
        elif question is not None and (device_id := question.chosen_by(course.command.text, house)) is not None:
            course.plan, course.prefer, course.answers = question.plan, question.prefer | {device_id}, question
        else:
            understood = await self.interpret(course.command.text)
            course.plan, course.house, house = understood.plan, understood.house, understood.house
            course.note("interpret", self.clock.steady_s())
            if is_doubtful(course.plan, course.settings):
                raise refusal(Code.UNSURE)
        states, now = self.devices.states(), self._local_time(course)
        area = None if course.submission.calls else (course.answers.command if course.answers else course.command).area
        text = course.answers.command.text if course.answers else course.command.text
        found = resolve(course.plan, house, states, area, now=now, prefer=course.prefer, text=text)
        course.note("resolve", self.clock.steady_s())
        if found.question is not None:
            raise Unresolved(found.question)
        if found.refusal is not None:
            raise Unresolved(found.refusal)
        return found.calls

    def _permit(self, course: _Course) -> None:
        """Raises Unresolved where a call is not allowed, or is not for now."""
        for call in course.calls:
            if (denial := self._denial(course, call)) is not None:
                raise Unresolved(denial)
        if any(call.at is not None for call in course.calls) and not course.command.dry_run:
            raise refusal(Code.LATER)

    def _denial(self, course: _Course, call: Call) -> Refusal | None:
        """Why the call is not allowed as things are now, if it is not."""
        trust = trust_of(course.command.source, course.submission.address.channel, course.settings)
        decision = decide(call, course.house, trust, self.devices.states())
        if decision.verdict is Verdict.ALLOW:
            return None
        named = {} if decision.device_id is None else {"device": the(course.house.by_id[decision.device_id])}
        return Refusal(decision.code or Code.DENIED, named)

    def _refuse_stale(self, course: _Course) -> None:
        command = course.command
        since_s = command.received_at if command.sent_at is None else min(command.sent_at, command.received_at)
        if self.clock.now_s() - since_s > command.ttl_s:
            raise refusal(Code.EXPIRED)

    def _stopped(self, course: _Course, verdict: Refusal | Question) -> Report:
        if isinstance(verdict, Refusal):
            return _report(course, STATUS_OF.get(verdict.code, Status.REFUSED), verdict.text, verdict.code)
        report = _report(course, Status.QUESTION, verdict.text, Code.WHICH)
        if course.plan is None or course.submission.calls or course.command.dry_run or not verdict.device_ids:
            return report
        asked = Asked(course.command, course.plan, verdict.device_ids, course.prefer, self.clock.steady_s())
        self.dialogue.ask(asked)
        return replace(report, outcome=replace(report.outcome, final=False))

    def _settled(self, asked: Asked, course: _Course, report: Report) -> Report:
        return Report(settled(asked, report.outcome if course.answers else None), str(asked.plan))

    def _local_time(self, course: _Course) -> datetime:
        zone = ZoneInfo(course.settings.time_zone) if course.settings.time_zone else None
        return datetime.fromtimestamp(self.clock.now_s(), zone).astimezone(zone)


def is_doubtful(plan: Plan, settings: HubSettings) -> bool:
    """Is the plan too doubtful to be carried out, by the owner's thresholds? A refusal needs no confidence.

    The thresholds are for one call: a plan of three is made of three times as many choices, and is as sure as each call on average.
    """
    policy = settings.policy
    if plan.refusal is not None:
        return False
    return plan.mass < policy.min_mass**plan.size or plan.confidence < policy.min_confidence**plan.size


def _performed(course: _Course, performance: Performance) -> Report:
    report = _report(course, performance.status, performance.say, performance.code)
    return replace(report, outcome=replace(report.outcome, results=performance.results))


def _report(course: _Course, status: Status, say: str, code: Code | None = None) -> Report:
    plan = course.plan
    outcome = Outcome(
        command_id=course.command.id,
        status=status,
        text=course.command.text,
        calls=course.calls,
        say=say,
        code=code or "",
        confidence=None if plan is None or course.submission.calls else plan.confidence,
    )
    return Report(outcome, "" if plan is None else str(plan), None if plan is None or course.submission.calls else plan.mass)
