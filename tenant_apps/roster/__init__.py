"""What is read across people, gate and attendance together: learners with badge and presence, and Today. No models."""
