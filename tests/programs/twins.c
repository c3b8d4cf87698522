// Two processes touch their pages by the same instruction, and take turns while they do.
#include "user.h"

#define PAGES 12

int main(void) {
  volatile char *heap = (volatile char *)sbrk(2 * PAGES * PAGE_SIZE);
  int pid = fork();
  for (int page = 0; page < PAGES; page++) {
    heap[page * PAGE_SIZE] = 1;
    for (int i = 0; pid > 0 && i < 40; i++)
      heap[page * PAGE_SIZE + i] = i;
  }
  if (pid == 0)
    exit(0);
  wait(NULL);
  exit(0);
}
