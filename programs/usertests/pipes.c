// Pipes: what goes in comes out, in order, and both ends wait for each other.
#include "usertests.h"

static int ends[2];

static void open_pipe(void) {
  check(pipe(ends) == 0);
}

static void close_pipe(void) {
  check(close(ends[0]) == 0 && close(ends[1]) == 0);
}

// Five odd-sized blocks through a pipe that holds half of one, read in pieces of growing size.
void pipe_data(void) {
  enum { BLOCKS = 5, SIZE = 1033 };
  static unsigned char block[SIZE];
  open_pipe();
  int pid = fork();
  if (pid == 0) {
    close(ends[0]);
    for (int i = 0, next = 0; i < BLOCKS; i++) {
      for (int j = 0; j < SIZE; j++)
        block[j] = next++;
      check(write(ends[1], block, SIZE) == SIZE);
    }
    exit(0);
  }
  close(ends[1]);
  int n, total = 0;
  for (int piece = 1; (n = read(ends[0], block, piece)) > 0; piece = piece * 2 > SIZE ? SIZE : piece * 2) {
    check(n <= piece && n <= PIPESIZE);
    for (int i = 0; i < n; i++)
      check(block[i] == (unsigned char)(total + i));
    total += n;
  }
  check(n == 0 && total == BLOCKS * SIZE);
  close(ends[0]);
  check(join(pid) == 0);
}

// Reading gets what is there; nothing is there at the end; nobody reads a broken pipe.
void pipe_ends(void) {
  char buffer[10];
  open_pipe();
  check(write(ends[0], "x", 1) == -1);
  check(read(ends[1], buffer, 1) == -1);
  check(write(ends[1], "hello", 5) == 5);
  check(write(ends[1], "", 0) == 0);
  check(read(ends[0], buffer, 2) == 2 && memcmp(buffer, "he", 2) == 0);
  check(read(ends[0], buffer, 10) == 3 && memcmp(buffer, "llo", 3) == 0);
  check(write(ends[1], "last", 4) == 4);
  close(ends[1]);
  check(read(ends[0], buffer, 10) == 4);
  check(read(ends[0], buffer, 10) == 0);
  check(read(ends[0], buffer, 10) == 0);
  close(ends[0]);
  open_pipe();
  close(ends[0]);
  check(write(ends[1], "x", 1) == -1);
  close(ends[1]);
  struct stat about;
  open_pipe();
  check(fstat(ends[0], &about) == -1);
  close_pipe();
}

// A writer that waits for room ends when the last reader does.
void pipe_breaks(void) {
  static char block[2 * PIPESIZE];
  open_pipe();
  int pid = fork();
  if (pid == 0) {
    close(ends[0]);
    exit(write(ends[1], block, sizeof block) == -1 ? 0 : 1);
  }
  sleep(1);
  close_pipe();
  check(join(pid) == 0);
}

// A byte to and fro.
void ping_pong(void) {
  enum { TURNS = 100 };
  int back[2];
  unsigned char byte = 0;
  open_pipe();
  check(pipe(back) == 0);
  int pid = fork();
  if (pid == 0) {
    for (int i = 0; i < TURNS; i++)
      check(read(ends[0], &byte, 1) == 1 && ++byte && write(back[1], &byte, 1) == 1);
    exit(0);
  }
  for (int i = 0; i < TURNS; i++) {
    byte = 2 * i;
    check(write(ends[1], &byte, 1) == 1);
    check(read(back[0], &byte, 1) == 1 && byte == (unsigned char)(2 * i + 1));
  }
  check(join(pid) == 0);
}

// Several that write and several that read: no byte is lost, none comes twice.
void pipe_under_load(void) {
  enum { WRITERS = 4, READERS = 3, PIECES = 20, SIZE = 150 };
  int counts[2];
  open_pipe();
  check(pipe(counts) == 0);
  for (int writer = 0; writer < WRITERS; writer++) {
    if (fork() == 0) {
      char piece[SIZE];
      memset(piece, 1 << writer, SIZE);
      for (int i = 0; i < PIECES; i++)
        check(write(ends[1], piece, SIZE) == SIZE);
      exit(0);
    }
  }
  for (int reader = 0; reader < READERS; reader++) {
    if (fork() == 0) {
      char piece[99];
      int n, sum = 0;
      close(ends[1]);
      while ((n = read(ends[0], piece, sizeof piece)) > 0)
        while (n > 0)
          sum += piece[--n];
      exit(write(counts[1], &sum, sizeof sum) != sizeof sum);
    }
  }
  close_pipe();
  int total = 0;
  for (int i = 0, status; i < WRITERS + READERS; i++)
    check(wait(&status) > 0 && status == 0);
  for (int i = 0, sum; i < READERS; i++) {
    check(read(counts[0], &sum, sizeof sum) == sizeof sum);
    total += sum;
  }
  check(total == ((1 << WRITERS) - 1) * PIECES * SIZE);
}

// Processes in a row, each of which passes on what it reads, plus one.
void pipe_row(void) {
  enum { LENGTH = 10, BYTES = 300 };
  int first, last;
  open_pipe();
  first = ends[1];
  last = ends[0];
  for (int i = 0; i < LENGTH; i++) {
    check(pipe(ends) == 0);
    if (fork() == 0) {
      char byte;
      close(first);
      close(ends[0]);
      while (read(last, &byte, 1) == 1)
        check(++byte && write(ends[1], &byte, 1) == 1);
      exit(0);
    }
    close(last);
    close(ends[1]);
    last = ends[0];
  }
  static char bytes[BYTES];
  check(write(first, bytes, BYTES) == BYTES);
  close(first);
  for (int i = 0; i < BYTES; i++)
    check(read(last, &bytes[i], 1) == 1 && bytes[i] == LENGTH);
  check(read(last, bytes, 1) == 0);
  for (int i = 0, status; i < LENGTH; i++)
    check(wait(&status) > 0 && status == 0);
}

// With a single descriptor left, there is no pipe, and that descriptor is still left.
void pipe_without_descriptors(void) {
  int some[2];
  for (int i = 3; i < NOFILE - 1; i++)
    check(dup(0) == i);
  for (int i = 0; i < 2 * NFILE; i++)
    check(pipe(some) == -1);
  check(dup(0) == NOFILE - 1);
  check(pipe(some) == -1);
  check(close(NOFILE - 1) == 0 && close(NOFILE - 2) == 0);
  for (int i = 0; i < NFILE; i++) {
    open_pipe();
    check(ends[0] == NOFILE - 2 && ends[1] == NOFILE - 1);
    close_pipe();
  }
}
