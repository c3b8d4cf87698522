// fork, exit, wait, getpid, and who is whose parent.
#include "usertests.h"

// Every status comes through, all 32 bits of it.
void exit_statuses(void) {
  static const int statuses[] = {0, 1, 7, 127, 128, 255, 256, 65536, -2, 0x7fffffff, -0x7fffffff - 1};
  for (unsigned i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    int pid = fork();
    if (pid == 0)
      exit(statuses[i]);
    check(join(pid) == statuses[i]);
  }
}

void wait_without_children(void) {
  int status = 5;
  check(wait(&status) == -1);
  check(wait(NULL) == -1);
  check(status == 5);
  check(in_child(exit_statuses) == 0);
  check(wait(NULL) == -1);
}

// Several children, each of which is waited for exactly once, in whatever order they end.
void wait_for_many(void) {
  enum { CHILDREN = 20 };
  int pids[CHILDREN], seen = 0;
  for (int i = 0; i < CHILDREN; i++) {
    check((pids[i] = fork()) >= 0);
    if (pids[i] == 0) {
      sleep(i % 3);
      exit(i);
    }
  }
  for (int i = 0; i < CHILDREN; i++) {
    int status, pid = wait(&status);
    check(0 <= status && status < CHILDREN && pids[status] == pid);
    check((seen & 1 << status) == 0);
    seen |= 1 << status;
  }
  check(wait(NULL) == -1);
}

// A process's number is what its parent was told, and never one that is in use.
void process_numbers(void) {
  int ends[2], number, last = 0;
  check(pipe(ends) == 0);
  for (int i = 0; i < 20; i++) {
    int pid = fork();
    if (pid == 0) {
      number = getpid();
      exit(write(ends[1], &number, sizeof number) != sizeof number);
    }
    check(join(pid) == 0);
    check(read(ends[0], &number, sizeof number) == sizeof number);
    check(number == pid && pid != getpid() && pid > last);
    last = pid;
  }
}

static void fork_and_join(int times) {
  for (int i = 0; i < times; i++) {
    int pid = fork();
    check(pid >= 0);
    if (pid == 0)
      exit(i);
    check(join(pid) == i);
  }
}

static void fork_ten_times(void) {
  fork_and_join(10);
}

void exit_and_wait(void) {
  fork_and_join(100);
}

// Two that end at the same time.
void two_children(void) {
  for (int i = 0; i < 50; i++) {
    int one = fork();
    if (one == 0)
      exit(0);
    int other = fork();
    if (other == 0)
      exit(0);
    check(one > 0 && other > 0);
    int first = wait(NULL), second = wait(NULL);
    check((first == one && second == other) || (first == other && second == one));
  }
}

// Children that fork themselves, all at once.
void fork_fork(void) {
  int pids[3];
  for (int i = 0; i < 3; i++) {
    check((pids[i] = fork()) >= 0);
    if (pids[i] == 0) {
      fork_ten_times();
      exit(0);
    }
  }
  for (int i = 0; i < 3; i++) {
    int status = -1;
    check(wait(&status) > 0 && status == 0);
  }
}

static int sum_of_chain(int length) {
  if (length == 0)
    return 0;
  int pid = fork();
  if (pid == 0)
    exit(sum_of_chain(length - 1) + 1);
  return join(pid);
}

// A process's child's child's child.
void fork_chain(void) {
  check(sum_of_chain(20) == 20);
}

// An orphan lives on, is nobody's child any more, and can end without leaving anything behind.
static void orphan(void) {
  int ends[2], pid;
  char byte;
  check(pipe(ends) == 0);
  if ((pid = fork()) == 0) {
    if (fork() == 0) {
      close(ends[0]);
      sleep(1);
      check(write(ends[1], "o", 1) == 1);
      exit(0);
    }
    exit(0);
  }
  close(ends[1]);
  check(join(pid) == 0);
  check(wait(NULL) == -1); // the orphan is not ours
  check(read(ends[0], &byte, 1) == 1 && byte == 'o');
  check(read(ends[0], &byte, 1) == 0);
  close(ends[0]);
}

void orphans(void) {
  for (int i = 0; i < 20; i++)
    orphan();
}

// Parents that end before their children do, which at that moment fork themselves.
void orphans_that_fork(void) {
  for (int i = 0; i < 30; i++) {
    int pid = fork();
    check(pid >= 0);
    if (pid == 0) {
      fork();
      fork();
      exit(0);
    }
    check(join(pid) == 0);
  }
}

// A parent and its child share the open file, hence its offset, and the current directory only at
// the time of the fork.
void what_is_inherited(void) {
  check(mkdir("dir") == 0);
  int descriptor = must_open("dir/file", O_CREATE | O_RDWR), pid = fork();
  if (pid == 0) {
    check(write(descriptor, "child", 5) == 5);
    check(chdir("dir") == 0);
    close(must_open("file", O_RDONLY));
    check(close(descriptor) == 0);
    exit(0);
  }
  check(join(pid) == 0);
  check(write(descriptor, "parent", 6) == 6);
  close(descriptor);
  struct stat about;
  check(stat("dir/file", &about) == 0 && about.size == 11);
  check(unlink("dir/file") == 0 && unlink("dir") == 0);
}

// Children until there are no more of them to be had, then the same number again.
static int fill_the_table(void) {
  int ends[2], children = 0, pid;
  char byte;
  check(pipe(ends) == 0);
  while ((pid = fork()) > 0) {
    children++;
    check(children <= NPROC);
  }
  if (pid == 0) {
    close(ends[1]);
    read(ends[0], &byte, 1);
    exit(0);
  }
  close(ends[0]);
  close(ends[1]);
  for (int i = 0; i < children; i++)
    check(wait(NULL) > 0);
  check(wait(NULL) == -1);
  return children;
}

void process_table(void) {
  int children = fill_the_table();
  check(children > 10);
  check(fill_the_table() == children);
  fork_and_join(3);
}

// Processes that fork without end, in a full table, until they are told to stop.
static void fork_without_end(void) {
  for (;;) {
    int descriptor = open("stopforking", O_RDONLY);
    if (descriptor >= 0)
      exit(0);
    if (fork() < 0)
      close(must_open("stopforking", O_CREATE | O_RDWR));
  }
}

void fork_bomb(void) {
  unlink("stopforking");
  int pid = fork();
  if (pid == 0)
    fork_without_end();
  check(join(pid) == 0);
  sleep(10); // the orphans end meanwhile
  check(unlink("stopforking") == 0);
  process_table();
}
