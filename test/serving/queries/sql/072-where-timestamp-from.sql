-- where timestamp from
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE started >= TIMESTAMP '2026-03-02 00:00:00'

-- rows of all
-- [672,184460]
-- rows of newest
-- [398,109597]
