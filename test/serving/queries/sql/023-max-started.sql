-- max started
-- engine: direct

SELECT max(started) FROM trips

-- rows of all
-- ["2026-03-04 23:31:38.0"]
-- rows of newest
-- ["2026-03-04 23:29:03.0"]
