"""Physical memory protection in plain Python, byte by byte as the privileged specification has it.

Part of the golden model: it shares nothing with `hdl`, not even the constants.
"""

from dataclasses import dataclass, field

__all__ = ["L", "NA4", "NAPOT", "OFF", "R", "TOR", "W", "X", "Pmp", "fields_of", "napot"]

#: Bits of a configuration byte, and the values of its field A in place.
R, W, X, L = 1, 2, 4, 0x80
OFF, TOR, NA4, NAPOT = (value << 3 for value in range(4))
_CFG0, _ADDR0 = 0x3A0, 0x3B0


def napot(base: int, size: int) -> int:
    """What `pmpaddr` holds for the region of `size` bytes, a power of two from 8 on, at `base`."""
    return base >> 2 | (size >> 3) - 1


def fields_of(pmp: "Pmp") -> list[dict[str, int]]:
    """The entries of `pmp`, the fields of each by the names that they have in `hdl`."""
    return [
        {
            "r": cfg & 1,
            "w": cfg >> 1 & 1,
            "x": cfg >> 2 & 1,
            "match": cfg >> 3 & 3,
            "locked": cfg >> 7,
            "address": addr,
        }
        for cfg, addr in zip(pmp.cfg, pmp.addr, strict=True)
    ]


@dataclass
class Pmp:
    """The state of `count` entries: their configuration bytes and addresses.

    With `count` 0 there is no protection.
    """

    count: int
    cfg: list[int] = field(default_factory=list)
    addr: list[int] = field(default_factory=list)

    def __post_init__(self):
        self.cfg = self.cfg or [0] * self.count
        self.addr = self.addr or [0] * self.count

    def read(self, csr: int) -> int:
        """What the register at address `csr` holds; it is one of those of 16 entries."""
        if csr >= _ADDR0:
            number = csr - _ADDR0
            return self.addr[number] if number < self.count else 0
        return sum(self.cfg[i] << 8 * (i % 8) for i in self._configured(csr))

    def write(self, csr: int, value: int) -> None:
        """Writes `value` to the register at address `csr`."""
        if csr >= _ADDR0:
            number = csr - _ADDR0
            if number < self.count and not self._address_is_locked(number):
                # "Each PMP address register encodes bits 55-2 of a 56-bit physical address for
                # RV64", the upper ten bits are zero.
                self.addr[number] = value & (1 << 54) - 1
            return
        for i in self._configured(csr):
            # "If PMP entry i is locked, writes to pmpicfg and pmpaddri are ignored."
            if not self.cfg[i] & L:
                self.cfg[i] = _legal(value >> 8 * (i % 8) & 0xFF)

    def permits(self, address: int, size: int, permission: int, mode: str) -> bool:
        """Whether `mode` ("U", "S" or "M") may access `size` bytes at a physical `address`.

        `permission` are the bits R, W and X that the access needs.
        """
        if not self.count:
            return True
        for i in range(self.count):
            if self.cfg[i] & NAPOT == OFF:
                continue
            matched = [self._matches(i, byte) for byte in range(address, address + size)]
            if any(matched):
                # "The matching PMP entry must match all bytes of an access, or the access fails,
                # irrespective of the L, R, W, and X bits."
                return all(matched) and self._grants(i, permission, mode)
        return mode == "M"

    def _grants(self, number, permission, mode):
        cfg = self.cfg[number]
        return (mode == "M" and not cfg & L) or cfg & permission == permission

    def _matches(self, number, byte):
        """Whether an entry that is on matches one byte."""
        a, address = self.cfg[number] & 0b11 << 3, self.addr[number]
        if a == TOR:
            low = self.addr[number - 1] if number else 0
            return low << 2 <= byte < address << 2
        if a == NA4:
            return byte >> 2 == address
        # Table "NAPOT range encoding": yyyy...y01 is 16 bytes, yyyy...011 is 32, and so on.
        ones = 0
        while address >> ones & 1:
            ones += 1
        return byte >> ones + 3 == address >> ones + 1

    def _address_is_locked(self, number):
        """The entry is, or it is the lower bound of a locked TOR."""
        following = self.cfg[number + 1] if number + 1 < self.count else 0
        return bool(self.cfg[number] & L) or bool(following & L and following & NAPOT == TOR)

    def _configured(self, csr):
        first = (csr - _CFG0) * 4
        return range(first, min(first + 8, self.count))


def _legal(byte):
    """The byte that is held after a write of `byte`: bits 6:5 are 0, and R=0 with W=1 is none."""
    byte &= R | W | X | NAPOT | L
    return byte if byte & R else byte & ~W
