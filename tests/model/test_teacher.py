"""A teacher over HTTP: what it says yes to stays, the rest is written anew or left out; and what happens when it can't be asked.

The teacher is a server that speaks the protocol and knows its answers beforehand: no language model is in these tests.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.processes import free_port

from octopus_hub.config.errors import InputError, UnavailableService
from octopus_hub.daemon.cli_making import data_verify
from octopus_hub.models.data.examples import Corpus
from octopus_hub.models.data.overlap import CORPUS

pytest.importorskip("openai", reason="needs the extra [train]")
pytestmark = pytest.mark.timeout(60)

RIGHT = "turn on the {d:light} ::: turn_on({d})"
MENDED = "blow {d:light} out ::: turn_on({d})"
HOPELESS = "hopeless {d:light} ::: turn_off({d})"
PATTERNS = f"# Ann\n{RIGHT}\n{MENDED}\n{HOPELESS}\n"


class Endpoint(ThreadingHTTPServer):
    """Says no to sentences with "blow" or "hopeless", and knows what to write instead of the first; needs the key "secret"."""

    daemon_threads = True

    def __init__(self) -> None:
        self.port = free_port()
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", self.port), _Handler)

    @property
    def url(self) -> str:
        """For `--teacher`."""
        return f"http://127.0.0.1:{self.port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][0]["content"]
        if self.headers["Authorization"] != "Bearer secret" or self.path != "/v1/chat/completions":
            return self._answer(401, {"error": {"message": "wrong key"}})
        self.server.asked.append(question)
        if "Answer with the sentence alone." in question:
            said = "light up {d:light}" if "blow" in question else "no {d:placeholder at all"
        else:
            said = "No." if "blow" in question or "hopeless" in question else " Yes, it does."
        message = {"role": "assistant", "content": said}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return self._answer(200, {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]})

    def _answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A teacher on loopback."""
    with Endpoint() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """All but the teacher, for a corpus of three patterns and a negative."""
    corpus = tmp_path / "corpus"
    for name, text in (("patterns", PATTERNS), ("negatives", "chat\tknock knock\n")):
        (corpus / name).mkdir(parents=True)
        (corpus / name / "ann.txt").write_text(text)
    (corpus / "names").symlink_to(CORPUS / "names")
    (tmp_path / "key").write_text("secret\n")
    output = str(tmp_path / "verified")
    return ["--model", "m", "--key-file", str(tmp_path / "key"), "--corpus", str(corpus), "--output", output, "--houses", "6"]


def test_what_is_kept_mended_and_dropped(
    endpoint: Endpoint, arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verified corpus can be built from; asking again asks nothing, and a line that is new is all that is asked about."""
    assert data_verify(["--teacher", endpoint.url, *arguments]) == 0
    assert sorted(capsys.readouterr().out.strip().partition(": ")[2].split(", ")) == ["1 dropped", "1 rewritten", "2 kept"]
    verified = tmp_path / "verified"
    assert (verified / "patterns" / "ann.txt").read_text() == f"{RIGHT}\nlight up {{d:light}} ::: turn_on({{d}})\n"
    assert (verified / "negatives" / "ann.txt").read_text() == "chat\tknock knock\n"
    assert len(Corpus.read(verified).patterns) == 2
    judged = next(question for question in endpoint.asked if "turn on the" in question)
    assert "turn_on: Switch devices on." in judged
    assert 'Plan: turn_on("' in judged
    asked = len(endpoint.asked)
    with (verified / "verdicts.jsonl").open("a") as file:
        file.write('{"place": "patterns/a')  # cut off
    assert data_verify(["--teacher", endpoint.url, *arguments]) == 0
    assert len(endpoint.asked) == asked
    with (tmp_path / "corpus" / "patterns" / "ann.txt").open("a") as file:
        file.write("lamp off ::: turn_off(one light)\n")
    assert data_verify(["--teacher", endpoint.url, *arguments]) == 0
    assert len(endpoint.asked) == asked + 1


def test_a_teacher_that_cannot_be_asked(endpoint: Endpoint, arguments: list[str], tmp_path: Path) -> None:
    """A wrong key and nobody at the address are one clear error each; what was judged before is kept."""
    (tmp_path / "key").write_text("guess")
    with pytest.raises(InputError, match=r"the teacher at http.* refuses: 401 .*wrong key"):
        data_verify(["--teacher", endpoint.url, *arguments])
    with pytest.raises(UnavailableService, match="cannot be reached"):
        data_verify(["--teacher", f"http://127.0.0.1:{free_port()}/v1", *arguments])
    with pytest.raises(InputError, match="nowhere"):
        data_verify(["--teacher", endpoint.url, *arguments, "--key-file", str(tmp_path / "nowhere")])
