"""The CSR file against the privileged specification: every address, every field, every change."""

import random

import pytest
from amaranth.hdl import Cat

from hdl.arch import Csr, Priv
from hdl.csr import CsrFile
from tests.support import simulate

SEED = 1
ONES = (1 << 64) - 1
U, S, M = Priv.U, Priv.S, Priv.M

# -- mstatus, by bit ----------------------------------------------------------------------------
SIE, MIE, SPIE, MPIE, SPP, MPP = 1 << 1, 1 << 3, 1 << 5, 1 << 7, 1 << 8, 3 << 11
MPRV, SUM, MXR, TVM, TW, TSR = (1 << bit for bit in range(17, 23))
#: UXL and SXL: 64 bits, read-only.
XL = 2 << 32 | 2 << 34
STATUS_BITS = SIE | MIE | SPIE | MPIE | SPP | MPP | MPRV | SUM | MXR | TVM | TW | TSR
SSTATUS_BITS = SIE | SPIE | SPP | SUM | MXR
UXL = 2 << 32
ADUE, STCE, FIOM = 1 << 61, 1 << 63, 1
TM = 0b010
#: Interrupts that can be delegated: SSI, STI, SEI; and those that cannot: MSI, MTI, MEI.
DELEGABLE, MACHINE = 0x222, 0x888
SEIP, STIP, SSIP = 1 << 9, 1 << 5, 1 << 1
#: Exceptions that S-mode can serve: all but 0, which cannot occur with C, and 11.
MEDELEG = sum(1 << cause for cause in (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 15))
MISA = 2 << 62 | 1 << 0 | 1 << 2 | 1 << 8 | 1 << 12 | 1 << 18 | 1 << 20

#: Of every CSR: what it reads after reset, and after writes of all ones and of 0, in M-mode.
#: mcycle counts on, satp ignores MODE 15; they have tests of their own.
WRITES = {
    "sstatus": (UXL, UXL | SSTATUS_BITS, UXL),
    "sie": (0, 0, 0),
    "stvec": (0, ONES - 2, 0),
    "scounteren": (0, 7, 0),
    "senvcfg": (0, FIOM, 0),
    "sscratch": (0, ONES, 0),
    "sepc": (0, ONES - 1, 0),
    "scause": (0, ONES, 0),
    "stval": (0, ONES, 0),
    "sip": (0, 0, 0),
    "stimecmp": (0, ONES, 0),
    "satp": (0, 0, 0),
    "mstatus": (XL, XL | STATUS_BITS, XL),
    "misa": (MISA, MISA, MISA),
    "medeleg": (0, MEDELEG, 0),
    "mideleg": (0, DELEGABLE, 0),
    "mie": (0, DELEGABLE | MACHINE, 0),
    "mtvec": (0, ONES - 2, 0),
    "mcounteren": (0, 7, 0),
    "menvcfg": (0, FIOM | ADUE | STCE, 0),
    "mcountinhibit": (0, 0b101, 0),
    "mscratch": (0, ONES, 0),
    "mepc": (0, ONES - 1, 0),
    "mcause": (0, ONES, 0),
    "mtval": (0, ONES, 0),
    "mip": (0, DELEGABLE, 0),
    "minstret": (0, ONES, 0),
}
#: CSRs whose address says that they are read-only: bits 11:10 are both set.
READ_ONLY = {"cycle", "time", "instret", "mvendorid", "marchid", "mimpid", "mhartid", "mconfigptr"}
NAMES = {*WRITES, *READ_ONLY, "mcycle"}
#: Addresses of mhpmevent3 to mhpmevent31 and mhpmcounter3 to mhpmcounter31.
MONITORS = [*range(0x323, 0x340), *range(0xB03, 0xB20)]


