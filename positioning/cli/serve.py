"""Show the pages in a browser, on this machine alone: positioning serve"""

from __future__ import annotations

import socket
import threading
import webbrowser
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Any, cast, final

import typer

from positioning.cli.command import Command, new_app, one_line_errors
from positioning.cli.options import Out
from positioning.errors import BadInputError

HOST = "127.0.0.1"
INDEX = "index.html"
SILENCE = 2.0  # seconds without a byte from a reader, on this machine
LONGEST = 60.0  # seconds for an answer
THREADS = 64
WAITING = 512  # readers whose turn has not come

app = new_app()


@final
class Pages(SimpleHTTPRequestHandler):
    """Files below one folder, for readers who asked for this machine by its own name; no listings, and no links that
    lead out of it."""

    timeout = SILENCE

    def send_head(self) -> Any:
        port = cast(ThreadingHTTPServer, self.server).server_port
        named = self.headers.get("Host", "") in (f"{HOST}:{port}", f"localhost:{port}")
        if not named or not self._may_be_seen():
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def _may_be_seen(self) -> bool:
        """Whether the path leads to a file of the folder, or to a folder in it that has an index, links followed."""
        try:
            root, target = (
                Path(self.directory).resolve(),
                Path(self.translate_path(self.path)).resolve(strict=True),
            )
            if not _in(target, root):
                return False
            if target.is_dir():
                target = (target / INDEX).resolve(strict=True)
            return _in(target, root) and target.is_file()
        except (OSError, ValueError, RuntimeError):  # not there, a name that none can be, a link to itself
            return False

    def list_directory(self, path: Any) -> None:  # noqa: ARG002 - the interface's
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing: errors are in the answers."""


def _in(path: Path, root: Path) -> bool:
    """Whether it lies in the folder, and nothing on the way is hidden."""
    return path.is_relative_to(root) and not any(p.startswith(".") for p in path.relative_to(root).parts)


@final
class Server(ThreadingHTTPServer):
    """At most THREADS answers at once, none for longer than LONGEST; more readers wait their turn."""

    request_queue_size = WAITING

    def __init__(self, port: int, out: Path) -> None:
        self._pool = ThreadPoolExecutor(THREADS, "reader")
        self._open: set[Any] = set()
        super().__init__((HOST, port), partial(Pages, directory=str(out)))

    def process_request(self, request: Any, client_address: Any) -> None:
        self._pool.submit(self._answer, request, client_address)

    def _answer(self, request: Any, client_address: Any) -> None:
        late = threading.Timer(LONGEST, self._cut, (request,))
        late.daemon = True
        late.start()
        self._open.add(request)
        try:
            self.process_request_thread(request, client_address)
        finally:
            self._open.discard(request)
            late.cancel()

    @staticmethod
    def _cut(request: Any) -> None:
        with suppress(OSError):
            request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_: Any) -> None:
        """Nothing: a reader that goes away is none of ours."""

    def server_close(self) -> None:
        super().server_close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        for request in tuple(self._open):
            self._cut(request)


def server(out: Path, port: int) -> ThreadingHTTPServer:
    """Bound to loopback. Raises BadInputError for a folder without an index and for a port in use."""
    if not (out / "index.html").is_file():
        raise BadInputError(f"{out} has no index.html", "wanted pages", "make some: `run`")
    try:
        return Server(port, out)
    except OSError as error:
        raise BadInputError(f"port {port}: {error.strerror}", "wanted a free port", "type --port 0") from None


@app.command(cls=Command)
def serve(
    out: Out = "reports",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8000,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open a browser.")] = True,
) -> None:
    """Serve the pages on loopback until Ctrl-C."""
    with one_line_errors(), server(Path(out), port) as running:
        address = f"http://{HOST}:{running.server_port}/"
        print(f"{address} (Ctrl-C stops)", flush=True)
        if show:
            webbrowser.open(address)
        running.serve_forever()
