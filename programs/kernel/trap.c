// Traps from user mode, and from the kernel itself: kernel_model/trap.py.
#include "defs.h"
#include "memlayout.h"
#include "proc.h"

extern char trampoline[], uservec[], kernelvec[];

uint64 faults_served;
int wrote_code;

void trapinit(void) {
  csr_write(stvec, kernelvec);
}

static void device_interrupt(void) {
  int irq = plic_claim();
  if (irq == UART0_IRQ)
    uartintr();
  else if (irq == VIRTIO0_IRQ)
    virtio_disk_intr();
  if (irq)
    plic_complete(irq);
}

// Serves an interrupt; 0 if the trap was none, or none that is expected.
static int interrupt(uint64 scause) {
  if (scause == CAUSE_TIMER)
    clockintr();
  else if (scause == CAUSE_EXTERNAL)
    device_interrupt();
  else
    return 0;
  return 1;
}

// The right that an access needs which has caused a page fault; 0 for all other traps.
static uint access_of(uint64 scause) {
  switch (scause) {
  case CAUSE_FETCH_PAGE:
    return PTE_X;
  case CAUSE_LOAD_PAGE:
    return PTE_R;
  case CAUSE_STORE_PAGE:
    return PTE_W;
  }
  return 0;
}

// Whether the page waited for its frame, and has it now.
static int page_fault(struct proc *p, uint64 scause, uint64 stval) {
  uint access = access_of(scause);
  if (access == 0 || vmfault(p->pagetable, stval, access) == 0)
    return 0;
  faults_served++;
  return 1;
}

static void unexpected(struct proc *p, uint64 scause, uint64 stval) {
  printf("usertrap(): unexpected scause 0x%lx pid=%d\n", scause, p->pid);
  printf("            sepc=0x%lx stval=0x%lx\n", p->trapframe->epc, stval);
  p->killed = 1;
}

static void system_call(struct proc *p) {
  if (killed(p))
    kexit(-1);
  p->trapframe->epc += 4; // return behind the ecall
  intr_on();              // not before all that an interrupt changes has been read
  syscall();
}

// Called by uservec; returns the value for satp to userret.
uint64 usertrap(void) {
  uint64 scause = csr_read(scause), stval = csr_read(stval);
  struct proc *p = myproc();
  csr_write(stvec, kernelvec);
  if (csr_read(sstatus) & SSTATUS_SPP)
    panic("usertrap: not from user mode");
  p->trapframe->epc = csr_read(sepc);
  if (scause == CAUSE_ECALL)
    system_call(p);
  else if (!page_fault(p, scause, stval) && !interrupt(scause))
    unexpected(p, scause, stval);
  if (killed(p))
    kexit(-1);
  // Not by the interrupt alone: where system calls follow each other it comes in the kernel only.
  if (scause == CAUSE_TIMER || time_now() >= turn_ends)
    yield();
  return prepare_return();
}

// Makes the next sret one to the process; returns its satp.
uint64 prepare_return(void) {
  struct proc *p = myproc();
  intr_off(); // a trap between here and sret would be taken for one of the process's
  csr_write(stvec, TRAMPOLINE + (uservec - trampoline));
  csr_clear(sstatus, SSTATUS_SPP);
  csr_set(sstatus, SSTATUS_SPIE);
  csr_write(sepc, p->trapframe->epc);
  if (wrote_code) {
    fence_i();
    wrote_code = 0;
  }
  timer_for_turn();
  return MAKE_SATP(p->pagetable);
}

// Called by kernelvec. A turn that ends in the kernel goes on until the process is on its way back to
// user mode: the kernel never yields unless it waits.
void kerneltrap(void) {
  uint64 sepc = csr_read(sepc), sstatus = csr_read(sstatus), scause = csr_read(scause);
  if (!(sstatus & SSTATUS_SPP) || intr_get())
    panic("kerneltrap: not from the kernel");
  if (!interrupt(scause)) {
    printf("scause=0x%lx sepc=0x%lx stval=0x%lx\n", scause, sepc, csr_read(stval));
    panic("kerneltrap");
  }
}
