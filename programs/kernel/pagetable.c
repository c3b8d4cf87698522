// Page tables of Sv39: kernel_model/mm/pagetable.py. Holes are passed over by level: a table that is
// not there is for 2 MiB or 1 GiB at once.
#include "defs.h"
#include "memlayout.h"

#define PTES 512

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

static int nothing_in(const pte_t *entries) {
  return (entries[0] | entries[1] | entries[2] | entries[3] | entries[4] | entries[5] | entries[6] |
          entries[7]) == 0;
}

// The first entry from number `i` on that is used; PTES if there is none. Most tables are all but
// empty, and looked at eight entries at a time.
static uint next_used(pagetable_t table, uint i) {
  for (; i < PTES; i++) {
    while (i % 8 == 0 && i < PTES && nothing_in(&table[i]))
      i += 8;
    if (i < PTES && table[i] & PTE_V)
      return i;
  }
  return PTES;
}

// Takes away the pages from `va` to `end` of a table of `level`, which begins at `base`.
static void unmap(pagetable_t table, int level, uint64 base, uint64 va, uint64 end, int do_free) {
  uint64 span = PXSPAN(level);
  uint i = next_used(table, va > base ? (va - base) / span : 0);
  for (; i < PTES && base + i * span < end; i = next_used(table, i + 1)) {
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

static void free_table(pagetable_t table, int level, uint64 base, uint64 sz) {
  for (uint i = next_used(table, 0); i < PTES; i = next_used(table, i + 1)) {
    uint64 va = base + i * PXSPAN(level);
    if (level == 0 && va >= sz)
      panic("uvmfree: past the size");
    if (is_leaf(table[i]) != (level == 0))
      panic("uvmfree: not a leaf");
    if (level > 0)
      free_table(table_of(table[i]), level - 1, va, sz);
    else
      kfree((void *)PTE2PA(table[i]));
  }
  kfree(table);
}

// Frees the pages, all of which are below `sz`, and the tables.
void uvmfree(pagetable_t pagetable, uint64 sz) {
  free_table(pagetable, 2, 0, PGROUNDUP(sz));
}

static int copy_page(pagetable_t new, uint64 va, pte_t pte) {
  if (!is_leaf(pte))
    panic("uvmcopy: not a leaf");
  void *page = kalloc();
  if (page == NULL)
    return -1;
  memcpy(page, (void *)PTE2PA(pte), PGSIZE);
  if (pte & PTE_X)
    wrote_code = 1;
  if (mappages(new, va, PGSIZE, (uint64)page, PTE_FLAGS(pte)) == 0)
    return 0;
  kfree(page);
  return -1;
}

static int copy(pagetable_t new, pagetable_t table, int level, uint64 base, uint64 sz) {
  uint i = next_used(table, 0);
  for (uint64 va; i < PTES && (va = base + i * PXSPAN(level)) < sz; i = next_used(table, i + 1)) {
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
