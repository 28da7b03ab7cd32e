"""`python -m micronn` is the command `micronn`."""

import sys

from micronn.cli.main import main

sys.exit(main())
