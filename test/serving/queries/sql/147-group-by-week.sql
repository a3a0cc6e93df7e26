-- group by week
-- engine: direct
-- ordered

SELECT date_trunc('week', started) AS t, count(*), sum(riders) FROM trips GROUP BY 1 ORDER BY 1 LIMIT 30

-- rows of all
-- ["2026-02-23 00:00:00.0",228,652]
-- ["2026-03-02 00:00:00.0",672,2069]
-- rows of newest
-- ["2026-02-23 00:00:00.0",135,395]
-- ["2026-03-02 00:00:00.0",398,1229]
