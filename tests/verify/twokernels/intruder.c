// Tries to get at what is not its own: `intruder HOW`, or `intruder HOW ADDRESS...`, then by a child
// for each address. Prints what it gets, if it lives on, and how each child has ended.
#include "user.h"

#define SECRET 0x5ec4e7

static uint64_t number(const char *hex) {
  uint64_t value = 0;
  for (; *hex; hex++)
    value = value * 16 + (*hex <= '9' ? *hex - '0' : *hex - 'a' + 10);
  return value;
}

static long load(uint64_t address) {
  return *(volatile int *)address;
}

static long store(uint64_t address) {
  return *(volatile int *)address = 1;
}

static long jump(uint64_t address) {
  ((void (*)(void))address)();
  return 0;
}

// Has the kernel touch it.
static long copy_in(uint64_t address) {
  int ends[2];
  return pipe(ends) < 0 ? -9 : write(ends[1], (void *)address, 8);
}

static long copy_out(uint64_t address) {
  int file = open("/input", O_RDONLY);
  return file < 0 ? -9 : read(file, (void *)address, 8);
}

static volatile int *fresh_page(void) {
  return (int *)sbrklazy(PAGE_SIZE);
}

// A page that was given back, and is still in the TLB if the kernel forgets it.
static long given_back(uint64_t none) {
  (void)none;
  volatile int *page = fresh_page();
  *page = SECRET;
  sbrk(-PAGE_SIZE);
  return *page;
}

static long given_back_and_taken(uint64_t none) {
  (void)none;
  volatile int *page = fresh_page();
  *page = SECRET;
  sbrk(-PAGE_SIZE);
  fresh_page();
  return *page;
}

// What the program before had at the same address; the new one is `look` or `grow`.
static long exec_(const char *how) {
  char *const arguments[] = {"/intruder", (char *)how, NULL};
  *fresh_page() = SECRET;
  exec("/intruder", (char **)arguments);
  return -9;
}

static long exec_look(uint64_t none) {
  (void)none;
  return exec_("look");
}

static long exec_grow(uint64_t none) {
  (void)none;
  return exec_("grow");
}

static long look(uint64_t none) {
  (void)none;
  return load((uint64_t)sbrk(0));
}

static long grow(uint64_t none) {
  (void)none;
  return *fresh_page();
}

// The frames of processes that have ended: eight pages of eight, and then as many of its own.
static long of_the_dead(uint64_t none) {
  (void)none;
  const int pages = 8;
  for (int i = 0; i < 8; i++) {
    if (fork() == 0) {
      for (int n = 0; n < pages; n++)
        *fresh_page() = SECRET;
      exit(0);
    }
    wait(NULL);
  }
  int found = 0;
  for (int n = 0; n < 8 * pages; n++) {
    volatile int *page = fresh_page();
    for (unsigned i = 0; i < PAGE_SIZE / sizeof *page; i++)
      found |= page[i];
  }
  return found;
}

// A page that only the child has touched, which has ended.
static long of_a_child(uint64_t none) {
  (void)none;
  volatile int *page = fresh_page();
  if (fork() == 0) {
    *page = SECRET;
    exit(0);
  }
  wait(NULL);
  return *page;
}

// Parent and child take turns, at one address, which has a frame before the fork or after it.
static long take_turns(volatile int *page) {
  int there[2], back[2], seen = 0;
  char byte = 0;
  pipe(there);
  pipe(back);
  int pid = fork();
  int mine = pid == 0 ? SECRET : 1, in = pid == 0 ? there[0] : back[0];
  int out = pid == 0 ? back[1] : there[1];
  for (int i = 0; i < 5; i++) {
    if (pid == 0)
      read(in, &byte, 1);
    seen += i > 0 && *page != mine + i - 1;
    *page = mine + i;
    write(out, &byte, 1);
    if (pid != 0)
      read(in, &byte, 1);
  }
  if (pid == 0)
    exit(seen);
  int status;
  wait(&status);
  return seen * 100 + status;
}

