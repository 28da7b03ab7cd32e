"""The page that steps through backpropagation, and the picture that does so by itself."""
