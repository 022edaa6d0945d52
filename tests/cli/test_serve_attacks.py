"""The server answers whatever is asked, shows nothing from outside its folder, and waits for no one for long."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from positioning.cli import serve
from positioning.cli.serve import HOST, Server, server
from tests.builders import LATEST


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(serve.Pages, "timeout", LATEST)  # on a busy machine a reader may ask late
    out = tmp_path / "out"
    (out / "runs").mkdir(parents=True)
    (out / "index.html").write_text("index")
    (out / "runs" / "a.html").write_text("page")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "index.html").write_text("secret")
    (outside / "secret.html").write_text("secret")
    (out / "folder").symlink_to(outside)
    (out / "file.html").symlink_to(outside / "secret.html")
    (out / "loop").symlink_to(out / "loop")
    (out / "round").symlink_to(out)
    (out / "sub").mkdir()
    (out / "sub" / "index.html").symlink_to(outside / "index.html")
    (out / ".hidden").write_text("secret")
    os.mkfifo(out / "pipe.html")
    with server(out, 0) as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()


def asked(port: int, path: str, host: str = "") -> tuple[int, str]:
    with socket.create_connection((HOST, port), timeout=LATEST) as line:
        line.sendall(f"GET {path} HTTP/1.0\r\nHost: {host or f'{HOST}:{port}'}\r\n\r\n".encode())
        answer = b""
        while got := line.recv(65536):
            answer += got
    head, _, body = answer.decode().partition("\r\n\r\n")
    return int(head.split()[1]), body


@pytest.mark.parametrize("path", [
    "/folder/", "/folder", "/folder/secret.html", "/file.html",
    "/sub/", "/sub/index.html", "/.hidden", "/loop", "/loop/x",
    "/%00", "/a%00.html", "/runs/", "/pipe.html", "/../outside/secret.html",
    "/%2e%2e/outside/secret.html", "/round/folder/",
    "/" + "x" * 5000, "/%ff%fe", "//etc/passwd", "/nothing.html",
])  # fmt: skip
def test_nothing_from_outside_and_always_an_answer(running: Server, path: str) -> None:
    status, body = asked(running.server_port, path)
    assert status in (301, 404)
    assert "secret" not in body


def test_what_lies_inside_is_shown(running: Server) -> None:
    port = running.server_port
    assert asked(port, "/") == (200, "index")
    assert asked(port, "/runs/a.html") == (200, "page")
    assert asked(port, "/round/runs/a.html") == (200, "page")
    assert asked(port, "/", "evil.example")[0] == 404


def test_two_hundred_at_once_are_all_served(running: Server) -> None:
    with ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda _: asked(running.server_port, "/"), range(200)))
    assert answers == [(200, "index")] * 200
    assert threading.active_count() < 400


def test_slow_readers_do_not_keep_others_waiting_for_long(
    running: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve.Pages, "timeout", 1.0)
    slow = [socket.create_connection((HOST, running.server_port)) for _ in range(serve.THREADS + 5)]
    try:
        for line in slow:
            line.sendall(b"GET /")
        assert asked(running.server_port, "/") == (200, "index")
    finally:
        for line in slow:
            line.close()


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost:"])
def test_three_hundred_idle_readers_are_let_go(
    running: Server, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each holds a thread for SILENCE at most: an answer comes after five rounds of them."""
    assert 300 / serve.THREADS * serve.SILENCE < 10
    monkeypatch.setattr(serve.Pages, "timeout", 0.2)
    idle = [socket.create_connection((HOST, running.server_port)) for _ in range(300)]
    try:
        for line in idle:
            line.sendall(sent)
        assert asked(running.server_port, "/") == (200, "index")
    finally:
        for line in idle:
            line.close()
