// As in xv6's tree; the limits that programs meet are in abi.h.
#include "abi.h"
