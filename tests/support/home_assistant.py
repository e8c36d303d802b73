"""A real Home Assistant on loopback, with the entities of `tests/home_assistant`, and its token without a browser.

Home Assistant keeps a key for each refresh token in `.storage/auth`, and accepts any JWT that is signed with it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hass_client import HomeAssistantClient

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(os.environ.get("HOME_ASSISTANT_PYTHON", ROOT / ".venv-home-assistant" / "bin" / "python"))
SOURCE = ROOT / "tests" / "home_assistant"
START_S = 60.0
STOP_S = 25.0
"""A newer one takes its time while clients are connected."""

BY_SERVICE: Mapping[str, Mapping[str, Sequence[str]]] = {
    "timer": {"idle": ["cancel"], "active": ["start"], "paused": ["start", "pause"]},
    "automation": {"on": ["turn_on"], "off": ["turn_off"]},
    "scene": {},
    "script": {},
}
"""How entities that Home Assistant makes of its own configuration come into a state."""

CONFIGURATION = """\
homeassistant:
  name: Test Home
  unit_system: metric
  time_zone: UTC
  auth_providers:
    - type: homeassistant
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
websocket_api:
config:
auth:
logger:
  default: warning
testhouse:
  entities: {entities}
{extra}
"""


class HomeAssistant:
    """One server: a directory, a port, and the process while it runs."""

    def __init__(self, directory: Path, port: int, entities: Sequence[str], extra: str = "") -> None:
        self.directory = directory
        self.url = f"http://127.0.0.1:{port}"
        self._process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)
        text = CONFIGURATION.format(port=port, entities=json.dumps(list(entities)), extra=extra)
        (directory / "configuration.yaml").write_text(text)
        shutil.copytree(SOURCE / "custom_components", directory / "custom_components", dirs_exist_ok=True)
        self.token, self.owner_token = self._provision()

    def start(self) -> None:
        """Start it, and wait until it runs."""
        log = (self.directory / "home-assistant.out").open("ab")
        with log:
            command = [str(PYTHON), str(SOURCE / "run.py"), str(self.directory)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"Home Assistant ended: {(self.directory / 'home-assistant.out').read_text()[-2000:]}")
            try:
                if self.get("/api/config")["state"] == "RUNNING":
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise RuntimeError("Home Assistant did not start in time")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal: SIGSTOP freezes it."""
        assert self._process is not None
        self._process.send_signal(number)

    def get(self, path: str) -> Any:
        """Its REST API."""
        return self._ask(path, None)

    def set(self, entity_id: str, state: str, attributes: Mapping[str, object] | None = None) -> None:
        """The entity is in this state from now on; a scene or a script has none."""
        domain = entity_id.partition(".")[0]
        if domain in BY_SERVICE:
            for service in BY_SERVICE[domain].get(state, ()):
                self._ask(f"/api/services/{domain}/{service}", {"entity_id": entity_id})
        else:
            self._service("set", entity_id=entity_id, state=state, attributes=dict(attributes or {}))

    def fault(self, entity_id: str, fault: str = "", delay_s: float = 0.0) -> None:
        """The entity is silent, failing ("error"), unavailable, slow, or whole again."""
        self._service("fault", entity_id=entity_id, fault=fault, delay_s=delay_s)

    def state(self, entity_id: str) -> str:
        """What it shows."""
        return str(self.get(f"/api/states/{entity_id}")["state"])

    def command(self, command: str, **more: Any) -> Any:
        """One command of its WebSocket API, as the owner: the registries."""

        async def ask() -> Any:
            async with HomeAssistantClient(f"ws{self.url.removeprefix('http')}/api/websocket", self.owner_token) as client:
                return await client.send_command(command, **more)

        return asyncio.run(ask())

    def _service(self, service: str, **data: object) -> None:
        self._ask(f"/api/services/testhouse/{service}", data)

    def _ask(self, path: str, body: Mapping[str, object] | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers), timeout=5) as answer:
            return json.loads(answer.read())

    def _provision(self) -> tuple[str, str]:
        """Long-lived tokens of a user who is no administrator, and of the owner."""
        hub, owner = _user("hub", "system-users"), _user("owner", "system-admin")
        groups = [{"id": each, "name": each} for each in ("system-admin", "system-users", "system-read-only")]
        tokens = [_refresh_token(hub), _refresh_token(owner)]
        data = {"users": [hub, owner], "groups": groups, "credentials": [], "refresh_tokens": tokens}
        storage = self.directory / ".storage"
        storage.mkdir(exist_ok=True)
        (storage / "auth").write_text(json.dumps({"version": 1, "minor_version": 1, "key": "auth", "data": data}))
        first, second = (_jwt(str(token["id"]), str(token["jwt_key"])) for token in tokens)
        return first, second


def _user(name: str, group: str) -> dict[str, object]:
    is_owner = group == "system-admin"
    return {"id": secrets.token_hex(16), "group_ids": [group], "is_owner": is_owner, "is_active": True, "name": name,
            "system_generated": False, "local_only": False}  # fmt: skip


def _refresh_token(user: Mapping[str, object]) -> dict[str, object]:
    return {"id": secrets.token_hex(16), "user_id": user["id"], "client_id": None, "client_name": f"{user['name']}-tests",
            "client_icon": None, "token_type": "long_lived_access_token", "created_at": "2024-01-01T00:00:00+00:00",
            "access_token_expiration": 315360000.0, "token": secrets.token_hex(64), "jwt_key": secrets.token_hex(64),
            "last_used_at": None, "last_used_ip": None, "expire_at": None, "credential_id": None, "version": "1"}  # fmt: skip


def _jwt(issuer: str, key: str) -> str:
    now = int(time.time())
    parts = ({"alg": "HS256", "typ": "JWT"}, {"iss": issuer, "iat": now, "exp": now + 315360000})
    text = ".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{text}.{_base64(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest())}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
