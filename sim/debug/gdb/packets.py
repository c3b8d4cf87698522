"""Packets of the protocol: `$data#checksum`, acknowledged by `+` or asked for again by `-`.

GDB manual, "Overview" of the Remote Serial Protocol. What is no packet is skipped, as is whatever
has a wrong checksum or is longer than any packet may be.
"""

from collections.abc import Iterator

__all__ = ["INTERRUPT", "LONGEST", "Reader", "framed", "text_of"]

#: The most bytes of data of a packet, either way.
LONGEST = 0x4000
#: Not within a packet: the user wants the run to stop.
INTERRUPT = 0x03
_START, _ESCAPE = b"$"[0], b"}"[0]
_SPECIAL = b"$#}*"


def framed(data: bytes) -> bytes:
    """The packet that carries `data`, whose special bytes are escaped."""
    escaped = bytearray()
    for byte in data:
        if byte in _SPECIAL:
            escaped += bytes((_ESCAPE, byte ^ 0x20))
        else:
            escaped.append(byte)
    return b"$%b#%02x" % (bytes(escaped), sum(escaped) & 0xFF)


def text_of(data: bytes) -> str:
    """The words of a packet; of bytes that are no ASCII there are none."""
    return data.decode("ascii", errors="replace")


class Reader:
    """Cuts a stream of bytes into packets, however the bytes arrive.

    Members: `acknowledging`, whether packets are acknowledged.
    """

    def __init__(self) -> None:
        self.acknowledging = True
        self._waiting = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[bytes | None, bytes]]:
        """Takes bytes. Yields packets, each with how it is acknowledged.

        A packet is its data; None stands for one that was damaged, or for an interrupt, which is
        not acknowledged.
        """
        self._waiting += data
        while self._waiting:
            first = self._waiting[0]
            if first != _START:
                del self._waiting[0]
                if first == INTERRUPT:
                    yield None, b""
                continue
            end = self._waiting.find(b"#", 1, LONGEST + 2)
            if end == -1 and len(self._waiting) >= LONGEST + 2:
                del self._waiting[0]
                continue
            if end == -1 or len(self._waiting) < end + 3:
                return
            body, told = bytes(self._waiting[1:end]), bytes(self._waiting[end + 1 : end + 3])
            del self._waiting[: end + 3]
            if self.acknowledging and told.lower() != b"%02x" % (sum(body) & 0xFF):
                yield None, b"-"
            else:
                yield _unescaped(body), b"+" if self.acknowledging else b""


def _unescaped(body: bytes) -> bytes:
    data, rest = bytearray(), iter(body)
    for byte in rest:
        if byte == _ESCAPE:
            byte = next(rest, _ESCAPE ^ 0x20) ^ 0x20
        data.append(byte)
    return bytes(data)