class Bench:
    """A `CsrFile` as the trap stage uses it; works in one testbench at a time."""

    def __init__(self, **parameters):
        self.dut = CsrFile(**parameters)
        self._access = Cat(self.dut.address, self.dut.attempt)

    def run(self, testbench):
        async def bound(ctx):
            self.ctx = ctx
            await testbench()

        simulate(self.dut, bound)

    def set(self, **inputs):
        for name, value in inputs.items():
            self.ctx.set(getattr(self.dut, name), value)

    def env(self, name):
        return self.ctx.get(getattr(self.dut.environment, name))

    async def strobe(self, name):
        self.ctx.set(getattr(self.dut, name), 1)
        await self.ctx.tick()
        self.ctx.set(getattr(self.dut, name), 0)

    def read(self, name):
        return self.read_at(address_of(name))

    async def write(self, name, data):
        await self.write_at(address_of(name), data)

    async def write_at(self, address, data):
        self.set(address=address, write_data=data)
        await self.strobe("write")

    def read_at(self, address):
        self.set(address=address)
        return self.ctx.get(self.dut.read_data)

    async def read_modify_write(self, name, *, set_bits=0, clear_bits=0):
        """What the trap stage does for csrrs and csrrc."""
        self.set(address=address_of(name))
        await self.write(name, self.ctx.get(self.dut.modify_data) & ~clear_bits | set_bits)

    def legal(self, address, attempt):
        self.ctx.set(self._access, address | attempt << 12)
        return self.ctx.get(self.dut.legal)

    async def trap(self, *, to_s=0, cause=0, interrupt=0, epc=0, tval=0):
        trap = self.dut.trap
        for name, value in {
            "to_s": to_s,
            "cause": cause,
            "interrupt": interrupt,
            "epc": epc,
            "tval": tval,
            "valid": 1,
        }.items():
            self.ctx.set(getattr(trap, name), value)
        await self.ctx.tick()
        self.ctx.set(trap.valid, 0)

    async def enter(self, priv):
        """Goes to `priv` by way of M-mode, and leaves mstatus otherwise as after such a trip."""
        if self.env("priv") != M:
            await self.trap()
        if priv != M:
            await self.read_modify_write("mstatus", clear_bits=MPP, set_bits=priv << 11)
            await self.strobe("mret")
        assert self.env("priv") == priv


def address_of(name):
    return Csr[name.upper()]


# -- Values -------------------------------------------------------------------------------------


def test_values_after_reset():
    bench = Bench(hart_id=0x1234_5678_9ABC_DEF0)

    async def testbench():
        bench.set(time=77)
        for name, (reset, _ones, _zeros) in WRITES.items():
            assert bench.read(name) == reset, name
        zeros = ("mvendorid", "marchid", "mimpid", "mconfigptr", "mcycle", "cycle", "instret")
        for name in zeros:
            assert bench.read(name) == 0, name
        assert bench.read("mhartid") == 0x1234_5678_9ABC_DEF0
        assert bench.read("time") == 77
        assert bench.env("priv") == M

    bench.run(testbench)


def test_all_ones_and_all_zeros():
    """Also, a write to one CSR changes no other one, apart from views of the same bits."""
    bench = Bench()
    views = {"mstatus": {"sstatus"}, "sstatus": {"mstatus"}, "minstret": {"instret"}}
    views["menvcfg"] = {"mip"}

    async def testbench():
        for name, (_reset, ones, zeros) in WRITES.items():
            others = NAMES - {name, "mcycle", "cycle"} - views.get(name, set())
            before = {other: bench.read(other) for other in others}
            for data, expected in ((ONES, ones), (0, zeros)):
                await bench.write(name, data)
                assert bench.read(name) == expected, name
                assert {other: bench.read(other) for other in others} == before, name

    bench.run(testbench)


def test_event_counters_and_selectors_are_zero():
    """They are there, and writes of them change nothing."""
    bench = Bench()

    async def testbench():
        before = {name: bench.read(name) for name in NAMES - {"mcycle", "cycle"}}
        for address in MONITORS:
            await bench.write_at(address, ONES)
            assert bench.read_at(address) == 0, hex(address)
        assert {name: bench.read(name) for name in before} == before

    bench.run(testbench)


def test_random_values_are_kept():
    bench = Bench()
    rng = random.Random(SEED)

    async def testbench():
        for name in sorted(set(WRITES) - {"mstatus", "sstatus", "satp", "sie", "sip", "stvec"}):
            _, ones, zeros = WRITES[name]
            for _ in range(5):
                data = rng.getrandbits(64)
                await bench.write(name, data)
                if name not in ("mip", "misa"):
                    assert bench.read(name) == data & ones | zeros, name
            await bench.write(name, 0)

    bench.run(testbench)


