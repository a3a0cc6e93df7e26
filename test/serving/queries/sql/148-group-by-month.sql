-- group by month
-- engine: direct
-- ordered

SELECT date_trunc('month', started) AS t, count(*), sum(riders) FROM trips GROUP BY 1 ORDER BY 1 LIMIT 30

-- rows of all
-- ["2026-03-01 00:00:00.0",900,2721]
-- rows of newest
-- ["2026-03-01 00:00:00.0",533,1624]
