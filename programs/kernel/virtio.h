// Virtio over memory-mapped registers (virtio 1.2, sections 2.7 and 4.2): version 2, and version 1,
// the legacy one, in which the queue's parts follow each other from one page on (2.7.2 and 4.2.4).
#ifndef VIRTIO_H
#define VIRTIO_H

#include "types.h"

// Offsets of registers.
#define VIRTIO_MAGIC 0x00
#define VIRTIO_VERSION 0x04
#define VIRTIO_DEVICE_ID 0x08
#define VIRTIO_DEVICE_FEATURES 0x10
#define VIRTIO_DEVICE_FEATURES_SEL 0x14
#define VIRTIO_DRIVER_FEATURES 0x20
#define VIRTIO_DRIVER_FEATURES_SEL 0x24
#define VIRTIO_GUEST_PAGE_SIZE 0x28 // version 1
#define VIRTIO_QUEUE_SEL 0x30
#define VIRTIO_QUEUE_NUM_MAX 0x34
#define VIRTIO_QUEUE_NUM 0x38
#define VIRTIO_QUEUE_PFN 0x40 // version 1: the number of its first page
#define VIRTIO_QUEUE_READY 0x44 // version 2
#define VIRTIO_QUEUE_NOTIFY 0x50
#define VIRTIO_INTERRUPT_STATUS 0x60
#define VIRTIO_INTERRUPT_ACK 0x64
#define VIRTIO_STATUS 0x70
#define VIRTIO_QUEUE_DESC 0x80 // version 2, 64 bits, as the next two
#define VIRTIO_QUEUE_AVAIL 0x90
#define VIRTIO_QUEUE_USED 0xa0
#define VIRTIO_BLK_CAPACITY 0x100 // sectors, 64 bits

#define VIRTIO_MAGIC_VALUE 0x74726976
#define VIRTIO_BLOCK_DEVICE 2

// Bits of the status.
#define VIRTIO_ACKNOWLEDGE 1
#define VIRTIO_DRIVER 2
#define VIRTIO_DRIVER_OK 4
#define VIRTIO_FEATURES_OK 8

// The feature "no legacy device", bit 32: bit 0 of the upper half.
#define VIRTIO_VERSION_1_HIGH 1

// Buffers that the device reads or writes; a request is a chain of them.
struct virtq_desc {
  uint64 addr;
  uint32 len;
  ushort flags;
  ushort next;
};
#define VIRTQ_NEXT 1  // the chain goes on with `next`
#define VIRTQ_WRITE 2 // the device writes the buffer

// Requests are three descriptors each; a queue's size is a power of two.
#define REQUESTS 8
#define QUEUE_SIZE 32

// What the driver makes available, by the chains' first descriptors.
struct virtq_avail {
  ushort flags;
  ushort idx;
  ushort ring[QUEUE_SIZE];
};

// What the device has done.
struct virtq_used {
  ushort flags;
  ushort idx;
  struct {
    uint32 id;
    uint32 len;
  } ring[QUEUE_SIZE];
};

// What a request to a block device begins with (section 5.2.6).
struct virtio_blk_req {
  uint32 type;
  uint32 reserved;
  uint64 sector; // of 512 bytes
};
#define VIRTIO_BLK_IN 0  // reads the disk
#define VIRTIO_BLK_OUT 1 // writes it

#endif
