"""Is a gradient right, and why is it what it is?"""
