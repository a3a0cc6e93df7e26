-- lateral
-- engine: duckdb
-- ordered

SELECT c.city, x.m FROM cities c, LATERAL (SELECT max(fare) AS m FROM trips t WHERE t.city = c.city) x ORDER BY c.city LIMIT 100

-- rows of all
-- ["Accra","98.97"]
-- ["Berlin","99.02"]
-- ["Kyiv","92.54"]
-- ["Lima","80.48"]
-- ["Nuuk",null]
-- ["Oslo","95.26"]
-- ["Paris","74.91"]
-- ["Quito","95.57"]
-- ["São Paulo","93.46"]
-- ["Zürich","90.62"]
-- rows of newest
-- ["Accra","97.07"]
-- ["Berlin","99.02"]
-- ["Kyiv","92.54"]
-- ["Lima","80.48"]
-- ["Nuuk",null]
-- ["Oslo","95.26"]
-- ["Paris","67.57"]
-- ["Quito","95.57"]
-- ["São Paulo","93.46"]
-- ["Zürich","64.43"]
