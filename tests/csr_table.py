"""The table of CSRs in docs/hart.md, made of `hdl.priv.table`: `make docs` writes it."""

from pathlib import Path

from hdl.priv.table import MONITORS, PROTECTION, REGISTERS, Action, Block, Field, Register, State
from tests.page_rows import put_rows

__all__ = ["PAGE", "renew"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "hart.md"
_HEAD = "| address | CSR | privilege | what it is | fields |\n|---|---|---|---|---|\n"
_PRIVILEGES = {0: "U", 1: "S", 3: "M"}
_ACTIONS = {Action.ANY: "", Action.WARL: "WARL", Action.READ_ONLY: "read-only"}


def renew(text: str) -> str:
    """The text of the page with the table of now in the place of the one that stands there."""
    blocks = map(_rows, (*MONITORS, *PROTECTION))
    return put_rows(text, _HEAD, [*map(_row, REGISTERS), *blocks], "CSRs")


def _row(register: Register) -> str:
    fields = "; ".join(filter(None, map(_field, register.fields)))
    if register.state is State.VIEW:
        fields += f"; those of `{register.of.name.lower()}`"
    name = register.csr.name.lower()
    address, access = int(register.csr), _access(register.csr)
    return f"| `{address:#05x}` | `{name}` | {access} | {register.meaning} | {fields} |\n"


def _rows(block: Block) -> str:
    """One row for all that are alike."""
    first, last = block.addresses[0], block.addresses[-1]
    between = " to " if len(block.numbers) > 2 else ", "
    names = between.join(f"`{block.name}{block.numbers[i]}`" for i in (0, -1))
    fields = "; ".join(map(_field, block.fields))
    addresses = f"`{first:#05x}`{between}`{last:#05x}`"
    return f"| {addresses} | {names} | {_access(first)} | {block.meaning} | {fields} |\n"


def _access(address: int) -> str:
    """Which privilege a CSR needs, and whether it can be written."""
    return _PRIVILEGES[address >> 8 & 3] + ("RO" if address >> 10 == 3 else "RW")


def _field(field: Field) -> str:
    """A field as the specification's figures have it: its name, its bits, what a write does."""
    bits = f"{field.high}:{field.low}" if field.width > 1 else f"{field.low}"
    name = f"{field.name} {bits}" if field.name else ""
    action = _ACTIONS[field.action]
    said = ", ".join(filter(None, (action, field.note)))
    return f"{name} ({said})" if name and said else name or said
