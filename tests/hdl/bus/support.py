"""Targets for the buses' testbenches: a memory behind Wishbone or AXI4-Lite, as slow as one likes.

Each takes a `Memory` of `tests/hdl/mmu/support.py` or what has its `access`, and checks the rules
of its bus in every cycle.
"""

from collections import deque
from dataclasses import dataclass

from tests.support import transact

__all__ = [
    "Ram",
    "Transfer",
    "anything",
    "axi_target",
    "classic_target",
    "compare",
    "pipelined_target",
]


@dataclass(frozen=True)
class Transfer:
    """What a target was asked for, and in which cycle; `locked` is the bus's `lock`."""

    cycle: int
    address: int
    write: int
    data: int
    strobe: int
    locked: int = 0


async def _sample(ctx, bus, names):
    _, _, *values = await ctx.tick().sample(*(getattr(bus, name) for name in names))
    return dict(zip(names, map(int, values), strict=True))


_WISHBONE = ("cyc", "stb", "we", "adr", "dat_w", "sel", "lock")


def _transfer(cycle, seen):
    strobe = seen["sel"] if seen["we"] else 0
    return Transfer(cycle, seen["adr"] << 3, seen["we"], seen["dat_w"], strobe, seen["lock"])


def _answer(ctx, bus, answer):
    """Puts `answer`, (data, error) or None for none, on a bus of Wishbone; noise where none is."""
    data, error = answer or (0xBAD0_BAD0_BAD0_BAD0, 0)
    ctx.set(bus.dat_r, data)
    ctx.set(bus.ack, answer is not None and not error)
    ctx.set(bus.err, answer is not None and bool(error))


def classic_target(bus, memory, *, latency=lambda: 1):
    """A background testbench that ends each request `latency()` cycles after that of its `stb`."""

    async def bench(ctx):
        cycle, due, before = 0, None, None
        while True:
            seen = await _sample(ctx, bus, _WISHBONE)
            assert seen["cyc"] or not (seen["stb"] or seen["lock"]), "a request outside a cycle"
            if before is not None:
                assert seen == before, "a request has changed before its end"
            if due is None and seen["stb"]:
                due = [cycle + max(1, latency()), memory.access(_transfer(cycle, seen))]
                before = seen
            cycle += 1
            if due and due[0] == cycle:
                _answer(ctx, bus, due[1])
                # It is seen with its answer once more, and then a new one begins.
                assert await _sample(ctx, bus, _WISHBONE) == before
                cycle += 1
                due = before = None
            _answer(ctx, bus, None)

    return bench


def pipelined_target(bus, memory, *, latency=lambda: 1, stall=lambda: 0):
    """The same of a pipelined bus: it takes a request if not `stall()`, which is asked each cycle.

    The end comes `latency()` cycles after that.
    """

    async def bench(ctx):
        cycle, owed, stalls, before = 0, deque(), stall(), None
        ctx.set(bus.stall, stalls)
        while True:
            seen = await _sample(ctx, bus, _WISHBONE)
            assert seen["cyc"] or not (seen["stb"] or seen["lock"]), "a request outside a cycle"
            assert seen["cyc"] or not owed, "a cycle ends before its request"
            if before is not None:
                assert seen == before, "a request has changed before it was taken"
            before = seen if seen["stb"] and stalls else None
            if seen["stb"] and not stalls:
                assert not owed, "two requests are under way"
                owed.append((cycle + max(1, latency()), memory.access(_transfer(cycle, seen))))
            cycle += 1
            due = owed and owed[0][0] <= cycle
            _answer(ctx, bus, owed[0][1] if due else None)
            if due:
                owed.popleft()
            stalls = stall()
            ctx.set(bus.stall, stalls)

    return bench


_CHANNELS = {
    "ar": ("araddr", "arprot"),
    "aw": ("awaddr", "awprot"),
    "w": ("wdata", "wstrb"),
}


