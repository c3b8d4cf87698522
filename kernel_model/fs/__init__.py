"""Files: inodes, directories, names, and what a descriptor stands for."""
