// Directories, which are files of {number, name} entries, and the paths through them.
#include "buf.h"
#include "defs.h"
#include "file.h"
#include "proc.h"

int namecmp(const char *a, const char *b) {
  return strncmp(a, b, DIRSIZ);
}

// Whether it is the entry of that name, or, without a name, an empty one.
static int is(const struct dirent *de, const char *name) {
  return name ? de->inum != 0 && namecmp(name, de->name) == 0 : de->inum == 0;
}

// Where in the locked directory the first such entry is, and its number; the directory's end if
// there is none.
static uint find(struct inode *dp, const char *name, uint *inum) {
  for (uint start = 0; start < dp->size; start += BSIZE) {
    uint end = dp->size - start < BSIZE ? dp->size - start : BSIZE;
    struct buf *b = bread(dp->dev, bmap(dp, start / BSIZE));
    for (uint off = 0; off < end; off += sizeof(struct dirent)) {
      struct dirent *de = (struct dirent *)(b->data + off);
      if (is(de, name)) {
        *inum = de->inum;
        brelse(b);
        return start + off;
      }
    }
    brelse(b);
  }
  return dp->size;
}

// The inode that the locked directory calls `name`, referenced, and the offset of its entry; 0 if
// there is none.
struct inode *dirlookup(struct inode *dp, char *name, uint *poff) {
  uint inum;
  if (dp->type != T_DIR)
    panic("dirlookup not DIR");
  uint off = find(dp, name, &inum);
  if (off == dp->size)
    return 0;
  if (poff)
    *poff = off;
  return iget(dp->dev, inum);
}

// Adds an entry to a locked directory; -1 if the name is there or no block is left.
int dirlink(struct inode *dp, char *name, uint inum) {
  uint there;
  if (find(dp, name, &there) != dp->size)
    return -1;
  struct dirent de;
  uint off = find(dp, 0, &there);
  de.inum = inum;
  strncpy(de.name, name, DIRSIZ);
  return writei(dp, 0, (uint64)&de, off, sizeof de) == sizeof de ? 0 : -1;
}

// Copies the path's next element to `name`, cut at DIRSIZ bytes. What follows it, without slashes in
// front; 0 if there is no element.
static char *skipelem(char *path, char *name) {
  while (*path == '/')
    path++;
  if (*path == 0)
    return 0;
  char *start = path;
  while (*path != '/' && *path != 0)
    path++;
  uint length = path - start;
  if (length >= DIRSIZ) {
    memmove(name, start, DIRSIZ);
  } else {
    memmove(name, start, length);
    name[length] = 0;
  }
  while (*path == '/')
    path++;
  return path;
}

// The inode of the path, referenced, or that of the directory in which the last element is or would
// be, and `name` gets that element; 0 if there is none. To be called between begin_op and end_op.
static struct inode *namex(char *path, int parent, char *name) {
  struct inode *ip = *path == '/' ? iget(ROOTDEV, ROOTINO) : idup(myproc()->cwd);
  while ((path = skipelem(path, name)) != 0) {
    ilock(ip);
    if (ip->type != T_DIR) {
      iunlockput(ip);
      return 0;
    }
    if (parent && *path == 0) {
      iunlock(ip);
      return ip;
    }
    struct inode *next = dirlookup(ip, name, 0);
    iunlockput(ip);
    if (next == 0)
      return 0;
    ip = next;
  }
  if (parent) {
    iput(ip);
    return 0;
  }
  return ip;
}

struct inode *namei(char *path) {
  char name[DIRSIZ];
  return namex(path, 0, name);
}

struct inode *nameiparent(char *path, char *name) {
  return namex(path, 1, name);
}
