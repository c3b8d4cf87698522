// The driver of the disk: a virtio block device behind one queue.
//
// Request i has the descriptors 3i to 3i+2 for good: its header, the block's data, and the byte in
// which the device answers. So nothing is linked at run time but which request is whose.
//
// The queue's parts lie as a device of version 1 finds them.
#include "buf.h"
#include "defs.h"
#include "memlayout.h"
#include "virtio.h"

#define SECTOR 512

static struct {
  struct virtq_desc desc[QUEUE_SIZE] __attribute__((aligned(PGSIZE)));
  struct virtq_avail avail;
  volatile struct virtq_used used __attribute__((aligned(PGSIZE)));

  struct spinlock lock;
  struct request {
    struct virtio_blk_req header;
    volatile uchar status;
    struct buf *b; // whose it is; 0 if it is free
  } requests[REQUESTS];
  ushort seen; // as far as `used` was looked at
} disk;

static volatile uint32 *reg(uint offset) {
  return (volatile uint32 *)(uint64)(VIRTIO0 + offset);
}

// Orders accesses to memory and to the device's registers, as each other sees them.
static void fence(void) {
  asm volatile("fence iorw, iorw" ::: "memory");
}

static void set_address(uint offset, volatile void *part) {
  *reg(offset) = (uint64)part;
  *reg(offset + 4) = (uint64)part >> 32;
}

static void set_status(uint32 bits) {
  *reg(VIRTIO_STATUS) |= bits;
}

// Chains the descriptors of each request; the addresses of the data come with the block.
static void link_requests(void) {
  for (int i = 0; i < REQUESTS; i++) {
    struct request *r = &disk.requests[i];
    struct virtq_desc *d = &disk.desc[3 * i];
    d[0] = (struct virtq_desc){(uint64)&r->header, sizeof r->header, VIRTQ_NEXT, 3 * i + 1};
    d[1] = (struct virtq_desc){0, BSIZE, VIRTQ_NEXT, 3 * i + 2};
    d[2] = (struct virtq_desc){(uint64)&r->status, 1, VIRTQ_WRITE, 0};
  }
}

// Wants no feature but, of version 2, that it is no legacy device.
static void negotiate(int legacy) {
  *reg(VIRTIO_DRIVER_FEATURES_SEL) = 0;
  *reg(VIRTIO_DRIVER_FEATURES) = 0;
  if (legacy)
    return;
  *reg(VIRTIO_DRIVER_FEATURES_SEL) = 1;
  *reg(VIRTIO_DRIVER_FEATURES) = VIRTIO_VERSION_1_HIGH;
  set_status(VIRTIO_FEATURES_OK);
  if (!(*reg(VIRTIO_STATUS) & VIRTIO_FEATURES_OK))
    panic("virtio_disk_init: FEATURES_OK unset");
}

static void give_queue(int legacy) {
  *reg(VIRTIO_QUEUE_SEL) = 0;
  if (*reg(legacy ? VIRTIO_QUEUE_PFN : VIRTIO_QUEUE_READY))
    panic("virtio_disk_init: the queue should not be ready");
  if (*reg(VIRTIO_QUEUE_NUM_MAX) < QUEUE_SIZE)
    panic("virtio_disk_init: the queue is too short");
  link_requests();
  *reg(VIRTIO_QUEUE_NUM) = QUEUE_SIZE;
  if (legacy) {
    *reg(VIRTIO_GUEST_PAGE_SIZE) = PGSIZE;
    *reg(VIRTIO_QUEUE_PFN) = (uint64)disk.desc >> PGSHIFT;
    return;
  }
  set_address(VIRTIO_QUEUE_DESC, disk.desc);
  set_address(VIRTIO_QUEUE_AVAIL, &disk.avail);
  set_address(VIRTIO_QUEUE_USED, &disk.used);
  *reg(VIRTIO_QUEUE_READY) = 1;
}

// Initialises the device in the order of section 3.1.1. Panics if there is no disk.
void virtio_disk_init(void) {
  initlock(&disk.lock, "virtio_disk");
  uint32 version = *reg(VIRTIO_VERSION);
  if (*reg(VIRTIO_MAGIC) != VIRTIO_MAGIC_VALUE || (version != 1 && version != 2) ||
      *reg(VIRTIO_DEVICE_ID) != VIRTIO_BLOCK_DEVICE)
    panic("virtio_disk_init: no virtio disk");

  *reg(VIRTIO_STATUS) = 0;
  set_status(VIRTIO_ACKNOWLEDGE);
  set_status(VIRTIO_DRIVER);
  negotiate(version == 1);
  give_queue(version == 1);
  set_status(VIRTIO_DRIVER_OK);
}

// How many blocks the disk has.
uint64 virtio_disk_size(void) {
  uint64 sectors = *reg(VIRTIO_BLK_CAPACITY) | (uint64)*reg(VIRTIO_BLK_CAPACITY + 4) << 32;
  return sectors / (BSIZE / SECTOR);
}

// The number of a free request, which becomes that of `b`; waits until there is one.
static int take_request(struct buf *b) {
  for (;;) {
    for (int i = 0; i < REQUESTS; i++) {
      if (disk.requests[i].b == 0) {
        disk.requests[i].b = b;
        return i;
      }
    }
    sleep(disk.requests, &disk.lock);
  }
}

static void submit(int i) {
  disk.avail.ring[disk.avail.idx % QUEUE_SIZE] = 3 * i;
  fence(); // the request is there before it is announced
  disk.avail.idx++;
  fence(); // and announced before the device is told
  *reg(VIRTIO_QUEUE_NOTIFY) = 0;
}

// Reads the block of `b`, or writes it; returns when that is done.
void virtio_disk_rw(struct buf *b, int write) {
  acquire(&disk.lock);
  int i = take_request(b);
  struct virtq_desc *data = &disk.desc[3 * i + 1];
  disk.requests[i].header.type = write ? VIRTIO_BLK_OUT : VIRTIO_BLK_IN;
  disk.requests[i].header.sector = (uint64)b->blockno * (BSIZE / SECTOR);
  disk.requests[i].status = 0xff; // the device's answer is 0
  data->addr = (uint64)b->data;
  data->flags = VIRTQ_NEXT | (write ? 0 : VIRTQ_WRITE);
  b->disk = 1;
  submit(i);
  while (b->disk)
    sleep(b, &disk.lock);
  disk.requests[i].b = 0;
  wakeup(disk.requests);
  release(&disk.lock);
}

// Wakes whoever waits for the requests that the device has done.
void virtio_disk_intr(void) {
  acquire(&disk.lock);
  // Before the look: what is done from now on interrupts again.
  *reg(VIRTIO_INTERRUPT_ACK) = *reg(VIRTIO_INTERRUPT_STATUS);
  fence();
  while (disk.seen != disk.used.idx) {
    fence();
    struct request *r = &disk.requests[disk.used.ring[disk.seen % QUEUE_SIZE].id / 3];
    if (r->status != 0) {
      const char *what = r->header.type == VIRTIO_BLK_IN ? "read" : "written";
      printf("block %u of the disk cannot be %s, it has %lu\n", r->b->blockno, what,
             virtio_disk_size());
      panic("virtio_disk_intr: status");
    }
    r->b->disk = 0;
    wakeup(r->b);
    disk.seen++;
  }
  release(&disk.lock);
}
