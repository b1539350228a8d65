"""`python -m synthesist` is the command line."""

import sys

from synthesist.cli import main

sys.exit(main())
