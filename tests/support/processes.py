"""Real processes for tests: ports, ends of processes, a mosquitto of the test's own."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from octopus_hub.daemon.broker import find_mosquitto


def free_port() -> int:
    """A port of loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def eventually(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Waits until the condition holds. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110  # what is waited for is another process
            await asyncio.sleep(0.01)


async def ended_within(pid: int, timeout_s: float) -> bool:
    """Is the process gone, or a zombie, before the time is up?"""
    deadline = time.monotonic() + timeout_s
    while _alive(pid):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


def children_of(pid: int) -> tuple[int, ...]:
    """The processes that a process has started."""
    return tuple(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


@contextmanager
def mosquitto(directory: Path, port: int, *lines: str) -> Iterator[subprocess.Popen[bytes]]:
    """A broker of the test's own; without `lines` it lets everybody in."""
    file = directory / f"mosquitto-{port}.conf"
    open_to_all = () if lines else ("allow_anonymous true",)
    file.write_text("\n".join([f"listener {port} 127.0.0.1", "set_tcp_nodelay true", "user root", *open_to_all, *lines, ""]))
    process = subprocess.Popen([find_mosquitto(), "-c", str(file)], stderr=subprocess.DEVNULL)
    try:
        _wait_for_port(port)
        yield process
    finally:
        process.terminate()
        process.wait(5)


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 5
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody listens on port {port}")
        time.sleep(0.005)
