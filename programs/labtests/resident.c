// `madvise` gives frames back, and `mincore` says which pages have one.
#include "labtests.h"

#define PAGES 12

static char *heap_of(int pages) {
  char *heap = sbrk(0);
  int rest = -(uintptr_t)heap & (PAGE_SIZE - 1);
  check(sbrk(rest + pages * PAGE_SIZE) != SBRK_FAILED);
  return heap + rest;
}

static void fill(char *start, int pages, int value) {
  for (int i = 0; i < pages; i++)
    ((volatile char *)start)[i * PAGE_SIZE + 7] = value + i;
}

static int count(const char *start, int pages) {
  unsigned char vector[PAGES];
  int sum = 0;
  check(pages <= PAGES && mincore(start, pages * PAGE_SIZE, vector) == 0);
  for (int i = 0; i < pages; i++) {
    check(vector[i] <= 1);
    sum += vector[i];
  }
  return sum;
}

void given_back_pages_are_zeros(void) {
  char *heap = heap_of(PAGES);
  fill(heap, PAGES, 1);
  check(madvise(heap + 2 * PAGE_SIZE, 3 * PAGE_SIZE, MADV_DONTNEED) == 0);
  check(madvise(heap + 8 * PAGE_SIZE, 1, MADV_DONTNEED) == 0); // a page, begun or not
  check(madvise(heap, 0, MADV_DONTNEED) == 0);
  for (int i = 0; i < PAGES; i++) {
    int given = (2 <= i && i < 5) || i == 8;
    check(((volatile char *)heap)[i * PAGE_SIZE + 7] == (given ? 0 : i + 1));
  }
  fill(heap, PAGES, 50);
  check(((volatile char *)heap)[8 * PAGE_SIZE + 7] == 58);
}

void given_back_pages_have_no_frame(void) {
  char *heap = heap_of(PAGES);
  for (int round = 0; round < 3; round++) {
    fill(heap, PAGES, round);
    check(count(heap, PAGES) == PAGES);
    check(madvise(heap, PAGES * PAGE_SIZE, MADV_DONTNEED) == 0);
    check(count(heap, PAGES) == 0);
  }
}

void resident_pages(void) {
  char *heap = heap_of(PAGES);
  check(madvise(heap, PAGES * PAGE_SIZE, MADV_DONTNEED) == 0);
  check(count(heap, PAGES) == 0);
  fill(heap + 3 * PAGE_SIZE, 2, 1);
  unsigned char vector[PAGES];
  check(mincore(heap, PAGES * PAGE_SIZE - 100, vector) == 0);
  check(vector[3] == 1 && vector[4] == 1);
  check(mincore(heap, 0, vector) == 0);
  // The program itself, and the guard page, which has a frame, too.
  check(count((char *)((uintptr_t)resident_pages & -PAGE_SIZE), 1) == 1);
}

void bad_arguments_of_madvise(void) {
  char *heap = heap_of(2), *size = sbrk(0);
  fill(heap, 2, 1);
  char *text = (char *)((uintptr_t)bad_arguments_of_madvise & -PAGE_SIZE);
  check(madvise(heap + 1, PAGE_SIZE, MADV_DONTNEED) == -1);
  check(madvise(heap, PAGE_SIZE, MADV_DONTNEED + 1) == -1);
  check(madvise(heap, 3 * PAGE_SIZE, MADV_DONTNEED) == -1);
  check(madvise(size, PAGE_SIZE, MADV_DONTNEED) == -1);
  check(madvise(heap, -PAGE_SIZE, MADV_DONTNEED) == -1);
  check(madvise((char *)-PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED) == -1);
  check(madvise((char *)TRAPFRAME, PAGE_SIZE, MADV_DONTNEED) == -1);
  check(madvise(text, PAGE_SIZE, MADV_DONTNEED) == -1); // nobody has kept what is there
  check(madvise(0, (size_t)size, MADV_DONTNEED) == -1);
  check(heap[7] == 1 && heap[PAGE_SIZE + 7] == 2);
}

void bad_arguments_of_mincore(void) {
  char *heap = heap_of(2), *size = sbrk(0);
  unsigned char vector[4];
  check(mincore(heap + 1, PAGE_SIZE, vector) == -1);
  check(mincore(heap, 3 * PAGE_SIZE, vector) == -1);
  check(mincore(size, PAGE_SIZE, vector) == -1);
  check(mincore(heap, -PAGE_SIZE, vector) == -1);
  check(mincore((char *)TRAPFRAME, PAGE_SIZE, vector) == -1);
  check(mincore((char *)MAXVA, PAGE_SIZE, vector) == -1);
  check(mincore(heap, PAGE_SIZE, (unsigned char *)size) == -1);
  check(mincore(heap, PAGE_SIZE, NULL) == -1); // the text is not to be written
}
