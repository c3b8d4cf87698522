"""Snapshots: the state of a machine in compiled code as plain bytes."""

import copy
import ctypes
from dataclasses import dataclass

from sim.engines.native.compiler.model import Model
from sim.engines.native.machine.structs import POINTERS, MachineStruct
from sim.engines.native.machine.watch import Watched
from sim.engines.traps import TrapLog

__all__ = ["EngineSnapshot"]


@dataclass(frozen=True)
class EngineSnapshot:
    """What a machine was at some cycle: the model's state, the struct, and the log.

    `withheld` is where in the struct the answer lies that is withheld, or None; `watched` what was
    traced and kept, if anything can be.
    """

    state: bytes
    machine: bytes
    withheld: int | None
    log: TrapLog
    watched: Watched | None

    @classmethod
    def take(
        cls, model: Model, machine: MachineStruct, log: TrapLog, watched: Watched | None = None
    ) -> "EngineSnapshot":
        """The snapshot of a machine that stands still."""
        withheld = machine.withheld - ctypes.addressof(machine) if machine.withheld else None
        return cls(model.state.tobytes(), bytes(machine), withheld, copy.deepcopy(log), watched)

    def put_back(self, model: Model, machine: MachineStruct) -> TrapLog:
        """Returns a machine of the same kind to this state; returns its log.

        Raises ValueError if it is of another kind: traced and this one not, for example.
        """
        sizes = len(self.state), len(self.machine)
        if sizes != (model.state.nbytes, ctypes.sizeof(machine)):
            raise ValueError("the snapshot must be of a machine with the same hart, traced alike")
        model.state.cast("B")[:] = self.state
        pointers = [getattr(machine, name) for name in POINTERS]
        ctypes.memmove(ctypes.byref(machine), self.machine, len(self.machine))
        for name, pointer in zip(POINTERS, pointers, strict=True):
            setattr(machine, name, pointer)
        withheld = self.withheld
        machine.withheld = 0 if withheld is None else ctypes.addressof(machine) + withheld
        return copy.deepcopy(self.log)
