"""A daemon as a process, for tests: the real command with the table interpreter instead of a model.

Run as `python -m support.hub run --config …` it is `octopus run --config …`.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from octopus_hub.config.hub import HubSettings
from octopus_hub.daemon.__main__ import main
from octopus_hub.daemon.brain import Interpreter
from support.interpreters import TableInterpreter

TESTS = Path(__file__).parent.parent
TIMEOUT_S = 20.0
"""Generous: a start takes half a second, on a machine that is busy with something else many times that."""
PRODUCT = "octopus_hub.daemon"
"""`Hub.module` for the command as it is shipped, with the model."""
DEADLINE_MS = 20_000
"""A sentence may take long in tests with the model: the machine may be busy with something else."""
NO_DELAY = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]


@dataclass
class Hub:
    """A daemon's process, or the place for one: configuration, state and log lie in `directory`.

    `module` is what Python runs: the product itself where the model is to be loaded.
    """

    directory: Path
    process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    module: str = "support.hub"

    @property
    def configuration(self) -> Path:
        """The configuration directory."""
        return self.directory / "config"

    @property
    def log(self) -> str:
        """What the daemon logged so far, over all starts."""
        path = self.directory / "log"
        return path.read_text() if path.exists() else ""

    def configure(self, house: str, hub: Mapping[str, Any]) -> None:
        """Writes house.yaml as it is and hub.yaml from settings."""
        self.configuration.mkdir(exist_ok=True)
        (self.configuration / "house.yaml").write_text(house)
        settings = {"version": 1, "state_directory": str(self.directory / "state"), **hub}
        (self.configuration / "hub.yaml").write_text(json.dumps(settings))  # JSON is YAML

    def start(self) -> None:
        """Starts the process."""
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command("run"), stderr=log, env=self._environment())

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs another command of the product to its end."""
        command = self.command(*arguments)
        environment = self._environment()
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30, env=environment)

    def command(self, subcommand: str, *arguments: str) -> Sequence[str]:
        """The command line of a subcommand for this configuration."""
        return (sys.executable, "-m", self.module, *subcommand.split(), "--config", str(self.configuration), *arguments)

    async def ready(self, times: int = 1) -> None:
        """Waits until the daemon has connected for the n-th time. Raises AssertionError with its log if it ends instead."""
        assert self.process is not None
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while self.log.count("mqtt connected") < times:
                    assert self.process.poll() is None, self.log
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(self.log) from None

    async def ended(self) -> int:
        """The exit code, once the process has ended."""
        assert self.process is not None
        return await asyncio.wait_for(asyncio.to_thread(self.process.wait), TIMEOUT_S)

    async def end(self, number: signal.Signals) -> int:
        """Sends a signal and waits for the end."""
        assert self.process is not None
        self.process.send_signal(number)
        return await self.ended()

    def _environment(self) -> Mapping[str, str]:
        return {**os.environ, "PYTHONPATH": str(TESTS), "HOME": str(self.directory), "PYTHONWARNINGS": "error", **self.environment}


@contextmanager
def hub_in(directory: Path, module: str = "support.hub") -> Iterator[Hub]:
    """A place for a daemon; a process that is left over is killed."""
    hub = Hub(directory, module=module)
    try:
        yield hub
    finally:
        if hub.process is not None and hub.process.poll() is None:
            hub.process.kill()
            hub.process.wait(TIMEOUT_S)


class Client:
    """An automation: publishes commands and reads Outcomes, with MQTT 5."""

    def __init__(self, mqtt: aiomqtt.Client) -> None:
        self.mqtt = mqtt

    async def send(self, source: str, payload: Mapping[str, Any] | str | bytes, *, retain: bool = False, **properties: Any) -> None:
        """Publishes a command; `properties` are those of MQTT 5."""
        sent = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho has no annotation here
        for name, value in properties.items():
            setattr(sent, name, value)
        body = json.dumps(payload) if isinstance(payload, Mapping) else payload
        await self.mqtt.publish(f"octopus/in/{source}", body, 1, retain, sent)

    async def outcome(self) -> dict[str, Any]:
        """The next Outcome on the topics that are subscribed to."""
        return json.loads((await self.message()).payload)  # type: ignore[no-any-return]  # an Outcome is a dict

    async def message(self) -> aiomqtt.Message:
        """The next message."""
        return await asyncio.wait_for(anext(self.mqtt.messages), TIMEOUT_S)

    async def ask(self, source: str, payload: Mapping[str, Any] | str | bytes) -> dict[str, Any]:
        """Publishes a command and returns the next Outcome."""
        await self.send(source, payload)
        return await self.outcome()

    async def silence(self, seconds: float) -> bool:
        """Does nothing arrive for so long?"""
        try:
            await asyncio.wait_for(anext(self.mqtt.messages), seconds)
        except TimeoutError:
            return True
        return False


@asynccontextmanager
async def client(port: int, *topics: str, **options: Any) -> AsyncIterator[Client]:
    """A client that is subscribed to `topics`, by default to all Outcomes."""
    options |= {"protocol": aiomqtt.ProtocolVersion.V5, "timeout": TIMEOUT_S, "socket_options": NO_DELAY}
    async with aiomqtt.Client("127.0.0.1", port, **options) as mqtt:
        for topic in topics or ("octopus/out/#",):
            await mqtt.subscribe(topic, qos=1)
        yield Client(mqtt)


class _Loading(ModuleType):
    """Stands in for `octopus_hub.daemon.loading`, which imports the model's runtime."""

    @staticmethod
    def load_interpreter(settings: HubSettings, state: Path) -> Interpreter:
        """The table."""
        return TableInterpreter()


if __name__ == "__main__":
    sys.modules["octopus_hub.daemon.loading"] = _Loading("octopus_hub.daemon.loading")
    sys.exit(main())
