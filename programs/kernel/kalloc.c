// The physical memory allocator, whole pages: kernel_model/mm/kalloc.py.
//
// Pages that were never taken are in no list, so that nothing has to touch them before: the end of
// RAM is handed out page by page. A page is not cleared, neither when it is taken nor when it is
// given back: everything that takes one clears it, or writes all of it.
#include "defs.h"
#include "memlayout.h"
#include "spinlock.h"

extern char end[]; // behind the kernel (kernel.ld)

struct run {
  struct run *next;
};

static struct {
  struct spinlock lock;
  struct run *freelist; // pages that were given back
  uint64 fresh, limit;  // pages from `fresh` to `limit` were never taken
} kmem;

void kinit(uint64 end_of_ram) {
  initlock(&kmem.lock, "kmem");
  kmem.fresh = PGROUNDUP(end);
  kmem.limit = PGROUNDDOWN(end_of_ram);
}

// A page, or NULL if none is left.
void *kalloc(void) {
  acquire(&kmem.lock);
  struct run *r = kmem.freelist;
  if (r) {
    kmem.freelist = r->next;
  } else if (kmem.fresh < kmem.limit) {
    r = (struct run *)kmem.fresh;
    kmem.fresh += PGSIZE;
  }
  release(&kmem.lock);
  return r;
}

void kfree(void *pa) {
  if ((uint64)pa % PGSIZE != 0 || (uint64)pa < (uint64)end || (uint64)pa >= kmem.fresh)
    panic("kfree");
  struct run *r = pa;
  acquire(&kmem.lock);
  r->next = kmem.freelist;
  kmem.freelist = r;
  release(&kmem.lock);
}
