// The tests of `labtests`, by file.
#ifndef LABTESTS_H
#define LABTESTS_H

#include "testing.h"

// accessed.c
void accessed_pages(void);
void copies_leave_no_trace(void);
void accessed_pages_of_a_child(void);
void bad_arguments_of_pgaccess(void);

// resident.c
void given_back_pages_are_zeros(void);
void given_back_pages_have_no_frame(void);
void resident_pages(void);
void bad_arguments_of_madvise(void);
void bad_arguments_of_mincore(void);

// stack.c
void stack_grows_to_its_guard_page(void);
void stack_of_a_child(void);

// labtests.c
extern const struct test tests[];

#endif
