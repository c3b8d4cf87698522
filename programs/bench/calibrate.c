// What `make calibrate` runs under the kernel model and under the kernel in C: jobs, each a process
// that is made, runs a program and is waited for, timed by the hart's clock. The first ones are parts
// of this program, which do one thing many times. With arguments, jobs of those names only.
#include "user.h"

#define ROUNDS 4
#define PAGES 32
#define CHUNK 64
#define MESSAGES 16
#define CALLS 160

static char buffer[1024];
static const char text[] = "................................................................";

static uint64_t now(void) {
  uint64_t time;
  asm volatile("rdtime %0" : "=r"(time));
  return time;
}

static void need(int good) {
  if (!good)
    exit(1);
}

static void faults(void) {
  for (int round = 0; round < ROUNDS; round++) {
    char *heap = sbrk(PAGES * PAGE_SIZE);
    need(heap != SBRK_FAILED);
    for (int i = 0; i < PAGES; i++)
      ((volatile char *)heap)[i * PAGE_SIZE] = 1;
    need(sbrk(-PAGES * PAGE_SIZE) != SBRK_FAILED);
  }
}

static void calls(void) {
  for (int round = 0; round < CALLS; round++)
    need(getpid() > 0);
}

static void forks(void) {
  for (int round = 0; round < ROUNDS; round++) {
    int pid = fork();
    if (pid == 0)
      exit(0);
    need(wait(NULL) == pid);
  }
}

static void execs(void) {
  char *argv[] = {"echo", NULL};
  for (int round = 0; round < ROUNDS; round++) {
    int pid = fork();
    if (pid == 0) {
      exec("echo", argv);
      exit(1);
    }
    need(wait(NULL) == pid);
  }
}

static void pipes(void) {
  int ends[2], n, all = 0;
  need(pipe(ends) == 0);
  if (fork() == 0) {
    close(ends[0]);
    for (int i = 0; i < MESSAGES; i++)
      need(write(ends[1], buffer, CHUNK) == CHUNK);
    exit(0);
  }
  close(ends[1]);
  while ((n = read(ends[0], buffer, CHUNK)) > 0)
    all += n;
  need(all == MESSAGES * CHUNK && wait(NULL) > 0);
}

static void reads(void) {
  int n, file = open("calibrate", O_RDONLY);
  while ((n = read(file, buffer, sizeof buffer)) > 0)
    ;
  need(n == 0);
}

static void writes(void) {
  int file = open("calibrated", O_CREATE | O_RDWR);
  for (int round = 0; round < ROUNDS; round++)
    need(write(file, buffer, sizeof buffer) == sizeof buffer);
  close(file);
  need(unlink("calibrated") == 0);
}

static void prints(void) {
  for (int round = 0; round < ROUNDS; round++)
    need(write(1, text, CHUNK) == CHUNK);
}

static const struct part {
  const char *name;
  void (*run)(void);
} parts[] = {
    {"faults", faults}, {"calls", calls}, {"forks", forks},   {"execs", execs},
    {"pipes", pipes},   {"reads", reads}, {"writes", writes}, {"prints", prints},
};

// The name of a job, what it reads if not the console, and its program, here without a name.
static const struct job {
  const char *name, *input;
  char *argv[4];
} jobs[] = {
    {"faults", NULL, {"calibrate", "-faults"}},
    {"calls", NULL, {"calibrate", "-calls"}},
    {"forks", NULL, {"calibrate", "-forks"}},
    {"execs", NULL, {"calibrate", "-execs"}},
    {"pipes", NULL, {"calibrate", "-pipes"}},
    {"reads", NULL, {"calibrate", "-reads"}},
    {"writes", NULL, {"calibrate", "-writes"}},
    {"prints", NULL, {"calibrate", "-prints"}},
    {"hello", NULL, {"hello"}},
    {"echo", NULL, {"echo", "some", "words"}},
    {"lazy", NULL, {"lazy"}},
    {"cat", NULL, {"cat", "text"}},
    {"wc", NULL, {"wc", "text"}},
    {"grep", NULL, {"grep", "o", "text"}},
    {"ls", NULL, {"ls"}},
    {"mkdir", NULL, {"mkdir", "made"}},
    {"ln", NULL, {"ln", "text", "other"}},
    {"rm", NULL, {"rm", "made", "other"}},
    {"sh", "script", {"sh"}},
};
#define JOBS (sizeof jobs / sizeof jobs[0])

static void run(const struct job *job) {
  if (job->input) {
    close(0);
    need(open(job->input, O_RDONLY) == 0);
  }
  exec(job->argv[0], (char **)job->argv);
  exit(1);
}

static int is_wanted(const struct job *job, char **names) {
  int wanted = *names == NULL;
  for (; *names; names++)
    wanted |= strcmp(*names, job->name) == 0;
  return wanted;
}

int main(int argc, char **argv) {
  for (unsigned i = 0; argc > 1 && i < sizeof parts / sizeof parts[0]; i++)
    if (argv[1][0] == '-' && strcmp(argv[1] + 1, parts[i].name) == 0) {
      parts[i].run();
      return 0;
    }
  uint64_t begun[JOBS], ended[JOBS];
  for (unsigned i = 0; i < JOBS; i++)
    if (is_wanted(&jobs[i], argv + 1)) {
      begun[i] = now();
      int status, pid = fork();
      if (pid == 0)
        run(&jobs[i]);
      need(pid > 0 && wait(&status) == pid && status == 0);
      ended[i] = now();
    }
  for (unsigned i = 0; i < JOBS; i++)
    if (is_wanted(&jobs[i], argv + 1))
      printf("@ %s %lu %lu\n", jobs[i].name, begun[i], ended[i]);
  return 0;
}
