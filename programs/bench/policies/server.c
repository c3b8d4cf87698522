// A server that forks for each request: the child reads all of the parent's memory, and stores to a page.
#include "user.h"

#define PAGES 48
#define REQUESTS 12

int main(void) {
  char *heap = sbrk(PAGES * PAGE_SIZE);
  for (int page = 0; page < PAGES; page++)
    heap[page * PAGE_SIZE] = 1;
  for (int request = 0; request < REQUESTS; request++) {
    int status = -1, pid = fork();
    if (pid == 0) {
      int sum = 0;
      for (int page = 0; page < PAGES; page++)
        sum += heap[page * PAGE_SIZE];
      heap[request * PAGE_SIZE] = 2;
      exit(sum != PAGES);
    }
    if (pid < 0 || wait(&status) != pid || status != 0)
      return 1;
  }
  return 0;
}
