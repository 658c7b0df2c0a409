"""What a client pays of the clinic's fees: sliding scales, and the agreement that puts a client on a tier of one."""
