// `mmap` of files: what their pages show, and what comes back to the file.
#include "labtests.h"

#define NAME "mapped"
#define HALF (PAGE_SIZE / 2)
#define SIZE (PAGE_SIZE + HALF) // bytes of the file: a page and a half

static char bytes[SIZE];

static int content(int at) {
  return 1 + at % 251;
}

// A file of `SIZE` bytes, open with these flags.
static int make_file(const char *name, int flags) {
  for (int i = 0; i < SIZE; i++)
    bytes[i] = content(i);
  int file = must_open(name, O_CREATE | O_TRUNC | O_RDWR);
  check(write(file, bytes, SIZE) == SIZE);
  close(file);
  return must_open(name, flags);
}

static char *map(int file, size_t length, int prot, int flags, long offset) {
  char *area = mmap(NULL, length, prot, flags, file, offset);
  check(area != MAP_FAILED && (uintptr_t)area % PAGE_SIZE == 0);
  return area;
}

static void check_content(const volatile char *area, int from, int to) {
  for (int i = from; i < to; i++)
    check((unsigned char)area[i - from] == content(i));
}

// The byte at `at` of the file, and the file's size.
static int byte_of_file(const char *name, int at) {
  int file = must_open(name, O_RDONLY);
  int n = read(file, bytes, SIZE);
  check(n == SIZE && read(file, bytes, 1) == 0);
  close(file);
  return (unsigned char)bytes[at];
}

