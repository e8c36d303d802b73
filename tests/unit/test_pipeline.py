"""A command's way from text to Outcome, with virtual devices and a table instead of a model."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from support.interpreters import TableInterpreter, call

from octopus_hub.adapters.virtual import VirtualAdapter
from octopus_hub.config.errors import DeadlineExceeded, DecodeError, Rejected, Unavailable
from octopus_hub.config.functions import Reason
from octopus_hub.config.house import ActionClass, DeviceState
from octopus_hub.config.hub import HubSettings, PolicySettings, SourceSettings
from octopus_hub.config.loader import demo_directory, load_config
from octopus_hub.config.plan import Call, Command, Nested, Outcome, Plan, Result, Status
from octopus_hub.daemon.brain import Understood
from octopus_hub.daemon.dispatcher import Dispatcher
from octopus_hub.daemon.pipeline import Clock, Pipeline, is_doubtful
from octopus_hub.daemon.submission import Address, Channel, Report, Submission

HOUSE = load_config(demo_directory()).house
NOW = datetime(2025, 5, 1, 12, 0, tzinfo=UTC).timestamp()


class Bench:
    """A pipeline with its parts in reach; `now` and `steady` are its clocks."""

    def __init__(self, settings: HubSettings) -> None:
        self.now, self.steady = NOW, 0.0
        self.adapter = VirtualAdapter(HOUSE, confirm_s=0.0)
        self.interpreter = TableInterpreter()
        self.dispatcher = Dispatcher(HOUSE, [self.adapter])
        clock = Clock(lambda: self.now, lambda: self.steady)
        self.pipeline = Pipeline(HOUSE, settings, self.interpret, self.dispatcher, clock)
        self._count = 0

    async def interpret(self, text: str) -> Understood:
        """The table, with errors on demand."""
        if text == "too slow":
            raise DeadlineExceeded("late")
        if text == "broken":
            raise DecodeError("no way on")
        return Understood(self.interpreter.interpret(text, 1.0), HOUSE)

    def submission(self, text: str = "", calls: tuple[Call, ...] = (), **more: Any) -> Submission:
        """A command of the source "me"; `more` are fields of Command."""
        self._count += 1
        command = Command(f"c-{self._count}", text, "me", self.now)
        return Submission(replace(command, **more), Address(Channel.MQTT), calls)

    async def report(self, text: str = "", calls: tuple[Call, ...] = (), **more: Any) -> Report:
        """What becomes of a command."""
        return (await self.pipeline.handle(self.submission(text, calls, **more))).report

    async def say(self, text: str, **more: Any) -> Outcome:
        """The Outcome of a sentence."""
        return (await self.report(text, **more)).outcome

    def state(self, device_id: str) -> str:
        """The state a device shows."""
        return self.adapter.states()[device_id].state


@pytest.fixture
async def bench() -> Bench:
    """The demo house without sources."""
    bench = Bench(HubSettings(time_zone="UTC"))
    await bench.adapter.start()
    return bench


async def test_a_sentence_is_carried_out(bench: Bench) -> None:
    """A light is on when the Outcome says done."""
    report = await bench.report("turn on the hallway light")
    assert report.outcome.status is Status.DONE
    assert report.outcome.calls == (Call("turn_on", ("hallway_light",)),)
    assert report.outcome.results == (Result("hallway_light", "turn_on", Status.DONE),)
    assert report.outcome.say == "Hallway Light on."
    assert (report.plan, report.mass) == ('turn_on("Hallway Light")', 1.0)
    assert bench.state("hallway_light") == "on"


async def test_times_are_told_by_stage(bench: Bench) -> None:
    """The stages of a command are timed, its wait in the queue included."""
    handled = await bench.pipeline.handle(bench.submission("turn on the hallway light"), waited_s=0.25)
    times = handled.report.outcome.times_ms
    assert list(times) == ["queue", "interpret", "resolve", "execute", "total"]
    assert times["queue"] == times["total"] == 250


async def test_calls_need_no_interpreter(bench: Bench) -> None:
    """Structured calls go through the same limits without a model."""
    report = await bench.report(calls=(Call("set_temperature", ("Nest",), {"temperature": 21}),))
    assert report.outcome.status is Status.DONE
    assert report.outcome.confidence is None
    assert bench.interpreter.heard == []
    refused = await bench.report(calls=(Call("set_temperature", ("nest",), {"temperature": 50}),))
    assert (refused.outcome.status, refused.outcome.code) == (Status.REFUSED, "range")


async def test_calls_that_make_no_sense_are_invalid(bench: Bench) -> None:
    """A structured call that can't be meant is answered with what is wrong."""
    outcome = (await bench.report(calls=(Call("turn_onn", ("nest",)),))).outcome
    assert outcome.status is Status.INVALID
    assert outcome.say == 'I couldn\'t read that. "calls[0]": no function "turn_onn"; did you mean \'turn_on\'?'