static long turns_touched(uint64_t none) {
  (void)none;
  volatile int *page = fresh_page();
  *page = 0;
  return take_turns(page);
}

static long turns_untouched(uint64_t none) {
  (void)none;
  return take_turns(fresh_page());
}

// The page table that a page has for itself, and the frame of that table after it was given back: what
// another process has there by then looks like an entry, and a store through the old one would set D.
static long stale_update(uint64_t none) {
  (void)none;
  const uint64_t entry = 0x80000ul << 10 | 0x57; // of RAM; V, R, W, U, A
  const int pages = 48, each = PAGE_SIZE / sizeof entry, table = PAGE_SIZE * each;
  int there[2], back[2], status, found = 0;
  char byte = 0;
  pipe(there);
  pipe(back);
  if (fork() == 0) {
    char *old = sbrklazy(3 * table);
    volatile int *page = (int *)((uint64_t)(old + 2 * table) / table * table);
    found = *page;
    sbrk(-3 * table);
    write(back[1], &byte, 1);
    read(there[0], &byte, 1);
    *page = SECRET;
    exit(0);
  }
  read(back[0], &byte, 1);
  volatile uint64_t *mine = (uint64_t *)sbrklazy(pages * PAGE_SIZE);
  for (int i = 0; i < pages * each; i++)
    mine[i] = entry;
  write(there[1], &byte, 1);
  wait(&status);
  for (int i = 0; i < pages * each; i++)
    found += mine[i] != entry;
  return found * 1000 + status + 1;
}

static void nothing(void) {
}

static __attribute__((noinline)) long through(void (*volatile target)(void)) {
  target();
  return 0;
}

// A jump of which the hart has learnt from another process that it goes there.
static long trained(uint64_t address) {
  int status;
  if (fork() == 0)
    exit(through((void (*)(void))address));
  wait(&status);
  return through(nothing) + status + 1;
}

// Instructions of the kernel's.
#define PRIVILEGED(name, text)                                                                     \
  static long name(uint64_t value) {                                                               \
    asm volatile(text : : "r"(value) : "memory");                                                  \
    return 0;                                                                                      \
  }
PRIVILEGED(write_satp, "csrw satp, %0")
PRIVILEGED(write_stvec, "csrw stvec, %0")
PRIVILEGED(write_pmp, "csrw pmpcfg0, %0")
PRIVILEGED(write_medeleg, "csrw medeleg, %0")
PRIVILEGED(sret, "sret # %0")
PRIVILEGED(mret, "mret # %0")
PRIVILEGED(fence, "sfence.vma %0")

static const struct {
  const char *name;
  long (*run)(uint64_t);
} ways[] = {
    {"load", load},
    {"store", store},
    {"jump", jump},
    {"copyin", copy_in},
    {"copyout", copy_out},
    {"given-back", given_back},
    {"taken-again", given_back_and_taken},
    {"exec-look", exec_look},
    {"exec-grow", exec_grow},
    {"look", look},
    {"grow", grow},
    {"dead", of_the_dead},
    {"child", of_a_child},
    {"turns-touched", turns_touched},
    {"turns-untouched", turns_untouched},
    {"stale-update", stale_update},
    {"trained", trained},
    {"satp", write_satp},
    {"stvec", write_stvec},
    {"pmp", write_pmp},
    {"medeleg", write_medeleg},
    {"sret", sret},
    {"mret", mret},
    {"sfence", fence},
};

static void attempt(long (*run)(uint64_t), const char *address) {
  int status, pid = fork();
  if (pid == 0) {
    printf("%ld\n", run(number(address)));
    exit(0);
  }
  wait(&status);
  printf("= %s %d\n", address, status);
}

int main(int argc, char **argv) {
  for (unsigned i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++) {
    if (strcmp(argv[1], ways[i].name) != 0)
      continue;
    if (argc == 2)
      printf("%ld\n", ways[i].run(0));
    for (int n = 2; n < argc; n++)
      attempt(ways[i].run, argv[n]);
    return 0;
  }
  return 2;
}
