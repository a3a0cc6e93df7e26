-- group order desc
-- engine: direct
-- ordered

SELECT city, count(*) FROM trips GROUP BY city ORDER BY city DESC LIMIT 3

-- rows of all
-- ["Zürich",71]
-- ["São Paulo",92]
-- ["Quito",104]
-- rows of newest
-- ["Zürich",44]
-- ["São Paulo",48]
-- ["Quito",61]
