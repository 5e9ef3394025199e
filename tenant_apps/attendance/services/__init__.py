"""What can be done to a register: `proposals` (the gate's), `marks` (the teacher's), `registers` (the whole)."""
