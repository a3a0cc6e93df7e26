-- status lost by day
-- engine: direct
-- ordered

SELECT date_trunc('day', started) AS d, count(*), sum(riders) FROM trips WHERE status = 'lost' GROUP BY d ORDER BY d LIMIT 100

-- rows of all
-- ["2026-03-01 00:00:00.0",45,128]
-- ["2026-03-02 00:00:00.0",36,102]
-- ["2026-03-03 00:00:00.0",42,127]
-- ["2026-03-04 00:00:00.0",38,115]
-- rows of newest
-- ["2026-03-01 00:00:00.0",29,82]
-- ["2026-03-02 00:00:00.0",25,74]
-- ["2026-03-03 00:00:00.0",22,70]
-- ["2026-03-04 00:00:00.0",20,60]
