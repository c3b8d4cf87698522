"""Packets of gdb are answered as its manual says, and malformed ones by an error or nothing."""

import random
import xml.etree.ElementTree as ET

import pytest

from hdl.arch import Csr
from sim.config import RunConfig
from sim.debug.commands import Commands
from sim.debug.gdb.packets import LONGEST
from sim.debug.gdb.stub import Stub
from sim.debug.opening import open_debugger

READ_SOME = 0x240  # the load that faults


@pytest.fixture
def stub():
    debugger = open_debugger("lazy", config=RunConfig(memory_mib=4), max_cycles=100_000)
    with debugger.session as session:
        yield Stub(debugger, Commands(debugger, session.symbols()))


def ask(stub, text):
    """The one answer."""
    (answer,) = stub.answer(text.encode())
    return answer.decode()


def last(stub, text):
    """How a motion ends."""
    return stub.answer(text.encode())[-1].decode()


def number(word):
    return int.from_bytes(bytes.fromhex(word), "little")


def pc(stub):
    return number(ask(stub, "p20"))


def shown(answers):
    return b"".join(
        bytes.fromhex(each[1:].decode()) for each in answers if each[:1] == b"O" and each != b"OK"
    )


def test_the_description_has_all_registers_and_comes_in_pieces(stub):
    text, offset = "", 0
    while True:
        piece = ask(stub, f"qXfer:features:read:target.xml:{offset:x},200")
        text, offset = text + piece[1:], offset + len(piece) - 1
        if piece[0] == "l":
            break
    root = ET.fromstring(text)
    numbers = {each.get("name"): int(each.get("regnum")) for each in root.iter("reg")}
    assert [numbers[name] for name in ("zero", "ra", "sp", "pc")] == [0, 1, 2, 32]
    assert numbers["satp"] == 65 + Csr.SATP
    for each in numbers.values():
        assert len(ask(stub, f"p{each:x}")) == 16


def test_registers_are_those_of_the_hart(stub):
    last(stub, f"Z0,{READ_SOME:x},4")
    assert last(stub, "c") == "T05thread:1;"
    words = ask(stub, "g")
    assert len(words) == 33 * 16
    assert number(words[-16:]) == pc(stub) == READ_SOME
    engine = stub._debugger.session.machine.engine
    assert number(words[16 * 10 : 16 * 11]) == engine.read_register(10)


def test_a_step_stays_in_the_program_over_a_fault_and_a_call(stub):
    last(stub, f"Z0,{READ_SOME:x},4")
    last(stub, "c")
    last(stub, f"z0,{READ_SOME:x},4")
    before = stub._debugger.cycle
    assert last(stub, "s") == "T05thread:1;"
    assert pc(stub) == READ_SOME  # again, behind the kernel's answer
    assert stub._debugger.cycle > before + 1_000
    last(stub, "vCont;s:1;c")
    assert pc(stub) == READ_SOME + 4
    last(stub, "bs")
    last(stub, "bs")
    assert (pc(stub), stub._debugger.cycle) == (READ_SOME, before)


def test_a_run_ends_once_told_so_and_twice_for_good(stub):
    answers = stub.answer(b"c")
    assert answers[-1] == b"T05replaylog:end;thread:1;"
    assert b"every value as expected" in shown(answers)
    assert b"the run has ended, with status 0" in shown(answers)
    assert last(stub, "bc") == "T05replaylog:begin;thread:1;"
    assert last(stub, "c") == "T05replaylog:end;thread:1;"
    assert last(stub, "c") == "W00"


def test_watchpoints_stop_behind_the_access_and_before_it_on_the_way_back(stub):
    va = 0xC000
    last(stub, f"Z2,{va:x},8")
    assert last(stub, "c") == f"T05watch:{va:x};thread:1;"
    behind = ask(stub, f"m{va:x},8")
    assert number(behind) != 0
    assert last(stub, "c") == "T05replaylog:end;thread:1;"
    assert ask(stub, f"m{va:x},8") != behind  # given back, and zeros again
    assert last(stub, "bc") == f"T05watch:{va:x};thread:1;"
    assert number(ask(stub, f"m{va:x},8")) == 0
    assert pc(stub) == 0xC4
    assert last(stub, "s") == f"T05watch:{va:x};thread:1;"
    assert ask(stub, f"m{va:x},8") == behind
    last(stub, "bc")
    assert last(stub, "bc") == "T05replaylog:begin;thread:1;"


def test_memory_is_read_as_it_is_mapped(stub):
    last(stub, f"Z0,{READ_SOME:x},4")
    last(stub, "c")
    assert bytes.fromhex(ask(stub, "m0,10")) in stub._debugger.session.elf
    assert ask(stub, "m4ff8,8") == "E14"
    assert ask(stub, "mffffffffffffffff,8") == "E14"
    assert ask(stub, "m0,0") == ""
    assert len(ask(stub, "m0,ffffffff")) < LONGEST


@pytest.mark.parametrize("packet", ["G00", "P1=00", "M0,1:00"])
def test_nothing_is_written(stub, packet):
    assert ask(stub, packet).startswith("E.a run is only looked at")


def test_monitor_shows_and_goes_nowhere(stub):
    def monitor(line):
        answers = stub.answer(b"qRcmd," + line.encode().hex().encode())
        return (shown(answers) or answers[-1]).decode()

    last(stub, f"Z0,{READ_SOME:x},4")
    last(stub, "c")
    assert "V = 0: not valid" in monitor("translate 0x4ff8")
    assert "dtlb: pages" in monitor("tlb")
    assert "step is for gdb to do" in monitor("step")
    assert "'x' is neither an address nor a symbol of lazy" in monitor("translate x")
    assert "is no command" in monitor("nonsense")
    assert "monitor has these commands" in monitor("")


def test_it_lets_go(stub):
    assert ask(stub, "D") == "OK"
    assert stub.finished


@pytest.mark.parametrize(
    "packet", ["vMustReplyEmpty", "X0,0:", "R00", "Z7,0,4", "", "\x00", "vRun;"]
)
def test_what_is_not_known_is_answered_by_nothing(stub, packet):
    assert ask(stub, packet) == ""


GOOD = [
    "g", "p20", "m0,10", "Z0,240,4", "z0,240,4", "Z2,3ff0,8", "z2,3ff0,8", "vCont;s", "vCont;c",
    "bs", "bc", "s", "c", "qSupported:x+", "qXfer:features:read:target.xml:0,40", "qRcmd,7761", "?",
    "Hg0", "qC", "vCont?", "P0=00", "M0,1:00", "qfThreadInfo", "T1",
]  # fmt: skip


def test_malformed_packets_do_no_harm(stub):
    choose = random.Random(11)
    stub._debugger._most = 1_000
    for _ in range(600):
        packet = bytearray(choose.choice(GOOD).encode())
        for _ in range(choose.randrange(3)):
            place = choose.randrange(len(packet) + 1)
            match choose.randrange(3):
                case 0:
                    packet[place:place] = choose.randbytes(choose.randrange(4))
                case 1:
                    del packet[place : place + 2]
                case 2:
                    packet[place:place] = choose.choice([b",", b";", b":", b"f" * 20, b"-1"])
        answers = stub.answer(bytes(packet))
        assert all(len(each) <= LONGEST for each in answers), packet
        if stub.finished:
            stub.finished = False
    assert len(ask(stub, "g")) == 33 * 16
