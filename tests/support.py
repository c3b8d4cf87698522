"""What the testbenches share: a bounded simulation, and handshakes instead of raw pokes."""

import os
import re
from functools import cache, reduce
from pathlib import Path

from tests.rigs import PERIOD, rig_of

__all__ = ["accept", "issue", "leaves", "member", "respond", "send", "simulate", "transact"]

#: Folder for a waveform of every simulation, or None; `pytest --vcd` sets it.
vcd_directory: Path | None = None
#: Engine of the simulations that do not choose one; `pytest --engine` sets it.
default_engine = "pysim"


def simulate(
    dut, *testbenches, max_cycles=10_000, background=(), vcd=None, engine=None, large=False
):
    """Runs async `testbenches` against `dut` until all have returned.

    Parameters
    ----------
    dut : Elaboratable
        What is simulated, in the `sync` domain if it has flip-flops.
    testbenches : async functions of a simulator context
        The simulation ends when the last of them returns.
    max_cycles : int
        Clock cycles after which it fails with `TimeoutError` instead of hanging.
    background : iterable of async functions
        Testbenches that nobody waits for, such as a memory that answers for ever.
    vcd : path
        Where to write a waveform; by default only where `pytest --vcd` says.
    engine : "native" or "pysim"
        What simulates; by default what `pytest --engine` says. A design that the native engine
        refuses is a failure, unless its test chooses pysim here.
    large : bool
        The native engine need not find out first that the design is worth compiling.
    """

    async def watchdog(ctx):
        await ctx.delay(max_cycles * PERIOD)
        raise TimeoutError(f"the testbench has not ended after {max_cycles} cycles")

    with rig_of(
        dut, _engine(engine or default_engine, large=large), len(testbenches), len(background) + 1
    ) as rig:
        rig.run([*testbenches, *background, watchdog], vcd or _default_vcd())


def member(component, name):
    """A part of a component or an interface by its name, `__` for a dot."""
    return reduce(getattr, name.split("__"), component)


def leaves(signature):
    """The names of all that is in a signature, as `member` takes them."""
    return ["__".join(path) for path, _, _ in signature.flatten(signature.create())]


async def send(ctx, stream, payload, *, max_cycles=1000):
    """Offers `payload` on `stream` (an `In` stream of the design) until it is taken."""
    ctx.set(stream.payload, payload)
    ctx.set(stream.valid, 1)
    await _until(ctx, stream.ready, max_cycles=max_cycles)
    ctx.set(stream.valid, 0)


async def transact(ctx, port, *, max_cycles=1000, **fields):
    """Makes one request on `port`, a `MemoryPort` that the design serves; returns (data, error).

    `fields` are the request's, for example `address=0x8000_0000, size=3`.
    """
    await issue(ctx, port, max_cycles=max_cycles, **fields)
    return await _until(
        ctx, port.response.valid, port.response.data, port.response.error, max_cycles=max_cycles
    )


async def issue(ctx, port, *, max_cycles=1000, **fields):
    """Makes one request on `port` as `transact` does, but does not wait for its response."""
    for name, value in fields.items():
        ctx.set(getattr(port.request, name), value)
    ctx.set(port.request.valid, 1)
    await _until(ctx, port.request.ready, max_cycles=max_cycles)
    ctx.set(port.request.valid, 0)


async def accept(ctx, port, *, max_cycles=1000):
    """Takes the next request of `port`, a `MemoryPort` on which the design is the initiator.

    Returns a dict of the request's fields. `ready` is high only while this waits.
    """
    request = port.request
    names = [name for name in request.signature.members if name not in ("valid", "ready")]
    ctx.set(request.ready, 1)
    values = await _until(
        ctx, request.valid, *(getattr(request, name) for name in names), max_cycles=max_cycles
    )
    ctx.set(request.ready, 0)
    return dict(zip(names, values, strict=True))


async def respond(ctx, port, *, data=0, error=0):
    """Answers on `port` in this one cycle, as the memory behind the design's `MemoryPort`."""
    ctx.set(port.response.valid, 1)
    ctx.set(port.response.data, data)
    ctx.set(port.response.error, error)
    await ctx.tick()
    ctx.set(port.response.valid, 0)


async def _until(ctx, condition, *values, max_cycles):
    """Passes clock edges until `condition` was high before one; returns `values` before it."""
    for _ in range(max_cycles):
        _, _, met, *sampled = await ctx.tick().sample(condition, *values)
        if met:
            return sampled
    raise TimeoutError(f"{condition!r} was not high within {max_cycles} cycles")


@cache
def _engine(name, *, large):
    """What `Simulator` takes as its engine."""
    if name == "native":
        # It knows the private parts of one release of Amaranth.
        from sim.engines.native.testbench.simulator import NativeSimEngine

        if large:
            return type("LargeSimEngine", (NativeSimEngine,), {"moments": 0})
        return NativeSimEngine
    return name


def _default_vcd():
    if vcd_directory is None:
        return None
    test = os.environ["PYTEST_CURRENT_TEST"].removesuffix(" (call)").removeprefix("tests/")
    return vcd_directory / (re.sub(r"[^\w.-]+", "_", test) + ".vcd")
