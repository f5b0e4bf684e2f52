"""`*.test.yaml`: samples in, documents out. A route is run in memory, endpoints and labelled steps stood in for by mocks.

runner     which cases there are, and how each is run      rehearsal  a route run to its end: pauses, answers, groups
expected   what came, against what a case expects          documents  one document against what is said of it
mocks, rewrite, coverage   programs with nodes replaced    acks       997 and CONTRL as segments
updates    expected values written anew                    junit      results for build servers
"""

from __future__ import annotations

from crossdock_config.testing.coverage import Coverage, FileCoverage
from crossdock_config.testing.junit import junit
from crossdock_config.testing.rehearsal import rehearse
from crossdock_config.testing.result import CaseResult
from crossdock_config.testing.runner import Selection, run_tests
from crossdock_config.testing.updates import write_updates

__all__ = ["CaseResult", "Coverage", "FileCoverage", "Selection", "junit", "rehearse", "run_tests", "write_updates"]
