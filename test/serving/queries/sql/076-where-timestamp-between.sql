-- where timestamp between
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE started BETWEEN TIMESTAMP '2026-03-01 12:00:00' AND TIMESTAMP '2026-03-02 12:00:00'

-- rows of all
-- [233,65739]
-- rows of newest
-- [141,40907]
