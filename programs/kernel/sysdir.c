// System calls about names: what is made, found and removed by a path. Each returns what the program
// gets, -1 if it fails.
#include "defs.h"
#include "file.h"
#include "proc.h"

// Gives the locked file another name, `name` in the locked directory.
static int link_in(struct inode *dp, char *name, struct inode *ip) {
  if (dirlink(dp, name, ip->inum) < 0)
    return -1;
  ip->nlink++;
  iupdate(ip);
  return 0;
}

static int linked(char *old, char *new) {
  char name[DIRSIZ];
  struct inode *ip = namei(old);
  if (ip == 0)
    return -1;
  ilock(ip);
  int is_directory = ip->type == T_DIR;
  iunlock(ip);
  struct inode *dp = is_directory ? 0 : nameiparent(new, name);
  if (dp == 0) {
    iput(ip);
    return -1;
  }
  // A directory before what is in it: so does everybody.
  ilock(dp);
  ilock(ip);
  int result = link_in(dp, name, ip);
  iunlockput(ip);
  iunlockput(dp);
  return result;
}

// link(old, new): another name for a file or device; a directory has but one.
uint64 sys_link(void) {
  char old[MAXPATH], new[MAXPATH];
  int got_old = argstr(0, old, MAXPATH), got_new = argstr(1, new, MAXPATH);
  if (got_old < 0 || got_new < 0)
    return -1;
  begin_op();
  int result = linked(old, new);
  end_op();
  return result;
}

// Nothing but . and .. is in the directory.
static int isdirempty(struct inode *dp) {
  struct dirent de;
  for (uint off = 2 * sizeof de; off < dp->size; off += sizeof de) {
    if (readi(dp, 0, (uint64)&de, off, sizeof de) != sizeof de)
      panic("isdirempty: readi");
    if (de.inum != 0)
      return 0;
  }
  return 1;
}

// Removes a name from the locked directory; -1 if it is not there, or has entries itself.
static int unlink_in(struct inode *dp, char *name) {
  static const struct dirent empty;
  uint off;
  if (namecmp(name, ".") == 0 || namecmp(name, "..") == 0)
    return -1;
  struct inode *ip = dirlookup(dp, name, &off);
  if (ip == 0)
    return -1;
  ilock(ip);
  if (ip->nlink < 1)
    panic("unlink: nlink < 1");
  if (ip->type == T_DIR && !isdirempty(ip)) {
    iunlockput(ip);
    return -1;
  }
  if (writei(dp, 0, (uint64)&empty, off, sizeof empty) != sizeof empty)
    panic("unlink: writei");
  ip->nlink--;
  if (ip->type == T_DIR) {
    dp->nlink--; // its ..
    iupdate(dp);
    ip->parent = idup(dp); // as long as somebody is in it
  }
  iupdate(ip);
  iunlock(ip);
  iput(ip);
  return 0;
}

// unlink(path): the file goes with its last name, once it is not open.
uint64 sys_unlink(void) {
  char path[MAXPATH], name[DIRSIZ];
  if (argstr(0, path, MAXPATH) < 0)
    return -1;
  begin_op();
  int result = -1;
  struct inode *dp = nameiparent(path, name);
  if (dp) {
    ilock(dp);
    result = unlink_in(dp, name);
    iunlockput(dp);
  }
  end_op();
  return result;
}

// A new inode, locked, that the locked directory calls `name`; 0 if inodes or blocks lack.
static struct inode *new_inode(struct inode *dp, char *name, short type, short major, short minor) {
  struct inode *ip = ialloc(dp->dev, type);
  if (ip == 0)
    return 0;
  ilock(ip);
  ip->major = major;
  ip->minor = minor;
  int failed = type == T_DIR && (dirlink(ip, ".", ip->inum) < 0 || dirlink(ip, "..", dp->inum) < 0);
  if (failed || dirlink(dp, name, ip->inum) < 0) {
    iunlockput(ip); // it has no link: this frees it
    return 0;
  }
  ip->nlink = 1;
  iupdate(ip);
  if (type == T_DIR) {
    dp->nlink++; // for its ..
    iupdate(dp);
  }
  return ip;
}

// A new inode under the path, or, if a plain file is wanted, the file or device that is there;
// locked. 0 if that cannot be.
struct inode *create(char *path, short type, short major, short minor) {
  char name[DIRSIZ];
  struct inode *dp = nameiparent(path, name);
  if (dp == 0)
    return 0;
  ilock(dp);
  struct inode *ip = dirlookup(dp, name, 0);
  if (ip == 0) {
    ip = new_inode(dp, name, type, major, minor);
    iunlockput(dp);
    return ip;
  }
  iunlockput(dp);
  ilock(ip);
  if (type == T_FILE && (ip->type == T_FILE || ip->type == T_DEVICE))
    return ip;
  iunlockput(ip);
  return 0;
}

static int make(char *path, short type, short major, short minor) {
  begin_op();
  struct inode *ip = create(path, type, major, minor);
  if (ip)
    iunlockput(ip);
  end_op();
  return ip ? 0 : -1;
}

uint64 sys_mkdir(void) {
  char path[MAXPATH];
  return argstr(0, path, MAXPATH) < 0 ? -1 : make(path, T_DIR, 0, 0);
}

// mknod(path, major, minor): a device.
uint64 sys_mknod(void) {
  char path[MAXPATH];
  int major, minor;
  argint(1, &major);
  argint(2, &minor);
  return argstr(0, path, MAXPATH) < 0 ? -1 : make(path, T_DEVICE, major, minor);
}

static int changed_to(char *path) {
  struct proc *p = myproc();
  struct inode *ip = namei(path);
  if (ip == 0)
    return -1;
  ilock(ip);
  if (ip->type != T_DIR) {
    iunlockput(ip);
    return -1;
  }
  iunlock(ip);
  iput(p->cwd);
  p->cwd = ip;
  return 0;
}

uint64 sys_chdir(void) {
  char path[MAXPATH];
  if (argstr(0, path, MAXPATH) < 0)
    return -1;
  begin_op();
  int result = changed_to(path);
  end_op();
  return result;
}
