"""The registers as gdb numbers them, and the description of the target that tells it so.

GDB manual, "RISC-V Features". A CSR has the number 65 and its address, the privilege the one behind
the last of these.
"""

from collections.abc import Sequence

from hdl.arch import Csr
from hdl.priv.table import REGISTERS
from sim.debug.hart_state import HartState
from sim.debug.protection import ProtectionCsr
from sim.debug.views import ABI_NAMES

__all__ = ["PC", "description", "general", "value"]

PC, _CSRS = 32, 65
_PRIV = _CSRS + 4096
_BYTES = 8


def description(protection: Sequence[ProtectionCsr] = ()) -> str:
    """The target description, in XML, of a hart with these CSRs of memory protection."""
    general = [
        *(_register(name, number, "int") for number, name in enumerate(ABI_NAMES)),
        _register("pc", PC, "code_ptr"),
    ]
    numbered = [(each.csr.name.lower(), int(each.csr)) for each in REGISTERS]
    numbered += [(each.name, each.csr) for each in protection]
    csrs = [_register(name, _CSRS + csr, "int", "system") for name, csr in numbered]
    virtual = [_register("priv", _PRIV, "int", "general")]
    features = {"cpu": general, "csr": csrs, "virtual": virtual}
    parts = (
        f'<feature name="org.gnu.gdb.riscv.{name}">\n' + "\n".join(lines) + "\n</feature>"
        for name, lines in features.items()
    )
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE target SYSTEM "gdb-target.dtd">\n<target>\n'
        "<architecture>riscv:rv64</architecture>\n" + "\n".join(parts) + "\n</target>\n"
    )


def general(state: HartState) -> str:
    """x0 to x31 and the pc, in hexadecimal as they lie in memory."""
    return "".join(map(_hex, (*state.registers, state.pc)))


def value(state: HartState, number: int) -> str:
    """One register, likewise. Raises KeyError or ValueError for one that there is not."""
    if number <= PC:
        return _hex((*state.registers, state.pc)[number])
    if number == _PRIV:
        return _hex(int(state.priv))
    for each in state.protection:
        if each.csr == number - _CSRS:
            return _hex(each.value)
    return _hex(state.csr(Csr(number - _CSRS)).value)


def _hex(value: int) -> str:
    return value.to_bytes(_BYTES, "little").hex()


def _register(name: str, number: int, kind: str, group: str = "") -> str:
    groups = f' group="{group}"' if group else ""
    return f'<reg name="{name}" bitsize="64" type="{kind}" regnum="{number}"{groups}/>'
