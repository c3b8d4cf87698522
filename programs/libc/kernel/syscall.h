// As in xv6's tree.
#include <syscall.h>
