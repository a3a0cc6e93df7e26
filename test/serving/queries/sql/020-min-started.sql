-- min started
-- engine: direct

SELECT min(started) FROM trips

-- rows of all
-- ["2026-03-01 00:00:00.0"]
-- rows of newest
-- ["2026-03-01 00:14:08.0"]
