"""What the stub answers, and asks of a debugger that goes nowhere."""

from types import SimpleNamespace

import pytest

from hdl.arch import Priv
from sim.debug.conditions import AccessTo, AtCycle, AtPc, Kind, OfKind
from sim.debug.debugger import DebugError, Stop
from sim.debug.gdb import stub as module
from sim.debug.gdb.packets import LONGEST
from sim.debug.gdb.stub import Stub, UserStep
from tests.sim.debug.standing import FRAME, MAPPED, Asked, paged


def ask(stub, text):
    """The one answer."""
    (answer,) = stub.answer(text.encode())
    return answer.decode()


class Told:
    """Commands that say what they are told, or what was `printed`."""

    def __init__(self):
        self.printed = []

    def full_name(self, word):
        names = {"tr": "translate", "translate": "translate", "step": "step", "help": "help"}
        if word not in names:
            raise DebugError(f"no {word}")
        return names[word]

    def run(self, line):
        if "wrong" in line:
            raise DebugError("it is wrong")
        return [f"> {line}"]

    def output(self):
        return self.printed


def alone(priv=Priv.U, pid=2, **values):
    """A stub of a run that stands, before a debugger that notes what it is asked for."""
    proc = None if pid is None else SimpleNamespace(pid=pid, name="lazy")
    run = paged(priv, proc, **{"trap.valid": 1, "trap.pc": MAPPED}, **values)
    run.exit_code = None
    asked = Asked(run)
    return Stub(asked, Told()), asked


def texts(stub, text):
    """The answers; what they have to show is in words."""
    answers = [each.decode() for each in stub.answer(text.encode())]
    return [
        bytes.fromhex(each[1:]).decode() if each[0] == "O" and each != "OK" else each
        for each in answers
        if each
    ]


@pytest.mark.parametrize(
    "packet, answer",
    [
        ("?", "T05thread:1;"),
        ("Hg0", "OK"),
        ("T1", "OK"),
        ("vCont?", "vCont;c;C;s;S"),
        ("qAttached", "1"),
        ("qC", "QC1"),
        ("qfThreadInfo", "m1"),
        ("qsThreadInfo", "l"),
        ("qSymbol::", "OK"),
        ("qThreadExtraInfo,1", b"pid 2 lazy".hex()),
        ("p20", "0050000000000000"),
        ("pa", "0a00000000000000"),
        ("p10", "1000000000000000"),
        ("p7f000000", "E01"),
        ("px", "E01"),
        ("p", "E01"),
        ("vCont;t", "E01"),
        ("vCont;", "E01"),
        ("m1000", "E01"),
        ("Z0,1", "E01"),
        ("Z5,0,4", ""),
    ],
)
def test_short_answers(packet, answer):
    assert ask(alone()[0], packet) == answer


def test_before_a_process_there_is_none_to_be_told():
    assert ask(alone(pid=None)[0], "qThreadExtraInfo,1") == b"no process".hex()


def test_a_packet_holds_0x4000_bytes():
    assert ask(alone()[0], "qSupported").startswith("PacketSize=4000;")


def test_memory_is_told_as_far_as_it_is_there_and_fits():
    stub, _ = alone()
    assert ask(stub, "m5ffe,4") == "01010202"
    assert ask(stub, "m6fff,8") == "02"
    assert ask(stub, "m7000,8") == "E14"
    assert ask(stub, "m7000,0") == ""
    assert ask(stub, "m10000000000005000,1") == "01", "of 64 bits"
    assert len(ask(stub, "m5000,2000")) == 2 * 8_176
    assert len(ask(stub, "m5000,ff")) == 2 * 0xFF


def test_the_description_is_cut_into_packets(monkeypatch):
    monkeypatch.setattr(module, "description", lambda protection: "x" * 0x5000)
    stub, query = alone()[0], "qXfer:features:read:target.xml:"
    assert ask(stub, f"{query}0,10") == "m" + "x" * 0x10
    assert ask(stub, f"{query}0,ffff") == "m" + "x" * (LONGEST - 1)
    assert ask(stub, f"{query}4ff0,10") == "l" + "x" * 0x10
    assert ask(stub, f"{query}4fef,10") == "m" + "x" * 0x10
    assert ask(stub, f"{query}4ff8,10") == "l" + "x" * 8
    assert ask(stub, f"{query}6000,10") == "l"


