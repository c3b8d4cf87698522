"""Programs that were not built as ours are: as xv6's own makefiles link them."""

from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from sim.cli import main as cli
from sim.host.toolchain import compile_strictly

FOLDER = Path(__file__).parent

#: Text and data in pages of their own, as since 2022.
PAGES = """\
PHDRS { text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); }
SECTIONS {
  . = 0;
  .text : { *(.text .text.*) } :text
  .rodata : { *(.rodata .rodata.* .srodata .srodata.*) } :text
  . = ALIGN(0x1000);
  .data : { *(.data .data.* .sdata .sdata.*) } :data
  .bss : { *(.bss .bss.* .sbss .sbss.*) } :data
}
"""
#: All in one segment that may be written and executed, as `ld -N` does it.
ONE = """\
PHDRS { all PT_LOAD FLAGS(7); }
SECTIONS {
  . = 0;
  .text : { *(.text .text.*) *(.rodata .rodata.* .srodata .srodata.*) } :all
  .data : { *(.data .data.* .sdata .sdata.*) } :all
  .bss : { *(.bss .bss.* .sbss .sbss.*) } :all
}
"""
#: Four segments, with holes between them and in no order.
MANY = """\
PHDRS { data PT_LOAD FLAGS(6); text PT_LOAD FLAGS(5); constants PT_LOAD FLAGS(4);
        more PT_LOAD FLAGS(6); }
SECTIONS {
  .data 0x8000 : { *(.data .data.* .sdata .sdata.*) } :data
  .text 0x1000 : { *(.text .text.*) } :text
  .rodata 0x4000 : { *(.rodata .rodata.* .srodata .srodata.*) } :constants
  .bss 0x20000 : { *(.bss .bss.* .sbss .sbss.*) } :more
}
"""


@pytest.fixture
def build(tmp_path):
    def build(script, entry, extensions):
        path = tmp_path / "wild.ld"
        path.write_text(script)
        flags = ["-O2", f"-DENTRY={entry}", f"-Wl,-e,{entry}"]
        return compile_strictly([FOLDER / "wild.c"], path, tmp_path / "wild", flags, extensions)

    return build


@pytest.mark.parametrize("extensions", ["mac", "ma"])
@pytest.mark.parametrize(
    ("script", "entry", "segments"),
    [(PAGES, "main", 2), (PAGES, "start", 2), (ONE, "_main", 1), (MANY, "main", 4)],
)
def test_it_runs_wherever_it_is_entered(capfdbinary, build, script, entry, segments, extensions):
    elf = build(script, entry, extensions)
    with elf.open("rb") as file:
        program = ELFFile(file)
        assert sum(1 for _ in program.iter_segments("PT_LOAD")) == segments
        assert program.header.e_entry % 0x1000 != 0

    assert cli.main(["run", "--quiet", str(elf), "one", "two"]) == 44
    assert capfdbinary.readouterr().out == b"wild: onetwo\n"
