"""UART: a 16550A without a bit rate, as QEMU's `virt` has it (`serial.c`, `serial-mm.c`).

    0  RBR, THR; DLL if DLAB   received byte; a byte to send; divisor
    1  IER; DLM if DLAB        interrupts that are wanted: received, THRE, line, modem status
    2  IIR, FCR                which interrupt there is; FIFO on, cleared, trigger level
    3  LCR                     bit 7 is DLAB; frame and break are kept and do nothing
    4  MCR                     bit 4 loops what is sent back; the others are kept
    5  LSR                     data ready, overrun, THRE, TEMT; stores do nothing
    6  MSR                     0xb0, or in a loop what MCR says; stores do nothing
    7  SCR                     kept

An access of any size is to the register at its address, and its upper bytes are 0. A byte is sent
in the cycle of its store, so THRE and TEMT are always 1. Less than the trigger level in the FIFO
is a character time-out (IIR 0xc) at once.
"""

from collections.abc import Callable

from kernel_model.dev.state import Console
from sim.platform.device import Device

__all__ = ["POLL", "Uart"]

#: Cycles from one look for input to the next, unless said else.
POLL = 10_000
#: Bytes of input that are taken from the console at once; the guest gets them as it reads.
_PIECE = 256

_DATA, _IER, _IIR, _LCR, _MCR, _LSR, _MSR, _SCR = range(8)
_FIFO_BYTES = 16
_TRIGGERS = (1, 4, 8, 14)
_IER_RECEIVED, _IER_THRE, _IER_LINE = 1, 2, 4
_IIR_NONE, _IIR_THRE, _IIR_RECEIVED, _IIR_LINE, _IIR_TIMEOUT, _IIR_FIFO = 1, 2, 4, 6, 0xC, 0xC0
_FCR_ON, _FCR_CLEAR_RECEIVED, _FCR_CLEAR_SENT, _FCR_KEPT = 1, 2, 4, 0xC9
_LCR_DLAB, _MCR_LOOP = 0x80, 0x10
_LSR_READY, _LSR_OVERRUN, _LSR_EMPTY = 1, 2, 0x60
_MSR_CONNECTED = 0xB0