def test_monitor_carries_out_what_goes_nowhere():
    def monitor(line):
        return texts(alone()[0], f"qRcmd,{line.encode().hex()}")

    assert monitor("tr 0x10") == ["> tr 0x10\n", "OK"]
    assert monitor("translate wrong") == ["it is wrong\n", "OK"]
    assert monitor("step")[0].startswith("step is for gdb to do; monitor has where, list")
    assert monitor("") == monitor(" ") == monitor("help")
    assert monitor("help")[0].startswith("monitor has these commands: where, list")
    assert monitor("help tr") == ["> help tr\n", "OK"]
    assert monitor("x") == ["E.no x"]


@pytest.mark.parametrize(
    "packet, answers, finished",
    [("D", ["OK"], True), ("vKill;1", ["OK"], True), ("k", [], True), ("qC", ["QC1"], False)],
)
def test_it_lets_go_by_several_words(packet, answers, finished):
    stub, _ = alone()
    assert texts(stub, packet) == answers
    assert stub.finished == finished


def test_acknowledgements_end_when_asked_for():
    stub, _ = alone()
    assert not stub.quiet
    assert ask(stub, "QStartNoAckMode") == "OK"
    assert stub.quiet


@pytest.mark.parametrize(
    "packet, condition",
    [
        ("Z0,44,4", AtPc(0x44)),
        ("Z1,44,2;X1,0", AtPc(0x44)),
        ("Z2,5000,8", AccessTo(0x5000, 8, reads=False, faults=False)),
        ("Z3,5000,10", AccessTo(0x5000, 16, writes=False, faults=False)),
        ("Z4,5000,1ff0", AccessTo(0x5000, 8_176, faults=False)),
    ],
)
def test_breakpoints_and_watchpoints_are_set_and_taken_away(packet, condition):
    stub, asked = alone()
    assert ask(stub, packet) == "OK"
    assert asked.breakpoints == {1: condition}
    assert ask(stub, f"z{packet[1:]}") == "OK"
    assert asked.breakpoints == {}
    assert ask(stub, f"z{packet[1:]}") == "OK"


def test_they_are_told_apart_and_set_once():
    stub, asked = alone()
    for packet in ("Z0,44,4", "Z0,48,4", "Z0,44,4"):
        assert ask(stub, packet) == "OK"
    assert sorted(condition.pc for condition in asked.breakpoints.values()) == [0x44, 0x48]
    assert ask(stub, "z0,44,4") == "OK"
    assert [condition.pc for condition in asked.breakpoints.values()] == [0x48]


@pytest.mark.parametrize("size", ["0", "1ff1", "-1"])
def test_nothing_and_too_much_is_not_watched(size):
    stub, asked = alone()
    assert ask(stub, f"Z2,5000,{size}") == "E01"
    assert asked.breakpoints == {}


STEP, INSTRUCTION = UserStep(2), OfKind(Kind.INSTRUCTION)


@pytest.mark.parametrize(
    "packet, asked",
    [
        ("c", ("forward", None)),
        ("vCont;c", ("forward", None)),
        ("vCont;C05:1", ("forward", None)),
        ("bc", ("back", None)),
        ("s", ("run_to", STEP, ("passing", False))),
        ("vCont;s:1;c", ("run_to", STEP, ("passing", False))),
        ("vCont;S05", ("run_to", STEP, ("passing", False))),
        ("bs", ("back_to", STEP, ("passing", False))),
    ],
)
def test_motions(packet, asked):
    stub, debugger = alone()
    assert texts(stub, packet) == ["T05thread:1;"]
    assert debugger.asked == [asked]


@pytest.mark.parametrize("priv, pid", [(Priv.S, 2), (Priv.M, 2), (Priv.M, None), (Priv.U, None)])
def test_in_the_kernel_a_step_is_an_instruction(priv, pid):
    stub, debugger = alone(priv, pid)
    stub.answer(b"s")
    stub.answer(b"bs")
    assert [each[1] for each in debugger.asked] == [INSTRUCTION, INSTRUCTION]


