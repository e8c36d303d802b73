"""The hub's own broker: a mosquitto child process on loopback, for a house that has none.

Knows nothing of commands. The configuration is generated into the state directory, for every listener and limit is said
explicitly: without a listener line mosquitto 2 guesses, and by default it takes payloads of any size.
The child lives as long as the daemon: stopped with it, and ended by the kernel when the daemon is killed (`leash`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from octopus_hub.config.errors import UnavailableService
from octopus_hub.daemon import leash

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
DEFAULT_PORT = 1883
START_TIMEOUT_S = 5.0
STOP_TIMEOUT_S = 1.0
RESTART_DELAY_S = 0.5
POLL_S = 0.005
ATTEMPTS = 3
CONFIG_FILE, PID_FILE = "mosquitto.conf", "mosquitto.pid"
MAX_PACKET_BYTES = 1024 * 1024
"""Above the 16 KiB of a command, so that a command too long is answered; an Outcome over a thousand devices has 80 KB."""

SYSTEM_PATHS = "/usr/sbin:/usr/local/sbin"
"""Where Debian puts mosquitto, often outside a user's PATH."""


class OwnBroker:
    """A running child that listens on `port` of loopback."""

    def __init__(self, mosquitto: str, directory: Path, port: int, process: asyncio.subprocess.Process) -> None:
        self.port = port
        self._mosquitto = mosquitto
        self._directory = directory
        self._process = process

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    async def watch(self) -> None:
        """Passes on what the child says, and starts it again when it ends. Raises UnavailableService where that fails."""
        while True:
            await _log_lines(self._process)
            code = await self._process.wait()
            logger.warning("broker ended port=%d code=%d; starting it again", self.port, code)
            await asyncio.sleep(RESTART_DELAY_S)
            self._process = await _launch(self._mosquitto, self._directory, self.port)

    async def stop(self) -> None:
        """Ends the child."""
        await _stop(self._process)


def find_mosquitto() -> str:
    """The path of mosquitto. Raises UnavailableService."""
    path = shutil.which("mosquitto") or shutil.which("mosquitto", path=SYSTEM_PATHS)
    if path is None:
        raise UnavailableService(
            "no broker is configured, and mosquitto, which the hub would start for itself, is not installed: "
            'install the Debian package "mosquitto" (apt install mosquitto), or name a broker in hub.yaml'
        )
    return path


def broker_config(port: int, *, as_root: bool) -> str:
    """The text of mosquitto's configuration file.

    `set_tcp_nodelay`: without it a QoS 1 echo takes 44 ms instead of 0.5. As root mosquitto would change its user, and the
    kernel would then forget to end it with the daemon.
    """
    lines = [
        f"listener {port} {HOST}",
        "allow_anonymous true",
        "set_tcp_nodelay true",
        f"max_packet_size {MAX_PACKET_BYTES}",
        "max_queued_messages 1000",
        "persistence false",
        "log_dest stderr",
        "log_timestamp false",
        "log_type error",
        "log_type warning",
    ]
    return "\n".join(["# Written by octopus-hub at every start.", *lines, *(["user root"] if as_root else []), ""])


@asynccontextmanager
async def own_broker(directory: Path, port: int | None) -> AsyncIterator[OwnBroker]:
    """A broker on `port`, else on 1883 if that is free, else on any free port; stopped on leaving.

    Raises UnavailableService where mosquitto is missing or the port that was asked for is taken.
    """
    mosquitto = find_mosquitto()
    await _outlive_predecessor(directory)
    broker = await _start(mosquitto, directory, port)
    try:
        yield broker
    finally:
        await broker.stop()


def is_free(port: int) -> bool:
    """Can `port` be had on loopback now?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as mosquitto does: TIME_WAIT is no obstacle
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


async def _start(mosquitto: str, directory: Path, port: int | None) -> OwnBroker:
    if port is not None and not is_free(port):
        raise UnavailableService(f"port {port} on {HOST}, asked for in hub.yaml for the hub's own broker, is taken")
    error: UnavailableService | None = None
    for _ in range(ATTEMPTS):  # somebody may take the port between the look and the start
        chosen = port if port is not None else _choose_port()
        try:
            return OwnBroker(mosquitto, directory, chosen, await _launch(mosquitto, directory, chosen))
        except UnavailableService as failure:
            error = failure
    raise error or AssertionError


def _choose_port() -> int:
    if is_free(DEFAULT_PORT):
        return DEFAULT_PORT
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


async def _outlive_predecessor(directory: Path) -> None:
    """Waits for the broker of a daemon that was just killed, so that the next one gets its port again."""
    file, deadline_s = directory / CONFIG_FILE, time.monotonic() + STOP_TIMEOUT_S
    while _is_predecessor(_read(directory / PID_FILE), file) and time.monotonic() < deadline_s:  # noqa: ASYNC110  # it is no child of ours
        await asyncio.sleep(POLL_S)


def _is_predecessor(pid: str, config: Path) -> bool:
    """Process ids come again: only one that runs with our configuration is meant."""
    return pid.isdecimal() and str(config) in _read(Path("/proc", pid, "cmdline")).split("\0")


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


async def _launch(mosquitto: str, directory: Path, port: int) -> asyncio.subprocess.Process:
    file = directory / CONFIG_FILE
    file.write_text(broker_config(port, as_root=os.geteuid() == 0))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), mosquitto, "-c", str(file)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C at the terminal is the daemon's: it says goodbye over this broker
    )
    (directory / PID_FILE).write_text(str(process.pid))
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            await _accepting(process, port)
    except asyncio.CancelledError:
        process.kill()
        raise
    except (TimeoutError, UnavailableService) as error:
        await _stop(process)
        said = b"" if process.stderr is None else await process.stderr.read()
        reason = " ".join(said.decode(errors="replace").split()) or "no reason given"
        raise UnavailableService(f"mosquitto did not start on {HOST}:{port}: {reason}") from error
    return process


async def _accepting(process: asyncio.subprocess.Process, port: int) -> None:
    while process.returncode is None:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(POLL_S)
            continue
        writer.close()
        return
    raise UnavailableService("it ended at once")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _log_lines(process: asyncio.subprocess.Process) -> None:
    while process.stderr is not None and (line := await process.stderr.readline()):
        said = line.decode(errors="replace").strip()
        logger.log(logging.WARNING if said.startswith("Error") else logging.DEBUG, "broker says=%s", said)
