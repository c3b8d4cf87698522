// How tests take memory, and count it.
//
// To take all memory page by page is a trap for each. A fork takes the pages of a whole process in
// one trap, so most of the memory goes to copies of one process, and only the rest page by page. But
// not where a copy shares pages until they are stored to: there it is page by page after all.
#include "testing.h"

#define FIRST_SIZE 128 // pages of a hog; eight times as many if MOST hogs are too few
#define MOST 40        // hogs; the process table is to have room for others

long touch_pages(char *start, long pages) {
  long touched = 0;
  int descriptor = must_open(".", O_RDONLY);
  while (touched < pages && fstat(descriptor, (struct stat *)(start + touched * PAGE_SIZE)) == 0)
    touched++;
  close(descriptor);
  return touched;
}

static void wait_for_end(int descriptor) {
  char byte;
  read(descriptor, &byte, 1);
}

// Copies this process until no more than one copy would fit, or there are MOST; how many there are.
// They live until `*release` is closed.
static int multiply(int *release) {
  int ends[2], copies = 0, pid, last = 0;
  check(pipe(ends) == 0);
  while (copies < MOST && (pid = fork()) > 0) {
    copies++;
    last = pid;
  }
  if (copies < MOST && pid == 0) {
    close(ends[1]);
    wait_for_end(ends[0]);
    exit(0);
  }
  if (0 < copies && copies < MOST) {
    copies--;
    kill(last);
    check(wait(NULL) == last);
  }
  close(ends[0]);
  *release = ends[1];
  return copies;
}

static void end_copies(int release) {
  close(release);
  while (wait(NULL) > 0)
    ;
}

// Touches all pages that there are but as many as others may need; how many it holds.
static long hold_what_is_left(void) {
  char *heap = sbrklazy(GIB);
  if (heap == SBRK_FAILED)
    return 0;
  long pages = touch_pages(heap, GIB / PAGE_SIZE) - FIRST_SIZE;
  if (pages < 0)
    pages = 0;
  sbrk(-GIB + pages * PAGE_SIZE);
  return pages;
}

// Tells `ready` how many pages are held, and lives until `release` is closed.
static void lead(int ready, int release) {
  // What the program has, its trap frame and its page tables are held, too.
  long others = (uintptr_t)sbrk(0) / PAGE_SIZE + 6, pages = 0;
  int copies, copies_release;
  for (long size = FIRST_SIZE;; size *= 8) {
    char *heap = sbrklazy((size - pages) * PAGE_SIZE);
    check(heap != SBRK_FAILED);
    pages += touch_pages(heap, size - pages);
    int is_out = pages < size;
    if (is_out) {
      // On a small machine something is to be left.
      sbrk(-(size - pages / 2) * PAGE_SIZE);
      pages /= 2;
    }
    copies = multiply(&copies_release);
    if (copies < MOST)
      break;
    end_copies(copies_release);
    if (is_out) {
      copies = 0;
      pages += hold_what_is_left();
      break;
    }
  }
  long held = (copies + 1) * (pages + others);
  write(ready, &held, sizeof held);
  wait_for_end(release);
  end_copies(copies_release);
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
  if (heap != SBRK_FAILED)
    exit(touch_pages(heap, GIB / PAGE_SIZE));
  // A kernel that promises no more than it has gives what is left page by page.
  int pages = 0;
  while (sbrk(PAGE_SIZE) != SBRK_FAILED)
    pages++;
  exit(pages);
}

long free_pages(void) {
  struct hogs hogs;
  long held = hog_memory(&hogs);
  int left = in_child(touch_what_is_left);
  release_memory(&hogs);
  check(left >= 0);
  return held + left;
}
