"""What a run shows of itself as it goes: system calls, page faults and page tables, in lines."""
