"""A wire to a server that can lose answers: the server did what it was asked, and nobody hears of it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading


class Wire:
    """Passes on what is said between clients and one server, until it is told to lose an answer; with TLS if asked."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._server = port
        self._tls = tls
        self._losing: bytes | None = None
        self._times = 0
        self.lost = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, word: bytes, times: int = 1) -> None:
        """Lose the answers to the next `times` commands that contain `word`, and the connections with them."""
        self._losing, self._times = word, times

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._meet, args=(client,), daemon=True).start()

    def _meet(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            self._serve(self._tls.wrap_socket(client, server_side=True) if self._tls else client)

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._server)) as server:
            while said := client.recv(1 << 20):
                server.sendall(said)
                answer = server.recv(1 << 20)  # one command at a time is under way, and answers here are short
                if self._losing is not None and self._losing in said and self._times:
                    self._times -= 1
                    self.lost += 1
                    return
                client.sendall(answer)
