-- qualify
-- engine: duckdb
-- ordered

SELECT city, trip FROM trips QUALIFY row_number() OVER (PARTITION BY city ORDER BY started, trip, version) = 1 ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",183]
-- ["Berlin",50]
-- ["Kyiv",232]
-- ["Lima",191]
-- ["Oslo",477]
-- ["Paris",468]
-- ["Quito",473]
-- ["São Paulo",375]
-- ["Zürich",3]
-- [null,1]
-- rows of newest
-- ["Accra",465]
-- ["Berlin",346]
-- ["Kyiv",232]
-- ["Lima",478]
-- ["Oslo",477]
-- ["Paris",468]
-- ["Quito",409]
-- ["São Paulo",375]
-- ["Zürich",480]
-- [null,481]
