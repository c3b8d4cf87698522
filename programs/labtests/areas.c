// Areas of `mmap`: where they lie, what parent and child have of them, and what is refused.
#include "labtests.h"

#define RW (PROT_READ | PROT_WRITE)

static char *anonymous(size_t length, int flags) {
  char *area = mmap(NULL, length, RW, flags | MAP_ANONYMOUS, -1, 0);
  check(area != MAP_FAILED);
  return area;
}

static char *area, *other;

static void store_to_both(void) {
  area[0] = other[0] = 'c';
  area[PAGE_SIZE] = other[PAGE_SIZE] = 'd';
  check(munmap(area, 2 * PAGE_SIZE) == 0);
}

void shared_with_a_child(void) {
  area = anonymous(2 * PAGE_SIZE, MAP_SHARED);
  other = anonymous(2 * PAGE_SIZE, MAP_PRIVATE);
  area[0] = other[0] = 'p'; // one page of each is touched before, one is not
  check(in_child(store_to_both) == 0);
  check(area[0] == 'c' && area[PAGE_SIZE] == 'd');
  check(other[0] == 'p' && other[PAGE_SIZE] == 0);
  check(munmap(area, 2 * PAGE_SIZE) == 0 && munmap(other, 2 * PAGE_SIZE) == 0);
}

static void ping(void) {
  for (int i = 0; i < 20; i++) {
    while (((volatile char *)area)[0] != 2 * i + 1)
      sleep(1);
    ((volatile char *)area)[0]++;
  }
}

// Each waits for what the other stores.
void talk_through_a_page(void) {
  area = anonymous(PAGE_SIZE, MAP_SHARED);
  int pid = fork();
  if (pid == 0) {
    ping();
    exit(0);
  }
  check(pid > 0);
  for (int i = 0; i < 20; i++) {
    ((volatile char *)area)[0]++;
    while (((volatile char *)area)[0] != 2 * i + 2)
      sleep(1);
  }
  check(join(pid) == 0);
}

// A grandchild has what the child has left, and the file has what the last one stored.
void shared_file_of_a_family(void) {
  int file = must_open("family", O_CREATE | O_TRUNC | O_RDWR);
  check(write(file, "abcdef", 6) == 6);
  area = mmap(NULL, PAGE_SIZE, RW, MAP_SHARED, file, 0);
  check(area != MAP_FAILED);
  close(file);
  int pid = fork();
  if (pid == 0) {
    int inner = fork();
    if (inner == 0) {
      check(area[0] == 'a');
      area[0] = 'g';
      exit(0);
    }
    check(join(inner) == 0 && area[0] == 'g');
    area[1] = 'h';
    exit(0);
  }
  check(join(pid) == 0 && area[0] == 'g' && area[1] == 'h' && area[2] == 'c');
  static char back[8];
  file = must_open("family", O_RDONLY);
  check(read(file, back, 8) == 6 && memcmp(back, "ghcdef", 6) == 0);
  close(file);
  check(munmap(area, PAGE_SIZE) == 0);
  unlink("family");
}

