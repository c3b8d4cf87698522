"""The compiler: from an Amaranth design to C++ functions over an array of words."""
