"""The kinds of exercises. Only names: the shell asks for them at each Tab."""

__all__ = ["KINDS"]

#: What each kind is about, by its name.
KINDS = {
    "walk": "a walk by hand",
    "superpage": "pages of 2 MiB and 1 GiB",
    "permission": "who may do what: modes, SUM, MXR",
    "ad": "A and D, by Svade and Svadu",
    "tlb": "what the TLB still holds",
    "crossing": "accesses at the end of a page",
    "cost": "how many cycles a translation takes",
    "lazy": "a page fault, and what the kernel does",
    "sizes": "sbrk, sizes and frames",
}