void sixteen_areas(void) {
  static char *areas[NAREA];
  for (int i = 0; i < NAREA; i++) {
    areas[i] = anonymous(PAGE_SIZE * (1 + i % 3), i % 2 ? MAP_SHARED : MAP_PRIVATE);
    areas[i][0] = i;
  }
  check(mmap(NULL, 1, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
  for (int i = 0; i < NAREA; i++)
    check(areas[i][0] == i);
  check(munmap(areas[2] + PAGE_SIZE, PAGE_SIZE) == -1); // there is no room for two parts
  check(areas[2][0] == 2 && areas[2][PAGE_SIZE] == 0);
  check(munmap(areas[2], PAGE_SIZE) == 0); // one part stays
  check(munmap(areas[3], PAGE_SIZE) == 0); // an area is free
  check(munmap(areas[5] + PAGE_SIZE, PAGE_SIZE) == 0); // now there is
  check(areas[5][0] == 5 && areas[5][2 * PAGE_SIZE] == 0);
  check(mmap(NULL, 1, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
}

void heap_and_areas_do_not_meet(void) {
  char *low = anonymous(PAGE_SIZE, MAP_PRIVATE);
  check(low + PAGE_SIZE == (char *)TRAPFRAME);
  char *size = sbrk(0);
  check(anonymous(PAGE_SIZE, MAP_PRIVATE) == low - PAGE_SIZE);
  check(munmap(low, PAGE_SIZE) == 0);
  check(anonymous(PAGE_SIZE, MAP_PRIVATE) == low); // a hole is used again
  check(mmap(NULL, low - size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
  check(sbrk(PAGE_SIZE) == size && sbrk(-PAGE_SIZE) == size + PAGE_SIZE);
  check(sbrk(0) == size);
}

// Where memory is only promised: an area that leaves the heap one page.
void heap_below_an_area(void) {
  if (is_eager())
    return;
  char *size = sbrk(0);
  size_t rest = TRAPFRAME - (uintptr_t)size;
  rest &= -PAGE_SIZE;
  char *large = mmap(NULL, rest - PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (large == MAP_FAILED)
    return; // no more is promised than there is
  large[0] = 'l';
  check(sbrk(3 * PAGE_SIZE) == SBRK_FAILED && sbrk(GIB) == SBRK_FAILED && sbrk(0) == size);
  check(sbrk(large - size) == size);
  check(sbrk(1) == SBRK_FAILED);
  check(mmap(NULL, 1, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
  check(large[0] == 'l' && *(large - 1) == 0);
  check(munmap(large, PAGE_SIZE) == 0 && sbrk(PAGE_SIZE) == large && large[0] == 0);
}

void bad_arguments_of_mmap(void) {
  int file = must_open("bad", O_CREATE | O_TRUNC | O_RDWR), ends[2];
  check(write(file, "x", 1) == 1 && pipe(ends) == 0);
  check(mmap(NULL, 0, RW, MAP_PRIVATE, file, 0) == MAP_FAILED);
  check(mmap(NULL, -1, RW, MAP_PRIVATE, file, 0) == MAP_FAILED);
  check(mmap(NULL, -PAGE_SIZE, RW, MAP_PRIVATE, file, 0) == MAP_FAILED);
  check(mmap(NULL, MAXVA, RW, MAP_PRIVATE, file, 0) == MAP_FAILED);
  check(mmap((void *)0x100000, 1, RW, MAP_PRIVATE, file, 0) == MAP_FAILED);
  check(mmap(NULL, 1, PROT_NONE, MAP_PRIVATE, file, 0) == MAP_FAILED);
  check(mmap(NULL, 1, PROT_WRITE | PROT_EXEC, MAP_PRIVATE, file, 0) == MAP_FAILED);
  check(mmap(NULL, 1, RW | 8, MAP_PRIVATE, file, 0) == MAP_FAILED);
  check(mmap(NULL, 1, RW, 0, file, 0) == MAP_FAILED);
  check(mmap(NULL, 1, RW, MAP_SHARED | MAP_PRIVATE, file, 0) == MAP_FAILED);
  check(mmap(NULL, 1, RW, MAP_PRIVATE | 0x100, file, 0) == MAP_FAILED);
  check(mmap(NULL, 1, RW, MAP_PRIVATE, file, 1) == MAP_FAILED);
  check(mmap(NULL, 1, RW, MAP_PRIVATE, file, -PAGE_SIZE) == MAP_FAILED);
  check(mmap(NULL, 1, RW, MAP_PRIVATE, -1, 0) == MAP_FAILED);
  check(mmap(NULL, 1, RW, MAP_PRIVATE, NOFILE, 0) == MAP_FAILED);
  check(mmap(NULL, 1, PROT_READ, MAP_PRIVATE, ends[0], 0) == MAP_FAILED);
  check(mmap(NULL, 1, PROT_READ, MAP_SHARED, must_open("console", O_RDWR), 0) == MAP_FAILED);
  check(mmap(NULL, 1, PROT_READ, MAP_PRIVATE, must_open(".", O_RDONLY), 0) == MAP_FAILED);
  unlink("bad");
}

void bad_arguments_of_munmap(void) {
  char *mine = anonymous(2 * PAGE_SIZE, MAP_PRIVATE);
  mine[0] = 'm';
  check(munmap(mine, 0) == -1 && munmap(mine + 1, PAGE_SIZE) == -1);
  check(munmap(mine, 3 * PAGE_SIZE) == -1 && munmap(mine, -PAGE_SIZE) == -1);
  check(munmap(mine - PAGE_SIZE, PAGE_SIZE) == -1 && munmap(mine - PAGE_SIZE, 2 * PAGE_SIZE) == -1);
  check(munmap(NULL, PAGE_SIZE) == -1 && munmap(sbrk(PAGE_SIZE), PAGE_SIZE) == -1);
  check(munmap((void *)TRAPFRAME, PAGE_SIZE) == -1 && munmap((void *)MAXVA, PAGE_SIZE) == -1);
  check(munmap((void *)-PAGE_SIZE, PAGE_SIZE) == -1);
  check(mine[0] == 'm' && mine[PAGE_SIZE] == 0);
  check(munmap(mine, 2 * PAGE_SIZE - 1) == 0 && munmap(mine, PAGE_SIZE) == -1);
}
