// From M-mode to S-mode: the kernel leaves M-mode for good.
#include "defs.h"
#include "memlayout.h"

extern char machine_end[]; // behind M-mode's page (kernel.ld)
extern char supervisor[];  // calls start_kernel (entry.S)

static uint64 ram_end;

// Called by entry.S, in S-mode, without translation yet; does not return.
void start_kernel(void) {
  consoleinit();
  kinit(ram_end);
  kvminit(ram_end);
  kvminithart();
  clockinit();
  procinit();
  trapinit();
  plicinit();
  binit();
  iinit();
  fileinit();
  virtio_disk_init();
  userinit();
  scheduler();
}

// M-mode's page is out of reach of all that follows, everything else is not. Without entries of
// physical memory protection this does nothing, but no page table has that page (vm.c).
static inline void protect(void) {
  csr_write(pmpaddr0, KERNBASE >> 2);
  csr_write(pmpaddr1, (uint64)machine_end >> 2);
  csr_write(pmpaddr2, -1UL >> 10);
  csr_write(pmpcfg0, PMP_TOR << 8 | (PMP_NAPOT | PMP_RWX) << 16);
}

// Called by entry.S; does not return.
__attribute__((section(".machine"))) void start(uint64 hart, const void *tree) {
  (void)hart;
  ram_end = end_of_ram(tree);
  protect();

  csr_write(medeleg, 0xffff);
  csr_write(mideleg, 0xffff);
  csr_write(sie, SIE_SEIE | SIE_STIE);
  menvcfg_set(MENVCFG_STCE); // S-mode has a timer of its own
  csr_write(mcounteren, 7);  // cycle, time and instret for S-mode, and for programs
  csr_write(scounteren, 7);
  stimecmp_write(-1);

  csr_write(satp, 0);
  csr_clear(mstatus, MSTATUS_MPP);
  csr_set(mstatus, MSTATUS_MPP_S);
  csr_write(mepc, supervisor);
  asm volatile("mret");
}
