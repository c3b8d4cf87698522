// Lazy allocation: what the page-fault handler, fork, sbrk and the copies of system calls must do
// with pages that nobody has touched. `lazytests NAME...` runs some of them.
#include "lazytests.h"

#define STRIDE (256 * 1024) // bytes from one touched page of the sparse gigabyte to the next
#define FORKS 64
#define TOUCHED 64 // pages of the process that is forked

// A few pages of a gigabyte: each keeps its own value, and all that is near reads as zero.
static void sparse_gigabyte(void) {
  char *heap = sbrklazy(GIB);
  check(heap != SBRK_FAILED);
  for (char *p = heap; p < heap + GIB; p += STRIDE)
    *(char *volatile *)p = p;
  for (char *p = heap; p < heap + GIB; p += STRIDE) {
    check(*(char *volatile *)p == p);
    check(((volatile uint64_t *)p)[1] == 0);
  }
  check(sbrk(-GIB) == heap + GIB);
}

static char *unmapped;

static void unmap_and_touch(void) {
  check(sbrk(-GIB) == unmapped + GIB);
  *(volatile char *)unmapped = 1;
}

// A child gives the gigabyte back, with the pages that it has a copy of; it is gone for the child,
// but not for its parent.
static void unmapping_under_fork(void) {
  unmapped = sbrklazy(GIB);
  check(unmapped != SBRK_FAILED);
  for (int i = 0; i < TOUCHED; i++)
    unmapped[(long)i * (GIB / TOUCHED)] = i + 1;
  for (int i = 0; i < FORKS; i++)
    check(in_child(unmap_and_touch) == KILLED);
  for (int i = 0; i < TOUCHED; i++)
    check(unmapped[(long)i * (GIB / TOUCHED)] == i + 1);
}

static void allocate_for_ever(void) {
  for (;;) {
    char *block = malloc(16 * PAGE_SIZE);
    if (block == NULL)
      exit(2);
    for (int i = 0; i < 16; i++)
      block[i * PAGE_SIZE] = 1;
  }
}

// Whoever touches a page when none is left is killed, and all it had is there for the next one. A
// kernel that takes frames in `sbrk` lets malloc fail.
static void out_of_memory(void) {
  struct hogs hogs;
  int expected = is_eager() ? 2 : KILLED;
  hog_memory(&hogs);
  check(in_child(allocate_for_ever) == expected);
  check(in_child(allocate_for_ever) == expected);
  release_memory(&hogs);
}

static const struct test tests[] = {
    {"sparse", sparse_gigabyte},
    {"unmap", unmapping_under_fork},
    {"oom", out_of_memory},
    {"overshrink", overshrink},
    {"shrinkall", shrink_to_nothing},
    {"addresses", addresses_of_64_bits},
    {"limit", growth_ends_at_trapframe},
    {"forklimit", fork_of_the_largest_process},
    {"readwrite", buffers_over_several_pages},
    {"pipestraddle", pipe_over_two_pages},
    {"results", results_over_two_pages},
    {"strings", string_that_ends_on_a_fresh_page},
    {"spinheap", stack_pointer_in_the_heap},
    {"readonly", store_to_read_only_page},
    {"guard", guard_page_without_a_stack},
    {"noexec", heap_is_not_executable},
    {"past", pages_past_the_end},
    {"sizebyte", size_counts_in_bytes},
    {"forkhole", fork_leaves_holes},
    {"oomcopy", copy_without_memory},
    {"oomtable", table_without_memory},
    {"oomfork", fork_without_memory},
    {"oomexec", exec_without_memory},
    {NULL, NULL},
};

int main(int argc, char **argv) {
  return run_tests(tests, argc, argv);
}
