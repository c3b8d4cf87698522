// How tests take memory, and count it.
//
// To take all memory page by page is a trap for each. A fork takes the pages of a whole process in
// one trap, so most of the memory goes to copies of one process, and only the rest page by page.
#include "testing.h"

#define HOG_PAGES 1024

long touch_pages(char *start, long pages) {
  long touched = 0;
  int descriptor = must_open(".", O_RDONLY);
  while (touched < pages && fstat(descriptor, (struct stat *)(start + touched * PAGE_SIZE)) == 0)
    touched++;
  close(descriptor);
  return touched;
}

static void wait_for_release(int release) {
  char byte;
  read(release, &byte, 1);
}

// Copies this process, which holds `pages` pages, as often as it can be.
static long multiply(long pages, int release) {
  long hogs = 1;
  int pid;
  while ((pid = fork()) > 0)
    hogs++;
  if (pid == 0) {
    wait_for_release(release);
    exit(0);
  }
  return hogs * pages;
}

// Tells `ready` when no memory is left for another hog, and ends with the last of them.
static void lead(int ready, int release) {
  // What the program has, its trap frame and its page tables are held, too.
  long others = (uintptr_t)sbrk(0) / PAGE_SIZE + 6;
  char *heap = sbrklazy(HOG_PAGES * PAGE_SIZE);
  check(heap != SBRK_FAILED);
  long pages = touch_pages(heap, HOG_PAGES);
  if (pages < HOG_PAGES) {
    // On a small machine something is to be left.
    sbrk(-(int)(HOG_PAGES - pages / 2) * PAGE_SIZE);
    pages /= 2;
  }
  long held = multiply(pages + others, release);
  write(ready, &held, sizeof held);
  wait_for_release(release);
  while (wait(NULL) > 0)
    ;
  exit(0);
}

long hog_memory(struct hogs *hogs) {
  int ready[2], release[2];
  long held = 0;
  check(pipe(ready) == 0 && pipe(release) == 0);
  hogs->leader = fork();
  check(hogs->leader >= 0);
  if (hogs->leader == 0) {
    close(ready[0]);
    close(release[1]);
    lead(ready[1], release[0]);
  }
  close(ready[1]);
  close(release[0]);
  check(read(ready[0], &held, sizeof held) == sizeof held);
  close(ready[0]);
  hogs->release = release[1];
  return held;
}

void release_memory(struct hogs *hogs) {
  close(hogs->release);
  check(join(hogs->leader) == 0);
}

static void touch_what_is_left(void) {
  char *heap = sbrklazy(GIB);
  check(heap != SBRK_FAILED);
  exit(touch_pages(heap, GIB / PAGE_SIZE));
}

long free_pages(void) {
  struct hogs hogs;
  long held = hog_memory(&hogs);
  int left = in_child(touch_what_is_left);
  release_memory(&hogs);
  check(left >= 0);
  return held + left;
}
