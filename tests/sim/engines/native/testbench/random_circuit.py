"""Random circuits: every operator and statement of Amaranth, at all widths."""

from amaranth.hdl import (
    Array,
    Cat,
    ClockSignal,
    EnableInserter,
    Module,
    ResetInserter,
    ResetSignal,
    Value,
    unsigned,
)
from amaranth.lib.memory import Memory

from tests.sim.engines.native.compiler.random_expressions import RandomExpressions

__all__ = ["RandomCircuit"]


class RandomCircuit(RandomExpressions):
    """A random design in the domain `sync`; the same seed makes the same design.

    Members
    -------
    module : Module
        The design; it may be elaborated more than once.
    inputs : list of Signal
        What it reads and does not drive. Signals' names end with the seed.
    registers : list of Signal
        What changes with the clock.

    Parameters
    ----------
    seed : int
        Of the random choices.
    pulled : bool
        The domain's reset will be pulled. Then read ports are always enabled: in pysim a reset
        clears the data of those that are not, which the netlist, and so hardware, does not do.
    at_once : bool
        The reset is asynchronous. Then every register has it, and there are no memories: pysim
        takes its rise for an edge of the clock.
    """

    def __init__(self, seed: int, *, pulled: bool = False, at_once: bool = False):
        super().__init__(seed)
        self._pulled = pulled
        random, scale = self._random, self._scale
        self.module = Module()
        self._modules = [self.module]
        self.inputs = [self._signal() for _ in range(random.randint(2, 5))]
        self._known = list(self.inputs)
        self._nest()
        registers = [
            self._signal(reset_less=not at_once and random.random() < 0.3)
            for _ in range(scale * random.randint(1, 4))
        ]
        self.registers = list(registers)
        self._known += registers
        steps = (self._logic, self._logic, self._logic, self._struct, self._memory, self._alias)
        for _ in range(scale * random.randint(1, 4)):
            random.choice(steps[:4] if at_once else steps)()
        while registers:
            group = [registers.pop() for _ in range(min(len(registers), random.randint(1, 3)))]
            for part in self._parted(group) if random.random() < 0.3 else [group]:
                self._block(self._module(), "sync", part, 2)

    def _nest(self):
        """Submodules, some of them held or reset by an input."""
        for _ in range(self._random.randint(0, 3)):
            parent, child = self._module(), Module()
            wrapped = child
            if self._random.random() < 0.5:
                inserter = self._random.choice((EnableInserter, ResetInserter))
                inserter = ResetInserter if self._pulled else inserter
                self.inputs.append(control := self._signal(1))
                self._known.append(control)
                wrapped = inserter(control)(child)
            self._count += 1
            parent.submodules[f"part{self._count}"] = wrapped
            self._modules.append(child)

    @property
    def known(self) -> list[Value]:
        """What its statements may read: inputs, registers and logic."""
        return list(self._known)

    def _module(self):
        return self._random.choice(self._modules)

    def numbers(self) -> list[int]:
        """A new value for every input, as an unsigned number."""
        return [self._number(unsigned(len(signal))) for signal in self.inputs]

    # Statements.

    def _logic(self):
        """Combinational signals."""
        targets = [self._signal() for _ in range(self._random.randint(1, 3))]
        self._block(self._module(), "comb", targets, 2)
        self._known += targets

    def _parted(self, group):
        """The lower and the upper parts of registers, each for a module of its own."""
        cuts = [(register, self._random.randint(1, len(register))) for register in group]
        upper = [register[cut:] for register, cut in cuts if cut < len(register)]
        return [part for part in ([register[:cut] for register, cut in cuts], upper) if part]

    def _struct(self):
        """A signal whose fields depend on each other, though no bit depends on itself.

        A field may be driven in another module than the one before.
        """
        whole, module, position = self._signal(), self._module(), 0
        before = len(self._known)
        while position < len(whole):
            end = self._random.randint(position + 1, len(whole))
            field = whole[position:end]
            if self._random.random() < 0.3:
                module = self._module()
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
        if kind < 0.85:
            some = [self._cut(each) if self._random.random() < 0.4 else each for each in targets]
            target = Value.cast(Array(some)[self._plain(1, 2)])
            if kind < 0.75:
                return target
            if kind < 0.8:
                return self._cut(target)
        offset = self._plain(1, self._random.choice((1, 2, 2, 3, 3, 6)))
        width = self._random.randint(1, max(1, len(target)))
        if self._random.random() < 0.5:
            return target.bit_select(offset, width)
        return target.word_select(offset, width)

    def _alias(self):
        """Another name for inputs, the reset, or parts of them, in some module."""
        parts = self._random.sample([*self.inputs, ResetSignal()], self._random.randint(1, 2))
        value = Cat(self._cut(Value.cast(part)) if len(parts) > 1 else part for part in parts)
        alias = self._signal(unsigned(max(1, len(Value.cast(value)))))
        self._module().d.comb += alias.eq(value)
        self._known.append(alias)

    def add_clock_alias(self):
        """Another name for the clock, perhaps beside something else; returns it."""
        beside = self._cut(self._random.choice(self.inputs))
        parts = [beside, ClockSignal()][self._random.randint(0, 1) :]
        alias = self._signal(unsigned(len(Cat(parts))))
        self._module().d.comb += alias.eq(Cat(parts))
        return alias

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
            elif port in reads and not self._pulled and random.random() < 0.7:
                module.d.comb += port.en.eq(self._expression(2))
        self._known += [Value.cast(port.data) for port in (*reads, *plain)]
