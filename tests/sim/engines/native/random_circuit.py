"""Random circuits: every operator and statement of Amaranth, at all widths."""

from random import Random

from amaranth.hdl import (
    Array,
    Cat,
    Const,
    EnableInserter,
    Module,
    Mux,
    ResetInserter,
    Signal,
    Value,
    signed,
    unsigned,
)
from amaranth.lib.memory import Memory

__all__ = ["RandomCircuit"]

#: Most bits of a value in arithmetic, and of a signal.
WIDEST, WIDEST_SIGNAL = 128, 200
#: Widths around those of the host's integers come more often.
EDGES = (1, 1, 1, 2, 3, 7, 8, 9, 16, 31, 32, 33, 63, 64, 65, 127, 128)


class RandomCircuit:
    """A random design in the domain `sync`; the same seed makes the same design.

    Members
    -------
    module : Module
        The design; it may be elaborated more than once.
    inputs : list of Signal
        What it reads and does not drive. Signals' names end with the seed.
    """

    def __init__(self, seed: int):
        self._seed, self._random = seed, (random := Random(seed))
        # One in ten is large.
        self._scale = scale = 1 + (seed % 10 == 0)
        self.module = Module()
        self._modules = [self.module]
        #: For statements that are under no condition.
        self.module.submodules.outside = self._outside = Module()
        self._count = 0
        self.inputs = [self._signal() for _ in range(random.randint(2, 5))]
        self._known = list(self.inputs)
        self._nest()
        registers = [
            self._signal(reset_less=random.random() < 0.3)
            for _ in range(scale * random.randint(1, 4))
        ]
        self._known += registers
        steps = (self._logic, self._logic, self._logic, self._struct, self._memory)
        for _ in range(scale * random.randint(1, 4)):
            random.choice(steps)()
        while registers:
            group = [registers.pop() for _ in range(min(len(registers), random.randint(1, 3)))]
            self._block(self._module(), "sync", group, 2)

    # Where things are, and what they are called.

    def _nest(self):
        """Submodules, some of them held or reset by an input."""
        for _ in range(self._random.randint(0, 3)):
            parent, child = self._module(), Module()
            wrapped = child
            if self._random.random() < 0.5:
                inserter = self._random.choice((EnableInserter, ResetInserter))
                self.inputs.append(control := self._signal(1))
                self._known.append(control)
                wrapped = inserter(control)(child)
            self._count += 1
            parent.submodules[f"part{self._count}"] = wrapped
            self._modules.append(child)

    def _module(self):
        return self._random.choice(self._modules)

    def _width(self, widest=WIDEST):
        kind = self._random.random()
        if kind < 0.5:
            return min(self._random.choice(EDGES), widest)
        return self._random.randint(1, min(10, widest) if kind < 0.8 else widest)

    def _shape(self):
        width = self._width(WIDEST_SIGNAL if self._random.random() < 0.1 else WIDEST)
        return self._random.choice((unsigned, signed))(width)

    def _signal(self, shape=None, **options):
        shape = self._shape() if shape is None else shape
        self._count += 1
        init = self._number(shape) if self._random.random() < 0.5 else 0
        name = f"x{self._count}_of_{self._seed}"
        return Signal(shape, name=name, init=init, **options)

    def _number(self, shape) -> int:
        """A value of `shape`, often an extreme one."""
        value = Const(0, shape)
        width = len(value)
        bits = self._random.choice(
            (0, (1 << width) - 1, 1 << max(width - 1, 0), self._random.getrandbits(width))
        )
        return Const(bits, shape).value if width else 0

    def numbers(self) -> list[int]:
        """A new value for every input, as an unsigned number."""
        return [self._number(unsigned(len(signal))) for signal in self.inputs]

    # Expressions of what is known.

    def _expression(self, depth=None) -> Value:
        depth = 1 + self._scale if depth is None else depth
        if depth <= 0 or self._random.random() < 0.3:
            return self._leaf()
        kind = self._random.choice(
            (self._unary, self._binary, self._binary, self._binary, self._bitwise, self._shift,
             self._constant_shift, self._slice, self._part, self._choice, self._array, self._join,
             self._match)
        )  # fmt: skip
        value = kind(depth - 1)
        if len(value) and self._random.random() < 0.1:
            value = value.as_unsigned() if value.shape().signed else value.as_signed()
        return value

    def _leaf(self):
        if self._random.random() < 0.15:
            shape = self._shape()
            return Const(self._number(shape), shape)
        value = self._random.choice(self._known)
        return self._cut(value) if self._random.random() < 0.2 else value

    def _cut(self, value):
        """Some bits of `value`."""
        start = self._random.randint(0, len(value))
        return value[start : self._random.randint(start, len(value))]

    def _operand(self, depth, widest) -> Value:
        """An expression of at most `widest` bits, with its sign."""
        value = self._expression(depth)
        if len(value) <= widest:
            return value
        start = self._random.randint(0, len(value) - widest)
        cut = value[start : start + widest]
        return cut.as_signed() if value.shape().signed and widest else cut

    def _plain(self, depth, widest=WIDEST):
        """As `_operand`, but unsigned."""
        return self._operand(depth, widest).as_unsigned()

    def _named(self, value):
        """A signal with this value: pysim computes parts of other things past their end wrongly."""
        signal = self._signal(value.shape())
        self._outside.d.comb += signal.eq(value)
        self._known.append(signal)
        return signal

    def _unary(self, depth):
        value = self._operand(depth, WIDEST - 1)
        return self._random.choice(
            (lambda: ~value, lambda: -value, lambda: abs(value), lambda: +value, value.bool,
             value.any, value.all, value.xor)
        )()  # fmt: skip

    def _binary(self, depth):
        op = self._random.choice(("+", "-", "*", "//", "%", "<", "<=", ">", ">=", "==", "!="))
        widest = WIDEST // 2 if op == "*" else WIDEST - 2
        a, b = self._operand(depth, widest), self._operand(depth, widest)
        return _OPERATORS[op](a, b)

    def _bitwise(self, depth):
        a, b = self._expression(depth), self._expression(depth)
        return _OPERATORS[self._random.choice("&|^")](a, b)

    def _shift(self, depth):
        if self._random.random() < 0.5:
            return self._operand(depth, WIDEST) >> self._plain(depth, self._width(64))
        amount = self._random.randint(0, 6)
        return self._operand(depth, WIDEST - (1 << amount)) << self._plain(depth, amount)

    def _constant_shift(self, depth):
        value = self._operand(depth, WIDEST)
        method = self._random.choice(("shift_left", "shift_right", "rotate_left", "rotate_right"))
        amount = self._random.randint(0, 20)
        if method.startswith("rotate"):
            return getattr(value, method)(amount) if len(value) else value
        return getattr(value, method)(amount)

    def _slice(self, depth):
        return self._cut(self._expression(depth))

    def _part(self, depth):
        value = self._named(self._operand(depth, WIDEST))
        offset = self._plain(depth, self._random.choice((1, 3, 5, 8, 40)))
        width = self._random.randint(0, len(value))
        if self._random.random() < 0.5:
            return value.bit_select(offset, width)
        return value.word_select(offset, max(1, width))

    def _choice(self, depth):
        test = self._plain(depth)
        return Mux(test, self._expression(depth), self._expression(depth))

    def _array(self, depth):
        items = Array(self._expression(depth - 1) for _ in range(self._random.randint(1, 5)))
        return Value.cast(items[self._plain(depth, 3)])

    def _join(self, depth):
        value = Cat(self._expression(depth) for _ in range(self._random.randint(0, 3)))
        if self._random.random() < 0.3:
            value = value[: self._random.randint(0, 16)].replicate(self._random.randint(0, 8))
        return value

    def _match(self, depth):
        value = self._plain(depth)
        return value.matches(*self._patterns(len(value)))

    def _patterns(self, width):
        alphabet = self._random.choice(("01", "01-", "01------", "0-"))
        return [
            "".join(self._random.choice(alphabet) for _ in range(width))
            for _ in range(self._random.randint(1, 3))
        ]

    # Statements.

    def _logic(self):
        """Combinational signals."""
        targets = [self._signal() for _ in range(self._random.randint(1, 3))]
        self._block(self._module(), "comb", targets, 2)
        self._known += targets

    def _struct(self):
        """A signal whose fields depend on each other, though no bit depends on itself."""
        whole, module, position = self._signal(), self._module(), 0
        before = len(self._known)
        while position < len(whole):
            end = self._random.randint(position + 1, len(whole))
            field = whole[position:end]
            if self._random.random() < 0.7:
                self._block(module, "comb", [field], 1)
            self._known.append(field)
            position = end
        del self._known[before:]
        self._known.append(whole)

    def _block(self, module, domain, targets, depth):
        """Statements that assign to `targets`, nested `depth` deep at most."""
        for _ in range(self._random.randint(1, 2)):
            if depth and self._random.random() < 0.6:
                self._random.choice((self._if, self._switch))(module, domain, targets, depth - 1)
            else:
                module.d[domain] += self._target(targets).eq(self._expression())

    def _if(self, module, domain, targets, depth):
        with module.If(self._plain(1)):
            self._block(module, domain, targets, depth)
        while self._random.random() < 0.4:
            with module.Elif(self._plain(1)):
                self._block(module, domain, targets, depth)
        if self._random.random() < 0.5:
            with module.Else():
                self._block(module, domain, targets, depth)

    def _switch(self, module, domain, targets, depth):
        value = self._plain(1, self._random.choice((1, 2, 2, 3, 3, 5, 70)))
        with module.Switch(value):
            for _ in range(self._random.randint(1, 4)):
                with module.Case(*self._patterns(len(value))):
                    self._block(module, domain, targets, depth)
            if self._random.random() < 0.5:
                with module.Default():
                    self._block(module, domain, targets, depth)

    def _target(self, targets):
        """Something to assign to: all or part of one or more targets."""
        target, kind = self._random.choice(targets), self._random.random()
        if kind < 0.4:
            return target
        if kind < 0.6:
            return self._cut(target)
        if kind < 0.7:
            return Cat(self._cut(other) for other in self._random.sample(targets, len(targets)))
        if kind < 0.8:
            return Value.cast(Array(targets)[self._plain(1, 2)])
        offset = self._plain(1, self._random.choice((1, 2, 2, 3, 3, 6)))
        width = self._random.randint(1, len(target))
        if kind < 0.9:
            return target.bit_select(offset, width)
        return target.word_select(offset, width)

    def _memory(self):
        """A memory with one to three ports of each kind."""
        random, module = self._random, self._module()
        granularity = random.choice((None, 1, 3, 8))
        width = self._width(100)
        shape = unsigned(granularity * (width // granularity + 1)) if granularity else self._shape()
        depth = random.choice((1, 2, 3, 4, 5, 8, 13))
        rows = [self._number(shape) for _ in range(random.randint(0, depth))]
        self._count += 1
        memory = Memory(shape=shape, depth=depth, init=rows)
        module.submodules[f"memory{self._count}"] = memory
        writes = [memory.write_port(granularity=granularity) for _ in range(random.randint(0, 2))]
        reads = [
            memory.read_port(transparent_for=[w for w in writes if random.random() < 0.5])
            for _ in range(random.randint(0, 2))
        ]
        plain = [memory.read_port(domain="comb") for _ in range(random.randint(0, 2))]
        for port in (*writes, *reads, *plain):
            module.d.comb += port.addr.eq(self._expression(1))
            if port in writes:
                module.d.comb += [port.data.eq(self._expression(2)), port.en.eq(self._expression())]
            elif port in reads and random.random() < 0.7:
                module.d.comb += port.en.eq(self._expression(2))
        self._known += [Value.cast(port.data) for port in (*reads, *plain)]


_OPERATORS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
