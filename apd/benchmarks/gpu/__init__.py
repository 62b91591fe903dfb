"""What only a GPU can tell: times at the shapes of public models, and tokens across batch sizes."""