@pytest.mark.parametrize("name", ["mtvec", "stvec"])
def test_trap_vectors_are_direct_or_vectored(name):
    bench = Bench()

    async def testbench():
        for mode in range(4):
            await bench.write(name, 0xFFFF_FFC0_1234_5670 | mode)
            value = bench.read(name)
            assert value & 3 in (0, 1)
            assert mode > 1 or value & 3 == mode
            assert value & ~3 == 0xFFFF_FFC0_1234_5670
            assert bench.env(name) == value

    bench.run(testbench)


def test_reserved_mpp_becomes_user():
    bench = Bench()

    async def testbench():
        for written, kept in ((0, 0), (1, 1), (3, 3), (2, 0)):
            await bench.write("mstatus", written << 11)
            assert bench.read("mstatus") == XL | kept << 11

    bench.run(testbench)


def test_random_mstatus_and_its_supervisor_view():
    bench = Bench()
    rng = random.Random(SEED)

    def legal(value):
        return value & ~MPP if value & MPP == 2 << 11 else value

    async def testbench():
        status = 0
        for _ in range(60):
            data = rng.getrandbits(64)
            if rng.getrandbits(1):
                await bench.write("mstatus", data)
                status = legal(data & STATUS_BITS)
            else:
                await bench.write("sstatus", data)
                status = status & ~SSTATUS_BITS | data & SSTATUS_BITS
            assert bench.read("mstatus") == status | XL
            assert bench.read("sstatus") == status & SSTATUS_BITS | UXL

    bench.run(testbench)


def test_satp_takes_bare_and_sv39_and_ignores_the_rest():
    bench = Bench()
    value = 0xABCD << 44 | 0x923_4567_89AB

    async def testbench():
        await bench.write("satp", 8 << 60 | value)
        for mode in range(1, 16):
            if mode != 8:
                await bench.write("satp", mode << 60 | 0x5555)
                assert bench.read("satp") == 8 << 60 | value, f"{mode=}"
        assert (bench.env("sv39"), bench.env("asid")) == (1, 0xABCD)
        assert bench.env("root") == 0x923_4567_89AB
        await bench.write("satp", 0)
        assert (bench.read("satp"), bench.env("sv39")) == (0, 0)
        await bench.write("satp", 9 << 60)
        assert bench.env("sv39") == 0

    bench.run(testbench)


# -- Interrupt registers ------------------------------------------------------------------------


def test_sie_and_sip_show_what_is_delegated():
    bench = Bench()

    async def testbench():
        await bench.write("mie", ONES)
        await bench.write("mip", ONES)
        for mideleg in (0, SSIP, STIP | SEIP, DELEGABLE):
            await bench.write("mideleg", mideleg)
            assert bench.read("sie") == mideleg
            assert bench.read("sip") == mideleg
            assert bench.env("mideleg") == mideleg

    bench.run(testbench)


def test_sie_writes_only_what_is_delegated():
    bench = Bench()

    async def testbench():
        await bench.write("mideleg", SSIP | STIP)
        await bench.write("sie", ONES)
        assert bench.read("mie") == SSIP | STIP
        await bench.write("mie", ONES)
        await bench.write("sie", 0)
        assert bench.read("mie") == MACHINE | SEIP

    bench.run(testbench)


def test_of_sip_only_ssip_is_writable_and_only_if_delegated():
    bench = Bench()

    async def testbench():
        await bench.write("sip", ONES)
        assert bench.read("mip") == 0
        await bench.write("mideleg", DELEGABLE)
        await bench.write("sip", ONES)
        assert bench.read("mip") == SSIP
        await bench.write("mip", DELEGABLE)
        await bench.write("sip", 0)
        assert bench.read("mip") == STIP | SEIP

    bench.run(testbench)


def test_lines_show_in_mip():
    bench = Bench()

    async def testbench():
        for line, bit in (("msip", 3), ("mtip", 7), ("meip", 11), ("seip", 9)):
            bench.set(**{line: 1})
            assert bench.read("mip") == 1 << bit
            bench.set(**{line: 0})

    bench.run(testbench)


def test_setting_another_bit_does_not_latch_the_external_seip_line():
    """ "the value used in the read-modify-write is only the software-writable SEIP bit"."""
    bench = Bench()

    async def testbench():
        bench.set(seip=1)
        await bench.read_modify_write("mip", set_bits=SSIP)
        assert bench.read("mip") == SEIP | SSIP
        bench.set(seip=0)
        assert bench.read("mip") == SSIP
        await bench.read_modify_write("mip", set_bits=SEIP)
        await bench.read_modify_write("mip", clear_bits=SSIP)
        assert bench.read("mip") == SEIP
        bench.set(seip=1)
        await bench.read_modify_write("mip", clear_bits=SEIP)
        assert bench.read("mip") == SEIP
        bench.set(seip=0)
        assert bench.read("mip") == 0

    bench.run(testbench)


