// What xv6 promises its programs: each system call with good and with bad arguments, memory and its
// protection, every limit, and processes at work at the same time. `usertests NAME...` runs some.
//
// It leans on xv6's system calls alone, so that it judges any kernel that claims to have them.
#include "usertests.h"

static const struct test tests[] = {
    // growth.c
    {"sbrksteps", sbrk_steps},
    {"sbrkmuch", sbrk_much},
    {"sbrkboth", sbrk_both_ways},
    {"sbrkown", sbrk_own_pages},
    {"sbrkmisuse", sbrk_misuse},
    {"sbrkagain", sbrk_again},
    {"sbrkfail", sbrk_fail},
    {"sbrkarg", sbrk_argument},
    {"sbrklast", sbrk_last_byte},
    {"malloc", allocator},
    {"mem", all_memory},
    // access.c
    {"kernmem", kernel_memory},
    {"maxva", beyond_maxva},
    {"textdata", text_and_data},
    {"stack", stack_overflow},
    {"illegal", illegal_instructions},
    {"bss", zeroed_data},
    {"separate", separate_memory},
    {"registers", registers},
    // bounds.c
    {"copyin", copy_in},
    {"copyout", copy_out},
    {"copyinstr", copy_in_strings},
    {"longpath", long_paths},
    {"copyintext", copy_in_text},
    {"badfd", bad_descriptors},
    {"badcall", bad_calls},
    // process.c
    {"exitstatus", exit_statuses},
    {"nochildren", wait_without_children},
    {"waitmany", wait_for_many},
    {"pids", process_numbers},
    {"exitwait", exit_and_wait},
    {"twochildren", two_children},
    {"forkfork", fork_fork},
    {"forkchain", fork_chain},
    {"reparent", orphans},
    {"reparent2", orphans_that_fork},
    {"inherit", what_is_inherited},
    {"proctable", process_table},
    {"forkbomb", fork_bomb},
    // killing.c
    {"killspin", kill_spinning},
    {"killsleep", kill_sleeping},
    {"killself", kill_oneself},
    {"killsoon", kill_at_once},
    {"killnobody", kill_nobody},
    {"killdead", kill_the_dead},
    {"killclose", kill_closes_files},
    {"killfork", kill_forking},
    // clock.c
    {"sleep", sleep_and_uptime},
    {"uptime", time_passes},
    {"wakeorder", wake_in_order},
    {"preempt", preemption},
    {"fair", fair_shares},
    // pipes.c
    {"pipe", pipe_data},
    {"pipeends", pipe_ends},
    {"pipebreak", pipe_breaks},
    {"pingpong", ping_pong},
    {"pipeload", pipe_under_load},
    {"piperow", pipe_row},
    {"pipefds", pipe_without_descriptors},
    // programs.c
    {"exec", exec_echo},
    {"execbad", exec_what_is_no_program},
    {"execelf", exec_damaged_files},
    {"execargs", exec_arguments},
    {"execcode", exec_new_code},
    {"execmany", exec_many_times},
    // files.c
    {"open", open_flags},
    {"opendir", open_directories},
    {"write", write_and_read},
    {"bigwrite", big_writes},
    {"truncate", truncate},
    {"truncrace", truncate_race},
    {"offsets", offsets},
    {"fds", descriptors},
    {"unlinked", unlinked_but_open},
    {"unlinkexit", unlinked_at_exit},
    {"fstat", file_status},
    {"mknod", devices},
    // names.c
    {"fourteen", fourteen_characters},
    {"paths", paths},
    {"filedir", file_as_directory},
    {"missing", missing_names},
    {"link", links},
    {"rmdir", remove_directories},
    {"rmcwd", removed_current_directory},
    {"deepdir", deep_directories},
    {"bigdir", big_directory},
    {"readdir", read_directory},
    // races.c
    {"createdelete", create_delete},
    {"fourfiles", four_files},
    {"sharedfd", shared_descriptor},
    {"samename", same_name},
    {"concreate", one_of_two},
    {"samedir", same_directory},
    // limits.c
    {"bigfile", largest_file},
    {"diskfull", full_disk},
    {"inodes", all_inodes},
    {"openfiles", open_files},
    {NULL, NULL},
};

int main(int argc, char **argv) {
  if (chdir("/") < 0)
    return 2;
  return run_tests(tests, argc, argv);
}
