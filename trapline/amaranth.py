"""Amaranth's simulator, with compiled code in place of the design's logic.

    from trapline.amaranth import NativeSimEngine

    simulator = Simulator(dut, engine=NativeSimEngine)

See docs/testbenches.md of the project for what differs, and `trapline.pytest_engine` for whole
test suites.
"""

from sim.engines.native.compiler.circuit import Unsupported
from sim.engines.native.testbench.simulator import NativeSimEngine, NotNative

__all__ = ["NativeSimEngine", "NotNative", "Unsupported"]
