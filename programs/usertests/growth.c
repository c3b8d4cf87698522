// sbrk: growing and shrinking the heap, and using it.
#include "usertests.h"

#define MANY 2000 // calls
#define MUCH (8 << 20)

// A page or a byte at a time, each is there at once; growing past what is free is refused or lazy.
void sbrk_steps(void) {
  char *start = sbrk(0);
  for (int i = 0; i < MANY; i++) {
    char *byte = sbrk(1);
    check(byte == start + i);
    *byte = 1;
  }
  check(sbrk(0) == start + MANY);
  int pid = fork();
  check(pid >= 0);
  check(sbrk(1) == start + MANY); // in both
  check(sbrk(1) == start + MANY + 1);
  if (pid == 0)
    exit(0);
  check(join(pid) == 0);
}

// The first and the last byte of a large heap, and what comes back after it was given away.
void sbrk_much(void) {
  char *start = sbrk(0);
  int more = MUCH - (uintptr_t)start;
  check(sbrk(more) == start);
  check(sbrk(0) == (char *)MUCH);
  ((volatile char *)MUCH)[-1] = 99;
  check(sbrk(-PAGE_SIZE) == (char *)MUCH);
  check(sbrk(0) == (char *)MUCH - PAGE_SIZE);
  check(sbrk(PAGE_SIZE) == (char *)MUCH - PAGE_SIZE);
  check(((volatile char *)MUCH)[-1] == 0);
  check(sbrk(-more) == (char *)MUCH);
  check(sbrk(0) == start);
}

// Sizes that are no multiple of a page, up and down.
void sbrk_both_ways(void) {
  char *start = sbrk(0);
  long size = 0;
  for (int i = 1; i <= 100; i++) {
    int change = i % 3 == 0 ? -(i * 97) : i * 131;
    check(sbrk(change) == start + size);
    size += change;
    if (change > 0) {
      start[size - change] = i;
      start[size - 1] = i;
      check(start[size - change] == i);
    }
  }
  check(sbrk(-size) == start + size);
  check(sbrk(0) == start);
}

static void shrink_below_the_stack(void) {
  // All but the first page, and the page that this code is on may be the first.
  sbrk(-(int)((uintptr_t)sbrk(0) - PAGE_SIZE));
  exit(1); // takes the stack
}

static void shrink_to_an_odd_size(void) {
  sbrk(-(int)((uintptr_t)sbrk(0) - 3000));
  exit(1);
}

// The kernel must not be hurt by a process that gives away its own text and stack.
void sbrk_own_pages(void) {
  int status = in_child(shrink_below_the_stack);
  check(status == KILLED || status == 1);
  status = in_child(shrink_to_an_odd_size);
  check(status == KILLED || status == 1);
}

// Refused: below 0 and beyond the user's addresses.
void sbrk_misuse(void) {
  char *size = sbrk(0);
  char *refusal = is_eager() ? size : SBRK_FAILED;
  check(sbrk(-0x7fffffff - 1) == refusal);
  check(sbrk(-0x7fffffff) == refusal);
  check(sbrk(-(int)(uintptr_t)size - 1) == refusal);
  check(sbrk(0) == size);
  while (sbrklazy(GIB) != SBRK_FAILED)
    ;
  check((uintptr_t)sbrk(0) <= TRAPFRAME && (uintptr_t)sbrk(0) > TRAPFRAME - GIB);
  check(sbrklazy(GIB) == SBRK_FAILED);
  check(sbrklazy(0x7fffffff) == SBRK_FAILED);
}

// Pages that were given back are zero when they come again, and memory does not run out however
// often: 200 times 100 pages are more than a small machine has.
void sbrk_again(void) {
  for (int turn = 0; turn < 200; turn++) {
    char *heap = sbrk(100 * PAGE_SIZE);
    check(heap != SBRK_FAILED);
    for (int i = turn % 10; i < 100; i += 10) {
      check(heap[i * PAGE_SIZE + turn] == 0);
      heap[i * PAGE_SIZE + turn] = 1;
    }
    sbrk(-100 * PAGE_SIZE);
  }
}

// More than there is: -1 at once, or lazy and killed; what others have is theirs.
static void take_too_much(void) {
  char *heap = sbrk(GIB);
  if (heap == SBRK_FAILED)
    exit(2);
  for (long i = 0; i < GIB; i += PAGE_SIZE)
    heap[i] = 1;
}

void sbrk_fail(void) {
  struct hogs hogs;
  char *mine = sbrk(PAGE_SIZE);
  *mine = 1;
  hog_memory(&hogs);
  int expected = is_eager() ? 2 : KILLED;
  for (int i = 0; i < 3; i++)
    check(in_child(take_too_much) == expected);
  check(*mine == 1);
  release_memory(&hogs);
}

// System calls take buffers in fresh heap.
void sbrk_argument(void) {
  char *heap = sbrk(PAGE_SIZE);
  int descriptor = must_open("sbrkarg", O_CREATE | O_WRONLY);
  check(write(descriptor, heap, PAGE_SIZE) == PAGE_SIZE);
  close(descriptor);
  check(unlink("sbrkarg") == 0);
  check(pipe((int *)sbrk(PAGE_SIZE)) == 0);
}

// A heap that ends within a page: the kernel copies up to its last byte.
void sbrk_last_byte(void) {
  char *heap = sbrk(PAGE_SIZE + 10);
  char *last = heap + PAGE_SIZE + 9;
  *last = 0;
  last[-1] = 'x';
  int descriptor = must_open("x", O_CREATE | O_RDWR);
  close(descriptor);
  close(must_open(last - 1, O_RDONLY));
  descriptor = must_open("x", O_RDWR);
  check(write(descriptor, last, 1) == 1);
  close(descriptor);
  check(unlink("x") == 0);
}

// Blocks of many sizes keep what is in them, do not overlap, and are used again.
void allocator(void) {
  enum { BLOCKS = 64 };
  static unsigned char *blocks[BLOCKS];
  char *end = NULL;
  for (int turn = 0; turn < 4; turn++) {
    for (int i = 0; i < BLOCKS; i++) {
      check((blocks[i] = malloc(1 + i * 37)) != NULL);
      check(((uintptr_t)blocks[i] & 15) == 0);
      memset(blocks[i], i + turn, 1 + i * 37);
    }
    for (int step = 0; step < BLOCKS; step++) {
      int i = step * 29 % BLOCKS; // every one, in another order
      check(blocks[i][0] == i + turn && blocks[i][i * 37] == i + turn);
      free(blocks[i]);
    }
    if (turn == 0)
      end = sbrk(0);
  }
  check(sbrk(0) == end);
  check(malloc(-1ul) == NULL);
}

static void take_all(void) {
  char *heap = sbrklazy(GIB);
  check(heap != SBRK_FAILED);
  long pages = touch_pages(heap, GIB / PAGE_SIZE);
  check(pages > 10);
  for (long i = 0; i < pages; i++)
    ((long *)(heap + i * PAGE_SIZE))[100] = i;
  for (long i = 0; i < pages; i++)
    check(((long *)(heap + i * PAGE_SIZE))[100] == i);
  check(sbrk(-GIB) == heap + GIB);
  check(sbrk(20 * PAGE_SIZE) == heap);
  check(touch_pages(heap, 20) == 20);
}

// All memory is taken and given back, twice.
void all_memory(void) {
  struct hogs hogs;
  hog_memory(&hogs);
  check(in_child(take_all) == 0);
  check(in_child(take_all) == 0);
  release_memory(&hogs);
}