void private_area_of_a_file(void) {
  int file = make_file(NAME, O_RDONLY);
  char *area = map(file, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
  check_content(area, 0, SIZE);
  for (int i = SIZE; i < 2 * PAGE_SIZE; i++)
    check(area[i] == 0); // behind the file's end
  area[0] = area[PAGE_SIZE] = 'p';
  check(munmap(area, SIZE) == 0);
  check(byte_of_file(NAME, 0) == content(0) && byte_of_file(NAME, PAGE_SIZE) == content(PAGE_SIZE));
  unlink(NAME);
}

void shared_area_of_a_file(void) {
  int file = make_file(NAME, O_RDWR);
  char *area = map(file, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
  check_content(area, 0, SIZE);
  area[5] = 's';
  area[SIZE - 1] = 't';
  area[SIZE] = 'u'; // the file does not grow
  check(munmap(area, 2 * PAGE_SIZE) == 0);
  check(byte_of_file(NAME, 5) == 's' && byte_of_file(NAME, SIZE - 1) == 't');
  unlink(NAME);
}

void only_what_was_stored_to_is_written(void) {
  int file = make_file(NAME, O_RDWR);
  char *area = map(file, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
  check_content(area, 0, SIZE); // both pages are there
  check(write(file, "xy", 2) == 2);
  area[PAGE_SIZE] = 'd';
  check(munmap(area, 2 * PAGE_SIZE) == 0);
  // What was written with `write` would be gone if the first page had gone back.
  check(byte_of_file(NAME, 0) == 'x' && byte_of_file(NAME, PAGE_SIZE) == 'd');
  unlink(NAME);
}

static char *target;

static void store_there(void) {
  *(volatile char *)target = 1;
}

static void jump_there(void) {
  asm volatile("fence.i; jalr %0" : : "r"(target) : "ra", "memory");
}

static void load_there(void) {
  (void)*(volatile char *)target;
}

void rights_of_an_area(void) {
  int file = make_file(NAME, O_RDONLY);
  check(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED);
  target = map(file, SIZE, PROT_READ, MAP_SHARED, 0);
  check(in_child(store_there) == KILLED);
  check(in_child(load_there) == 0);
  check(in_child(jump_there) == KILLED);
  check(read(file, target, 1) == -1); // nor does a system call
  check(munmap(target, SIZE) == 0);
  check(in_child(load_there) == KILLED);
  close(file);
  file = must_open(NAME, O_WRONLY);
  check(mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, file, 0) == MAP_FAILED);
  unlink(NAME);
}

void area_that_is_executed(void) {
  static const unsigned ret = 0x8067;
  int file = must_open(NAME, O_CREATE | O_TRUNC | O_RDWR);
  check(write(file, &ret, sizeof ret) == sizeof ret);
  target = map(file, PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, 0);
  check(in_child(jump_there) == 0);
  check(in_child(store_there) == KILLED);
  check(munmap(target, PAGE_SIZE) == 0);
  unlink(NAME);
}

void area_outlives_its_descriptor(void) {
  int file = make_file(NAME, O_RDWR);
  char *area = map(file, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
  close(file);
  unlink(NAME); // its name, too
  check_content(area, 0, SIZE);
  area[0] = 'c';
  check(munmap(area, SIZE) == 0);
  check(open(NAME, O_RDONLY) == -1);
}

void parts_are_unmapped(void) {
  int file = make_file(NAME, O_RDWR);
  char *area = map(file, 5 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
  area[0] = 'a';
  area[PAGE_SIZE] = 'b';
  area[4 * PAGE_SIZE] = 'e';
  check(munmap(area, PAGE_SIZE) == 0); // the start
  check(byte_of_file(NAME, 0) == 'a' && byte_of_file(NAME, PAGE_SIZE) == content(PAGE_SIZE));
  check(munmap(area + 4 * PAGE_SIZE, PAGE_SIZE) == 0); // the end
  check(munmap(area + 2 * PAGE_SIZE, PAGE_SIZE) == 0); // a hole in what is left
  for (int page = 0; page < 5; page++) {
    target = area + page * PAGE_SIZE;
    check(in_child(load_there) == (page == 1 || page == 3 ? 0 : KILLED));
  }
  check(area[PAGE_SIZE] == 'b' && area[3 * PAGE_SIZE] == 0);
  check(munmap(area + PAGE_SIZE, 3 * PAGE_SIZE) == -1); // it has a hole
  check(munmap(area + PAGE_SIZE, PAGE_SIZE) == 0 && munmap(area + 3 * PAGE_SIZE, 1) == 0);
  check(byte_of_file(NAME, PAGE_SIZE) == 'b');
  unlink(NAME);
}

void two_files_and_an_offset(void) {
  int one = make_file("mapped1", O_RDWR), two = make_file("mapped2", O_RDWR);
  char *first = map(one, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
  char *second = map(two, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, PAGE_SIZE);
  check(first + 2 * PAGE_SIZE <= second || second + PAGE_SIZE <= first);
  check_content(first, 0, SIZE);
  check_content(second, PAGE_SIZE, SIZE);
  first[0] = '1';
  second[0] = '2';
  check(munmap(second, PAGE_SIZE) == 0 && munmap(first, SIZE) == 0);
  check(byte_of_file("mapped1", 0) == '1' && byte_of_file("mapped2", PAGE_SIZE) == '2');
  check(byte_of_file("mapped2", 0) == content(0));
  // All behind the end: zeros, and nothing of it goes to the file.
  first = map(one, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 7 * PAGE_SIZE);
  check(first[9] == 0);
  first[9] = 'x';
  check(munmap(first, PAGE_SIZE) == 0 && byte_of_file("mapped1", 0) == '1');
  unlink("mapped1");
  unlink("mapped2");
}

static int shared_file;

static void store_and_exit(void) {
  char *area = map(shared_file, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
  area[PAGE_SIZE + 3] = 'x';
}

static void store_and_exec(void) {
  char *area = map(shared_file, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
  area[4] = 'y';
  char *arguments[] = {"echo", NULL};
  exec("echo", arguments);
  exit(1);
}

static void store_and_be_killed(void) {
  char *area = map(shared_file, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
  area[5] = 'z';
  *(volatile char *)TRAPFRAME = 0;
}

void whoever_ends_writes_back(void) {
  shared_file = make_file(NAME, O_RDWR);
  check(in_child(store_and_exit) == 0);
  check(byte_of_file(NAME, PAGE_SIZE + 3) == 'x');
  check(in_child(store_and_exec) == 0);
  check(byte_of_file(NAME, 4) == 'y');
  check(in_child(store_and_be_killed) == KILLED);
  check(byte_of_file(NAME, 5) == 'z');
  unlink(NAME);
}

// System calls touch areas as the process does: strings, buffers, and results.
void system_calls_with_areas(void) {
  int file = make_file(NAME, O_RDWR);
  char *area = map(file, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
  int from = must_open("labtests", O_RDONLY);
  check(read(from, area + PAGE_SIZE - 2, 4) == 4); // over two pages that nobody has touched
  close(from);
  check(area[PAGE_SIZE - 2] == 0x7F && area[PAGE_SIZE + 1] == 'F');
  check(munmap(area, 2 * PAGE_SIZE) == 0);
  check(byte_of_file(NAME, PAGE_SIZE - 1) == 'E' && byte_of_file(NAME, PAGE_SIZE) == 'L');

  int out = must_open("mapped.out", O_CREATE | O_TRUNC | O_RDWR);
  area = map(file, SIZE, PROT_READ, MAP_PRIVATE, 0);
  check(write(out, area, SIZE) == SIZE);
  check(munmap(area, SIZE) == 0);
  close(out);
  check(byte_of_file("mapped.out", PAGE_SIZE - 1) == 'E');
  check(byte_of_file("mapped.out", 0) == content(0));

  out = must_open("mapped.out", O_TRUNC | O_RDWR);
  check(write(out, "labtests", 9) == 9);
  area = map(out, PAGE_SIZE, PROT_READ, MAP_PRIVATE, 0);
  close(must_open(area, O_RDONLY)); // a path in a page that nobody has touched
  check(munmap(area, PAGE_SIZE) == 0);
  unlink(NAME);
  unlink("mapped.out");
}

void given_back_pages_of_areas(void) {
  int file = make_file(NAME, O_RDWR);
  unsigned char vector[2];
  char *area = map(file, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
  area[0] = area[PAGE_SIZE] = 'v';
  check(mincore(area, SIZE, vector) == 0 && vector[0] == 1 && vector[1] == 1);
  check(madvise(area, PAGE_SIZE, MADV_DONTNEED) == 0);
  check(mincore(area, SIZE, vector) == 0 && vector[0] == 0 && vector[1] == 1);
  check((unsigned char)area[0] == content(0) && area[PAGE_SIZE] == 'v'); // as in the file again
  char *shared = map(file, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
  shared[0] = 'w';
  check(madvise(shared, PAGE_SIZE, MADV_DONTNEED) == 0);
  check(shared[0] == 'w' && byte_of_file(NAME, 0) == 'w');
  unsigned mask;
  check(pgaccess(area, 2, &mask) == 0);
  check(pgaccess(area, 2, &mask) == 0 && mask == 0);
  check(munmap(area, SIZE) == 0 && munmap(shared, SIZE) == 0);
  check(mincore(area, PAGE_SIZE, vector) == -1 && madvise(area, PAGE_SIZE, MADV_DONTNEED) == -1);
  check(pgaccess(area, 1, &mask) == -1);
  unlink(NAME);
}
