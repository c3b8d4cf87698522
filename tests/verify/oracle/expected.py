"""What an access must leave behind on a hart, as the golden model has it."""

from dataclasses import dataclass, replace

from tests.verify.golden.cases import DEVICE, RESERVED, Case, content
from tests.verify.golden.pmp import X
from tests.verify.golden.sv39 import Request, Response, is_ram, respond

__all__ = [
    "BREAKPOINT",
    "DEVICE_VALUE",
    "OPERAND",
    "POISON",
    "Outcome",
    "expect",
    "observed",
    "settle",
]

BREAKPOINT = 3
FETCH_ACCESS = 1
#: What the register has before the access that may load to it.
POISON = 0x5A5A_5A5A
#: What the access stores, or adds.
OPERAND = 0xC0DE_D00D_FEED_F00D
#: The device's doubleword before each case.
DEVICE_VALUE = (1 << 64) - 1
MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Outcome:
    """How an access ended: always in a trap, if not its own then that of the ebreak behind it.

    `cause` and `tval` are the CSRs'; `advance` is from where the access began to `mepc`, `value`
    what is in the register it may load to, `memory` the doubleword at `observed(case)`, and `ptes`
    what is then at the addresses of `case.memory`, in its order.
    """

    cause: int
    tval: int
    advance: int
    value: int
    memory: int
    ptes: tuple[int, ...]


def settle(request: Request, memory: dict[int, int]) -> Response:
    """The golden model's response once A and D have been set, which happens in `memory`."""
    response = respond(request, lambda address: _read(memory, address))
    if response.kind == "update":
        memory[response.leaf] = response.written
        response = respond(request, lambda address: _read(memory, address))
    assert response.kind != "update", request
    if response.device and response.pa & ~7 != DEVICE:
        # The bus has nothing there.
        writes = request.access in ("STORE", "SC", "AMO")
        return replace(response, kind="access", cause=7 if writes else 5, tval=request.va)
    return response


def observed(case: Case, response: Response) -> int:
    """A word in RAM that the access does, or was to, reach."""
    for address in (response.pa & ~3, case.target & ~3):
        if is_ram(address) and address not in RESERVED:
            return address
    return 0x8000_0000


def expect(case: Case, entry: int) -> Outcome:
    """The outcome of `case`, the access of which is the instruction at `entry`."""
    request, memory = case.request, dict(case.memory)
    response = settle(request, memory)
    if response.cause is not None:
        cause, tval, advance, value = response.cause, response.tval, 0, POISON
    else:
        cause = BREAKPOINT
        if request.access == "FETCH":
            cause, value, advance = _run(request, response.pa)
        else:
            value, advance = _access(case, response.pa, memory), 4
        tval = entry + advance & MASK
    return Outcome(
        cause,
        tval,
        advance,
        value,
        _read(memory, observed(case, response) & ~7),
        tuple(memory[address] for address in case.memory),
    )


def _read(memory, address):
    if address == DEVICE:
        return DEVICE_VALUE
    return memory.get(address, content(address))


def _run(request, pa):
    """Runs from the middle of a doubleword of `content`: lui, c.addi, c.ebreak.

    Returns what ends it, what is then in the register, and how far off that is.
    """
    begin = pa % 8
    high, low = divmod(pa - 0x8000_0000 >> 3, 16)
    value = _extend(high << 12, 32) if begin < 4 else POISON
    if begin < 4 and not request.pmp.permits(pa & ~7 | 4, 2, X, request.priv):
        return FETCH_ACCESS, value & MASK, 4 - begin
    if begin < 6:
        value += low
    return BREAKPOINT, value & MASK, 6 - begin


def _access(case, pa, memory):
    """Loads and stores; returns what is then in the register."""
    access, bits, shift = case.request.access, 8 * case.request.size, pa % 8 * 8
    if access == "SC" and not case.reserved:
        return 1
    word = _read(memory, pa & ~7)
    old = _extend(word >> shift, bits)
    new = {"STORE": OPERAND, "SC": OPERAND, "AMO": old + OPERAND}.get(access)
    if new is not None and is_ram(pa):
        mask = (1 << bits) - 1
        memory[pa & ~7] = word & ~(mask << shift) | (new & mask) << shift
    return {"STORE": POISON, "SC": 0}.get(access, old)


def _extend(value, bits):
    """The low `bits` of `value`, with their sign, as a register has them."""
    sign = 1 << bits - 1
    return ((value & 2 * sign - 1) ^ sign) - sign & MASK
