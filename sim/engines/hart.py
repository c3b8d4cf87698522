"""What an engine runs."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from amaranth.hdl import Signal
    from amaranth.lib.memory import MemoryData
    from amaranth.lib.wiring import PureInterface

__all__ = ["HartPorts"]


class HartPorts(Protocol):
    """A component with the ports of `hdl.hart.Hart`, which says what each is, and its registers."""

    fetch_port: "PureInterface"
    data_port: "PureInterface"
    mtime: "Signal"
    interrupts: "PureInterface"
    retire: "PureInterface"
    registers: "MemoryData"