def axi_target(bus, memory, *, latency=lambda: 1, ready=lambda: 1, prots=None):
    """A background testbench that takes from a channel if `ready()`, which is asked in each cycle.

    It responds `latency()` cycles after it has all of a transaction, and holds that until it is
    taken. `prots`, a list, gets the protection bits of each transaction.
    """
    names = [
        name for channel, payload in _CHANNELS.items() for name in (f"{channel}valid", *payload)
    ]
    names += ["rready", "bready"]

    async def bench(ctx):
        cycle, held, before, response = 0, {}, {}, None
        readies = dict.fromkeys(_CHANNELS, 0)
        while True:
            seen = await _sample(ctx, bus, names)
            for channel, payload in _CHANNELS.items():
                offer = [seen[name] for name in payload] if seen[f"{channel}valid"] else None
                assert before.get(channel, offer) == offer, f"{channel} has changed"
                before.pop(channel, None)
                if offer and readies[channel]:
                    assert channel not in held, f"{channel} asks for two"
                    held[channel] = offer
                elif offer:
                    before[channel] = offer
            if response and response[0] <= cycle and seen["rready" if "ar" in held else "bready"]:
                held, response = {}, None
            cycle += 1
            if response is None and ("ar" in held or {"aw", "w"} <= set(held)):
                response = (cycle - 1 + max(1, latency()), _serve(cycle - 1, held, memory, prots))
            due = response is not None and response[0] <= cycle
            _respond(ctx, bus, "ar" in held, response[1] if due else None)
            readies = {channel: int(channel not in held and ready()) for channel in _CHANNELS}
            for channel, value in readies.items():
                ctx.set(getattr(bus, f"{channel}ready"), value)

    return bench


def _serve(cycle, held, memory, prots):
    """What memory says of the transaction; notes its protection bits."""
    assert not ("ar" in held and "aw" in held), "a read and a write at once"
    address, prot = held["ar"] if "ar" in held else held["aw"]
    data, strobe = held.get("w", (0, 0))
    if prots is not None:
        prots.append(prot)
    return memory.access(Transfer(cycle, address, int("aw" in held), data, strobe))


def _respond(ctx, bus, reads, answer):
    data, error = answer or (0xBAD0_BAD0_BAD0_BAD0, 1)
    for valid, resp, mine in ((bus.rvalid, bus.rresp, reads), (bus.bvalid, bus.bresp, not reads)):
        ctx.set(valid, answer is not None and mine)
        # SLVERR, or where nothing is said yet DECERR.
        ctx.set(resp, 0 if answer and not error else 2 if answer else 3)
    ctx.set(bus.rdata, data)


class Ram:
    """Words by address, 0 where nothing was written; refuses the addresses in `refused`."""

    def __init__(self):
        self.words = {}
        self.refused = set()
        self.log = []

    def access(self, transfer):
        """Serves a `Transfer`; returns (data, error)."""
        self.log.append(transfer)
        address = transfer.address & ~7
        if address in self.refused:
            return 0xDEAD_BEEF_DEAD_BEEF, 1
        word = self.words.get(address, 0)
        if not transfer.write:
            return word, 0
        for lane in range(8):
            if transfer.strobe >> lane & 1:
                mask = 0xFF << 8 * lane
                word = word & ~mask | transfer.data & mask
        self.words[address] = word
        return 0, 0


def anything(rng):
    """The fields of any request for a word near 0x8000_0000."""
    size = rng.randrange(4)
    address = 0x8000_0000 + (rng.randrange(64) >> size << size)
    lanes = ((1 << (1 << size)) - 1) << address % 8
    write = rng.getrandbits(1)
    return {
        "address": address, "size": size, "write": write, "strobe": lanes if write else 0,
        "data": rng.getrandbits(64), "source": rng.randrange(3), "lock": 0,
    }  # fmt: skip


async def compare(ctx, port, ram, rng, *, count, locks=False):
    """Makes `count` requests of `port`, and one at once behind another; memory is what it must be.

    If `locks`, some reads are locked, and a write follows.
    """
    model, locked = Ram(), False
    model.refused = ram.refused
    for _ in range(count):
        fields = anything(rng)
        if locked:
            fields |= {"write": 1, "size": 3, "address": fields["address"] & ~7, "strobe": 0xFF}
        elif locks and rng.random() < 0.3:
            fields |= {"write": 0, "strobe": 0, "lock": 1}
        wanted = model.access(
            Transfer(0, *(fields[name] for name in ("address", "write", "data", "strobe")))
        )
        got = await transact(ctx, port, **fields)
        assert got[1] == wanted[1], fields
        assert fields["write"] or wanted[1] or got[0] == wanted[0], fields
        locked = fields["lock"] and not wanted[1]
        if rng.random() < 0.3:
            await ctx.tick()
    assert ram.words == model.words
    assert len(ram.log) == count
