// sleep, uptime, and the timer that takes the hart from whoever has it.
#include "usertests.h"

void sleep_and_uptime(void) {
  for (int ticks = 0; ticks < 5; ticks++) {
    int before = uptime();
    check(sleep(ticks) == 0);
    int slept = uptime() - before;
    check(slept >= ticks && slept < ticks + 10);
  }
}

// Time goes on while a process computes.
void time_passes(void) {
  int before = uptime();
  while (uptime() < before + 3)
    ;
}

// Who sleeps less wakes first, whoever was first to sleep.
void wake_in_order(void) {
  int ends[2], go[2];
  char order[3], byte;
  check(pipe(ends) == 0 && pipe(go) == 0);
  for (int i = 3; i > 0; i--) {
    int pid = fork();
    check(pid >= 0);
    if (pid == 0) {
      close(go[1]);
      read(go[0], &byte, 1); // all begin together, for a fork may take longer than the sleep
      sleep(i * 5);
      exit(write(ends[1], &"cab"[i % 3], 1) != 1);
    }
  }
  close(go[1]);
  close(ends[1]);
  for (int i = 0; i < 3; i++)
    check(read(ends[0], &order[i], 1) == 1);
  check(memcmp(order, "abc", 3) == 0);
  for (int i = 0; i < 3; i++)
    check(wait(NULL) > 0);
}

// Processes that never give up the hart do not keep it from others.
void preemption(void) {
  int spinning[2], ends[2];
  char byte;
  for (int i = 0; i < 2; i++) {
    check((spinning[i] = fork()) >= 0);
    if (spinning[i] == 0)
      for (;;)
        ;
  }
  check(pipe(ends) == 0);
  int pid = fork();
  if (pid == 0)
    exit(write(ends[1], "x", 1) != 1);
  check(read(ends[0], &byte, 1) == 1);
  check(join(pid) == 0);
  for (int i = 0; i < 2; i++)
    check(kill(spinning[i]) == 0);
  for (int i = 0; i < 2; i++) {
    int status;
    check(wait(&status) > 0 && status == KILLED);
  }
}

// Several that compute all the time all get on.
void fair_shares(void) {
  enum { WORKERS = 3, SHARES = 4 };
  int ends[2], pids[WORKERS], seen[WORKERS] = {0, 0, 0}, lacking = WORKERS;
  check(pipe(ends) == 0);
  for (int i = 0; i < WORKERS; i++) {
    check((pids[i] = fork()) >= 0);
    for (char me = i; pids[i] == 0;) {
      for (volatile int n = 0; n < 1000; n++)
        ;
      write(ends[1], &me, 1);
    }
  }
  while (lacking > 0) {
    unsigned char who;
    check(read(ends[0], &who, 1) == 1 && who < WORKERS);
    if (++seen[who] == SHARES)
      lacking--;
    check(seen[who] < 20 * SHARES); // while another one waits
  }
  for (int i = 0; i < WORKERS; i++)
    check(kill(pids[i]) == 0);
  for (int i = 0; i < WORKERS; i++)
    check(wait(NULL) > 0);
}
