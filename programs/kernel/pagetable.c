// Page tables of Sv39: kernel_model/mm/pagetable.py. Holes are passed over by level: a table that is
// not there is for 2 MiB or 1 GiB at once.
#include "defs.h"
#include "memlayout.h"

static int is_leaf(pte_t pte) {
  return (pte & PTE_RWX) != 0;
}

static pagetable_t table_of(pte_t pte) {
  return (pagetable_t)PTE2PA(pte);
}

// An empty page of memory, or NULL.
void *zalloc(void) {
  void *page = kalloc();
  if (page)
    memset(page, 0, PGSIZE);
  return page;
}

// Where the entry of `level` for `va` is. NULL if a table above it is not there, and is not to be
// made, or cannot be for want of memory.
__attribute__((noinline)) pte_t *walk(pagetable_t pagetable, uint64 va, int alloc, int level) {
  if (va >= MAXVA)
    panic("walk");
  for (int above = 2; above > level; above--) {
    pte_t *pte = &pagetable[PX(above, va)];
    if (*pte & PTE_V) {
      pagetable = table_of(*pte);
    } else {
      if (!alloc || (pagetable = zalloc()) == NULL)
        return NULL;
      *pte = PA2PTE(pagetable) | PTE_V;
    }
  }
  return &pagetable[PX(level, va)];
}

// The entry of the page of a process that holds `va`; 0 if there is none.
pte_t getpte(pagetable_t pagetable, uint64 va) {
  if (va >= MAXVA)
    return 0;
  pte_t *pte = walk(pagetable, va, 0, 0);
  return pte ? *pte : 0;
}

// The address of the frame of a process's page, whatever its rights are; 0 if there is none.
uint64 walkaddr(pagetable_t pagetable, uint64 va) {
  pte_t pte = getpte(pagetable, va);
  return pte & PTE_V ? PTE2PA(pte) : 0;
}

// Maps the page at `va` of `level`. A and D are set, for a hart that traps where they are not.
static int map(pagetable_t pagetable, uint64 va, uint64 pa, uint64 perm, int level) {
  pte_t *pte = walk(pagetable, va, 1, level);
  if (pte == NULL)
    return -1;
  if (*pte & PTE_V)
    panic("mappages: remap");
  *pte = PA2PTE(pa) | perm | PTE_V | PTE_A | (perm & PTE_W ? PTE_D : 0);
  return 0;
}

// Maps whole pages; 0, or -1 if there is no memory for a table: what is mapped then stays.
__attribute__((noinline)) int mappages(pagetable_t pagetable, uint64 va, uint64 size, uint64 pa,
                                       uint64 perm) {
  for (uint64 done = 0; done < size; done += PGSIZE)
    if (map(pagetable, va + done, pa + done, perm, 0) < 0)
      return -1;
  return 0;
}

// The same for the kernel, at the same address, with pages of 2 MiB wherever one fits.
void kvmmap(pagetable_t pagetable, uint64 pa, uint64 size, uint64 perm) {
  for (uint64 limit = pa + size; pa < limit;) {
    int level = pa % PXSPAN(1) == 0 && limit - pa >= (uint64)PXSPAN(1);
    if (map(pagetable, pa, pa, perm, level) < 0)
      panic("kvmmap");
    pa += PXSPAN(level);
  }
}

// Takes away the pages from `va` to `end` of a table of `level`, which begins at `base`.
static void unmap(pagetable_t table, int level, uint64 base, uint64 va, uint64 end, int do_free) {
  uint64 span = PXSPAN(level);
  uint first = va > base ? (va - base) / span : 0;
  for (uint i = first; i < 512 && base + i * span < end; i++) {
    if (!(table[i] & PTE_V))
      continue;
    if (level > 0) {
      unmap(table_of(table[i]), level - 1, base + i * span, va, end, do_free);
      continue;
    }
    if (!is_leaf(table[i]))
      panic("uvmunmap: not a leaf");
    if (do_free)
      kfree((void *)PTE2PA(table[i]));
    table[i] = 0;
  }
}

// Takes away `npages` pages from `va` on, those of them that are mapped; tables stay.
void uvmunmap(pagetable_t pagetable, uint64 va, uint64 npages, int do_free) {
  if (va % PGSIZE != 0)
    panic("uvmunmap: not aligned");
  unmap(pagetable, 2, 0, va, va + npages * PGSIZE, do_free);
}

// Frees the tables, when all pages have been taken away.
static void freewalk(pagetable_t table, int level) {
  for (int i = 0; i < 512; i++) {
    if (!(table[i] & PTE_V))
      continue;
    if (level == 0 || is_leaf(table[i]))
      panic("freewalk: leaf");
    freewalk(table_of(table[i]), level - 1);
  }
  kfree(table);
}

void uvmfree(pagetable_t pagetable, uint64 sz) {
  uvmunmap(pagetable, 0, PGROUNDUP(sz) / PGSIZE, 1);
  freewalk(pagetable, 2);
}

static int copy_page(pagetable_t new, uint64 va, pte_t pte) {
  if (!is_leaf(pte))
    panic("uvmcopy: not a leaf");
  void *page = kalloc();
  if (page == NULL)
    return -1;
  memcpy(page, (void *)PTE2PA(pte), PGSIZE);
  if (pte & PTE_X)
    fence_i();
  if (mappages(new, va, PGSIZE, (uint64)page, PTE_FLAGS(pte)) == 0)
    return 0;
  kfree(page);
  return -1;
}

static int copy(pagetable_t new, pagetable_t table, int level, uint64 base, uint64 sz) {
  uint64 span = PXSPAN(level);
  for (uint64 i = 0, va = base; i < 512 && va < sz; i++, va += span) {
    if (!(table[i] & PTE_V))
      continue;
    int done = level == 0 ? copy_page(new, va, table[i])
                          : copy(new, table_of(table[i]), level - 1, va, sz);
    if (done < 0)
      return -1;
  }
  return 0;
}

// Copies the `sz` bytes that `old` maps to the empty table `new`: what nobody has touched waits in
// the copy, too. 0, or -1 for want of memory, and then nothing is mapped.
int uvmcopy(pagetable_t old, pagetable_t new, uint64 sz) {
  if (copy(new, old, 2, 0, PGROUNDUP(sz)) == 0)
    return 0;
  uvmunmap(new, 0, PGROUNDUP(sz) / PGSIZE, 1);
  return -1;
}
