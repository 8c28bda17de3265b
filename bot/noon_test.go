package bot

import "time"

// noon is the instant at which the tests' clock begins.
var noon = time.Date(2025, time.December, 10, 12, 0, 0, 0, time.UTC)
