"""Proofs: a design, what its environment promises, and the properties that always hold.

A proof is an elaboratable around a part of `hdl/`. Its inputs are free: a property is proven for
every sequence of them that keeps the assumptions. A method decorated with `proves`, `assumes` or
`invariant` is one statement, and its docstring is the statement in English.
"""

from amaranth.hdl import Assert, Assume, ClockDomain, Cover, Elaboratable, Module, Signal, Value
from amaranth.hdl._ast import AnyConst, AnySeq
from amaranth.lib.wiring import In

__all__ = ["Proof", "assumes", "constant", "free", "free_inputs", "invariant", "proves"]


def proves(function):
    """Marks a property: returns (when, then), of which `when` must be reachable.

    Where `when` holds `then` does, in every reachable state.
    """
    function.role = "property"
    return function


def assumes(function):
    """Marks a promise of the environment: returns a condition that holds in every cycle."""
    function.role = "assumption"
    return function


def invariant(function):
    """Marks a condition that the induction needs; proven like the properties, but not one."""
    function.role = "invariant"
    return function


def free(shape):
    """A value of `shape` that may be another one in every cycle."""
    return AnySeq(shape)


def free_inputs(m, component, *, but=()):
    """Drives every input of `component` freely, except the ports and members named in `but`."""
    for path, member, value in component.signature.flatten(component):
        if member.flow == In and path[0] not in but:
            value = Value.cast(value)
            m.d.comb += value.eq(free(len(value)))


def constant(shape):
    """Any one value of `shape`, the same in all cycles."""
    return AnyConst(shape)


class Proof(Elaboratable):
    """A part of the hardware and what is proven about it.

    A subclass instantiates the part in `build` and has decorated methods. They may add to the
    module; what they return are values.

    Attributes
    ----------
    base : int
        Cycles from reset in which the base case looks for a counterexample; `induction` would do.
    induction : int
        Cycles of the induction step.
    depth : int
        Cycles from reset within which the `when` of every property is reached, and every planted
        bug is found.
    only : str
        The one invariant or property that is asserted, if not all are.
    """

    base = 4
    induction = 1
    depth = 8
    only = None

    def __init__(self):
        #: Reset is the initial state only. Without a port of its own the clock would be undriven.
        self.clock = ClockDomain("sync", reset_less=True)

    @classmethod
    def statements(cls, role: str) -> dict[str, str]:
        """The methods with `role`, and the sentence of each."""
        return {
            name: " ".join((function.__doc__ or "").split())
            for base in reversed(cls.__mro__)
            for name, function in vars(base).items()
            if getattr(function, "role", None) == role
        }

    def build(self, m: Module) -> None:
        """Adds the part, and ties down what is not free."""
        raise NotImplementedError

    def past(self, m, value, init=0):
        """`value` as it was in the previous cycle; in the first one `init`."""
        value = Value.cast(value)
        register = Signal(value.shape(), init=init)
        m.d.sync += register.eq(value)
        return register

    def elaborate(self, platform):
        m = Module()
        m.domains += self.clock
        self.build(m)
        for name in self.statements("assumption"):
            m.d.comb += _named(Assume(getattr(self, name)(m)), name)
        for name in filter(self._is_asserted, self.statements("invariant")):
            m.d.comb += _named(Assert(getattr(self, name)(m)), name)
        for name in filter(self._is_asserted, self.statements("property")):
            when, then = (Value.cast(value).any() for value in getattr(self, name)(m))
            m.d.comb += [
                _named(Assert(~when | then), name),
                # With `then`, since Yosys merges covers that are the same, and forgets their names.
                _named(Cover(when & then), name),
            ]
        return m

    def _is_asserted(self, name):
        return self.only in (None, name)


def _named(statement, name):
    """`statement`, which the solver's report then calls by `name` instead of its place."""
    statement.src_loc = (name, 0)
    return statement
