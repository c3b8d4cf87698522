// The console: kernel_model/dev/console.py.
//
// Input is edited by the line, and a line can be read when it is whole. Keys: backspace and delete
// take back a character, Ctrl-U the line; Ctrl-D ends the input for one read; Ctrl-P prints the
// processes.
#include "defs.h"
#include "file.h"
#include "proc.h"

#define INPUT_BUF_SIZE 128
#define CTRL(letter) ((letter) - '@')
#define DELETE 0x7f

static struct {
  struct spinlock lock;
  char buf[INPUT_BUF_SIZE];
  uint r, w, e; // what is read next; whole lines end here; what is typed goes here
} cons;

void consputc(int c) {
  uartputc(c);
}

// Takes a character back, and shows a blank in its place.
static void erase(void) {
  cons.e--;
  consputc('\b');
  consputc(' ');
  consputc('\b');
}

int consoleroom(void) {
  return cons.e - cons.r < INPUT_BUF_SIZE;
}

// In parts that lie in one page: what comes before a byte that cannot be read is written, and
// counts.
static int consolewrite(int user_src, uint64 src, int n) {
  char part[64];
  int done = 0;
  while (done < n) {
    uint64 from = src + done, room = PGSIZE - from % PGSIZE, size = n - done;
    if (size > sizeof part)
      size = sizeof part;
    if (size > room)
      size = room;
    if (either_copyin(part, user_src, from, size) < 0)
      break;
    for (uint64 i = 0; i < size; i++)
      consputc(part[i]);
    done += size;
  }
  return done;
}

// Waits, with the lock, until there is something to read; 0, or -1 if the process is killed.
static int wait_for_input(void) {
  while (cons.r == cons.w) {
    if (killed(myproc()))
      return -1;
    sleep(&cons.r, &cons.lock);
  }
  return 0;
}

// At most a line; 0 at Ctrl-D. A byte that cannot be stored is lost, and ends it.
static int consoleread(int user_dst, uint64 dst, int n) {
  int done = 0;
  acquire(&cons.lock);
  while (done < n) {
    if (wait_for_input() < 0) {
      done = -1;
      break;
    }
    char c = cons.buf[cons.r++ % INPUT_BUF_SIZE];
    if (c == CTRL('D')) {
      if (done > 0)
        cons.r--; // the next read is to find nothing
      break;
    }
    if (either_copyout(user_dst, dst + done, &c, 1) < 0)
      break;
    done++;
    if (c == '\n')
      break;
  }
  release(&cons.lock);
  uartresume();
  return done;
}

static void store(int c) {
  consputc(c);
  cons.buf[cons.e++ % INPUT_BUF_SIZE] = c;
  if (c == '\n' || c == CTRL('D') || !consoleroom()) {
    cons.w = cons.e;
    wakeup(&cons.r);
  }
}

// A character was typed.
void consoleintr(int c) {
  acquire(&cons.lock);
  switch (c) {
  case CTRL('P'):
    procdump();
    break;
  case CTRL('U'):
    while (cons.e != cons.w)
      erase();
    break;
  case '\b':
  case DELETE:
    if (cons.e != cons.w)
      erase();
    break;
  default:
    if (c != 0 && consoleroom())
      store(c == '\r' ? '\n' : c);
  }
  release(&cons.lock);
}

void consoleinit(void) {
  initlock(&cons.lock, "cons");
  uartinit();
  devsw[CONSOLE].read = consoleread;
  devsw[CONSOLE].write = consolewrite;
}
