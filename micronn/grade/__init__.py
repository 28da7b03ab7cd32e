"""Someone else's engine, tried out and told where it is wrong and why.

from micronn.grade import grade
"""

from micronn.grade.grader import grade as grade
