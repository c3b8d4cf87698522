// As in xv6's tree; the rest of it is in abi.h.
#include "abi.h"

#define BSIZE BLOCK_SIZE
#define ROOTINO 1
