"""FST, GTKWave's compressed waveforms: made of a VCD by `vcd2fst`, which comes with GTKWave."""

import shutil
import subprocess
from pathlib import Path

__all__ = ["SUFFIX", "convert", "is_available"]

#: What the name of such a file ends in.
SUFFIX = ".fst"
_PROGRAM = "vcd2fst"
#: Seconds after which it is given up.
TIMEOUT = 900


def is_available() -> bool:
    """Whether `vcd2fst` is on PATH."""
    return shutil.which(_PROGRAM) is not None


def convert(vcd: Path, fst: Path) -> None:
    """Turns the file `vcd` into `fst`. Raises OSError, and leaves `vcd`, if that fails."""
    command = [_PROGRAM, str(vcd), str(fst)]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"{_PROGRAM} has not converted {vcd} in {TIMEOUT} s") from None
    if result.returncode != 0:
        reason = (result.stderr.strip() or f"exit status {result.returncode}").splitlines()[-1]
        raise OSError(f"{_PROGRAM} could not convert {vcd}: {reason}")
    vcd.unlink()
