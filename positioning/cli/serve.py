"""Show the pages in a browser, on this machine alone: python -m backtests.serve"""

from __future__ import annotations

import webbrowser
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Any, cast, final

import typer

from positioning.cli.command import Command, new_app, one_line_errors
from positioning.errors import BadInputError

HOST = "127.0.0.1"

app = new_app()


@final
class Pages(SimpleHTTPRequestHandler):
    """Files below one folder, for readers who asked for this machine by its own name; no listings."""

    def send_head(self) -> Any:
        root, wanted = Path(self.directory).resolve(), Path(self.translate_path(self.path)).resolve()
        port = cast(ThreadingHTTPServer, self.server).server_port
        named = self.headers.get("Host", "") in (f"{HOST}:{port}", f"localhost:{port}")
        hidden = (
            any(part.startswith(".") for part in wanted.relative_to(root).parts)
            if _in(wanted, root)
            else True
        )
        if not named or hidden:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def list_directory(self, path: Any) -> None:  # noqa: ARG002 - the interface's
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing: errors are in the answers."""


def _in(path: Path, root: Path) -> bool:
    return path == root or root in path.parents


def server(out: Path, port: int) -> ThreadingHTTPServer:
    """Bound to loopback. Raises BadInputError for a folder without an index and for a port in use."""
    if not (out / "index.html").is_file():
        raise BadInputError(f"{out} has no index.html", "wanted pages", "make some: python -m backtests.run")
    try:
        return ThreadingHTTPServer((HOST, port), partial(Pages, directory=str(out)))
    except OSError as error:
        raise BadInputError(f"port {port}: {error.strerror}", "wanted a free port", "type --port 0") from None


@app.command(cls=Command)
def serve(
    out: Annotated[Path, typer.Option(help="Where the pages are.")] = Path("reports"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8000,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open a browser.")] = True,
) -> None:
    """Serve the pages on loopback until Ctrl-C."""
    with one_line_errors(), server(out, port) as running:
        address = f"http://{HOST}:{running.server_port}/"
        print(f"{address} (Ctrl-C stops)", flush=True)
        if show:
            webbrowser.open(address)
        running.serve_forever()
