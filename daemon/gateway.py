"""Between MQTT and the intake: payloads become submissions, reports become messages. Docs: docs/mqtt.md.

A source is a topic segment, and the broker's ACL decides who may use it. Knows nothing of connections: `publish` is handed in.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from typing import Protocol

from aiomqtt import Topic, Wildcard

from octopus_hub.adapters.mqtt_config import is_topic
from octopus_hub.config.errors import InputError
from octopus_hub.config.hub import HubSettings
from octopus_hub.config.plan import Command, Outcome, Status
from octopus_hub.daemon.intake import Deliver
from octopus_hub.daemon.journal import Undelivered
from octopus_hub.daemon.mqtt import Incoming
from octopus_hub.daemon.replies import Code
from octopus_hub.daemon.submission import Address, Channel, Report, Submission
from octopus_hub.daemon.wire import SOURCE_NAME, Request, complaint, dump, find_id, outcome_to_json, parse_request

logger = logging.getLogger(__name__)

LOCAL_SOURCE = "cli"
"""The source of the Unix socket; over MQTT nobody may use its name."""

MOST_WARNED = 1000
LONGEST_SHOWN = 64
"""Sources that are warned about, and characters of their names: whoever makes names up fills neither the log nor the memory."""

CLOCK_SKEW_S = 5.0
"""A `sent_at` further in the future than this is a wrong clock, or a command kept for a replay."""


class Submit(Protocol):
    """`octopus_hub.daemon.intake.Intake.submit`."""

    async def __call__(self, submission: Submission, deliver: Deliver) -> None: ...


class Publish(Protocol):
    """`octopus_hub.daemon.mqtt.Link.publish`."""

    async def __call__(self, topic: str, payload: bytes, *, retain: bool = False, correlation: bytes | None = None) -> bool: ...


class Gateway:
    """The topics `<base>/in/<source>` and `<base>/out/<source>`; `settings` gives those in force now."""

    def __init__(self, settings: Callable[[], HubSettings], submit: Submit, publish: Publish) -> None:
        self._settings = settings
        self._submit = submit
        self._publish = publish
        self._warned: set[str] = set()

    async def receive(self, incoming: Incoming) -> None:
        """A message on `in`: submitted, or answered with an Outcome `invalid`; one whose source is no name is only logged."""
        if not SOURCE_NAME.fullmatch(incoming.source):
            self._warn_once("source refused source=%r; its name has letters, digits, dots, dashes and underscores", incoming.source)
            return
        address = Address(Channel.MQTT, self._allowed(incoming.source, incoming.response_topic), incoming.correlation)
        try:
            submission = self._read(incoming, address)
        except InputError as error:
            logger.info("command invalid source=%s error=%s", incoming.source, error)
            await self._answer(incoming.source, address, _invalid(find_id(incoming.payload), error))
            return

        async def deliver(report: Report) -> bool:
            return await self._answer(incoming.source, address, report.outcome)

        await self._submit(submission, deliver)

    async def deliver_rest(self, item: Undelivered) -> bool:
        """An Outcome from the journal that had not reached the broker."""
        return await self._send(item.source, item.address, dump(item.outcome))

    def _read(self, incoming: Incoming, address: Address) -> Submission:
        if incoming.source == LOCAL_SOURCE:
            raise InputError(f'the source "{LOCAL_SOURCE}" is that of the command line on the hub; use another name')
        if incoming.retained:
            raise InputError("a command must not be retained; publish it without the retain flag")
        return submission_from(parse_request(incoming.payload), incoming.source, self._settings(), address, time.time())

    def _allowed(self, source: str, topic: str | None) -> str | None:
        """The response topic if the owner allows it; the asker chooses it, and could make the hub write where he may not."""
        if not topic:
            return None
        filters = self._settings().mqtt.response_topics
        if is_topic(topic) and any(Topic(topic).matches(Wildcard(each)) for each in filters):
            return topic
        self._warn_once("response topic refused source=%s; allow it in hub.yaml under mqtt: response_topics", source)
        return None

    def _warn_once(self, message: str, source: str) -> None:
        name = source[:LONGEST_SHOWN]
        if name not in self._warned and len(self._warned) < MOST_WARNED:
            self._warned.add(name)
            logger.warning(message, name)

    async def _answer(self, source: str, address: Address, outcome: Outcome) -> bool:
        return await self._send(source, address, dump(outcome_to_json(outcome)))

    async def _send(self, source: str, address: Address, payload: bytes) -> bool:
        topics = [f"{self._settings().mqtt.base_topic}/out/{source}"]
        if address.response_topic is not None:
            topics.append(address.response_topic)
        sent = [await self._publish(topic, payload, correlation=address.correlation) for topic in topics]
        return all(sent)


def submission_from(request: Request, source: str, settings: HubSettings, address: Address, now: float) -> Submission:
    """A command with what is known of its source. Raises InputError for one from the future."""
    known = settings.source(source)
    if request.sent_at is not None and request.sent_at > now + CLOCK_SKEW_S:
        raise InputError(f'"sent_at" is {request.sent_at - now:.0f} s in the future; check the clocks')
    command = Command(
        id=request.id or uuid.uuid4().hex,
        text=request.text,
        source=source,
        received_at=now,
        sent_at=request.sent_at,
        area=request.area or known.area,
        ttl_s=known.ttl_s,
        dry_run=request.dry_run,
    )
    return Submission(command, address, request.calls)


def _invalid(command_id: str | None, error: InputError) -> Outcome:
    return Outcome(command_id=command_id or "", status=Status.INVALID, text="", say=complaint(error), code=Code.INVALID)
