-- right join
-- engine: duckdb
-- ordered

SELECT c.city, count(t.trip) FROM trips t RIGHT JOIN cities c ON t.city = c.city GROUP BY c.city ORDER BY c.city LIMIT 100

-- rows of all
-- ["Accra",105]
-- ["Berlin",90]
-- ["Kyiv",99]
-- ["Lima",92]
-- ["Nuuk",0]
-- ["Oslo",96]
-- ["Paris",101]
-- ["Quito",104]
-- ["São Paulo",92]
-- ["Zürich",71]
-- rows of newest
-- ["Accra",69]
-- ["Berlin",49]
-- ["Kyiv",54]
-- ["Lima",61]
-- ["Nuuk",0]
-- ["Oslo",54]
-- ["Paris",64]
-- ["Quito",61]
-- ["São Paulo",48]
-- ["Zürich",44]
