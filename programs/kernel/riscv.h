// The hart: control and status registers, page tables, traps.
#ifndef RISCV_H
#define RISCV_H

#include "types.h"

#define csr_read(name)                                                                             \
  ({                                                                                               \
    uint64 value_;                                                                                 \
    asm volatile("csrr %0, " #name : "=r"(value_)::"memory");                                      \
    value_;                                                                                        \
  })
#define csr_write(name, value) asm volatile("csrw " #name ", %0" ::"r"((uint64)(value)) : "memory")
#define csr_set(name, bits) asm volatile("csrs " #name ", %0" ::"r"((uint64)(bits)) : "memory")
#define csr_clear(name, bits) asm volatile("csrc " #name ", %0" ::"r"((uint64)(bits)) : "memory")

// By numbers, menvcfg and stimecmp: there are assemblers that are older than they.
#define menvcfg_set(bits) asm volatile("csrs 0x30a, %0" ::"r"((uint64)(bits)))
#define stimecmp_write(value) asm volatile("csrw 0x14d, %0" ::"r"((uint64)(value)))

#define MSTATUS_MPP (3L << 11)
#define MSTATUS_MPP_S (1L << 11)
#define MENVCFG_STCE (1UL << 63)
#define SSTATUS_SPP (1L << 8)  // the trap came from S-mode
#define SSTATUS_SPIE (1L << 5) // what SIE is after sret
#define SSTATUS_SIE (1L << 1)
#define SIE_STIE (1L << 5)
#define SIE_SEIE (1L << 9)

#define CAUSE_INTERRUPT (1UL << 63)
#define CAUSE_ECALL 8
#define CAUSE_FETCH_PAGE 12
#define CAUSE_LOAD_PAGE 13
#define CAUSE_STORE_PAGE 15
#define CAUSE_TIMER (CAUSE_INTERRUPT | 5)
#define CAUSE_EXTERNAL (CAUSE_INTERRUPT | 9)

static inline uint64 time_now(void) {
  return csr_read(time);
}

static inline void intr_on(void) {
  csr_set(sstatus, SSTATUS_SIE);
}

static inline void intr_off(void) {
  csr_clear(sstatus, SSTATUS_SIE);
}

static inline int intr_get(void) {
  return (csr_read(sstatus) & SSTATUS_SIE) != 0;
}

static inline void sfence_vma(void) {
  asm volatile("sfence.vma zero, zero" ::: "memory");
}

// What was stored may be code.
static inline void fence_i(void) {
  asm volatile("fence.i" ::: "memory");
}

#define PGSIZE 4096L
#define PGSHIFT 12
#define PGROUNDUP(size) (((uint64)(size) + PGSIZE - 1) & ~(PGSIZE - 1))
#define PGROUNDDOWN(address) ((uint64)(address) & ~(PGSIZE - 1))

#define PTE_V (1L << 0)
#define PTE_R (1L << 1)
#define PTE_W (1L << 2)
#define PTE_X (1L << 3)
#define PTE_U (1L << 4)
#define PTE_A (1L << 6)
#define PTE_D (1L << 7)
#define PTE_RWX (PTE_R | PTE_W | PTE_X)

#define PA2PTE(pa) (((uint64)(pa) >> 12) << 10)
#define PTE2PA(pte) (((uint64)(pte) >> 10) << 12)
#define PTE_FLAGS(pte) ((pte) & 0x3ff)

// Which entry of a page table of that level is for `va`, and how many bytes it is for.
#define PXSHIFT(level) (PGSHIFT + 9 * (level))
#define PX(level, va) (((uint64)(va) >> PXSHIFT(level)) & 0x1ff)
#define PXSPAN(level) (1L << PXSHIFT(level))

// What an entry of physical memory protection lets S-mode and U-mode do, and what it is for.
#define PMP_RWX 7UL
#define PMP_TOR (1UL << 3)   // up to its address, from the one before
#define PMP_NAPOT (3UL << 3) // a power of two, by the ones at the end of its address

#define SATP_SV39 (8L << 60)
#define MAKE_SATP(pagetable) (SATP_SV39 | ((uint64)(pagetable) >> 12))

#endif
