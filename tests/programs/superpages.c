// A heap of several times 2 MiB, forked, written to by both, given back in part, and copied through
// a pipe: it prints what every policy has to let it see.
#include "user.h"

#define MIB2 (2 << 20)

static long sum(const char *heap, long size) {
  long all = 0;
  for (long i = 0; i < size; i += PAGE_SIZE)
    all = all * 31 + heap[i] + heap[i + PAGE_SIZE - 1];
  return all;
}

int main(void) {
  // The first block of 2 MiB that is the heap's whole begins in the middle of it.
  char *start = sbrk(3 * MIB2), *heap = (char *)(((long)start + MIB2 - 1) / MIB2 * MIB2);
  int fds[2], status;
  if (heap[5 * PAGE_SIZE] != 0 || pipe(fds) != 0)
    return 1;
  for (long i = 0; i < MIB2 + 64 * PAGE_SIZE; i += 7 * PAGE_SIZE)
    heap[i] = i / PAGE_SIZE + 1;
  printf("parent %lx\n", sum(heap, 2 * MIB2));
  int pid = fork();
  if (pid == 0) {
    heap[3 * PAGE_SIZE] = 100;
    sbrk(heap + MIB2 + 10 * PAGE_SIZE - (char *)sbrk(0)); // a part of the second one goes
    write(fds[1], heap + 2 * PAGE_SIZE, 2 * PAGE_SIZE);
    sbrk(MIB2);
    printf("child %lx\n", sum(heap, 2 * MIB2));
    return 0;
  }
  for (int n = 0; n < 2 * PAGE_SIZE;) // into two pages of the first one, which the child has, too
    n += read(fds[0], heap + 8 * PAGE_SIZE + n, 2 * PAGE_SIZE - n);
  if (wait(&status) != pid || status != 0)
    return 2;
  heap[4 * PAGE_SIZE] = 7;
  printf("parent %lx, %d\n", sum(heap, 2 * MIB2), heap[9 * PAGE_SIZE]);
  sbrk(heap + PAGE_SIZE + 1 - (char *)sbrk(0));
  printf("%d %d\n", heap[0], heap[PAGE_SIZE]);
  return 0;
}
