//! Cells as people read them: the only place that turns 0.6667 into `66.7%`.
