"""The golden model of the aligner, and the compressed instructions that it expands."""

from hdl.mmu.vocabulary import Fault

__all__ = ["MASK", "Cutter", "random_parcel"]

NONE = Fault.NONE
MASK = (1 << 64) - 1


# -- Instructions -------------------------------------------------------------------------------


def c_li(rng):
    rd, imm = rng.randrange(1, 32), rng.randrange(-32, 32)
    parcel = 0b010 << 13 | (imm >> 5 & 1) << 12 | rd << 7 | (imm & 31) << 2 | 0b01
    return parcel, (imm & 0xFFF) << 20 | rd << 7 | 0x13


def c_mv(rng):
    rd, rs2 = rng.randrange(1, 32), rng.randrange(1, 32)
    return 0b1000 << 12 | rd << 7 | rs2 << 2 | 0b10, rs2 << 20 | rd << 7 | 0x33


def c_reserved(_rng):
    """c.addi4spn of 0 and its kin: no instruction."""
    return 0x0000, None


def random_parcel(rng):
    """A halfword: a compressed instruction, or the first half of a long one (odd in bits 1:0)."""
    if rng.random() < 0.5:
        return rng.getrandbits(14) << 2 | 0b11
    return rng.choice((c_li, c_mv, c_li, c_mv, c_reserved))(rng)[0]


def expansion(parcel):
    """(32-bit instruction, illegal) of one of the compressed instructions above."""
    if parcel == 0:
        return None, 1
    if parcel & 3 == 0b01:
        imm = (parcel >> 2 & 31) - (32 if parcel >> 12 & 1 else 0)
        return (imm & 0xFFF) << 20 | (parcel >> 7 & 31) << 7 | 0x13, 0
    return (parcel >> 2 & 31) << 20 | (parcel >> 7 & 31) << 7 | 0x33, 0


# -- Golden model -------------------------------------------------------------------------------


def halves_of(word):
    return [word["data"] >> 16 * slot & 0xFFFF for slot in range(4)]


def failed(word):
    return word["fetch__fault"] is not NONE or word["fetch__update"]


def failure_of(word):
    return {name: word[name] for name in ("fetch__fault", "fetch__update")}


class Cutter:
    """Cuts the words since the last flush into instructions, one at a time."""

    def __init__(self):
        self.words = []
        self.offset = None

    def flush(self):
        self.words, self.offset = [], None

    def arrive(self, word):
        self.words.append(word)

    def front(self):
        """(instruction, words used up, next offset or None), or None if it is not complete."""
        if not self.words:
            return None
        first = self.words[0]
        va = first["fetch__va"]
        offset = va >> 1 & 3 if self.offset is None else self.offset
        pc = va & ~7 | offset << 1
        found = {
            "pc": pc,
            "id": first["number"] << 2 | offset,
            "fetch__fault": NONE,
            "fetch__update": 0,
            "refetch": 0,
            "known": 0,
            "predicted": 0,
            "illegal": 0,
        }
        if failed(first):
            del found["illegal"], found["predicted"], found["known"]
            return found | failure_of(first) | {"fetch__va": pc, "raw": 0}, 1, None
        if first.get("cut") and offset >= 2:
            return self._kept_back(found, pc), 1, None
        parcel = halves_of(first)[offset]
        jumps_here = first["predicted"] and first["slot"] == offset
        if parcel & 3 != 3:
            insn, illegal = expansion(parcel)
            found |= {"raw": parcel, "compressed": 1, "illegal": illegal}
            if not illegal:
                found["insn"] = insn
            return self._jump(found, first, 1, offset)
        found["compressed"] = 0
        if jumps_here:
            return found | {"refetch": 1}, 1, None
        if first.get("cut") and offset == 1:
            return self._kept_back(found, pc + 2), 1, None
        if offset < 3:
            word = halves_of(first)[offset + 1] << 16 | parcel
            found |= {"raw": word, "insn": word}
            return self._jump(found, first, 2, offset)
        return self._straddling(found, parcel)

    def _kept_back(self, found, va):
        """The instruction in `found` fails at `va`, where its word is cut."""
        for name in ("known", "predicted", "illegal", "compressed"):
            found.pop(name, None)
        return found | {"fetch__fault": Fault.ACCESS, "fetch__va": va, "raw": 0}

    def _jump(self, found, first, length, offset):
        if first["known"] and first["slot"] == offset + length - 1:
            found |= {name: first[name] for name in ("known", "predicted", "strong", "target")}
        if found["predicted"]:
            return found, 1, None
        if offset + length < 4:
            return found, 0, offset + length
        return found, 1, None

    def _straddling(self, found, parcel):
        if len(self.words) < 2:
            return None
        second = self.words[1]
        if failed(second):
            del found["known"], found["predicted"], found["illegal"], found["compressed"]
            start = second["fetch__va"] & ~7
            return found | failure_of(second) | {"fetch__va": start, "raw": 0}, 2, None
        word = halves_of(second)[0] << 16 | parcel
        found |= {"raw": word, "insn": word}
        if second["known"] and second["slot"] == 0:
            found |= {name: second[name] for name in ("known", "predicted", "strong", "target")}
        if found["predicted"]:
            return found, 2, None
        return found, 1, 1

    def take(self):
        found, used, self.offset = self.front()
        self.words = self.words[used:]
        return found
