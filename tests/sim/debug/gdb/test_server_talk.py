"""A conversation with gdb, packet by packet: what waits, what interrupts, and how it ends."""

import socket
import time
from contextlib import closing
from types import SimpleNamespace

import pytest

from sim.debug.debugger import DebugError
from sim.debug.gdb.packets import framed
from sim.debug.gdb.server import LOOPBACK, Server, _Talk

NEVER = "nobody asks"


class Stub:
    """Answers each packet by itself, and notes whether the motion was to end meanwhile."""

    def __init__(self, debugger, meanwhile=lambda: None):
        self.finished, self.quiet = False, False
        self.asked = []
        self._debugger, self._meanwhile = debugger, meanwhile

    def answer(self, packet):
        self._meanwhile()
        self.asked.append((packet, self._debugger.asked()))
        self.finished, self.quiet = packet == b"k", packet == b"quiet"
        return [packet]


@pytest.fixture
def ends():
    """Both ends of a connection, ours first."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        far = socket.create_connection(listener.getsockname(), timeout=10)
        near, _ = listener.accept()
        with near, far:
            yield near, far


def talk(near, meanwhile=lambda: None, patience=0.05):
    """The stub's notes, and whether gdb has let go of the run."""
    debugger = SimpleNamespace(asked=lambda: NEVER)
    stub = Stub(debugger, meanwhile)
    finished = _Talk(near, debugger, stub, patience).run()
    assert debugger.asked() == NEVER
    return stub.asked, finished


def test_packets_are_acknowledged_and_answered_in_order(ends):
    near, far = ends
    far.sendall(framed(b"a") + b"$b#00" + framed(b"k"))
    assert talk(near) == ([(b"a", False), (b"k", False)], True)
    assert far.recv(1000) == b"+" + framed(b"a") + b"-" + b"+" + framed(b"k")


def test_acknowledgements_end_behind_the_packet_that_asks_for_it(ends):
    near, far = ends
    far.sendall(framed(b"quiet"))
    far.sendall(b"$k#00")
    assert talk(near)[1]
    assert far.recv(1000) == b"+" + framed(b"quiet") + framed(b"k")


def test_who_says_nothing_for_too_long_is_gone_and_has_not_let_go(ends):
    near, far = ends
    far.sendall(framed(b"a"))
    begin = time.monotonic()
    assert talk(near) == ([(b"a", False)], False)
    assert time.monotonic() - begin < 5, "which is half of what sending may take"


def test_an_interrupt_ends_a_motion_and_what_else_comes_meanwhile_waits(ends):
    near, far = ends
    far.sendall(framed(b"c"))
    come = iter([b"\x03" + framed(b"k")])
    asked, finished = talk(near, lambda: far.sendall(next(come, b"")))
    assert asked == [(b"c", True), (b"k", False)]
    assert finished


def test_a_packet_that_comes_meanwhile_is_no_interrupt(ends):
    near, far = ends
    far.sendall(framed(b"c"))
    come = iter([framed(b"\x04$") + framed(b"k")])
    asked, _ = talk(near, lambda: far.sendall(next(come, b"")))
    assert asked == [(b"c", False), (b"\x04$", False), (b"k", False)]


def test_a_motion_ends_if_nobody_is_there_any_more(ends):
    near, far = ends
    far.sendall(framed(b"c") + framed(b"d"))
    assert talk(near, far.close) == ([(b"c", True), (b"d", True)], False)


class Deaf:
    """An end of a connection through which nothing can be sent."""

    def __init__(self, near):
        self._near = near

    def __getattr__(self, name):
        return getattr(self._near, name)

    def sendall(self, data):
        raise TimeoutError


def test_who_does_not_read_is_gone(ends):
    near, far = ends
    far.sendall(framed(b"c"))
    assert talk(Deaf(near))[0] == [(b"c", True)]


def test_why_nobody_can_listen_there_is_told():
    host = "x" * 70  # no label of a name is so long
    with pytest.raises(DebugError) as caught:
        Server(host, 1)
    told = f"cannot listen at {host}:1: encoding with 'idna' codec failed"
    assert str(caught.value).startswith(told)


def test_a_port_that_is_taken_is_told_without_a_number():
    with closing(Server(LOOPBACK, 0)) as server, pytest.raises(DebugError) as caught:
        Server(*server.address)
    host, port = server.address
    assert str(caught.value).startswith(f"cannot listen at {host}:{port}: Address already in use")


def test_its_address_is_a_host_and_a_port_in_both_families():
    for host in (LOOPBACK, "::1"):
        try:
            server = Server(host, 0)
        except DebugError:
            assert host != LOOPBACK  # a machine may have no IPv6
            continue
        with closing(server):
            assert server.address[0] == host
            assert len(server.address) == 2
