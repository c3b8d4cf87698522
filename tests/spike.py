"""Spike, the other implementation of the specification: where it is, and how it is started.

It comes from PyPI (`spike`, in the `test` extra), for CPython 3.11 on x86-64 Linux only. Spike
describes its machine by a device tree that it has compiled by `dtc`, unless it is given a compiled
one; here it is, made by PyPI's `fdt`, so that nothing need be installed.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

from sim.host.toolchain import cache_directory

__all__ = [
    "DEVICE_TREE",
    "ISA",
    "RAM_BASE",
    "RAM_SIZE",
    "SpikeMissing",
    "command",
    "device_tree",
    "find",
    "protected",
    "require",
    "run",
]

#: What our hart implements; `ISA + "_svadu"` also updates A and D when `menvcfg.ADUE` is set.
ISA = "rv64imac_zicsr_zifencei_zicntr_zihpm_sstc"
RAM_BASE = 0x8000_0000
RAM_SIZE = 128 << 20

#: One hart with Sv39, without PMP (see `protected`), a CLINT, and the interface by which a program
#: ends. No serial line: Spike's takes bytes from standard input that a program might want to read
#: itself.
DEVICE_TREE = """\
/dts-v1/;
/ {
    #address-cells = <2>;
    #size-cells = <2>;
    compatible = "ucbbar,spike-bare-dev";
    model = "ucbbar,spike-bare";
    cpus {
        #address-cells = <1>;
        #size-cells = <0>;
        timebase-frequency = <10000000>;
        cpu@0 {
            device_type = "cpu";
            reg = <0>;
            status = "okay";
            compatible = "riscv";
            riscv,isa = "ISA";
            mmu-type = "riscv,sv39";
            riscv,pmpregions = <0>;
            clock-frequency = <1000000000>;
            interrupt-controller {
                #interrupt-cells = <1>;
                interrupt-controller;
                compatible = "riscv,cpu-intc";
                phandle = <1>;
            };
        };
    };
    memory@80000000 {
        device_type = "memory";
        reg = <0x0 0x80000000 0x0 0x8000000>;
    };
    soc {
        #address-cells = <2>;
        #size-cells = <2>;
        compatible = "ucbbar,spike-bare-soc", "simple-bus";
        ranges;
        clint@2000000 {
            compatible = "riscv,clint0";
            interrupts-extended = <1 3 1 7>;
            reg = <0x0 0x2000000 0x0 0xc0000>;
        };
    };
    htif {
        compatible = "ucb,htif0";
    };
};
"""


class SpikeMissing(Exception):
    """Spike is not installed; the message is one line that says so."""


def find() -> Path:
    """Spike's executable, of the Python package `spike`; else raises `SpikeMissing`."""
    package = importlib.util.find_spec("riscv")
    if package is not None and package.origin is not None:
        path = Path(package.origin).parent / "data" / "bin" / "spike"
        if path.is_file():
            return path
    raise SpikeMissing(
        "Spike is not installed: its PyPI package is for CPython 3.11 on x86-64 Linux"
    )


def require() -> None:
    """Skips the test, or the module, where Spike is missing.

    With TRAPLINE_REQUIRE_SPIKE=1 in the environment, as in `.ci/run`, it fails instead.
    """
    try:
        find()
    except SpikeMissing as missing:
        if os.environ.get("TRAPLINE_REQUIRE_SPIKE") == "1":
            pytest.fail(f"{missing}; TRAPLINE_REQUIRE_SPIKE is set")
        pytest.skip(str(missing), allow_module_level=True)


def command(
    elf: Path,
    *options: str,
    isa: str = ISA,
    pmp_entries: int = 0,
    extlib: Path | None = None,
) -> list[str]:
    """The command that runs `elf` on Spike, in a machine with our hart's options and RAM.

    `options` are further ones of Spike's. `extlib` is a Python module with devices, which Spike
    loads (`riscv.dev` of the package `spike`).
    """
    spike = find()
    start = [str(spike)]
    if extlib is not None:
        start = [sys.executable, "-m", "riscv", f"--extlib={extlib}"]
    return [
        *start,
        f"--isa={isa}",
        "--priv=msu",
        f"--pmpregions={pmp_entries}",
        f"-m{RAM_BASE:#x}:{RAM_SIZE:#x}",
        f"--dtb={device_tree(isa, *protected(pmp_entries))}",
        *options,
        str(elf),
    ]


def run(elf: Path, *options: str, timeout: float = 60, **selection) -> subprocess.CompletedProcess:
    """Runs `elf` to its end, for at most `timeout` seconds; its output is captured as bytes.

    The return code is the program's exit code through HTIF. `selection` is that of `command`.
    """
    return subprocess.run(
        command(elf, *options, **selection),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        check=False,
    )


def protected(pmp_entries: int, text: str = DEVICE_TREE, name: str = "machine") -> tuple[str, str]:
    """The device tree `text`, and its `name`, with so many entries of memory protection."""
    if not pmp_entries:
        return text, name
    regions = "riscv,pmpregions = <{}>"
    return text.replace(regions.format(0), regions.format(pmp_entries)), f"{name}-pmp{pmp_entries}"


@cache
def device_tree(isa: str, text: str = DEVICE_TREE, name: str = "machine") -> Path:
    """The compiled device tree of a machine with that `isa`: a file that `name` tells apart."""
    import fdt

    blob = fdt.parse_dts(text.replace('"ISA"', f'"{isa}"')).to_dtb(version=17)
    path = cache_directory() / f"{name}-{isa}.dtb"
    if not path.is_file() or path.read_bytes() != blob:
        # Renamed when whole: another process may be doing the same.
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            whole = Path(scratch) / path.name
            whole.write_bytes(blob)
            os.replace(whole, path)
    return path
