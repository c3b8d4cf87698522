"""The MMU on Wishbone, with a RAM that holds a page table: `python examples/wishbone_mmu.py`.

It translates some addresses and prints what the MMU answers, and after how many cycles.
"""

from amaranth.hdl import Elaboratable, Module
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In
from amaranth.sim import Simulator

from hdl.arch import Priv
from hdl.bus.attach import OnBus
from hdl.bus.wishbone import WishboneAdapter, WishboneSignature
from hdl.memory.pma import Pma
from hdl.mmu.mmu import Mmu
from hdl.mmu.vocabulary import Access, Fault

RAM_BASE, RAM_WORDS = 0x8000_0000, 2048
#: Bits of a page-table entry.
V, R, W, X, U, A, D = 1, 2, 4, 8, 16, 64, 128
#: The three tables, one page each, and a page of data behind them.
ROOT, MIDDLE, LEAVES, DATA = (RAM_BASE + 4096 * page for page in range(4))


def entry(address: int, flags: int) -> int:
    """A page-table entry for the page or the table at `address`."""
    return address >> 12 << 10 | flags


def page_table() -> list[int]:
    """The words of RAM: what is mapped where, three levels of tables with 512 entries each."""
    words = [0] * RAM_WORDS

    def write(table: int, index: int, value: int) -> None:
        words[(table - RAM_BASE) // 8 + index] = value

    # 0x4000_0000 lies in entry 1 of the root, and there in entry 0 of the middle table.
    write(ROOT, 1, entry(MIDDLE, V))
    write(MIDDLE, 0, entry(LEAVES, V))
    write(LEAVES, 0, entry(DATA, V | R | W | U | A | D))
    # A page that was never written: D is clear.
    write(LEAVES, 1, entry(DATA, V | R | W | U | A))
    # 1 GiB by one entry of the root: addresses from 0x8000_0000 on are what they are.
    write(ROOT, 2, entry(RAM_BASE, V | R | X | U | A))
    return words


class Ram(wiring.Component):
    """RAM on Wishbone that answers in the cycle after that of `stb`."""

    bus: In(WishboneSignature())

    def __init__(self, words: list[int]) -> None:
        super().__init__()
        self.memory = Memory(shape=64, depth=len(words), init=words)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = self.memory
        read, write = memory.read_port(), memory.write_port(granularity=8)
        asked = self.bus.cyc & self.bus.stb & ~self.bus.ack
        m.d.comb += [
            read.addr.eq(self.bus.adr),
            self.bus.dat_r.eq(read.data),
            write.addr.eq(self.bus.adr),
            write.data.eq(self.bus.dat_w),
            write.en.eq((asked & self.bus.we).replicate(8) & self.bus.sel),
        ]
        m.d.sync += self.bus.ack.eq(asked)
        return m


class System(Elaboratable):
    """The MMU and the RAM, joined by Wishbone."""

    def __init__(self) -> None:
        pma = Pma(ram_base=RAM_BASE, ram_size=8 * RAM_WORDS)
        self.mmu = OnBus(Mmu(pma=pma, dtlb_entries=4), WishboneAdapter)
        self.ram = Ram(page_table())

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.mmu = self.mmu
        m.submodules.ram = self.ram
        wiring.connect(m, self.mmu.port, self.ram.bus)
        return m


#: What is asked, in this order.
REQUESTS = (
    (0x4000_0008, Access.LOAD, "a walk through three tables"),
    (0x4000_0ABC, Access.STORE, "the same page: now in the TLB"),
    (0x4000_1000, Access.LOAD, "the walk begins at the last table"),
    (0x4000_1000, Access.STORE, "D is clear, and has to be set"),
    (0x8000_0123, Access.LOAD, "a page of 1 GiB"),
    (0x8000_0123, Access.STORE, "which is not writable"),
    (0x4000_2000, Access.LOAD, "nothing is mapped"),
    (0x0080_0000_0000, Access.LOAD, "no address of Sv39"),
)


async def ask(ctx, port, va, access):
    """Asks `port` until its answer stands there; returns how many cycles that took."""
    ctx.set(port.va, va)
    ctx.set(port.access, access)
    ctx.set(port.priv, Priv.U)
    ctx.set(port.valid, 1)
    cycles = 0
    while not ctx.get(port.done):
        await ctx.tick()
        cycles += 1
    return cycles


async def leave(ctx, port):
    """Asks no more: the answer was taken."""
    await ctx.tick()
    ctx.set(port.valid, 0)


async def translate(ctx, port, va, access):
    """The answer of `port`, and how many cycles that took."""
    cycles = await ask(ctx, port, va, access)
    if ctx.get(port.fault) != Fault.NONE:
        answer = f"{Fault(ctx.get(port.fault)).name.lower()} fault"
    else:
        answer = "update" if ctx.get(port.update) else f"{ctx.get(port.pa):#x}"
    await leave(ctx, port)
    return answer, cycles


async def update(ctx, port, va, access):
    """Has A, and D for a store, set in the page's entry; returns how many cycles that took."""
    cycles = await ask(ctx, port, va, access)
    await leave(ctx, port)
    return cycles


def main() -> None:
    """Simulates it, and prints a line for each request."""
    system = System()
    mmu = system.mmu

    async def bench(ctx):
        ctx.set(mmu.context.sv39, 1)
        ctx.set(mmu.context.root, ROOT >> 12)
        # Svadu: A and D are set by hardware.
        ctx.set(mmu.context.adue, 1)
        for va, access, why in REQUESTS:
            answer, cycles = await translate(ctx, mmu.data, va, access)
            print(f"{access.name.lower():5} {va:#012x} -> {answer:10} {cycles} cycles: {why}")
            if answer == "update":
                took = await update(ctx, mmu.update, va, access)
                answer, cycles = await translate(ctx, mmu.data, va, access)
                print(f"{'':18} -> {answer:10} {cycles} cycles, after {took} for the update")

    simulator = Simulator(system)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


if __name__ == "__main__":
    main()
