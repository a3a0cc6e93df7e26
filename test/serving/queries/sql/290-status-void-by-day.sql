-- status void by day
-- engine: direct
-- ordered

SELECT date_trunc('day', started) AS d, count(*), sum(riders) FROM trips WHERE status = 'void' GROUP BY d ORDER BY d LIMIT 100

-- rows of all
-- ["2026-03-01 00:00:00.0",37,109]
-- ["2026-03-02 00:00:00.0",42,134]
-- ["2026-03-03 00:00:00.0",41,133]
-- ["2026-03-04 00:00:00.0",35,111]
-- rows of newest
-- ["2026-03-01 00:00:00.0",26,85]
-- ["2026-03-02 00:00:00.0",23,75]
-- ["2026-03-03 00:00:00.0",24,82]
-- ["2026-03-04 00:00:00.0",22,71]
