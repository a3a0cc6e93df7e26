-- where timestamp equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE started = TIMESTAMP '2026-03-01 00:00:00'

-- rows of all
-- [1,3]
-- rows of newest
-- [0,null]
