"""What can be done to a school's people and calendar, one module per noun."""
