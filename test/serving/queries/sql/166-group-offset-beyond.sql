-- group offset beyond
-- engine: direct
-- ordered

SELECT driver, count(*) FROM trips GROUP BY driver ORDER BY driver LIMIT 5 OFFSET 70000

-- rows of all
-- rows of newest
