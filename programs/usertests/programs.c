// exec: which files are programs, and what a program gets.
#include "usertests.h"

// As much of an ELF file as a kernel looks at: one segment, at address 0.
struct program {
  unsigned char ident[16];
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, headers, sections;
  uint32_t flags;
  uint16_t size, header_size, header_count, section_size, section_count, names;
  // The header of the segment.
  uint32_t segment_type, segment_flags;
  uint64_t offset, vaddr, paddr, filesz, memsz, align;
  uint32_t code[2];
};

// Exits with the number of its arguments.
static struct program program = {
    .ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
    .type = 2,
    .machine = 243,
    .version = 1,
    .headers = offsetof(struct program, segment_type),
    .size = offsetof(struct program, segment_type),
    .header_size = offsetof(struct program, code) - offsetof(struct program, segment_type),
    .header_count = 1,
    .segment_type = 1,
    .segment_flags = 5,
    .offset = offsetof(struct program, code),
    .filesz = sizeof program.code,
    .memsz = sizeof program.code,
    .align = PAGE_SIZE,
    .code = {0x00200893, 0x00000073}, // li a7, 2; ecall
};

static char *const one_argument[] = {"prog", NULL};

static void write_program(const struct program *what, int n) {
  int descriptor = must_open("prog", O_CREATE | O_TRUNC | O_WRONLY);
  check(write(descriptor, what, n) == n);
  close(descriptor);
}

// What exec of the file `prog` with `arguments` leads to: the new program's status, or -2.
static int run(char *const *arguments) {
  int pid = fork();
  if (pid == 0) {
    check(exec("prog", (char **)arguments) == -1);
    exit(-2);
  }
  return join(pid);
}

static int run_changed(struct program changed) {
  write_program(&changed, sizeof changed);
  return run(one_argument);
}

#define WITH(assignment)                                                                           \
  ({                                                                                               \
    struct program p = program;                                                                    \
    p.assignment;                                                                                  \
    run_changed(p);                                                                                \
  })

void exec_damaged_files(void) {
  check(run_changed(program) == 1);
  check(WITH(ident[0] = 0) == -2);
  check(WITH(vaddr = 0x800) == -2);
  check(WITH(memsz = 4) == -2); // less than in the file
  check(WITH(memsz = -1ul) == -2);
  check(WITH(vaddr = -PAGE_SIZE) == -2);
  check(WITH(vaddr = MAXVA) == -2);
  check(WITH(vaddr = TRAPFRAME) == -2);
  check(WITH(memsz = TRAPFRAME) == -2); // no room for the stack
  check(WITH(memsz = p.filesz = 100000) == -2);   // longer than the file
  check(WITH(headers = 100000) == -2);
  check(WITH(entry = 1 << 20) == KILLED); // runs, but not far
  check(WITH(entry = MAXVA) == KILLED);
  check(WITH(memsz = 3 * PAGE_SIZE) == 1);
  for (unsigned n = 0; n < sizeof program; n += 20) {
    write_program(&program, n);
    check(run(one_argument) == -2);
  }
  check(unlink("prog") == 0);
}

void exec_what_is_no_program(void) {
  char *const arguments[] = {"x", NULL};
  check(exec("nothing", (char **)arguments) == -1);
  check(exec("", (char **)arguments) == -1);
  check(exec(".", (char **)arguments) == -1);
  check(exec("console", (char **)arguments) == -1);
  check(exec("nothing/echo", (char **)arguments) == -1);
  check(exec("echo/echo", (char **)arguments) == -1);
}

// 31 arguments, but not 32, and together no more than the stack holds.
void exec_arguments(void) {
  char *arguments[MAXARG + 1];
  write_program(&program, sizeof program);
  for (int n = 0; n <= MAXARG; n++) {
    arguments[n] = NULL;
    check(run(arguments) == (n < MAXARG ? n : -2));
    arguments[n] = "argument";
  }
  static char longest[PAGE_SIZE + 1];
  memset(longest, 'x', PAGE_SIZE);
  arguments[1] = longest;
  arguments[2] = NULL;
  check(run(arguments) == -2); // longer than any argument may be
  longest[PAGE_SIZE - 1] = 0;
  check(run(arguments) == -2); // longer than the stack with all that is on it
  longest[PAGE_SIZE - 100] = 0;
  check(run(arguments) == 2);
  longest[300] = 0;
  for (int n = 0; n < MAXARG; n++)
    arguments[n] = n == MAXARG - 1 ? NULL : longest;
  check(run(arguments) == -2); // together
  check(unlink("prog") == 0);
}

// What a program writes goes where its descriptors lead, and its arguments are what they were.
void exec_echo(void) {
  static char *const arguments[] = {"echo", "one", "", "three", NULL};
  char buffer[20];
  int pid = fork();
  if (pid == 0) {
    close(1);
    check(open("echo-ok", O_CREATE | O_WRONLY) == 1);
    exec("echo", (char **)arguments);
    exit(1);
  }
  check(join(pid) == 0);
  int descriptor = must_open("echo-ok", O_RDONLY);
  check(read(descriptor, buffer, sizeof buffer) == 11);
  check(memcmp(buffer, "one  three\n", 11) == 0);
  close(descriptor);
  check(unlink("echo-ok") == 0);
}

// A program that is changed runs as it is now: the hart must not run what it has fetched before.
void exec_new_code(void) {
  struct program other = program;
  other.code[1] = 0; // illegal
  for (int i = 0; i < 3; i++) {
    check(run_changed(program) == 1);
    check(run_changed(other) == KILLED);
  }
  check(unlink("prog") == 0);
}

// A large process becomes a small one, and all it had is free.
void exec_many_times(void) {
  write_program(&program, sizeof program);
  char *heap = sbrk(50 * PAGE_SIZE);
  check(touch_pages(heap, 50) == 50);
  for (int i = 0; i < 20; i++)
    check(run(one_argument) == 1);
  check(unlink("prog") == 0);
}
