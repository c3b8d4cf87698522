"""Bare-metal programs that write anything to `tohost`, by stores of any size."""

from random import Random

from hdl.arch import PAGE_SIZE
from kernel_model.facts.memlayout import KERNBASE
from sim.checkpoint import Checkpoint
from sim.config import MachineConfig
from sim.guests.bare_guest import BareGuest
from sim.machine import Machine
from sim.platform.devices.htif import Htif, HtifError
from tests.verify.fuzz.guard import Misbehaved, bounded, one_line
from tests.verify.lockstep import encode

__all__ = ["HtifBench"]

_TOHOST, _FROMHOST, _BLOCK = (KERNBASE + PAGE_SIZE * page for page in (1, 2, 3))
_PAGES = 4
_CYCLES = 5_000
_BASE, _VALUE, _OFFSET = 5, 6, 7
#: Bytes of RAM.
_RAM = 128 << 20


class HtifBench:
    """A machine that runs one program after the other."""

    def __init__(self):
        config = MachineConfig(engine="native")
        self._ram = Machine.make_ram(config)
        self._htif = _Checked(_TOHOST, _FROMHOST, lambda data: None)
        self._machine = Machine(config, self._ram, devices=[self._htif])
        self._engine = self._machine.engine.snapshot()
        self._fresh = Checkpoint([self._htif], [self._machine.bus])

    def run(self, seed: int) -> str | None:
        """Runs the program of `seed`; what was complained of, or None. Raises `Misbehaved`."""
        random = Random(f"htif {seed}")
        self._load(random)
        self._machine.engine.restore(self._engine)
        self._fresh.put_back()
        self._htif.fromhost = random.choice((_FROMHOST, None))
        with bounded():
            try:
                self._machine.run(BareGuest(self._htif), max_cycles=_CYCLES)
            except HtifError as error:
                return one_line(error)
        code = self._htif.exit_code
        if code is not None and code < 0:
            raise Misbehaved(f"exit code {code}")
        return None

    def _load(self, random):
        self._ram.zero(KERNBASE, _PAGES * PAGE_SIZE)
        block = [
            random.choice((64, 93, 1, 0, random.getrandbits(64))),
            random.choice((1, 2, 0, 5)),
            _address(random),
            _count(random),
            *(random.getrandbits(64) for _ in range(4)),
        ]
        for index, word in enumerate(block):
            self._ram.write_u64(_BLOCK + 8 * index, word)
        code = encode.li(_BASE, _TOHOST)
        for _ in range(random.randrange(1, 8)):
            code += encode.li(_VALUE, _word(random))
            code += _stores(random)
        code.append(encode.jal(0, 0))
        self._ram.write(KERNBASE, b"".join(word.to_bytes(4, "little") for word in code))


class _Checked(Htif):
    """Sees that the host writes `tohost`, `fromhost` and a result, and nothing else."""

    def _serve(self):
        before = self._content()
        event = super()._serve()
        words = zip(
            memoryview(before).cast("Q"), memoryview(self._content()).cast("Q"), strict=True
        )
        changed = {KERNBASE + 8 * index for index, (old, new) in enumerate(words) if old != new}
        if len(changed - {_TOHOST, _FROMHOST}) > 1:
            raise Misbehaved(f"the host has written to {[hex(address) for address in changed]}")
        return event

    def _content(self):
        return bytes(self.board.ram.bytes[: _PAGES * PAGE_SIZE])


def _stores(random):
    """Stores the value, or parts of it, in one store or in several, in any order and number."""
    size = random.choice((0, 1, 2, 2, 3, 3, 3))
    places = [index << size for index in range(8 >> size)]
    random.shuffle(places)
    if random.random() < 0.2:
        places = places[: random.randrange(len(places) + 1)] or [0]
    shift = encode.i_type(0x13, 5, _VALUE, _VALUE, 8 << size) if size < 3 else None
    code = []
    for place in places:
        code.append(encode.s_type(size, _BASE, _VALUE, place))
        if shift is not None and random.random() < 0.7:
            code.append(shift)
    return code


def _word(random):
    payload = random.choice((_BLOCK, _BLOCK, _address(random) & ~1, random.getrandbits(48) & ~1))
    return random.choice(
        (
            lambda: payload,
            lambda: payload,
            lambda: random.randrange(1, 1 << random.choice((2, 9, 48)), 2),
            lambda: 0x0101 << 48 | random.getrandbits(48),
            lambda: random.getrandbits(64),
            lambda: random.randrange(4) << 56 | random.randrange(4) << 48 | payload,
        )
    )()


def _address(random):
    edges = [0, 8, KERNBASE, KERNBASE - 8, _TOHOST, _BLOCK + 4, KERNBASE + _RAM - 64,
             KERNBASE + _RAM - 56, KERNBASE + _RAM, (1 << 48) - 64, (1 << 64) - 8]  # fmt: skip
    return random.choice(edges) if random.random() < 0.8 else random.getrandbits(64)


def _count(random):
    return random.choice((0, 1, 100, 1 << 20, (1 << 48) - 1, 1 << 63, (1 << 64) - 1))
