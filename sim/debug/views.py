"""What the debugger shows, as lines of plain text; each view is a function of the run as it is."""

from collections.abc import Iterator

from hdl.arch import INTERRUPT_BIT, PAGE_SIZE, Cause, Csr, Interrupt, Priv
from hdl.pipeline.probe import Stall
from hdl.priv.table import REGISTERS
from kernel_model.mm.peek import vmprint
from kernel_model.proc.state import Proc
from kernel_model.scheduler import waits_for
from sim.debug.debugger import DebugError
from sim.debug.hart_state import CsrValue, HartState
from sim.guests.symbols import Symbols
from sim.host.debug_info import DebugInfo, disassemble
from sim.host.terminals import visible
from sim.output.story import tell
from sim.output.translation import explain, explain_walk
from sim.session import KernelSession

__all__ = [
    "csrs",
    "disassembly",
    "fault",
    "memory",
    "page_table",
    "processes",
    "registers",
    "source",
    "stages",
    "table",
    "translation",
    "where",
]

#: The registers, by the names of the calling convention.
ABI_NAMES = (
    *("zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1"),
    *(f"a{number}" for number in range(8)),
    *(f"s{number}" for number in range(2, 12)),
    *("t3", "t4", "t5", "t6"),
)
_STALLS = {
    Stall.NONE: "",
    Stall.NEXT: "the next stage is occupied",
    Stall.FETCH: "its second half is fetched",
    Stall.OPERAND: "waits for an operand",
    Stall.UNIT: "the multiplier or divider works",
    Stall.TRANSLATION: "its address is translated",
    Stall.MEMORY: "waits for memory",
    Stall.INTERRUPT: "waits for an interrupt",
}
#: Bytes of a line of memory, and lines of the source before and behind the present one.
_ROW, _AROUND = 16, 4
_CSR_WIDTH = 11


def where(session: KernelSession, symbols: Symbols) -> Iterator[str]:
    """The cycle, who runs, and the next instruction with its line of the source.

    In S-mode also the process's instruction that has led there, and its line.
    """
    state, proc = HartState(session), session.kernel.proc
    who = "no process" if proc is None else f"pid {proc.pid} ({visible(proc.name)})"
    mode = "" if state.priv is Priv.U else f", in {state.priv.name}-mode"
    yield f"cycle {session.cycle:,}: {who}{mode}"
    yield f"  {_instruction(state, _info(session, symbols, state), state.pc)}"
    info, pc = _program(session, symbols, state)
    if pc != state.pc:
        yield f"from {_instruction(state, info, pc)}"
    line = None if info is None else info.line(pc)
    if line is not None:
        yield f"  {line.file}:{line.number}  {line.text}".rstrip()


