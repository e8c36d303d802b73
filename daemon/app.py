"""The daemon put together: broker, journal, devices, interpreter, MQTT and socket in one TaskGroup, and its end.

The one broad `except` of the hub is here, around a single command: a bug costs one answer and a traceback in the log, not the
house. Everything else that is not a HubError ends the process, and systemd starts it again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from octopus_hub.adapters.mqtt_client import Server
from octopus_hub.config.errors import HubError
from octopus_hub.config.hub import HomeAssistantSettings, HubSettings, MqttSettings
from octopus_hub.config.loader import Config
from octopus_hub.daemon.abilities import inabilities
from octopus_hub.daemon.brain import Brain, LiveInterpreter
from octopus_hub.daemon.broker import DEFAULT_PORT, HOST, OwnBroker, own_broker
from octopus_hub.daemon.control import Control
from octopus_hub.daemon.devices import carry_over, make_adapters
from octopus_hub.daemon.dispatcher import Dispatcher
from octopus_hub.daemon.extras import extra
from octopus_hub.daemon.gateway import Gateway
from octopus_hub.daemon.intake import Intake, failure
from octopus_hub.daemon.journal_thread import JournalThread
from octopus_hub.daemon.mqtt import Link
from octopus_hub.daemon.mqtt_server import server_of
from octopus_hub.daemon.pipeline import Pipeline
from octopus_hub.daemon.places import journal_path, owned_state
from octopus_hub.daemon.submission import Handled, Submission
from octopus_hub.daemon.wire import SCHEMA

logger = logging.getLogger(__name__)

GRACE_S = 0.7
"""For commands under way when the hub is told to stop; all of the end has two seconds."""

TICK_S = 1.0
PURGE_EVERY_S = 3600.0
FOLLOW_S = 2.0
BUG = "Something went wrong inside the hub, so I stopped there."

FIXED_UNTIL_RESTART = ("home_assistant", "journal", "model", "queue_size", "state_directory")
"""Settings that a reload does not touch; nor does it touch functions.yaml, whose functions the interpreter was loaded with."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where an app runs: state directory, socket (for a group?), what its configuration is called and how it is read again.

    `import_again` brings its imported devices up to date, and tells whether that changed a file.
    """

    state: Path
    socket: Path
    configuration: str
    read_again: Callable[[], Config]
    for_group: bool = False
    import_again: Callable[[], bool] | None = None


def build_app(config: Config, interpreter: LiveInterpreter, setting: Setting) -> App:
    """The daemon, ready to run; `interpreter` is used from one thread and is given the house when it runs."""
    return App(config, interpreter, setting)


class App:
    """A daemon: `run` until `stop`; `reload` reads the configuration again."""

    def __init__(self, config: Config, interpreter: LiveInterpreter, setting: Setting) -> None:
        self._config = config
        self._setting = setting
        self._interpreter = interpreter
        self._since = time.time()
        self._problem = ""
        self._left_out: Mapping[str, frozenset[str]] = {}
        self._stopping = asyncio.Event()
        self._reloading = asyncio.Event()

    def stop(self) -> None:
        """Asks the daemon to end."""
        self._stopping.set()

    def reload(self) -> None:
        """Asks the daemon to read its configuration again."""
        self._reloading.set()

    async def run(self) -> None:
        """Runs until stopped. Raises HubError where the daemon can't go on."""
        try:
            await self._run()
        except BaseExceptionGroup as group:
            error = _hub_error(group)
            if error is None:
                raise
            raise error from group

    async def _run(self) -> None:
        settings = self._config.hub
        async with AsyncExitStack() as stack:
            stack.enter_context(owned_state(self._setting.state))
            self._server, broker = await self._find_broker(stack, settings.mqtt)
            path = journal_path(settings, self._setting.state)
            self._journal = await JournalThread.open(
                path, keep_text=settings.journal.keep_text, days=settings.journal.retention_days
            )
            stack.push_async_callback(self._journal.close)
            self._dispatcher = Dispatcher(self._config.house, make_adapters(self._config.house, settings, self._server))
            await stack.enter_async_context(self._dispatcher)
            self._brain = Brain(self._interpreter, self._config.house, settings.model.deadline_ms / 1000)
            stack.callback(self._brain.close)
            await self._brain.set_house(self._config.house)
            self._pipeline = Pipeline(self._config.house, settings, self._brain.interpret, self._dispatcher)
            await self._serve(broker)

    async def _find_broker(self, stack: AsyncExitStack, mqtt: MqttSettings) -> tuple[Server, OwnBroker | None]:
        if mqtt.host is not None:
            return server_of(mqtt), None
        broker = await stack.enter_async_context(own_broker(self._setting.state, None if mqtt.port == DEFAULT_PORT else mqtt.port))
        logger.info("no broker is configured, so the hub started its own: mosquitto on %s:%d; try", HOST, broker.port)
        for line in _examples(broker.port, mqtt.base_topic):
            logger.info("    %s", line)
        return Server(HOST, broker.port, base=mqtt.base_topic), broker

    async def _serve(self, broker: OwnBroker | None) -> None:
        async with asyncio.TaskGroup() as tasks:
            self._intake = Intake(self._journal, self._handle, tasks, self._config.hub.queue_size)
            self._link = Link(self._server, ("in",), self._status)
            gateway = Gateway(self._settings, self._intake.submit, self._link.publish)
            control = Control(self._settings, self._intake.submit, self._detailed_status)
            interrupted = await self._intake.recover()
            if interrupted:
                logger.warning("commands cut off by the last end count=%d; they are not carried out again", interrupted)

            async def catch_up() -> None:
                await self._catch_up(gateway)

            services = [
                tasks.create_task(self._link.run(gateway.receive, catch_up), name="mqtt"),
                tasks.create_task(self._tick(catch_up), name="tick"),
                tasks.create_task(self._reload_when_asked(), name="reload"),
            ]
            home_assistant = self._config.hub.home_assistant
            if home_assistant is not None and home_assistant.follow and self._setting.import_again is not None:
                services.append(tasks.create_task(self._follow(home_assistant, self._setting.import_again), name="follow"))
            if broker is not None:
                services.append(tasks.create_task(broker.watch(), name="broker"))
            async with control.serving(self._setting.socket, for_group=self._setting.for_group):
                logger.info("ready house=%s devices=%d", self._config.house.name, len(self._config.house.devices))
                await self._stopping.wait()
                logger.info("stopping")
                await self._intake.stop(GRACE_S)
            for service in services:
                service.cancel()

    async def _handle(self, submission: Submission, waited_s: float) -> Handled:
        try:
            return await self._pipeline.handle(submission, waited_s)
        except Exception:  # the broad handler: see the top
            logger.exception("bug command_id=%s", submission.command.id)
            return Handled(failure(submission.command, BUG))

    async def _catch_up(self, gateway: Gateway) -> None:
        try:
            await self._intake.deliver_rest(gateway.deliver_rest)
        except HubError as error:
            logger.error("outcomes not delivered error=%s", error)

    async def _tick(self, catch_up: Callable[[], Awaitable[None]]) -> None:
        """Drops stale questions, learns what devices cannot do, tries Outcomes again that did not arrive, purges the journal."""
        purge_at_s = 0.0
        while True:
            for source, report in self._pipeline.give_up():
                await self._intake.settle(source, report)
            await self._leave_out()
            if self._intake.has_leftovers and self._link.connected:
                await catch_up()
            if time.monotonic() >= purge_at_s:
                purge_at_s = time.monotonic() + PURGE_EVERY_S
                await self._purge()
            await asyncio.sleep(TICK_S)

    async def _leave_out(self) -> None:
        """What devices tell that they can't do leaves the vocabulary."""
        cannot = inabilities(self._config.house, self._dispatcher.states())
        if cannot != self._left_out:
            self._left_out = cannot
            await self._brain.leave_out(cannot)

    async def _purge(self) -> None:
        try:
            await self._journal.purge(time.time())
        except HubError as error:
            logger.error("journal not purged error=%s", error)

    async def _follow(self, settings: HomeAssistantSettings, import_again: Callable[[], bool]) -> None:
        """What changes in Home Assistant's registries is imported, a moment after the last change of several."""
        with extra("homeassistant"):
            from octopus_hub.adapters.ha_registry import watch_registries
        changed = asyncio.Event()
        watching = asyncio.create_task(watch_registries(settings, changed.set), name="registries")
        try:
            while True:
                await changed.wait()
                await asyncio.sleep(FOLLOW_S)
                changed.clear()
                try:
                    if await asyncio.to_thread(import_again):
                        self.reload()
                except HubError as error:
                    logger.error("what changed in Home Assistant is not imported error=%s", error)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _reload_when_asked(self) -> None:
        while True:
            await self._reloading.wait()
            self._reloading.clear()
            try:
                await self._reload()
                self._problem = ""
            except HubError as error:
                self._problem = f"the configuration could not be reloaded: {error}"
                logger.error("reload failed, the old house stays error=%s", error)
            await self._link.announce()

    async def _reload(self) -> None:
        """All of the new configuration or nothing. Raises HubError."""
        config = _merged(self._config, await asyncio.to_thread(self._setting.read_again))
        adapters = make_adapters(config.house, config.hub, self._server)
        await self._brain.set_house(config.house)
        carry_over(self._config.house, self._dispatcher.adapters, config.house, adapters)
        try:
            await self._dispatcher.replace(config.house, adapters)
        except HubError:
            await self._brain.set_house(self._config.house)
            raise
        self._config = config
        self._pipeline.house, self._pipeline.settings = config.house, config.hub
        logger.info("reloaded house=%s devices=%d", config.house.name, len(config.house.devices))

    def _settings(self) -> HubSettings:
        return self._config.hub

    def _status(self) -> Mapping[str, object]:
        house = self._config.house
        return {
            "schema": SCHEMA,
            "state": "online",
            "version": version("octopus-hub"),
            "since": round(self._since, 3),
            "house": house.name,
            "house_digest": house.digest,
            "devices": len(house.devices),
            "problem": self._problem,
        }

    def _detailed_status(self) -> Mapping[str, object]:
        return dict(self._status()) | {
            "pid": os.getpid(),
            "configuration": self._setting.configuration,
            "broker": str(self._server),
            "base_topic": self._config.hub.mqtt.base_topic,
            "connected": self._link.connected,
            "waiting": self._intake.waiting,
        }


