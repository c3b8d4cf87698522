// The functions of all files.
#ifndef DEFS_H
#define DEFS_H

#include <stddef.h>

#include "riscv.h"
#include "types.h"

struct buf;
struct context;
struct cpu;
struct file;
struct inode;
struct pipe;
struct proc;
struct regions;
struct sleeplock;
struct spinlock;
struct stat;
struct trapframe;

// bio.c
void binit(void);
struct buf *bread(uint dev, uint blockno);
void brelse(struct buf *b);
void bwrite(struct buf *b);
void bpin(struct buf *b);
void bunpin(struct buf *b);

// clock.c
void clockinit(void);
uint64 ticks_now(void);
int sleep_until(uint64 wakes);
void clockintr(void);
void timer_for_sleepers(void);
void timer_for_turn(void);

// console.c
void consoleinit(void);
void consoleintr(int c);
void consputc(int c);
int consoleroom(void);

// exec.c
int kexec(char *path, char **argv);

// file.c
void fileinit(void);
struct file *filealloc(void);
struct file *filedup(struct file *f);
void fileclose(struct file *f);
int fileread(struct file *f, uint64 addr, int n);
int filestat(struct file *f, uint64 addr);
int filewrite(struct file *f, uint64 addr, int n);

// fs.c
void fsinit(int dev);
void iinit(void);
struct inode *ialloc(uint dev, short type);
struct inode *iget(uint dev, uint inum);
uint bmap(struct inode *ip, uint bn);
struct inode *idup(struct inode *ip);
void ilock(struct inode *ip);
void iunlock(struct inode *ip);
void iput(struct inode *ip);
void iunlockput(struct inode *ip);
void iupdate(struct inode *ip);
void itrunc(struct inode *ip);
int readi(struct inode *ip, int user_dst, uint64 dst, uint off, uint n);
int writei(struct inode *ip, int user_src, uint64 src, uint off, uint n);
void stati(struct inode *ip, struct stat *st);

// dir.c
int namecmp(const char *a, const char *b);
struct inode *namei(char *path);
struct inode *nameiparent(char *path, char *name);
struct inode *dirlookup(struct inode *dp, char *name, uint *poff);
int dirlink(struct inode *dp, char *name, uint inum);

// kalloc.c
void kinit(uint64 end_of_ram);
void *kalloc(void);
void kfree(void *pa);

// log.c
void initlog(int dev);
void begin_op(void);
void end_op(void);
void log_write(struct buf *b);

// pipe.c
int pipealloc(struct file **f0, struct file **f1);
void pipeclose(struct pipe *pi, int writable);
int piperead(struct pipe *pi, uint64 addr, int n);
int pipewrite(struct pipe *pi, uint64 addr, int n);

// plic.c
void plicinit(void);
int plic_claim(void);
void plic_complete(int irq);

// printf.c
__attribute__((format(printf, 1, 2))) int printf(const char *format, ...);
__attribute__((noreturn)) void panic(const char *what);
__attribute__((noreturn)) void poweroff(int status);

// proc.c, fork.c
void procinit(void);
void userinit(void);
__attribute__((noreturn)) void scheduler(void);
struct cpu *mycpu(void);
struct proc *myproc(void);
struct proc *allocproc(void);
void freeproc(struct proc *p);
void sched(void);
void yield(void);
void sleep(void *chan, struct spinlock *lk);
void wakeup(void *chan);
void wakeup_locked(void *chan);
extern struct spinlock proc_lock; // of the table of processes
extern uint64 turn_ends;
int killed(struct proc *p);
void procdump(void);
int kfork(void);
__attribute__((noreturn)) void kexit(int status);
int kwait(uint64 addr);
int kkill(int pid);
int growproc(int n);
pagetable_t proc_pagetable(struct trapframe *trapframe);
void proc_freepagetable(pagetable_t pagetable, uint64 sz);

// regions.c
struct region *region_at(struct regions *regions, uint64 va);
int regions_grow(struct regions *regions, uint64 end, uint rights, int owner);
int regions_resize(struct regions *regions, uint64 sz);

// spinlock.c, sleeplock.c
void initlock(struct spinlock *lk, const char *name);
void acquire(struct spinlock *lk);
void release(struct spinlock *lk);
int holding(struct spinlock *lk);
void push_off(void);
void pop_off(void);
void initsleeplock(struct sleeplock *lk, const char *name);
void acquiresleep(struct sleeplock *lk);
void releasesleep(struct sleeplock *lk);
int holdingsleep(struct sleeplock *lk);

// string.c
int memcmp(const void *a, const void *b, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
char *safestrcpy(char *to, const char *from, int n);
size_t strlen(const char *s);
int strncmp(const char *a, const char *b, size_t n);
char *strncpy(char *to, const char *from, int n);

// sysdir.c
struct inode *create(char *path, short type, short major, short minor);

// swtch.S
void swtch(struct context *old, struct context *next);

// syscall.c: arguments of the call of the process that runs
void syscall(void);
void argint(int n, int *value);
void argaddr(int n, uint64 *value);
int argstr(int n, char *buffer, int max); // its length, or -1
int fetchaddr(uint64 addr, uint64 *result);
int fetchstr(uint64 addr, char *buffer, int max);

// trap.c
void trapinit(void);
uint64 usertrap(void);
uint64 prepare_return(void);
extern int wrote_code;       // something was stored where programs may execute it
extern uint64 faults_served; // page faults of user mode after which the instruction ran again

// tree.c
uint64 end_of_ram(const void *tree);

// uart.c
void uartinit(void);
void uartputc(int c);
void uartintr(void);
void uartresume(void);

// superblock.c
void readsb(int dev);

// virtio_disk.c
void virtio_disk_init(void);
uint64 virtio_disk_size(void);
void virtio_disk_rw(struct buf *b, int write);
void virtio_disk_intr(void);

// pagetable.c
void *zalloc(void);
pte_t *walk(pagetable_t pagetable, uint64 va, int alloc, int level);
pte_t getpte(pagetable_t pagetable, uint64 va);
uint64 walkaddr(pagetable_t pagetable, uint64 va);
int mappages(pagetable_t pagetable, uint64 va, uint64 size, uint64 pa, uint64 perm);
void kvmmap(pagetable_t pagetable, uint64 pa, uint64 size, uint64 perm);
void uvmunmap(pagetable_t pagetable, uint64 va, uint64 npages, int do_free);
int uvmcopy(pagetable_t old, pagetable_t new, uint64 sz);
void uvmfree(pagetable_t pagetable, uint64 sz);

// vm.c
void kvminit(uint64 end_of_ram);
void kvminithart(void);
uint64 kernel_satp(void);
pagetable_t uvmcreate(void);
int uvmalloc(pagetable_t pagetable, uint64 from, uint64 to, uint64 perm);
void uvmclear(pagetable_t pagetable, uint64 va);
uint64 vmfault(pagetable_t pagetable, uint64 va, uint access);

// usercopy.c: to and from the memory of the process that runs, or of the kernel; 0, or -1
int either_copyin(void *dst, int user_src, uint64 src, uint64 n);
int either_copyout(int user_dst, uint64 dst, const void *src, uint64 n);
int copyout(pagetable_t pagetable, uint64 dstva, const void *src, uint64 len);
int copyin(pagetable_t pagetable, void *dst, uint64 srcva, uint64 len);
int copyinstr(pagetable_t pagetable, char *dst, uint64 srcva, uint64 max);

#define NELEM(array) (sizeof(array) / sizeof((array)[0]))

#endif
