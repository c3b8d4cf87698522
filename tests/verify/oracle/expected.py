"""What an access must leave behind on a hart, as the golden model has it."""

from dataclasses import dataclass, replace

from tests.verify.golden.cases import DEVICE, RESERVED, Case, content
from tests.verify.golden.pmp import X
from tests.verify.golden.portions import portions, respond_to_all
from tests.verify.golden.sv39 import Request, Response, is_ram, respond

__all__ = [
    "BREAKPOINT",
    "DEVICE_VALUE",
    "OPERAND",
    "POISON",
    "Outcome",
    "beyond",
    "expect",
    "observed",
    "settle",
    "settle_all",
    "store_first",
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
    what is then at the addresses of `case.memory`, in its order. On a hart that does misaligned
    accesses the bits of `memory` from the 64th on are those of the doubleword at `beyond(case)`.
    """

    cause: int
    tval: int
    advance: int
    value: int
    memory: int
    ptes: tuple[int, ...]


def settle(case: Case, memory: dict[int, int]) -> Response:
    """The golden model's response once A and D have been set, which happens in `memory`.

    Of a misaligned access that of its first portion, or of the one that faults.
    """
    responses = settle_all(case, memory)
    return responses[0] if responses[-1].kind == "ok" else responses[-1]


def settle_all(case: Case, memory: dict[int, int]) -> list[Response]:
    """The same of each portion, of which there are two at most; none comes behind a fault."""
    if not case.misaligned or not portions(case.request)[0].part:
        return [_settle(case.request, memory)]
    return respond_to_all(case.request, lambda address: _read(memory, address), memory.__setitem__)


def _settle(request: Request, memory: dict[int, int]) -> Response:
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


def observed(case: Case, responses: list[Response]) -> int:
    """A word in RAM that the access does, or was to, reach."""
    for address in (responses[0].pa & ~3, case.target & ~3):
        if is_ram(address) and address not in RESERVED:
            return address
    return 0x8000_0000


def beyond(responses: list[Response]) -> int:
    """A doubleword in RAM that the second portion of a misaligned access reaches."""
    reached = [response.pa & ~7 for response in responses[1:] if is_ram(response.pa)]
    return reached[0] if reached else 0x8000_0008


def expect(case: Case, entry: int) -> Outcome:
    """The outcome of `case`, the access of which is the instruction at `entry`."""
    request, memory = case.request, dict(case.memory)
    responses = settle_all(case, memory)
    response = responses[-1]
    if response.cause is not None:
        cause, tval, advance, value = response.cause, response.tval, 0, POISON
    else:
        cause = BREAKPOINT
        if request.access == "FETCH":
            cause, value, advance = _run(request, response.pa)
        else:
            value, advance = _access(case, responses, memory), 4
        tval = entry + advance & MASK
    left = _read(memory, observed(case, responses) & ~7)
    if case.misaligned:
        left |= _read(memory, beyond(responses)) << 64
    return Outcome(
        cause,
        tval,
        advance,
        value,
        left,
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


def _access(case, responses, memory):
    """Loads and stores; returns what is then in the register."""
    access, bits = case.request.access, 8 * case.request.size
    if access == "SC" and not case.reserved:
        return 1
    places = _places(case, responses)
    old = _extend(_load(places, memory), bits)
    new = {"STORE": OPERAND, "SC": OPERAND, "AMO": old + OPERAND}.get(access)
    if new is not None and is_ram(places[0][0]):
        _store(places, new, memory)
    return {"STORE": POISON, "SC": 0}.get(access, old)


def store_first(case: Case, responses: list[Response], memory: dict[int, int]) -> None:
    """Stores what of a misaligned store is in its first portion."""
    _store(_places(case, responses)[:1], OPERAND, memory)


def _places(case, responses):
    """Physical address and bytes of each portion, of one only if the access is aligned."""
    sizes = (part.size for part in portions(case.request))
    return [(response.pa, size) for response, size in zip(responses, sizes, strict=False)]


def _load(places, memory):
    value = shift = 0
    for pa, size in places:
        value |= (_read(memory, pa & ~7) >> pa % 8 * 8 & (1 << 8 * size) - 1) << shift
        shift += 8 * size
    return value


def _store(places, value, memory):
    for pa, size in places:
        mask = (1 << 8 * size) - 1 << pa % 8 * 8
        memory[pa & ~7] = _read(memory, pa & ~7) & ~mask | (value << pa % 8 * 8) & mask
        value >>= 8 * size


def _extend(value, bits):
    """The low `bits` of `value`, with their sign, as a register has them."""
    sign = 1 << bits - 1
    return ((value & 2 * sign - 1) ^ sign) - sign & MASK
