-- where timestamp below
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE started < TIMESTAMP '2026-03-01 06:00:00'

-- rows of all
-- [57,17933]
-- rows of newest
-- [35,12241]
