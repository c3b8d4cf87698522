// What fails, and what goes on, when no frame is left.
#include "lazytests.h"

// Takes every frame that is left, for a heap of a gigabyte; the number of pages that got one.
static long exhaust(char **heap) {
  *heap = sbrklazy(GIB);
  check(*heap != SBRK_FAILED);
  long touched = touch_pages(*heap, GIB / PAGE_SIZE);
  check(touched < GIB / PAGE_SIZE);
  return touched;
}

// Twice, for the first time must have given back all it took.
static void with_little_memory(void (*body)(void), int status) {
  struct hogs hogs;
  hog_memory(&hogs);
  check(in_child(body) == status);
  check(in_child(body) == status);
  release_memory(&hogs);
}

static void copy(void) {
  int ends[2];
  char *fresh = sbrklazy(PAGE_SIZE), *heap;
  check(pipe(ends) == 0);
  exhaust(&heap);
  check(write(ends[1], "x", 1) == 1);
  check(read(ends[0], fresh, 1) <= 0); // into a page for which there is no frame
  check(write(ends[1], fresh, 1) <= 0);
  check(open(fresh, O_RDONLY) == -1);
  check(fstat(0, (struct stat *)fresh) == -1);
  check(pipe((int *)fresh) == -1);
  check(wait((int *)fresh) == -1);
  sbrk(-GIB);
  check(*fresh == 0); // as soon as there is one
}

void copy_without_memory(void) {
  with_little_memory(copy, 0);
}

// One frame is left, which would do for a page but not for the page table above it, too.
static void touch_without_table(void) {
  char *heap;
  long last = exhaust(&heap) - 1;
  sbrk(-(GIB - last * PAGE_SIZE));
  check(sbrklazy(GIB) == heap + last * PAGE_SIZE);
  check(touch_pages(heap + GIB / 2, 1) == 0);
  check(touch_pages(heap + GIB / 2, 1) == 0);
  check(touch_pages(heap + last * PAGE_SIZE, 1) == 1); // the frame is still there
  sbrk(-GIB);
  sbrklazy(GIB);
  *(volatile char *)(heap + GIB / 2) = 1;
}

void table_without_memory(void) {
  with_little_memory(touch_without_table, KILLED);
}

// A process that holds all memory and gives back a frame at a time.
struct filler {
  int pid;
  int ask, answer; // descriptors
};

static void fill(int ask, int answer) {
  char byte = 0, *heap;
  sbrk(-(GIB - exhaust(&heap) * PAGE_SIZE));
  write(answer, &byte, 1);
  while (read(ask, &byte, 1) == 1) {
    sbrk(-PAGE_SIZE);
    write(answer, &byte, 1);
  }
  exit(0);
}

static void start_filler(struct filler *filler) {
  int ask[2], answer[2];
  char byte;
  check(pipe(ask) == 0 && pipe(answer) == 0);
  if ((filler->pid = fork()) == 0) {
    close(ask[1]);
    close(answer[0]);
    fill(ask[0], answer[1]);
  }
  close(ask[0]);
  close(answer[1]);
  filler->ask = ask[1];
  filler->answer = answer[0];
  check(read(filler->answer, &byte, 1) == 1);
}

static void give_a_frame(struct filler *filler) {
  char byte = 0;
  check(write(filler->ask, &byte, 1) == 1);
  check(read(filler->answer, &byte, 1) == 1);
}

static void stop_filler(struct filler *filler) {
  close(filler->ask);
  check(join(filler->pid) == 0);
}

// Forks with a frame more each time, so that each step of a fork is once the one that fails.
static int fork_at_last(struct filler *filler) {
  check(fork() == -1);
  for (;;) {
    give_a_frame(filler);
    int pid = fork();
    if (pid >= 0)
      return pid;
  }
}

static void fork_with_filler(void) {
  struct filler filler;
  start_filler(&filler);
  int pid = fork_at_last(&filler);
  if (pid == 0)
    exit(fork() == -1 ? 3 : 4); // nothing is left for another one
  check(join(pid) == 3);
  // What the child had is free again.
  if ((pid = fork()) == 0)
    exit(fork() == -1 ? 3 : 4);
  check(join(pid) == 3);
  stop_filler(&filler);
}

void fork_without_memory(void) {
  with_little_memory(fork_with_filler, 0);
}

// The same for exec: as long as it fails, the old program goes on.
static void exec_at_last(struct filler *filler) {
  static char *const arguments[] = {"echo", "-", NULL};
  close(1); // what it prints is not to be seen
  while (exec("echo", (char **)arguments) == -1)
    give_a_frame(filler);
}

static void exec_with_filler(void) {
  struct filler filler;
  start_filler(&filler);
  int pid = fork_at_last(&filler);
  if (pid == 0)
    exec_at_last(&filler);
  check(join(pid) == 0); // that of `echo`
  stop_filler(&filler);
}

void exec_without_memory(void) {
  with_little_memory(exec_with_filler, 0);
}