def test_a_step_comes_to_the_next_instruction_of_the_process_in_user_mode():
    sret, other = 0x10200073, 0x13

    def comes(pid=2, **fields):
        proc = None if pid is None else SimpleNamespace(pid=pid)
        run = SimpleNamespace(kernel=SimpleNamespace(proc=proc))
        return STEP.record({"trap": 0, "mode": Priv.U, "insn": other} | fields, run)

    def is_told_of(**fields):
        fields = {"mode": Priv.U, "insn": other} | fields
        return any(low <= fields[name] <= high for name, low, high in STEP.rules)

    assert comes()
    assert comes(mode=Priv.S, insn=sret)
    assert not comes(mode=Priv.S)
    assert not comes(trap=1)
    assert not comes(pid=3)
    assert not comes(pid=None)
    assert is_told_of()
    assert is_told_of(mode=Priv.S, insn=sret)
    assert not is_told_of(mode=Priv.S)
    assert not is_told_of(mode=Priv.S, insn=sret + 1)
    assert str(STEP) == "step of pid 2"


@pytest.mark.parametrize(
    "stop, over, answers",
    [
        (Stop(5, "pc 0x44"), False, ["T05thread:1;"]),
        (Stop(0, "the run begins", reached=False), False, ["T05replaylog:begin;thread:1;"]),
        (
            Stop(9, "the run has ended", reached=False),
            True,
            ["the run has ended; it can be gone back in\n", "T05replaylog:end;thread:1;"],
        ),
        (Stop(9, "too far", reached=False), False, ["too far\n", "T02thread:1;"]),
        (Stop(9, "interrupted", reached=False), False, ["T02thread:1;"]),
    ],
)
def test_a_stop_is_told_with_its_reason(stop, over, answers):
    stub, debugger = alone()
    debugger.stop, debugger.over = stop, over
    assert texts(stub, "bc") == answers


def test_what_was_printed_on_the_way_comes_first():
    stub, _ = alone()
    stub._commands.printed = ["| one", "| two"]
    assert texts(stub, "c") == ["| one\n| two\n", "T05thread:1;"]
    stub._commands.printed = ["x" * 8_176, "y"]
    first, second, _ = texts(stub, "c")
    assert (first, second) == ("x" * 8_176, "\ny\n")


@pytest.mark.parametrize("code, answer", [(None, "W00"), (0, "W00"), (0x103, "W03"), (-1, "Wff")])
@pytest.mark.parametrize("packet", ["c", "s"])
def test_behind_the_end_there_is_the_status(packet, code, answer):
    stub, debugger = alone()
    debugger.over, debugger.session.exit_code = True, code
    assert texts(stub, packet) == [answer]
    assert debugger.asked == []


@pytest.mark.parametrize("kind, name", [(2, "watch"), (3, "rwatch"), (4, "awatch")])
def test_a_watchpoint_is_told_by_its_name_and_address(kind, name):
    stub, debugger = alone()
    for packet in ("Z0,44,4", f"Z{kind},5000,8", "Z2,6000,8"):
        ask(stub, packet)
    debugger.stop = Stop(5, "va", (debugger.breakpoints[2],))
    assert texts(stub, "c") == [f"T05{name}:5000;thread:1;"]
    debugger.stop = Stop(5, "pc", (debugger.breakpoints[1],))
    assert texts(stub, "c") == ["T05thread:1;"]
    debugger.stop = Stop(5, "cycle", (AtCycle(5),))
    assert texts(stub, "c") == ["T05thread:1;"]


class Undoing(Asked):
    """One in which the steps back undo a store after some of them."""

    def __init__(self, session, undone):
        super().__init__(session)
        self._left = undone

    def back_to(self, condition, *, passing):
        assert (condition, passing) == (STEP, True)
        self.asked.append("back_to")
        self._left -= 1
        if self._left == 0:
            self.session.machine.ram.write(FRAME + 0x1000, b"\0")


@pytest.mark.parametrize(
    "kind, name, undone, steps",
    [
        (2, "watch", 1, 1),
        (2, "watch", 3, 3),
        (2, "watch", 9, 4),
        (4, "awatch", 2, 2),
        (3, "rwatch", 9, 1),
    ],
)
def test_on_the_way_back_a_watched_access_is_undone(kind, name, undone, steps):
    """A store is made up to four instructions before it retires; a load undoes nothing."""
    run = alone()[1].session
    debugger = Undoing(run, undone)
    stub = Stub(debugger, Told())
    ask(stub, f"Z{kind},5000,1")
    debugger.stop = Stop(5, "va", (AtCycle(5), debugger.breakpoints[1]))
    assert texts(stub, "bc") == [f"T05{name}:5000;thread:1;"]
    assert debugger.asked == [("back", None), *["back_to"] * steps]
