// As in xv6's tree; all of it is in abi.h.
#include "abi.h"
