// From M-mode to S-mode: the kernel leaves M-mode for good.
#include "defs.h"
#include "memlayout.h"

static uint64 ram_end;

// In S-mode, without translation yet.
__attribute__((noreturn)) static void start_kernel(void) {
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

// Called by entry.S; does not return.
void start(uint64 hart, const void *tree) {
  (void)hart;
  ram_end = end_of_ram(tree);

  // S-mode may touch all of memory, also on a hart that has physical memory protection.
  csr_write(pmpaddr0, 0x3fffffffffffffL);
  csr_write(pmpcfg0, 0xf);

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
  csr_write(mepc, start_kernel);
  asm volatile("mret");
}
