// `pgaccess`: the bits that the hart, or the kernel in its place, leaves where a page is accessed.
#include "labtests.h"

#define PAGES 70 // more than two words of bits

static char *fresh_pages(int n) {
  char *heap = sbrk(0);
  int rest = -(uintptr_t)heap & (PAGE_SIZE - 1);
  check(sbrk(rest + n * PAGE_SIZE) != SBRK_FAILED);
  return heap + rest;
}

static unsigned accessed(char *start, int pages) {
  unsigned mask = ~0u;
  check(pgaccess(start, pages, &mask) == 0);
  return mask;
}

// Each access leaves its bit, a second look finds none, and the next access is seen again: by then
// the TLBs must have forgotten what they knew of the page.
void accessed_pages(void) {
  volatile char *heap = fresh_pages(PAGES);
  unsigned mask[3];
  for (int i = 0; i < PAGES; i++)
    heap[i * PAGE_SIZE] = i;
  check(accessed((char *)heap, 32) == ~0u);
  check(accessed((char *)heap, 32) == 0);
  check(heap[PAGE_SIZE] == 1);
  heap[30 * PAGE_SIZE + 1] = 1;
  check(accessed((char *)heap, 32) == (1u << 30 | 1u << 1));
  check(accessed((char *)heap, 32) == 0);
  for (int i = 0; i < 3; i++) {
    check(heap[2 * PAGE_SIZE] == 2);
    check(accessed((char *)heap + 100, 3) == 1u << 2); // the page that holds the address
  }
  check(pgaccess((char *)heap, PAGES, mask) == 0);
  check(mask[0] == 0 && mask[1] == ~0u && mask[2] == 0x3f);
  check(pgaccess((char *)heap, 0, mask) == 0);
  for (int i = 0; i < PAGES; i++)
    check(heap[i * PAGE_SIZE] == i);
}

// The kernel's copies do not go through the process's page table.
void copies_leave_no_trace(void) {
  char *heap = fresh_pages(2);
  int ends[2];
  heap[0] = 'x';
  heap[PAGE_SIZE] = 0;
  accessed(heap, 2);
  check(pipe(ends) == 0);
  check(write(ends[1], heap, 1) == 1 && read(ends[0], heap + PAGE_SIZE, 1) == 1);
  check(accessed(heap, 2) == 0);
  check(heap[PAGE_SIZE] == 'x');
  check(accessed(heap, 2) == 2);
}

static char *parents;

static void access_one(void) {
  accessed(parents, 4);
  ((volatile char *)parents)[2 * PAGE_SIZE] = 2;
  check(accessed(parents, 4) == 4);
}

void accessed_pages_of_a_child(void) {
  parents = fresh_pages(4);
  for (int i = 0; i < 4; i++)
    parents[i * PAGE_SIZE] = i;
  accessed(parents, 4);
  check(in_child(access_one) == 0);
  check(accessed(parents, 4) == 0);
  check(((volatile char *)parents)[PAGE_SIZE] == 1 && accessed(parents, 4) == 2);
}

void bad_arguments_of_pgaccess(void) {
  char *heap = fresh_pages(2);
  char *size = sbrk(0);
  unsigned mask;
  ((volatile char *)heap)[PAGE_SIZE] = *(volatile char *)heap = 1;
  accessed(heap, 2);
  *(volatile char *)heap = 1;
  check(pgaccess(heap, -1, &mask) == -1);
  check(pgaccess(heap, PGACCESS_PAGES + 1, &mask) == -1);
  check(pgaccess(size, 1, &mask) == -1);
  check(pgaccess(heap, 3, &mask) == -1);
  check(pgaccess((char *)TRAPFRAME, 1, &mask) == -1);
  check(pgaccess((char *)MAXVA, 1, &mask) == -1);
  check(pgaccess((char *)-PAGE_SIZE, 2, &mask) == -1);
  check(pgaccess(heap, 2, size) == -1);
  check(pgaccess(heap, 2, (void *)-1) == -1);
  check(accessed(heap, 2) == 1); // what has failed has cleared nothing
}
