// System calls about descriptors: arguments are checked here, the work is done in file.c and fs.c.
// Each returns what the program gets, -1 if it fails.
#include "defs.h"
#include "file.h"
#include "proc.h"

// Argument n as a descriptor, and the file that is open under it; -1 if none is.
static int argfd(int n, int *pfd, struct file **pf) {
  int fd;
  argint(n, &fd);
  if (fd < 0 || fd >= NOFILE || myproc()->ofile[fd] == 0)
    return -1;
  if (pfd)
    *pfd = fd;
  *pf = myproc()->ofile[fd];
  return 0;
}

// The lowest free descriptor, which takes over the reference to the file; -1 if none is free.
static int fdalloc(struct file *f) {
  struct proc *p = myproc();
  for (int fd = 0; fd < NOFILE; fd++) {
    if (p->ofile[fd] == 0) {
      p->ofile[fd] = f;
      return fd;
    }
  }
  return -1;
}

uint64 sys_dup(void) {
  struct file *f;
  int fd;
  if (argfd(0, 0, &f) < 0 || (fd = fdalloc(f)) < 0)
    return -1;
  filedup(f);
  return fd;
}

uint64 sys_read(void) {
  struct file *f;
  uint64 buffer;
  int n;
  argaddr(1, &buffer);
  argint(2, &n);
  return argfd(0, 0, &f) < 0 ? -1 : fileread(f, buffer, n);
}

uint64 sys_write(void) {
  struct file *f;
  uint64 buffer;
  int n;
  argaddr(1, &buffer);
  argint(2, &n);
  return argfd(0, 0, &f) < 0 ? -1 : filewrite(f, buffer, n);
}

uint64 sys_close(void) {
  struct file *f;
  int fd;
  if (argfd(0, &fd, &f) < 0)
    return -1;
  myproc()->ofile[fd] = 0;
  fileclose(f);
  return 0;
}

uint64 sys_fstat(void) {
  struct file *f;
  uint64 st;
  argaddr(1, &st);
  return argfd(0, 0, &f) < 0 ? -1 : filestat(f, st);
}

// The inode of the path, locked, made if the flags say so; 0 if it may not be opened like that.
static struct inode *inode_to_open(char *path, int flags) {
  struct inode *ip = flags & O_CREATE ? create(path, T_FILE, 0, 0) : namei(path);
  if (ip == 0)
    return 0;
  if (!(flags & O_CREATE))
    ilock(ip);
  int only_to_read = ip->type == T_DIR && flags != O_RDONLY;
  int no_device = ip->type == T_DEVICE && (ip->major < 0 || ip->major >= NDEV);
  if (!only_to_read && !no_device)
    return ip;
  iunlockput(ip);
  return 0;
}

static int opened(char *path, int flags) {
  struct inode *ip = inode_to_open(path, flags);
  if (ip == 0)
    return -1;
  struct file *f = filealloc();
  int fd = f ? fdalloc(f) : -1;
  if (fd < 0) {
    if (f)
      fileclose(f);
    iunlockput(ip);
    return -1;
  }
  f->type = ip->type == T_DEVICE ? FD_DEVICE : FD_INODE;
  f->major = ip->major;
  f->off = 0;
  f->ip = ip;
  f->readable = !(flags & O_WRONLY);
  f->writable = (flags & O_WRONLY) || (flags & O_RDWR);
  if ((flags & O_TRUNC) && ip->type == T_FILE)
    itrunc(ip);
  iunlock(ip);
  return fd;
}

// open(path, flags): a descriptor. A directory can only be opened O_RDONLY.
uint64 sys_open(void) {
  char path[MAXPATH];
  int flags;
  argint(1, &flags);
  if (argstr(0, path, MAXPATH) < 0)
    return -1;
  begin_op();
  int fd = opened(path, flags);
  end_op();
  return fd;
}

// pipe(int fds[2]): the end to read, then the one to write.
uint64 sys_pipe(void) {
  struct proc *p = myproc();
  struct file *reader, *writer;
  uint64 addr;
  argaddr(0, &addr);
  if (pipealloc(&reader, &writer) < 0)
    return -1;
  int fds[2] = {fdalloc(reader), -1};
  if (fds[0] >= 0)
    fds[1] = fdalloc(writer);
  if (fds[1] >= 0 && copyout(p->pagetable, addr, (char *)fds, sizeof fds) == 0)
    return 0;
  for (int i = 0; i < 2; i++)
    if (fds[i] >= 0)
      p->ofile[fds[i]] = 0;
  fileclose(reader);
  fileclose(writer);
  return -1;
}

// Fetches the strings of an array of pointers that ends with a null pointer. They lie one behind the
// other in a page: what does not fit there does not fit a stack either. -1 if one is bad.
static int fetch_argv(uint64 uargv, char *page, char **argv) {
  uint used = 0;
  for (int i = 0; i < MAXARG; i++) {
    uint64 string;
    if (fetchaddr(uargv + i * sizeof string, &string) < 0)
      return -1;
    if (string == 0) {
      argv[i] = 0;
      return 0;
    }
    argv[i] = page + used;
    int length = fetchstr(string, argv[i], PGSIZE - used);
    if (length < 0)
      return -1;
    used += length + 1;
  }
  return -1;
}

// exec(path, argv): does not return to the old program, unless with -1.
uint64 sys_exec(void) {
  char path[MAXPATH], *argv[MAXARG], *page = kalloc();
  uint64 uargv;
  if (page == 0)
    return -1;
  argaddr(1, &uargv);
  int got_path = argstr(0, path, MAXPATH), got_argv = fetch_argv(uargv, page, argv);
  int result = got_path < 0 || got_argv < 0 ? -1 : kexec(path, argv);
  kfree(page);
  return result;
}