def test_only_mip_is_modified_from_another_value_than_read():
    bench = Bench()

    async def testbench():
        bench.set(seip=1, time=5)
        await bench.write("mideleg", DELEGABLE)
        for name in sorted(NAMES - {"mip"}):
            value = bench.read(name)
            assert bench.ctx.get(bench.dut.modify_data) == value, name

    bench.run(testbench)


def test_stip_without_stce_is_written_by_machine_mode():
    bench = Bench()

    async def testbench():
        bench.set(time=1000)
        assert bench.read("mip") == 0
        await bench.write("mip", STIP)
        assert bench.read("mip") == STIP

    bench.run(testbench)


def test_stip_with_stce_compares_time_unsigned():
    bench = Bench()

    async def testbench():
        await bench.write("menvcfg", STCE)
        for time, stimecmp in ((0, 0), (4, 5), (5, 5), (6, 5), (ONES, 5), (5, ONES), (1 << 63, 1)):
            bench.set(time=time)
            await bench.write("stimecmp", stimecmp)
            pending = STIP if time >= stimecmp else 0
            assert bench.read("mip") == pending, f"{time=} {stimecmp=}"
            await bench.write("mip", STIP ^ pending)
            assert bench.read("mip") == pending, "STIP is read-only with STCE"

    bench.run(testbench)


# -- Counters -----------------------------------------------------------------------------------


def test_mcycle_counts_every_cycle_and_minstret_every_retirement():
    bench = Bench()

    async def testbench():
        for number in range(1, 6):
            bench.set(retire=number % 2)
            await bench.ctx.tick()
            assert bench.read("mcycle") == bench.read("cycle") == number
            assert bench.read("minstret") == bench.read("instret") == (number + 1) // 2

    bench.run(testbench)


def test_a_write_replaces_the_increment():
    bench = Bench()

    async def testbench():
        bench.set(retire=1)
        await bench.write("minstret", 1000)
        assert bench.read("minstret") == 1000
        await bench.write("mcycle", 500)
        assert (bench.read("mcycle"), bench.read("minstret")) == (500, 1001)
        await bench.ctx.tick()
        assert (bench.read("mcycle"), bench.read("minstret")) == (501, 1002)

    bench.run(testbench)


def test_counters_wrap():
    bench = Bench()

    async def testbench():
        await bench.write("mcycle", ONES)
        await bench.write("minstret", ONES)
        bench.set(retire=1)
        await bench.ctx.tick()
        assert (bench.read("mcycle"), bench.read("minstret")) == (1, 0)

    bench.run(testbench)


def test_inhibited_counters_stand_still_but_can_be_written():
    bench = Bench()

    async def testbench():
        bench.set(retire=1)
        for inhibit in range(8):
            await bench.write("mcountinhibit", inhibit)
            await bench.write("mcycle", 100)
            await bench.write("minstret", 200)
            await bench.ctx.tick().repeat(5)
            cycles = 0 if inhibit & 1 else 6
            retired = 0 if inhibit & 4 else 5
            assert bench.read("mcycle") == 100 + cycles
            assert bench.read("minstret") == 200 + retired

    bench.run(testbench)


# -- Who may access what ------------------------------------------------------------------------


def test_every_address_in_every_mode():
    """With all counters open and STCE: the two fields of an address alone decide."""
    bench = Bench()
    known = {address_of(name): name for name in NAMES}

    async def testbench():
        await bench.write("mcounteren", 7)
        await bench.write("scounteren", 7)
        await bench.write("menvcfg", STCE)
        for priv in Priv:
            await bench.enter(priv)
            for address in range(4096):
                exists = address in known or address in MONITORS
                readable = exists and priv >= address >> 8 & 3
                assert bench.legal(address, 0) == readable, f"{address:#x} {priv.name}"
                writable = readable and known.get(address) not in READ_ONLY
                assert bench.legal(address, 1) == writable, f"{address:#x} {priv.name}"

    assert len(known) == 36
    bench.run(testbench)


