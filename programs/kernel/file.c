// Open files: what descriptors stand for.
#include "defs.h"
#include "file.h"
#include "proc.h"

// A write is done in parts of so many bytes, for the log has no room for more: the inode, the
// indirect block and two blocks of the map of free ones may change besides.
#define MAX_WRITE ((MAXOPBLOCKS - 4) / 2 * BSIZE)

struct devsw devsw[NDEV];

static struct {
  struct spinlock lock;
  struct file file[NFILE];
} ftable;

void fileinit(void) {
  initlock(&ftable.lock, "ftable");
}

// A new open file with one reference; 0 if NFILE are open.
struct file *filealloc(void) {
  struct file *free = 0;
  acquire(&ftable.lock);
  for (struct file *f = ftable.file; f < ftable.file + NFILE && free == 0; f++) {
    if (f->ref == 0) {
      f->ref = 1;
      free = f;
    }
  }
  release(&ftable.lock);
  return free;
}

// `f`, with one more reference.
struct file *filedup(struct file *f) {
  acquire(&ftable.lock);
  if (f->ref < 1)
    panic("filedup");
  f->ref++;
  release(&ftable.lock);
  return f;
}

// Gives back a reference; the last one closes the file.
void fileclose(struct file *f) {
  acquire(&ftable.lock);
  if (f->ref < 1)
    panic("fileclose");
  struct file was = *f;
  if (--f->ref == 0)
    f->type = FD_NONE;
  release(&ftable.lock);
  if (was.ref > 1)
    return;
  if (was.type == FD_PIPE) {
    pipeclose(was.pipe, was.writable);
  } else if (was.type == FD_INODE || was.type == FD_DEVICE) {
    begin_op();
    iput(was.ip);
    end_op();
  }
}

// Stores the struct stat of `f` at an address of the process; -1 if it is a pipe, or cannot be.
int filestat(struct file *f, uint64 addr) {
  struct stat st;
  if (f->type != FD_INODE && f->type != FD_DEVICE)
    return -1;
  ilock(f->ip);
  stati(f->ip, &st);
  iunlock(f->ip);
  return copyout(myproc()->pagetable, addr, (char *)&st, sizeof st) < 0 ? -1 : 0;
}

// The driver of a device; 0 if it has none.
static struct devsw *driver(struct file *f) {
  return f->major < 0 || f->major >= NDEV ? 0 : &devsw[f->major];
}

// Reads up to n bytes to an address of the process; the bytes read, or -1.
int fileread(struct file *f, uint64 addr, int n) {
  if (!f->readable)
    return -1;
  if (f->type == FD_PIPE)
    return piperead(f->pipe, addr, n);
  if (f->type == FD_DEVICE) {
    struct devsw *device = driver(f);
    return device && device->read ? device->read(1, addr, n) : -1;
  }
  if (f->type != FD_INODE)
    panic("fileread");
  ilock(f->ip);
  int done = readi(f->ip, 1, addr, f->off, n);
  if (done > 0)
    f->off += done;
  iunlock(f->ip);
  return done;
}

// If not all can be written, a part of it may have been; -1 then.
static int inodewrite(struct file *f, uint64 addr, int n) {
  int done = 0;
  while (done < n) {
    int part = n - done < MAX_WRITE ? n - done : MAX_WRITE;
    begin_op();
    ilock(f->ip);
    int written = writei(f->ip, 1, addr + done, f->off, part);
    if (written > 0)
      f->off += written;
    iunlock(f->ip);
    end_op();
    if (written != part)
      return -1;
    done += part;
  }
  return done == n ? n : -1; // n may be negative
}

// Writes n bytes at an address of the process; the bytes written, or -1.
int filewrite(struct file *f, uint64 addr, int n) {
  if (!f->writable)
    return -1;
  if (f->type == FD_PIPE)
    return pipewrite(f->pipe, addr, n);
  if (f->type == FD_DEVICE) {
    struct devsw *device = driver(f);
    return device && device->write ? device->write(1, addr, n) : -1;
  }
  if (f->type != FD_INODE)
    panic("filewrite");
  return inodewrite(f, addr, n);
}
