"""Questions about a backward pass: the numbers of a quiz, and a worksheet on paper."""
