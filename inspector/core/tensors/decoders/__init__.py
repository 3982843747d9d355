"""Values of packed weights, from codes, scales and zero points; numpy alone, knowing no file and no name.

A decoder gives the elements of a tensor row by row in C order, as float32: `unit` is how many a row has. It says nothing about who packed
the tensor so; that is a family's business.
"""
