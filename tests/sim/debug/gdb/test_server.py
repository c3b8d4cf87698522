"""gdb comes by the network: well-behaved, broken, or not at all."""

import random
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from sim.config import RunConfig
from sim.debug.commands import Commands
from sim.debug.debugger import DebugError
from sim.debug.gdb.packets import Reader, framed
from sim.debug.gdb.server import LOOPBACK, Server
from sim.debug.gdb.stub import Stub
from sim.debug.opening import open_debugger


@contextmanager
def served(program="lazy", patience=20.0, **parameters):
    """A server of a debugged run, in a thread; its address."""
    debugger = open_debugger(program, config=RunConfig(memory_mib=8), **parameters)
    with debugger.session as session:
        server, errors = Server(LOOPBACK, 0, patience=patience), []

        def serve():
            try:
                commands = Commands(debugger, session.symbols())
                server.serve(debugger, lambda: Stub(debugger, commands))
            except DebugError as error:
                errors.append(str(error))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.address, errors
        finally:
            thread.join(timeout=60)
            server.close()
            assert not thread.is_alive()


class Client:
    """Our side of a connection."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=30)
        self._reader, self._packets = Reader(), []

    def send(self, text):
        self.socket.sendall(framed(text.encode()))

    def ask(self, text):
        self.send(text)
        return self.answer()

    def answer(self):
        while not self._packets:
            data = self.socket.recv(65536)
            assert data, "the other end is gone"
            self._packets += [packet for packet, _ in self._reader.feed(data) if packet is not None]
        return self._packets.pop(0).decode()

    def stopped(self):
        """How the run stops; what is printed before is skipped."""
        while (answer := self.answer())[0] == "O":
            pass
        return answer


def test_it_is_asked_and_lets_go():
    with served() as (address, errors):
        client = Client(address)
        assert "ReverseStep+;ReverseContinue+" in client.ask("qSupported")
        assert client.ask("QStartNoAckMode") == "OK"
        assert len(client.ask("g")) == 33 * 16
        assert client.ask("s").startswith("T05")
        assert client.ask("D") == "OK"
    assert errors == []


def test_one_that_is_gone_is_followed_by_another_which_finds_the_run_as_it_was():
    with served() as (address, _):
        first = Client(address)
        for _ in range(5):
            first.ask("s")
        pc = first.ask("p20")
        first.ask("Z0,240,4")
        first.socket.close()
        second = Client(address)
        assert second.ask("p20") == pc
        second.send("c")
        assert second.stopped() == "T05replaylog:end;thread:1;"  # its breakpoints have gone with it
        second.send("k")


def test_noise_is_no_reason_to_end():
    choose = random.Random(2)
    with served() as (address, _):
        client = Client(address)
        for _ in range(30):
            client.socket.sendall(choose.randbytes(choose.randrange(300)).replace(b"k", b"x"))
        client.socket.sendall(b"#00" * 3 + b"$" + b"y" * 40_000)
        client.send("p20")
        while len(client.answer()) != 16:
            pass
        client.send("k")


def test_an_interrupt_stops_a_run_that_goes_on():
    with served("usertests") as (address, _):
        client = Client(address)
        client.send("c")
        time.sleep(1)
        client.socket.sendall(b"\x03")
        assert client.stopped() == "T02thread:1;"
        client.send("k")


def test_a_client_that_goes_while_the_run_goes_on_ends_the_motion():
    with served("usertests") as (address, _):
        client = Client(address)
        client.send("c")
        time.sleep(0.5)
        client.socket.close()
        other = Client(address)
        assert len(other.ask("g")) == 33 * 16
        other.send("k")


def test_if_nobody_comes_or_says_anything_it_ends():
    with served(patience=0.5) as (address, errors):
        silent = Client(address)
        time.sleep(1.5)
        silent.socket.close()
    assert errors == ["no gdb has come in 0 s"]


@pytest.mark.parametrize("host, port", [("no such host", 1), ("192.0.2.1", 0)])
def test_a_place_where_nobody_can_listen_is_told(host, port):
    with pytest.raises(DebugError, match="cannot listen at"):
        Server(host, port)


def test_a_port_that_is_taken_is_told():
    server = Server(LOOPBACK, 0)
    with pytest.raises(DebugError, match="cannot listen at .*: Address already in use"):
        Server(*server.address)
    server.close()
