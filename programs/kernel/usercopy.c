// Copies between the kernel and the memory of the process that runs: kernel_model/mm/usercopy.py.
//
// Each page in turn must be the user's, and readable or writable as the copy needs. One that waits
// for its frame gets it, as if the process itself had touched it.
#include "defs.h"
#include "memlayout.h"
#include "proc.h"

// The frame of the page that holds `va` if it has the right `access`, else 0.
static uint64 userpage(pagetable_t pagetable, uint64 va, uint64 access) {
  pte_t pte = getpte(pagetable, va);
  if (!(pte & PTE_V))
    return vmfault(pagetable, va, access);
  if (!(pte & PTE_U) || !(pte & access))
    return 0;
  if (access == PTE_W && (pte & PTE_X))
    wrote_code = 1;
  return PTE2PA(pte);
}

static uint64 part_of_page(uint64 va, uint64 n) {
  uint64 room = PGSIZE - va % PGSIZE;
  return n < room ? n : room;
}

// 0, or -1 at a byte that cannot be written; the pages before its page have been then.
int copyout(pagetable_t pagetable, uint64 dstva, const void *src, uint64 len) {
  for (const char *from = src; len > 0;) {
    uint64 n = part_of_page(dstva, len), page = userpage(pagetable, dstva, PTE_W);
    if (page == 0)
      return -1;
    memmove((char *)page + dstva % PGSIZE, from, n);
    from += n, dstva += n, len -= n;
  }
  return 0;
}

int copyin(pagetable_t pagetable, void *dst, uint64 srcva, uint64 len) {
  for (char *to = dst; len > 0;) {
    uint64 n = part_of_page(srcva, len), page = userpage(pagetable, srcva, PTE_R);
    if (page == 0)
      return -1;
    memmove(to, (char *)page + srcva % PGSIZE, n);
    to += n, srcva += n, len -= n;
  }
  return 0;
}

// A string, with its NUL; 0, or -1 if a byte cannot be read, or none of `max` is the NUL.
int copyinstr(pagetable_t pagetable, char *dst, uint64 srcva, uint64 max) {
  while (max > 0) {
    uint64 n = part_of_page(srcva, max), page = userpage(pagetable, srcva, PTE_R);
    if (page == 0)
      return -1;
    const char *from = (char *)page + srcva % PGSIZE;
    srcva += n, max -= n;
    for (; n > 0; n--)
      if ((*dst++ = *from++) == 0)
        return 0;
  }
  return -1;
}

// To the process's memory, or to the kernel's own.
int either_copyout(int user_dst, uint64 dst, const void *src, uint64 n) {
  if (user_dst)
    return copyout(myproc()->pagetable, dst, src, n);
  memmove((void *)dst, src, n);
  return 0;
}

int either_copyin(void *dst, int user_src, uint64 src, uint64 n) {
  if (user_src)
    return copyin(myproc()->pagetable, dst, src, n);
  memmove(dst, (void *)src, n);
  return 0;
}
