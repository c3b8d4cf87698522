"""The device tree that tells a kernel what there is, as QEMU's `virt` tells it.

Devicetree specification 0.4; the nodes are those of QEMU's `hw/riscv/virt.c`, as far as the devices
are here.
"""

from hdl.arch import RAM_BASE
from sim.platform.device import Device
from sim.platform.devices.clint import Clint
from sim.platform.devices.finisher import Finisher
from sim.platform.devices.plic import Plic
from sim.platform.devices.uart import Uart
from sim.platform.devices.virtio_block import BASE, VirtioBlock

__all__ = ["TICKS_PER_SECOND", "device_tree"]

#: What a tick of `mtime` is said to last: as QEMU's `virt`.
TICKS_PER_SECOND = 10_000_000

#: The devices that are always there, by what they are called below.
_DEVICES: dict[str, type[Device]] = {
    "finisher": Finisher,
    "clint": Clint,
    "plic": Plic,
    "uart": Uart,
}
#: Handles of nodes are 1, the hart's interrupt controller, 2, the PLIC, and 3, the finisher.
_TREE = """/dts-v1/;
/ {{
    #address-cells = <2>;
    #size-cells = <2>;
    compatible = "riscv-virtio";
    model = "riscv-virtio,qemu";
    chosen {{
        stdout-path = "/soc/serial@{uart:x}";
    }};
    poweroff {{
        compatible = "syscon-poweroff";
        regmap = <3>;
        offset = <0>;
        value = <0x5555>;
    }};
    reboot {{
        compatible = "syscon-reboot";
        regmap = <3>;
        offset = <0>;
        value = <0x7777>;
    }};
    memory@{ram:x} {{
        device_type = "memory";
        reg = <{ram_cells} {size_cells}>;
    }};
    cpus {{
        #address-cells = <1>;
        #size-cells = <0>;
        timebase-frequency = <{frequency}>;
        cpu@{hart:x} {{
            device_type = "cpu";
            reg = <{hart}>;
            status = "okay";
            compatible = "riscv";
            riscv,isa = "rv64imac_{misaligned}zicntr_zicsr_zifencei_zihpm_sstc_svadu";
            mmu-type = "riscv,sv39";
            interrupt-controller {{
                #interrupt-cells = <1>;
                interrupt-controller;
                compatible = "riscv,cpu-intc";
                phandle = <1>;
            }};
        }};
    }};
    soc {{
        #address-cells = <2>;
        #size-cells = <2>;
        compatible = "simple-bus";
        ranges;
        test@{finisher:x} {{
            compatible = "sifive,test1", "sifive,test0", "syscon";
            reg = <0x0 {finisher:#x} 0x0 {finisher_size:#x}>;
            phandle = <3>;
        }};
        clint@{clint:x} {{
            compatible = "sifive,clint0", "riscv,clint0";
            reg = <0x0 {clint:#x} 0x0 {clint_size:#x}>;
            interrupts-extended = <1 3 1 7>;
        }};
        plic@{plic:x} {{
            compatible = "sifive,plic-1.0.0", "riscv,plic0";
            #address-cells = <0>;
            #interrupt-cells = <1>;
            interrupt-controller;
            reg = <0x0 {plic:#x} 0x0 {plic_size:#x}>;
            interrupts-extended = <1 11 1 9>;
            riscv,ndev = <95>;
            phandle = <2>;
        }};
        serial@{uart:x} {{
            compatible = "ns16550a";
            reg = <0x0 {uart:#x} 0x0 {uart_size:#x}>;
            clock-frequency = <3686400>;
            interrupts = <10>;
            interrupt-parent = <2>;
        }};
{disk}    }};
}};
"""
_DISK = """        virtio_mmio@{disk:x} {{
            compatible = "virtio,mmio";
            reg = <0x0 {disk:#x} 0x0 {disk_size:#x}>;
            interrupts = <1>;
            interrupt-parent = <2>;
        }};
"""


def device_tree(
    ram_bytes: int, *, hart_id: int = 0, misaligned: bool = False, disk: bool = False
) -> bytes:
    """The flattened tree of a machine with so many bytes of RAM, and a virtio block device or not.

    `hart_id` is the hart's; of one that has more than 32 bits the low ones are told. `misaligned`
    says that it does misaligned loads and stores in RAM, which is Zicclsm.
    """
    # Not at the top: every command would pay for it.
    import fdt

    places = {name: each.base for name, each in _DEVICES.items()}
    sizes = {f"{name}_size": each.size for name, each in _DEVICES.items()}
    text = _TREE.format(
        **places,
        **sizes,
        ram=RAM_BASE,
        ram_cells=_cells(RAM_BASE),
        size_cells=_cells(ram_bytes),
        hart=hart_id & 0xFFFF_FFFF,
        misaligned="zicclsm_" if misaligned else "",
        frequency=TICKS_PER_SECOND,
        disk=_DISK.format(disk=BASE, disk_size=VirtioBlock.size) if disk else "",
    )
    blob: bytes = fdt.parse_dts(text).to_dtb(version=17, last_comp_version=16, boot_cpuid_phys=0)
    return blob


def _cells(value: int) -> str:
    """64 bits as two cells."""
    return f"{value >> 32:#x} {value & 0xFFFF_FFFF:#x}"
