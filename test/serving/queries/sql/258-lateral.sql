-- lateral
-- engine: duckdb
-- ordered

SELECT c.city, x.m FROM cities c, LATERAL (SELECT max(fare) AS m FROM trips t WHERE t.city = c.city) x ORDER BY c.city LIMIT 100

-- rows of all
-- ["Accra","98.97"]
-- ["Berlin","99.76"]
-- ["Kyiv","92.54"]
-- ["Lima","80.48"]
-- ["Nuuk",null]
-- ["Oslo","95.26"]
-- ["Paris","96.05"]
-- ["Quito","95.57"]
-- ["São Paulo","97.11"]
-- ["Zürich","99.59"]
-- rows of newest
-- ["Accra","98.97"]
-- ["Berlin","96.3"]
-- ["Kyiv","92.54"]
-- ["Lima","80.48"]
-- ["Nuuk",null]
-- ["Oslo","93.99"]
-- ["Paris","64.8"]
-- ["Quito","95.57"]
-- ["São Paulo","97.11"]
-- ["Zürich","99.59"]