def test_counter_enables():
    """mcounteren gates S and U, scounteren also U; nothing gates M."""
    bench = Bench()
    counters = {0: "cycle", 1: "time", 2: "instret"}

    async def testbench():
        for mcounteren in range(8):
            for scounteren in range(8):
                await bench.enter(M)
                await bench.write("mcounteren", mcounteren)
                await bench.write("scounteren", scounteren)
                for priv, enabled in ((M, 7), (S, mcounteren), (U, mcounteren & scounteren)):
                    await bench.enter(priv)
                    for bit, name in counters.items():
                        where = f"{name} {priv.name} {mcounteren=:#b} {scounteren=:#b}"
                        assert bench.legal(address_of(name), 0) == enabled >> bit & 1, where
                        assert not bench.legal(address_of(name), 1), where

    bench.run(testbench)


def test_stimecmp_needs_tm_and_stce_in_supervisor_mode():
    bench = Bench()
    stimecmp = address_of("stimecmp")

    async def testbench():
        for mcounteren in (0, TM, 7 - TM, 7):
            for menvcfg in (0, STCE, ADUE):
                await bench.enter(M)
                await bench.write("mcounteren", mcounteren)
                await bench.write("menvcfg", menvcfg)
                assert bench.legal(stimecmp, 1)
                for priv in (S, U):
                    await bench.enter(priv)
                    allowed = priv == S and bool(mcounteren & TM) and menvcfg == STCE
                    assert bench.legal(stimecmp, 1) == allowed
                    assert bench.legal(stimecmp, 0) == allowed

    bench.run(testbench)


def test_tvm_keeps_the_supervisor_from_satp_only():
    bench = Bench()

    async def testbench():
        supervisor = [address_of(name) for name in NAMES if address_of(name) >> 8 & 3 == 1]
        for tvm in (0, TVM):
            await bench.enter(M)
            await bench.write("menvcfg", STCE)
            await bench.write("mcounteren", 7)
            await bench.write("mstatus", tvm)
            assert bench.legal(address_of("satp"), 1)
            await bench.enter(S)
            assert bench.env("tvm") == bool(tvm)
            for address in supervisor:
                expected = not (tvm and address == 0x180)
                assert bench.legal(address, 0) == bench.legal(address, 1) == expected

    bench.run(testbench)


# -- Traps and returns --------------------------------------------------------------------------


def trap_status(status, priv, to_s):
    """mstatus after a trap: xPIE = xIE, xIE = 0, xPP = the mode it came from."""
    if to_s:
        result = status & ~(SIE | SPIE | SPP)
        return result | (SPIE if status & SIE else 0) | (SPP if priv == S else 0)
    result = status & ~(MIE | MPIE | MPP)
    return result | (MPIE if status & MIE else 0) | priv << 11


def return_status(status, kind):
    """(mstatus, mode) after sret or mret."""
    if kind == "sret":
        mode = S if status & SPP else U
        result = status & ~(SIE | SPP) | SPIE | (SIE if status & SPIE else 0)
    else:
        mode = Priv(status >> 11 & 3)
        result = status & ~(MIE | MPP) | MPIE | (MIE if status & MPIE else 0)
    return (result if mode == M else result & ~MPRV), mode


