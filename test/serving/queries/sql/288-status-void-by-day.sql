-- status void by day
-- engine: direct
-- ordered

SELECT date_trunc('day', started) AS d, count(*), sum(riders) FROM trips WHERE status = 'void' GROUP BY d ORDER BY d LIMIT 100

-- rows of all
-- ["2026-03-01 00:00:00.0",40,106]
-- ["2026-03-02 00:00:00.0",48,150]
-- ["2026-03-03 00:00:00.0",30,94]
-- ["2026-03-04 00:00:00.0",36,118]
-- rows of newest
-- ["2026-03-01 00:00:00.0",23,66]
-- ["2026-03-02 00:00:00.0",26,81]
-- ["2026-03-03 00:00:00.0",19,58]
-- ["2026-03-04 00:00:00.0",24,81]
