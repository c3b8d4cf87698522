"""Waits for gdb at a port, and answers it there until it lets go of the run.

Every wait has an end: a gdb that says nothing, or does not read, for too long is no gdb any more.
"""

import select
import socket
from collections.abc import Callable

from sim.debug.debugger import DebugError, Debugger
from sim.debug.gdb.packets import INTERRUPT, Reader, framed
from sim.debug.gdb.stub import Stub

__all__ = ["LOOPBACK", "Server"]

LOOPBACK = "127.0.0.1"
#: Seconds without a packet after which nobody is expected any more; that a packet may take to be
#: sent; and bytes that are read at once.
_PATIENCE, _SENDING, _READ = 3600.0, 10.0, 1 << 16


class Server:
    """A port at which one gdb after the other can look at a run.

    Members
    -------
    address : (str, int)
        Where it listens: host and port.

    Parameters
    ----------
    host, port : str, int
        Where it is to listen; port 0 is any that is free. DebugError is raised if that cannot be.
    patience : float
        Seconds that it waits for a gdb, and for each packet.
    """

    def __init__(self, host: str, port: int, *, patience: float = _PATIENCE):
        self._patience = patience
        try:
            family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            self._listener = socket.create_server(where[:2], family=family, backlog=1)
        except (OSError, OverflowError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise DebugError(f"cannot listen at {host}:{port}: {reason}") from error
        self.address: tuple[str, int] = self._listener.getsockname()[:2]

    def close(self) -> None:
        """Nobody can connect any more."""
        self._listener.close()

    def serve(self, debugger: Debugger, stub: Callable[[], Stub]) -> None:
        """Answers gdb after gdb, each by a `stub` of its own, until one lets go of the run.

        Raises DebugError if none comes.
        """
        while True:
            if not _readable(self._listener, self._patience):
                raise DebugError(f"no gdb has come in {self._patience:,.0f} s")
            client, _ = self._listener.accept()
            with client:
                breakpoints, debugger.breakpoints = debugger.breakpoints, {}
                try:
                    if _Talk(client, debugger, stub(), self._patience).run():
                        return
                finally:
                    debugger.breakpoints = breakpoints


class _Talk:
    """A conversation with one gdb."""

    def __init__(self, client: socket.socket, debugger: Debugger, stub: Stub, patience: float):
        client.settimeout(_SENDING)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client, self._stub, self._patience = client, stub, patience
        self._debugger = debugger
        self._reader = Reader()
        self._pending = b""
        self._gone = False

    def run(self) -> bool:
        """Talks until the other end is gone, or has let go of the run; returns whether it has."""
        while not self._stub.finished:
            data, self._pending = self._pending or self._read(self._patience), b""
            if not data:
                return False
            for packet, acknowledgement in self._reader.feed(data):
                self._send(acknowledgement)
                if packet is not None:
                    self._answer(packet)
        return True

    def _answer(self, packet: bytes) -> None:
        asked, self._debugger.asked = self._debugger.asked, self._interrupted
        try:
            answers = self._stub.answer(packet)
        finally:
            self._debugger.asked = asked
        for answer in answers:
            self._send(framed(answer))
        self._reader.acknowledging = not self._stub.quiet

    def _interrupted(self) -> bool:
        """While the run goes on: gdb wants it to stop, or is gone. What else comes has to wait."""
        if not self._gone and _readable(self._client, 0):
            data = self._read(0)
            self._gone = not data
            self._pending += data.replace(bytes((INTERRUPT,)), b"")
            return self._gone or INTERRUPT in data
        return self._gone

    def _read(self, seconds: float) -> bytes:
        """What has come; nothing if the other end is gone, or silent for so long."""
        try:
            if _readable(self._client, seconds):
                return self._client.recv(_READ)
        except OSError:
            pass
        return b""

    def _send(self, data: bytes) -> None:
        try:
            self._client.sendall(data)
        except OSError:  # it will be noticed when nothing comes any more
            self._gone = True


def _readable(of: socket.socket, seconds: float) -> bool:
    return bool(select.select([of], [], [], seconds)[0])
