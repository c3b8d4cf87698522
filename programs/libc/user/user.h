// As in xv6's tree.
#include <kernel/types.h>
#include <user.h>