def registers(session: KernelSession) -> Iterator[str]:
    """The pc and the registers, three a line."""
    state = HartState(session)
    named = [("pc", state.pc), *zip(ABI_NAMES[1:], state.registers[1:], strict=True)]
    rows = -(-len(named) // 3)
    for first in range(rows):
        row = (f"{name:<3} {value:#018x}" for name, value in named[first::rows])
        yield "  ".join(row)


def csrs(session: KernelSession, name: str | None = None) -> Iterator[str]:
    """The CSRs that hold something, by field; or the one of that name."""
    state = HartState(session)
    for register in REGISTERS:
        shown = state.csr(register.csr)
        if shown.name == name or (name is None and shown.value):
            yield _csr_line(shown)
    for each in state.protection:
        if each.name == name or (name is None and each.value):
            yield _register_line(each.name, each.value, each.words)


def stages(session: KernelSession, symbols: Symbols) -> Iterator[str]:
    """The stages, from the fetch to the retirement, each with its instruction."""
    state = HartState(session)
    info = _info(session, symbols, state)
    for stage in state.stages:
        if not stage.valid:
            yield f"{stage.name:<8}"
            continue
        notes = [_STALLS[stage.stall], "is dropped" if stage.squash else ""]
        note = ", ".join(filter(None, notes))
        what = _instruction(state, info, stage.pc)
        yield f"{stage.name:<8} {what}{f'  ({note})' if note else ''}"


def table(session: KernelSession, name: str) -> Iterator[str]:
    """The valid entries of a TLB, or of the walk cache."""
    entries = HartState(session).table(name)
    if not entries:
        yield f"{name}: empty"
        return
    yield f"{name}: " + ("tables of level 0" if name == "walk_cache" else "pages")
    for each in entries:
        size = {PAGE_SIZE: "4 KiB", PAGE_SIZE << 9: "2 MiB", PAGE_SIZE << 18: "1 GiB"}[each.size]
        yield (
            f"  {each.number:>2}  va {each.va:#018x}  {size}  pa {each.pa:#x}"
            f"  asid {each.asid}  {each.flags}"
        )


def translation(session: KernelSession, va: int) -> Iterator[str]:
    """What the walker would do for an address of the process, and what comes of it."""
    state, proc = HartState(session), session.kernel.proc
    walked = state.walk(va, None if proc is None else proc.pagetable)
    if walked is None:
        yield f"va {va:#x}: addresses are not translated here"
    elif proc is not None:
        yield from explain(walked, proc.space, svadu=_svadu(state))
    else:
        yield from explain_walk(walked, svadu=_svadu(state))


def page_table(session: KernelSession, pid: int | None = None) -> Iterator[str]:
    """The page table of a process as a tree, by default of the one that runs."""
    running = session.kernel.proc
    pid = running.pid if pid is None and running is not None else pid
    if pid is not None:
        proc = _process(session, pid)
        yield f"pid {proc.pid} ({visible(proc.name)}), size {proc.sz:#x}"
        yield from vmprint(session.kernel.memory, proc.pagetable)
        return
    root = HartState(session).root
    if root is None:
        yield "addresses are not translated here"
    else:
        yield from vmprint(session.kernel.memory, root)


def processes(session: KernelSession) -> Iterator[str]:
    """All processes but init: what they do, and what memory they have."""
    running = session.kernel.proc
    others = [proc for proc in session.kernel.procs if proc is not session.kernel.procs.init]
    if not others:
        yield "no processes"
    for proc in others:
        doing = f"waits for {waits_for(proc)}" if proc.chan is not None else proc.state.value
        mark = "*" if proc is running else " "
        memory = f"size {proc.sz:#x}, {proc.space.resident} pages resident"
        yield f"{mark} {proc.pid:>3}  {visible(proc.name):<14}  {doing}; {memory}"


def fault(session: KernelSession, symbols: Symbols, number: int | None = None) -> Iterator[str]:
    """The story of a page fault that has been served, by default the last one."""
    faults = session.guest.faults
    if not faults:
        raise DebugError("no page fault has been served yet")
    number = len(faults) if number is None else number
    if number > len(faults):
        raise DebugError(f"{len(faults):,} page faults have been served so far")
    try:
        found = faults[number - 1]
    except IndexError:
        raise DebugError(f"fault {number:,} is not kept any more") from None
    name = found.served.name
    yield from tell(found, visible(name), symbols.info(name))


def memory(session: KernelSession, va: int, count: int) -> Iterator[str]:
    """The bytes from `va` on, as the hart would find them; none where no page is."""
    data = HartState(session).read(va, count)
    for start in range(0, len(data), _ROW):
        row = data[start : start + _ROW]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield f"{va + start:#x}  {row.hex(' '):<47}  {text}"
    if len(data) < count:
        yield f"{va + len(data):#x}  nothing is mapped here"


def disassembly(session: KernelSession, symbols: Symbols, va: int, count: int) -> Iterator[str]:
    """`count` instructions from `va` on."""
    state = HartState(session)
    info = _info(session, symbols, state)
    for _ in range(count):
        code = state.read(va, 4)
        if len(code) < 2:
            yield f"{va:#x}  nothing is mapped here"
            return
        mark = "=>" if va == state.pc else "  "
        yield f"{mark} {_instruction(state, info, va)}"
        va += 2 if code[0] & 3 != 3 else 4


def source(session: KernelSession, symbols: Symbols) -> Iterator[str]:
    """The lines of the source around where the program is."""
    info, pc = _program(session, symbols, HartState(session))
    line = None if info is None else info.line(pc)
    lines = [] if info is None else info.source(pc)
    if line is None:
        raise DebugError("nothing tells which line of a source this is")
    if line.number > len(lines):
        where = visible(f"{line.file}:{line.number}")
        raise DebugError(f"the program is at {where}, but the source is not there any more")
    first = max(1, line.number - _AROUND)
    for number, text in enumerate(lines[first - 1 : line.number + _AROUND], first):
        yield f"{'=>' if number == line.number else '  '} {number:>4}  {text}".rstrip()


def _info(session: KernelSession, symbols: Symbols, state: HartState) -> DebugInfo | None:
    """What is known of the program that runs; in the handlers of the kernel nothing."""
    proc = session.kernel.proc
    if proc is None or state.priv is not Priv.U:
        return None
    return symbols.info(proc.name)


def _program(
    session: KernelSession, symbols: Symbols, state: HartState
) -> tuple[DebugInfo | None, int]:
    """What is known of the program that runs, and where it is, in S-mode too."""
    proc = session.kernel.proc
    if proc is not None and state.priv is Priv.S:
        return symbols.info(proc.name), state.csr(Csr.SEPC).value
    return _info(session, symbols, state), state.pc


def _instruction(state: HartState, info: DebugInfo | None, pc: int) -> str:
    """Address, function and assembly."""
    code = state.read(pc, 4)
    function = None if info is None else info.function(pc)
    assembly = disassemble(code, pc) if len(code) >= 2 else None
    if assembly is None and info is not None:  # its page table is not in use
        assembly = info.instruction(pc)
    return "  ".join(filter(None, (f"{pc:#x}", function, assembly)))


def _csr_line(shown: CsrValue) -> str:
    named = [(field, value) for field, value in shown.fields if field.name]
    words = [
        f"{field.name} {value:#x}" if value > 9 else f"{field.name} {value}"
        for field, value in named
    ]
    if shown.register.csr in (Csr.SCAUSE, Csr.MCAUSE):
        words = [_cause(shown.value)]
    return _register_line(shown.name, shown.value, ", ".join(words))


def _register_line(name: str, value: int, words: str) -> str:
    return f"{name:<{_CSR_WIDTH}} {value:#018x}  {words}".rstrip()


def _cause(value: int) -> str:
    """A cause in words."""
    number = value & ~(1 << INTERRUPT_BIT)
    try:
        if value >> INTERRUPT_BIT:
            return f"interrupt {Interrupt(number).name}"
        return Cause(number).name.lower().replace("_", " ")
    except ValueError:
        return ""


def _svadu(state: HartState) -> bool:
    fields = {field.name: value for field, value in state.csr(Csr.MENVCFG).fields}
    return bool(fields["ADUE"])


def _process(session: KernelSession, pid: int) -> Proc:
    for proc in session.kernel.procs:
        if proc.pid == pid and proc.pagetable:
            return proc
    raise DebugError(f"there is no process {pid} with memory of its own")
