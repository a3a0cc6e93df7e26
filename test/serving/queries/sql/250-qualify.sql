-- qualify
-- engine: duckdb
-- ordered

SELECT city, trip FROM trips QUALIFY row_number() OVER (PARTITION BY city ORDER BY started, trip, version) = 1 ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",465]
-- ["Berlin",74]
-- ["Kyiv",233]
-- ["Lima",478]
-- ["Oslo",434]
-- ["Paris",469]
-- ["Quito",474]
-- ["São Paulo",462]
-- ["Zürich",3]
-- [null,1]
-- rows of newest
-- ["Accra",465]
-- ["Berlin",74]
-- ["Kyiv",233]
-- ["Lima",478]
-- ["Oslo",434]
-- ["Paris",280]
-- ["Quito",474]
-- ["São Paulo",462]
-- ["Zürich",508]
-- [null,481]