REFUSED = [
    ("tell me a joke", Status.REFUSED, "chat"),
    ("gibberish", Status.REFUSED, "unsure"),
    ("set the nest to 50 degrees", Status.REFUSED, "range"),
    ("perhaps the hallway light", Status.REFUSED, "unsure"),
    ("hallway light lyrics", Status.REFUSED, "unsure"),
    ("turn on the hallway light in ten minutes", Status.REFUSED, "later"),
    ("set a timer for five minutes", Status.REFUSED, "unsupported"),
    ("unlock the front door", Status.DENIED, "denied"),
    ("too slow", Status.FAILED, "failed"),
    ("broken", Status.FAILED, "failed"),
]


@pytest.mark.parametrize(("text", "status", "code"), REFUSED)
async def test_not_carried_out(bench: Bench, text: str, status: Status, code: str) -> None:
    """What is not understood, not possible or not allowed changes nothing and says why."""
    before = bench.adapter.states()
    outcome = await bench.say(text)
    assert (outcome.status, outcome.code) == (status, code)
    assert outcome.say
    assert outcome.final
    assert bench.adapter.states() == before


async def test_a_dry_run_changes_nothing(bench: Bench) -> None:
    """A dry run tells the calls and leaves the devices alone."""
    outcome = await bench.say("turn on the hallway light", dry_run=True)
    assert (outcome.status, outcome.say) == (Status.DRY_RUN, "I would do this: Hallway Light on.")
    assert outcome.calls == (Call("turn_on", ("hallway_light",)),)
    assert bench.state("hallway_light") == "off"


async def test_a_dry_run_needs_permission_too(bench: Bench) -> None:
    """What would be denied is denied in a dry run."""
    assert (await bench.say("unlock the front door", dry_run=True)).status is Status.DENIED


@pytest.mark.parametrize(("sent_at", "received_at"), [(NOW - 16, NOW), (None, NOW - 16)], ids=["sent", "received"])
async def test_an_old_command_is_not_executed(bench: Bench, sent_at: float | None, received_at: float) -> None:
    """Older than its time to live, by its sender's clock or by the queue, a command expires before it is interpreted."""
    outcome = await bench.say("turn on the hallway light", sent_at=sent_at, received_at=received_at)
    assert (outcome.status, outcome.code) == (Status.EXPIRED, "expired")
    assert bench.interpreter.heard == []


async def test_a_command_that_gets_old_while_it_is_understood_expires(bench: Bench) -> None:
    """The age counts when the devices are asked, not when the command came."""
    interpret = bench.pipeline.interpret

    async def slow(text: str) -> Understood:
        bench.now += 16
        return await interpret(text)

    bench.pipeline.interpret = slow
    assert (await bench.say("turn on the hallway light")).status is Status.EXPIRED
    assert bench.state("hallway_light") == "off"


async def test_a_question_is_answered(bench: Bench) -> None:
    """A question about the house is answered out of its states."""
    outcome = await bench.say("is the front door locked")
    assert (outcome.status, outcome.say, outcome.results) == (Status.ANSWERED, "Yes, the Front Door is locked.", ())


async def test_the_time_is_that_of_the_house(bench: Bench) -> None:
    """The clock is read in the house's time zone."""
    assert (await bench.say("what time is it")).say == "It is 12:00."


async def test_the_last_answer_can_be_repeated(bench: Bench) -> None:
    """ "Say that again" says what this source was told last."""
    assert (await bench.say("say that again")).say == "I haven't said anything yet."
    await bench.say("what time is it")
    assert (await bench.say("say that again", source="you")).say == "I haven't said anything yet."
    await bench.say("what time is it")
    assert (await bench.say("say that again")).say == "It is 12:00."


async def test_what_can_not_be_seen_is_only_sent(bench: Bench) -> None:
    """A function without a visible effect is never reported as done."""
    assert (await bench.say("next song")).status is Status.SENT


async def test_what_was_not_seen_is_not_confirmed(bench: Bench) -> None:
    """A lock that does not show it is not reported as locked."""
    bench.adapter.never_confirm("front_door")
    outcome = await bench.say("lock the front door")
    assert (outcome.status, outcome.code) == (Status.NOT_CONFIRMED, "not_confirmed")
    assert outcome.say == "I asked, but the Front Door hasn't confirmed it."


@pytest.mark.parametrize(("error", "code"), [(Unavailable, "unreachable"), (Rejected, "rejected")])
async def test_one_of_two_that_fails_is_told(bench: Bench, error: type[Unavailable], code: str) -> None:
    """What was done and what failed are both in the answer, and the code says why."""
    bench.adapter.fail("front_door", error)
    outcome = await bench.say("start the robot and lock up")
    assert (outcome.status, outcome.code) == (Status.PARTLY, code)
    assert [result.status for result in outcome.results] == [Status.DONE, Status.FAILED]
    assert outcome.say.startswith("Robbie started. ")


