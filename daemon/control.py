"""The Unix socket behind `octopus say` and `octopus status`: one JSON object in, one out, on one line each.

The kernel says who is at the other end (SO_PEERCRED): root and the daemon's own user are served; members of the socket's group too
where systemd made its directory. That identity is the source `cli`; nothing in a request can change it.
"""

from __future__ import annotations

import asyncio
import grp
import logging
import os
import pwd
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from octopus_hub.config.errors import InputError, UnavailableService
from octopus_hub.config.hub import HubSettings
from octopus_hub.daemon.gateway import LOCAL_SOURCE, Submit, submission_from
from octopus_hub.daemon.submission import Address, Channel, Report
from octopus_hub.daemon.wire import MAX_PAYLOAD_BYTES, SCHEMA, dump, outcome_to_json, read_json, request_from

logger = logging.getLogger(__name__)

READ_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 120.0
MAX_PATH_BYTES = 107
"""Of a Unix socket's path (sun_path, unix(7))."""

_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid

Answer = Callable[[Mapping[str, object]], Awaitable[Mapping[str, object]]]


class Control:
    """What can be asked over the socket; `settings` and `status` give what holds now."""

    def __init__(self, settings: Callable[[], HubSettings], submit: Submit, status: Callable[[], Mapping[str, object]]) -> None:
        self._settings = settings
        self._submit = submit
        self._status = status

    @asynccontextmanager
    async def serving(self, path: Path, *, for_group: bool) -> AsyncIterator[None]:
        """Listens on `path` while inside. Raises UnavailableService where that can't be."""
        if len(os.fsencode(path)) > MAX_PATH_BYTES:
            raise UnavailableService(f"the socket's path {path} has over {MAX_PATH_BYTES} bytes; shorten the state directory")

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(reader, writer, for_group=for_group)

        _remove(path)  # the state directory's lock is ours, so nobody listens there
        before = os.umask(0o117 if for_group else 0o177)
        try:
            server = await asyncio.start_unix_server(serve, path, limit=2 * MAX_PAYLOAD_BYTES)
        except OSError as error:
            raise UnavailableService(f"can't listen on {path}: {error.strerror}") from error
        finally:
            os.umask(before)
        try:
            yield
        finally:
            server.close()
            _remove(path)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, for_group: bool) -> None:
        try:
            user = _peer_user(writer)
            answer = await self._answer(reader, is_allowed=_may_ask(user, for_group=for_group))
            writer.write(dump(answer) + b"\n")
            async with asyncio.timeout(READ_TIMEOUT_S):
                await writer.drain()
        except (OSError, TimeoutError) as error:
            logger.debug("control peer left error=%s", error)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, *, is_allowed: bool) -> Mapping[str, object]:
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                line = await reader.readline()
            if not is_allowed:
                return _error("you may not command this hub")
            request = dict(read_json(line.decode()))
            return await self._operation(request.pop("op", None))(request)
        except (InputError, UnicodeDecodeError, ValueError) as error:
            return _error(str(error))

    def _operation(self, name: object) -> Answer:
        operations: Mapping[object, Answer] = {"say": self._say, "status": self._tell_status}
        if not isinstance(name, str) or name not in operations:
            raise InputError(f"unknown operation {name!r}; known are {', '.join(map(str, operations))}")
        return operations[name]

    async def _tell_status(self, request: Mapping[str, object]) -> Mapping[str, object]:
        return {"schema": SCHEMA, "status": self._status()}

    async def _say(self, request: Mapping[str, object]) -> Mapping[str, object]:
        submission = submission_from(request_from(request), LOCAL_SOURCE, self._settings(), Address(Channel.LOCAL), time.time())
        answer: asyncio.Future[Report] = asyncio.get_running_loop().create_future()

        async def deliver(report: Report) -> bool:
            if not answer.done():
                answer.set_result(report)
            return True  # whoever asked may have gone, but nobody else waits for it

        await self._submit(submission, deliver)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                report = await answer
        except TimeoutError:
            return _error(f"no answer within {ANSWER_TIMEOUT_S:g} s")
        return report_to_json(report)


def report_to_json(report: Report) -> Mapping[str, object]:
    """A report as `octopus say` reads it: the Outcome's fields, the plan and its mass."""
    return outcome_to_json(report.outcome) | {"plan": report.plan, "mass": report.mass}


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _error(message: str) -> Mapping[str, object]:
    return {"schema": SCHEMA, "error": message}


def _peer_user(writer: asyncio.StreamWriter) -> int:
    peer: socket.socket = writer.get_extra_info("socket")
    _, user, _ = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return int(user)


def _may_ask(user: int, *, for_group: bool) -> bool:
    if user in (0, os.geteuid()):
        return True
    return for_group and os.getegid() in _groups_of(user)


def _groups_of(user: int) -> list[int]:
    try:
        account = pwd.getpwuid(user)
        grp.getgrgid(account.pw_gid)
    except KeyError:
        return []
    return os.getgrouplist(account.pw_name, account.pw_gid)