def test_random_traps_and_returns():
    """Whole mstatus, mode and trap CSRs after each step of a random walk."""
    bench = Bench()
    rng = random.Random(SEED)
    steps = set()

    async def testbench():
        status, priv = 0, M
        registers = dict.fromkeys(("sepc", "scause", "stval", "mepc", "mcause", "mtval"), 0)
        for number in range(400):
            where = f"seed {SEED}, step {number}"
            kind = rng.choice(("trap", "sret", "mret", "write"))
            if kind == "write":
                status = rng.getrandbits(64) & STATUS_BITS
                status &= ~MPP if status & MPP == 2 << 11 else ONES
                await bench.write("mstatus", status)
            elif kind == "trap":
                to_s = int(priv != M and rng.getrandbits(1))
                cause, interrupt = rng.randrange(16), rng.getrandbits(1)
                epc, tval = rng.getrandbits(63) << 1, rng.getrandbits(64)
                await bench.trap(to_s=to_s, cause=cause, interrupt=interrupt, epc=epc, tval=tval)
                steps.add((kind, priv, to_s))
                status = trap_status(status, priv, to_s)
                prefix = "s" if to_s else "m"
                registers[prefix + "epc"] = epc
                registers[prefix + "cause"] = interrupt << 63 | cause
                registers[prefix + "tval"] = tval
                priv = S if to_s else M
            else:
                await bench.strobe(kind)
                mprv, (status, priv) = status & MPRV, return_status(status, kind)
                steps.add((kind, priv, bool(mprv)))
            assert bench.read("mstatus") == status | XL, where
            assert bench.env("priv") == priv, where
            data_priv = status >> 11 & 3 if status & MPRV else priv
            assert bench.env("data_priv") == data_priv, where
            assert {name: bench.read(name) for name in registers} == registers, where
            assert (bench.env("sepc"), bench.env("mepc")) == (registers["sepc"], registers["mepc"])

    bench.run(testbench)
    # Traps from every mode to every mode that may serve them, returns to every mode, each with
    # MPRV set and clear.
    assert {step for step in steps if step[0] == "trap"} == {
        *(("trap", priv, 0) for priv in Priv),
        ("trap", U, 1),
        ("trap", S, 1),
    }
    assert {("sret", priv, mprv) for priv in (U, S) for mprv in (False, True)} <= steps
    assert {("mret", priv, mprv) for priv in Priv for mprv in (False, True)} <= steps


def test_an_invalid_trap_changes_nothing():
    bench = Bench()

    async def testbench():
        names = sorted(NAMES - {"mcycle", "cycle"})
        before = {name: bench.read(name) for name in names}
        for name, value in (("cause", 5), ("epc", 8), ("tval", 9), ("to_s", 1), ("interrupt", 1)):
            bench.ctx.set(getattr(bench.dut.trap, name), value)
        bench.set(write_data=ONES, address=address_of("mscratch"))
        await bench.ctx.tick()
        assert {name: bench.read(name) for name in names} == before
        assert bench.env("priv") == M

    bench.run(testbench)


# -- Environment --------------------------------------------------------------------------------


def test_environment_shows_the_fields():
    bench = Bench()

    async def testbench():
        fields = {"sum_": SUM, "mxr": MXR, "tvm": TVM, "tw": TW, "tsr": TSR}
        for name, bit in fields.items():
            await bench.write("mstatus", bit)
            assert {other: bench.env(other) for other in fields} == {
                other: int(other == name) for other in fields
            }
        for value, expected in ((ADUE, 1), (STCE | FIOM, 0)):
            await bench.write("menvcfg", value)
            assert bench.env("adue") == expected
        await bench.write("medeleg", ONES)
        assert bench.env("medeleg") == MEDELEG

    bench.run(testbench)


def test_mprv_lends_data_accesses_the_previous_mode():
    bench = Bench()

    async def testbench():
        for mpp in Priv:
            await bench.write("mstatus", mpp << 11)
            assert bench.env("data_priv") == M
            await bench.write("mstatus", MPRV | mpp << 11)
            assert (bench.env("priv"), bench.env("data_priv")) == (M, mpp)

    bench.run(testbench)


def test_interrupts_obey_status_and_mode():
    bench = Bench()

    async def testbench():
        await bench.write("mie", DELEGABLE | MACHINE)
        await bench.write("mideleg", DELEGABLE)
        bench.set(seip=1)
        await bench.write("mstatus", MIE | SIE)
        # Delegated: M-mode is never interrupted by it, but a wfi ends.
        assert (bench.env("interrupt"), bench.env("wake")) == (0, 1)
        await bench.enter(S)
        assert (bench.env("interrupt"), bench.env("interrupt_cause")) == (1, 9)
        await bench.write("sstatus", 0)
        assert bench.env("interrupt") == 0
        bench.set(mtip=1)
        assert (bench.env("interrupt"), bench.env("interrupt_cause")) == (1, 7)
        bench.set(mtip=0)
        await bench.enter(U)
        assert (bench.env("interrupt"), bench.env("interrupt_cause")) == (1, 9)
        bench.set(seip=0)
        assert (bench.env("interrupt"), bench.env("wake")) == (0, 0)

    bench.run(testbench)


@pytest.mark.parametrize("hart_id", [-1, 1 << 64])
def test_bad_hart_id(hart_id):
    with pytest.raises(ValueError, match="hart_id must be a 64-bit number"):
        CsrFile(hart_id=hart_id)