DRIVING_OFF = (
    Call("lock", ("volvo",)),
    Call("move_seat", ("volvo",), {"direction": "forward"}),
    Call("turn_on", ("hallway_light",)),
)


async def test_permission_is_asked_before_each_call(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seat is not moved in a car that drove off while its doors were locked; the rest is carried out."""
    bench.adapter.set_state("volvo", DeviceState("unlocked", {"speed": 0}))
    execute = bench.adapter.execute

    async def drive_off(call: Call, device_id: str) -> Result:
        bench.adapter.set_state("volvo", DeviceState("unlocked", {"speed": 30}))
        return await execute(call, device_id)

    monkeypatch.setattr(bench.adapter, "execute", drive_off)
    outcome = (await bench.report(calls=DRIVING_OFF)).outcome
    reason = "For safety, I only do that when I know that the Volvo stands still."
    assert (outcome.status, outcome.code) == (Status.PARTLY, "moving")
    assert outcome.results == (
        Result("volvo", "lock", Status.DONE),
        Result("volvo", "move_seat", Status.FAILED, reason),
        Result("hallway_light", "turn_on", Status.DONE),
    )
    assert outcome.say == f"Volvo locked, Hallway Light on. {reason}"


async def test_listed_sources_have_what_their_entry_allows() -> None:
    """Once sources are listed, private and hazardous things take permission, for those that are not listed too."""
    allowed = SourceSettings(allow=frozenset({ActionClass.HAZARD, ActionClass.PRIVATE, ActionClass.OPEN}))
    bench = Bench(HubSettings(sources={"me": allowed}))
    await bench.adapter.start()
    for text in ("who is home", "turn on the armchair heater"):
        assert (await bench.say(text)).status in (Status.ANSWERED, Status.DONE)
        assert (await bench.say(text, source="you")).status is Status.DENIED
    assert (await bench.say("unlock the front door")).status is Status.DENIED


async def test_thresholds_are_the_owners() -> None:
    """With lower thresholds a doubtful plan is carried out."""
    bench = Bench(HubSettings(policy=PolicySettings(min_confidence=0.1, min_mass=0.05)))
    await bench.adapter.start()
    assert (await bench.say("perhaps the hallway light")).status is Status.DONE


def test_thresholds_are_for_one_call() -> None:
    """A plan of several calls is as sure as each of them on average; a call in place of a value is one too."""
    settings = HubSettings(policy=PolicySettings(min_confidence=0.5, min_mass=0.4))
    one = call("turn_on", "Lamp")
    nested = replace(one, arguments={"level": Nested(one)})
    assert is_doubtful(Plan((one,), confidence=0.49), settings)
    assert not is_doubtful(Plan((one, one), confidence=0.26, mass=0.17), settings)
    assert not is_doubtful(Plan((nested,), confidence=0.26, mass=0.17), settings)
    assert is_doubtful(Plan((one, one), confidence=0.24), settings)
    assert is_doubtful(Plan((one, one), mass=0.15), settings)
    assert not is_doubtful(Plan((), Reason.CHAT, confidence=0.01), settings)


async def test_a_question_back_is_settled_by_its_answer(bench: Bench) -> None:
    """ "Which one?" is not final; the choice carries it out, and the first command gets the final Outcome of the second."""
    asked = await bench.say("turn on the light")
    assert (asked.status, asked.code, asked.final) == (Status.QUESTION, "which", False)
    handled = await bench.pipeline.handle(bench.submission("the hallway one please"))
    assert handled.report.outcome.status is Status.DONE
    assert handled.settled is not None
    settled = handled.settled.outcome
    assert (settled.command_id, settled.status, settled.final, settled.say) == (asked.command_id, Status.DONE, True, "")
    assert bench.state("hallway_light") == "on"


async def test_another_command_drops_the_question(bench: Bench) -> None:
    """Whoever says something else gets that, and the question is settled as refused."""
    asked = await bench.say("turn on the light")
    handled = await bench.pipeline.handle(bench.submission("lock the front door"))
    assert handled.report.outcome.status is Status.DONE
    assert handled.settled is not None
    assert (handled.settled.outcome.command_id, handled.settled.outcome.status) == (asked.command_id, Status.REFUSED)


async def test_another_source_does_not_answer(bench: Bench) -> None:
    """A question is between the hub and who caused it."""
    await bench.say("turn on the light")
    handled = await bench.pipeline.handle(bench.submission("the hallway one", source="you"))
    assert (handled.report.outcome.status, handled.settled) == (Status.REFUSED, None)


async def test_a_question_is_given_up(bench: Bench) -> None:
    """A question that nobody answers ends after a while."""
    asked = await bench.say("turn on the light")
    assert bench.pipeline.give_up() == []
    bench.steady += 31
    ((source, report),) = bench.pipeline.give_up()
    assert (source, report.outcome.command_id, report.outcome.status) == ("me", asked.command_id, Status.REFUSED)
    assert bench.pipeline.give_up() == []
