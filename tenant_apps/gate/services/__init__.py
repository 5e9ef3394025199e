"""What can be done at the gate, by noun: gates, badges, scans, presence, flow."""
