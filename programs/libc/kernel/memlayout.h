// As in xv6's tree; the addresses of processes are in abi.h.
#include "abi.h"