class Uart(Device):
    """See above.

    Input is looked for while the guest wants some: it has the interrupt for received bytes enabled,
    or has loaded LSR since the last look. A look is `poll` cycles after the guest came to want it
    and after the look before, or in the cycle that the console knows. Of a console that does not
    interrupt, a pipe, the look waits for a line. All that a look finds is there at once, and goes
    into the FIFO as it has room up to the trigger level.

    Parameters
    ----------
    console : Console
        Where bytes go to and come from.
    interrupt : function
        Is told whether the UART interrupts, whenever that may have changed.
    poll : int
        Cycles from one look for input to the next, at least 1.
    """

    base, size = 0x1000_0000, 8

    def __init__(self, console: Console, interrupt: Callable[[bool], object], *, poll: int = POLL):
        if poll < 1:
            raise ValueError(f"poll must be at least 1 cycle, not {poll}")
        self._poll = poll
        self.deadline: int | None = None
        self._console = console
        self._interrupt = interrupt
        #: Input that was taken from the console and is not received yet.
        self._coming = bytearray()
        self._received = bytearray()
        self._last = 0
        self._divisor = 12
        #: The registers that hold what is stored.
        self._ier, self._fcr, self._lcr, self._mcr, self._scr = 0, 0, 0, 8, 0
        self._overrun = False
        self._sent = False  # the THRE interrupt is there
        self._polled = False

    def load(self, offset: int, count: int, cycle: int) -> int:
        """The register at `offset`, 8 bits."""
        if self._lcr & _LCR_DLAB and offset in (_DATA, _IER):
            return self._divisor >> 8 * offset & 0xFF
        match offset:
            case 0:
                return self._receive()
            case 1:
                return self._ier
            case 2:
                return self._identify()
            case 3:
                return self._lcr
            case 4:
                return self._mcr
            case 5:
                return self._line_status(cycle)
            case 6:
                return self._modem_status()
        return self._scr

    def store(self, offset: int, count: int, value: int, cycle: int) -> None:
        """Writes the low 8 bits of `value` to the register at `offset`."""
        value &= 0xFF
        if self._lcr & _LCR_DLAB and offset in (_DATA, _IER):
            shift = 8 * offset
            self._divisor = self._divisor & ~(0xFF << shift) | value << shift
            return
        match offset:
            case 0:
                self._send(value)
            case 1:
                self._enable(value & 0xF)
            case 2:
                self._control(value)
            case 3:
                self._lcr = value
            case 4:
                self._mcr = value & 0x1F
            case 7:
                self._scr = value
        self._fill()
        self._look_later(cycle)

    def tick(self, cycle: int) -> None:
        """Looks for input."""
        self.deadline = None
        self._polled = False
        if not self._coming:
            self._coming += self._console.poll(cycle, _PIECE)
            self._fill()
        self._look_later(cycle)

    def look(self, cycle: int) -> None:
        """Says that the console may have input now though it had none that was to come."""
        self._look_later(cycle)

    def _look_later(self, cycle: int) -> None:
        """Sets the deadline, if input is wanted and there can be any."""
        wanted = self._polled or self._ier & _IER_RECEIVED
        if self.deadline is not None or not wanted or self._console.ended(cycle):
            return
        arrival = self._console.next_arrival(cycle)
        self.deadline = cycle + self._poll if arrival is None else max(arrival, cycle + 1)

    def _fill(self) -> None:
        """Receives what is coming, as far as there is room."""
        room = self._room
        if self._coming and room:
            self._received += self._coming[:room]
            del self._coming[:room]
            self._update()

    @property
    def _trigger(self) -> int:
        return _TRIGGERS[self._fcr >> 6] if self._fcr & _FCR_ON else 1

    @property
    def _room(self) -> int:
        """Bytes that may come: up to the trigger level, as QEMU has it."""
        return 0 if self._mcr & _MCR_LOOP else max(0, self._trigger - len(self._received))

    @property
    def _identification(self) -> int:
        """The low half of IIR."""
        if self._ier & _IER_LINE and self._overrun:
            return _IIR_LINE
        if self._ier & _IER_RECEIVED and self._received:
            return _IIR_RECEIVED if len(self._received) >= self._trigger else _IIR_TIMEOUT
        if self._ier & _IER_THRE and self._sent:
            return _IIR_THRE
        return _IIR_NONE

    def _update(self) -> None:
        self._interrupt(self._identification != _IIR_NONE)

    def _receive(self) -> int:
        if self._received:
            self._last = self._received.pop(0)
            found = self._last
        else:
            found = 0 if self._fcr & _FCR_ON else self._last
        self._update()
        self._fill()
        return found

    def _send(self, value: int) -> None:
        self._sent = True
        if self._mcr & _MCR_LOOP:
            self._loop(value)
        else:
            self._console.write(bytes([value]))
        self._update()

    def _loop(self, value: int) -> None:
        """Receives what was sent. A full FIFO stays as it is, a single byte is lost."""
        if len(self._received) < (_FIFO_BYTES if self._fcr & _FCR_ON else 1):
            self._received.append(value)
            return
        self._overrun = True
        if not self._fcr & _FCR_ON:
            self._received[0] = value

    def _enable(self, value: int) -> None:
        changed = self._ier ^ value
        self._ier = value
        if changed & _IER_THRE:
            self._sent = bool(value & _IER_THRE)
        if changed:
            self._update()

    def _control(self, value: int) -> None:
        if (value ^ self._fcr) & _FCR_ON:
            value |= _FCR_CLEAR_RECEIVED | _FCR_CLEAR_SENT
        if value & _FCR_CLEAR_RECEIVED:
            self._received.clear()
        if value & _FCR_CLEAR_SENT:
            self._sent = True
        self._fcr = value & _FCR_KEPT
        self._update()

    def _identify(self) -> int:
        found = self._identification
        if found == _IIR_THRE:
            self._sent = False
            self._update()
        return found | (_IIR_FIFO if self._fcr & _FCR_ON else 0)

    def _line_status(self, cycle: int) -> int:
        found = _LSR_EMPTY | (_LSR_READY if self._received else 0)
        if self._overrun:
            found |= _LSR_OVERRUN
            self._overrun = False
            self._update()
        self._polled = True
        self._look_later(cycle)
        return found

    def _modem_status(self) -> int:
        """MSR; in a loop OUT2, OUT1, RTS and DTR are DCD, RI, CTS and DSR."""
        mcr = self._mcr
        if not mcr & _MCR_LOOP:
            return _MSR_CONNECTED
        return (mcr & 0xC) << 4 | (mcr & 2) << 3 | (mcr & 1) << 5
