-- group order desc nulls last
-- engine: direct
-- ordered

SELECT city, count(*) FROM trips GROUP BY city ORDER BY city DESC NULLS LAST LIMIT 3

-- rows of all
-- ["Zürich",68]
-- ["São Paulo",101]
-- ["Quito",101]
-- rows of newest
-- ["Zürich",42]
-- ["São Paulo",52]
-- ["Quito",61]
