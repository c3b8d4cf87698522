// kill: whatever the process is doing, it ends with -1.
#include "usertests.h"

static int ends[2]; // of a pipe

static void spin(void) {
  for (volatile int i = 0;; i++)
    ;
}

static void sleep_long(void) {
  sleep(1000000);
}

static void read_empty_pipe(void) {
  char byte;
  read(ends[0], &byte, 1);
}

static void write_full_pipe(void) {
  char block[PIPESIZE];
  for (;;)
    write(ends[1], block, sizeof block);
}

static void wait_for_child(void) {
  int pid = fork();
  if (pid == 0)
    exit(sleep(20) != 0);
  wait(NULL);
}

static void kill_while(void (*body)(void)) {
  check(pipe(ends) == 0);
  int pid = fork();
  check(pid >= 0);
  if (pid == 0) {
    body();
    exit(1);
  }
  sleep(2); // time to begin
  check(kill(pid) == 0);
  check(join(pid) == KILLED);
  close(ends[0]);
  close(ends[1]);
}

void kill_spinning(void) {
  kill_while(spin);
}

void kill_sleeping(void) {
  kill_while(sleep_long);
  kill_while(read_empty_pipe);
  kill_while(write_full_pipe);
  kill_while(wait_for_child);
  sleep(20); // its child ends
}

static void kill_self(void) {
  check(kill(getpid()) == 0);
  exit(1); // never comes so far
}

void kill_oneself(void) {
  check(in_child(kill_self) == KILLED);
}

// Before it has run at all, and at any moment after that.
void kill_at_once(void) {
  for (int i = 0; i < 30; i++) {
    int pid = fork();
    check(pid >= 0);
    if (pid == 0) {
      for (;;)
        getpid();
    }
    for (volatile int wait = 0; wait < i * 10; wait++)
      ;
    check(kill(pid) == 0);
    check(join(pid) == KILLED);
  }
}

void kill_nobody(void) {
  check(kill(-1) == -1);
  check(kill(0x7fffffff) == -1);
  int pid = fork();
  if (pid == 0)
    exit(0);
  check(join(pid) == 0);
  check(kill(pid) == -1); // it was there once
}

// What has ended keeps its status.
void kill_the_dead(void) {
  int pid = fork();
  if (pid == 0)
    exit(9);
  sleep(2);
  kill(pid);
  check(join(pid) == 9);
}

// What the killed one had open is closed.
void kill_closes_files(void) {
  char byte;
  check(pipe(ends) == 0);
  int pid = fork();
  if (pid == 0)
    spin();
  close(ends[1]);
  sleep(1);
  check(kill(pid) == 0);
  check(read(ends[0], &byte, 1) == 0);
  check(join(pid) == KILLED);
  close(ends[0]);
}

// Parents are killed while they fork.
void kill_forking(void) {
  for (int i = 0; i < 10; i++) {
    int pid = fork();
    if (pid == 0)
      for (;;)
        if (fork() == 0)
          exit(0);
    sleep(1);
    check(kill(pid) == 0);
    check(join(pid) == KILLED);
  }
}
