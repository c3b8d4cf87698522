// The memory of a process, and the kernel's own: kernel_model/mm/vm.py, lazy.py and kvm.py.
#include "defs.h"
#include "memlayout.h"
#include "proc.h"

extern char machine_end[], etext[]; // behind M-mode's page, behind code and constants (kernel.ld)
extern char trampoline[];

static pagetable_t kernel_pagetable;

// Devices and RAM but for M-mode's page where they are, the trampoline, and a stack for each process.
void kvminit(uint64 end_of_ram) {
  pagetable_t table = kernel_pagetable = zalloc();
  kvmmap(table, FINISHER, PGSIZE, PTE_R | PTE_W);
  kvmmap(table, UART0, PGSIZE, PTE_R | PTE_W);
  kvmmap(table, VIRTIO0, PGSIZE, PTE_R | PTE_W);
  kvmmap(table, PLIC, PLIC_SIZE, PTE_R | PTE_W);
  kvmmap(table, (uint64)machine_end, etext - machine_end, PTE_R | PTE_X);
  kvmmap(table, (uint64)etext, PGROUNDDOWN(end_of_ram) - (uint64)etext, PTE_R | PTE_W);
  mappages(table, TRAMPOLINE, PGSIZE, (uint64)trampoline, PTE_R | PTE_X);
  for (int slot = 0; slot < NPROC; slot++) {
    void *stack = kalloc();
    if (!stack || mappages(table, KSTACK(slot), PGSIZE, (uint64)stack, PTE_R | PTE_W) < 0)
      panic("kvminit");
  }
}

uint64 kernel_satp(void) {
  return MAKE_SATP(kernel_pagetable);
}

void kvminithart(void) {
  sfence_vma();
  csr_write(satp, kernel_satp());
  sfence_vma();
}

pagetable_t uvmcreate(void) {
  return zalloc();
}

// Maps a cleared page at `va`; its address, or 0 for want of memory.
static uint64 fill_page(pagetable_t pagetable, uint64 va, uint64 perm) {
  void *page = zalloc();
  if (page == NULL)
    return 0;
  if (mappages(pagetable, va, PGSIZE, (uint64)page, perm) == 0)
    return (uint64)page;
  kfree(page);
  return 0;
}

// Fills the pages of a process from `from` to `to` that are not mapped; 0, or -1 for want of
// memory, and what is mapped then stays.
int uvmalloc(pagetable_t pagetable, uint64 from, uint64 to, uint64 perm) {
  for (uint64 va = from; va < to; va += PGSIZE)
    if (!(getpte(pagetable, va) & PTE_V) && fill_page(pagetable, va, perm) == 0)
      return -1;
  return 0;
}

// Takes the page at `va` from the user: the guard page below the stack.
void uvmclear(pagetable_t pagetable, uint64 va) {
  *walk(pagetable, va, 0, 0) &= ~PTE_U;
}

// Gives the page that holds `va` its frame if it waits for one, and its owner allows the access,
// PTE_R, PTE_W or PTE_X, of the process that runs. The frame's address; 0 if `va` is not below the
// size, to the byte, if a page is mapped there already, so that it forbids the access, or if no
// frame is left.
__attribute__((noinline)) uint64 vmfault(pagetable_t pagetable, uint64 va, uint access) {
  struct proc *p = myproc();
  if (va >= p->sz || (getpte(pagetable, va) & PTE_V))
    return 0;
  struct region *region = region_at(&p->regions, va);
  if (region == NULL)
    panic("vmfault: nobody's");
  if (!(region->rights & access))
    return 0;
  if (region->rights & PTE_X)
    wrote_code = 1; // the frame may have held other code
  return fill_page(pagetable, PGROUNDDOWN(va), region->rights | PTE_U);
}
