"""What the bot does again and again beside polling: the jobs, and the turns that they take."""