def _examples(port: int, base: str) -> tuple[str, str]:
    return (
        f"mosquitto_sub -h {HOST} -p {port} -V mqttv5 -v -t '{base}/out/#'",
        f"mosquitto_pub -h {HOST} -p {port} -V mqttv5 -t {base}/in/me -m 'turn on the kitchen light'",
    )


def _merged(old: Config, new: Config) -> Config:
    """The new configuration, but for what holds until the next start."""
    kept: dict[str, Any] = {name: getattr(old.hub, name) for name in FIXED_UNTIL_RESTART}
    kept["mqtt"] = replace(old.hub.mqtt, response_topics=new.hub.mqtt.response_topics)
    changed = [name for name, value in kept.items() if getattr(new.hub, name) != value]
    changed += ["functions"] * (new.functions != old.functions)
    if changed:
        logger.warning("settings take effect after a restart settings=%s", ",".join(changed))
    return Config(replace(new.hub, **kept), new.house, old.functions)


def _hub_error(group: BaseExceptionGroup[BaseException]) -> HubError | None:
    """The HubError that ended the group, if nothing but HubErrors did."""
    leaves: list[BaseException] = []
    left: list[BaseException] = [group]
    while left:
        error = left.pop()
        if isinstance(error, BaseExceptionGroup):
            left.extend(error.exceptions)
        else:
            leaves.append(error)
    errors = [error for error in leaves if isinstance(error, HubError)]
    return errors[0] if errors and len(errors) == len(leaves) else None
