// As in xv6's tree; the types of sbrk are in abi.h.
#include "abi.h"
