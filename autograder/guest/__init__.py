"""The only code that enters a box.  It needs the standard library, numpy and IPython (torch where it is there).

wire      frames: plain data over a socket, checked before a byte is believed. Both sides of the wall use it.
syscalls  numbers and lists of system calls        seccomp  the two filters, as bytes
clone     a process and its namespaces in one call absent   what takes the place of libraries that are not there
jail      how one submission is locked in          load     runs a notebook's cells and answers calls
warm      what is done once before the first fork  serve    the zygote: imports once, forks one jail for each submission

Inside a box this package stands alone, as `guest`; nothing else of ours is there.
"""
