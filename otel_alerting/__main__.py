"""`python -m otel_alerting` is the command `otel-alerting`."""

import sys

from otel_alerting.cli import main

sys.exit(main())
