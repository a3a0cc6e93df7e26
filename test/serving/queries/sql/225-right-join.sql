-- right join
-- engine: duckdb
-- ordered

SELECT c.city, count(t.trip) FROM trips t RIGHT JOIN cities c ON t.city = c.city GROUP BY c.city ORDER BY c.city LIMIT 100

-- rows of all
-- ["Accra",106]
-- ["Berlin",85]
-- ["Kyiv",104]
-- ["Lima",81]
-- ["Nuuk",0]
-- ["Oslo",103]
-- ["Paris",103]
-- ["Quito",101]
-- ["São Paulo",101]
-- ["Zürich",68]
-- rows of newest
-- ["Accra",66]
-- ["Berlin",48]
-- ["Kyiv",55]
-- ["Lima",52]
-- ["Nuuk",0]
-- ["Oslo",67]
-- ["Paris",71]
-- ["Quito",61]
-- ["São Paulo",52]
-- ["Zürich",42]
