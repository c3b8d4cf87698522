// Pipes: bytes on their way from one open file to another, in a page of their own.
//
// They are copied in pieces that lie in one page of the process. Of a page either all or nothing may
// be read or written, so that counts what would count byte by byte.
#include "defs.h"
#include "file.h"
#include "proc.h"

#define PIPESIZE 512

struct pipe {
  struct spinlock lock;
  char data[PIPESIZE];
  uint nread;  // bytes that were read in all,
  uint nwrite; // and written
  int readopen;
  int writeopen;
};

// A new pipe: its ends to read and to write; -1 if files or memory lack.
int pipealloc(struct file **f0, struct file **f1) {
  struct pipe *pi = 0;
  *f0 = filealloc();
  *f1 = filealloc();
  if (*f0 == 0 || *f1 == 0 || (pi = kalloc()) == 0) {
    if (*f0)
      fileclose(*f0);
    if (*f1)
      fileclose(*f1);
    return -1;
  }
  pi->readopen = pi->writeopen = 1;
  pi->nread = pi->nwrite = 0;
  initlock(&pi->lock, "pipe");
  (*f0)->type = (*f1)->type = FD_PIPE;
  (*f0)->pipe = (*f1)->pipe = pi;
  (*f0)->readable = (*f1)->writable = 1;
  (*f0)->writable = (*f1)->readable = 0;
  return 0;
}

// Closes the end for writing or the one for reading. The second one to be closed frees the pipe.
void pipeclose(struct pipe *pi, int writable) {
  acquire(&pi->lock);
  if (writable) {
    pi->writeopen = 0;
    wakeup(&pi->nread);
  } else {
    pi->readopen = 0;
    wakeup(&pi->nwrite);
  }
  int closed = !pi->readopen && !pi->writeopen;
  release(&pi->lock);
  if (closed)
    kfree(pi);
}

// How many of the next n bytes can be copied at once: from `at` in the pipe's ring and from `addr`
// in the process, of which neither may pass an end.
static int piece(uint at, uint64 addr, uint n) {
  uint ring = PIPESIZE - at % PIPESIZE, page = PGSIZE - addr % PGSIZE;
  if (n > ring)
    n = ring;
  return n < page ? n : page;
}

// Writes n bytes at an address of the process; waits while the pipe is full. How many were written,
// fewer if not all can be read; -1 if nobody is left to read, or the process was killed.
int pipewrite(struct pipe *pi, uint64 addr, int n) {
  struct proc *p = myproc();
  int done = 0;
  acquire(&pi->lock);
  while (done < n) {
    if (!pi->readopen || killed(p)) {
      release(&pi->lock);
      return -1;
    }
    int room = PIPESIZE - (pi->nwrite - pi->nread);
    if (room == 0) {
      wakeup(&pi->nread);
      sleep(&pi->nwrite, &pi->lock);
      continue;
    }
    int m = piece(pi->nwrite, addr + done, room < n - done ? room : n - done);
    if (copyin(p->pagetable, pi->data + pi->nwrite % PIPESIZE, addr + done, m) < 0)
      break;
    pi->nwrite += m;
    done += m;
  }
  wakeup(&pi->nread);
  release(&pi->lock);
  return done;
}

// Reads up to n bytes to an address of the process; waits while the pipe is empty. How many were
// read, 0 if nobody is left to write, -1 if the process was killed. The first byte that cannot be
// stored ends it, and is lost.
int piperead(struct pipe *pi, uint64 addr, int n) {
  struct proc *p = myproc();
  int done = 0;
  acquire(&pi->lock);
  while (pi->nread == pi->nwrite && pi->writeopen) {
    if (killed(p)) {
      release(&pi->lock);
      return -1;
    }
    sleep(&pi->nread, &pi->lock);
  }
  while (done < n && pi->nread != pi->nwrite) {
    int there = pi->nwrite - pi->nread;
    int m = piece(pi->nread, addr + done, there < n - done ? there : n - done);
    if (copyout(p->pagetable, addr + done, pi->data + pi->nread % PIPESIZE, m) < 0) {
      pi->nread++;
      break;
    }
    pi->nread += m;
    done += m;
  }
  wakeup(&pi->nwrite);
  release(&pi->lock);
  return done;
}
