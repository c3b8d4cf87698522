"""A narrator asked about cycles in which nothing happens but what a test says."""

from kernel_model.facts.doorbell import Reason
from sim.guests.services import Running, Service
from sim.output.words import Now

__all__ = ["KERNEL_SATP", "LAZY", "SV39", "now", "place_of", "rows_of", "service"]

TEXTS = {"priv": "U", "mode": "U", "fetch_fault": "NONE", "data_fault": "NONE"}
TEXTS |= {"walk_side": "FETCH", "walker": "IDLE", "walker_fault": "NONE", "source": "FETCH"}
#: A cycle of user mode in which nothing happens.
QUIET = Now(**dict.fromkeys(Now._fields, 0) | TEXTS)
SV39 = 8 << 60
KERNEL_SATP = SV39 | 0x80001
LAZY = Running(2, "lazy", SV39 | 0x8000B)


def now(**fields):
    return QUIET._replace(**fields)


def place_of(pc, running):
    """Of the first page all is in `main`, whoever runs it."""
    return f"{running.name if running else 'main'}+{pc:#x}" if pc < 0x1000 else None


def rows_of(narrator, cycle, **fields):
    """What is told of a cycle, by the names of the rows."""
    told = narrator.tell(cycle, now(**fields))
    return dict(zip((each.name for each in narrator.variables), told, strict=True))


def service(rung=100, answered=180, **fields):
    """The kernel let `lazy` run."""
    usual = {"cost": 70, "reason": Reason.USER_TRAP, "pid": 2, "syscall": None, "steps": ()}
    usual |= {"running": LAZY, "resident": 5, "free": 900}
    return Service(rung, answered, **usual | fields)
