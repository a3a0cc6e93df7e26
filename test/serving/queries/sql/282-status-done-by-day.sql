-- status done by day
-- engine: direct
-- ordered

SELECT date_trunc('day', started) AS d, count(*), sum(riders) FROM trips WHERE status = 'done' GROUP BY d ORDER BY d LIMIT 100

-- rows of all
-- ["2026-03-01 00:00:00.0",103,294]
-- ["2026-03-02 00:00:00.0",106,305]
-- ["2026-03-03 00:00:00.0",118,351]
-- ["2026-03-04 00:00:00.0",112,356]
-- rows of newest
-- ["2026-03-01 00:00:00.0",66,196]
-- ["2026-03-02 00:00:00.0",66,183]
-- ["2026-03-03 00:00:00.0",72,221]
-- ["2026-03-04 00:00:00.0",65,211]
