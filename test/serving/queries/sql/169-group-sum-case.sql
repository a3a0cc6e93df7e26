-- group sum case
-- engine: duckdb
-- ordered

SELECT city, sum(CASE WHEN paid THEN riders ELSE 0 END) FROM trips GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",165]
-- ["Berlin",168]
-- ["Kyiv",181]
-- ["Lima",141]
-- ["Oslo",168]
-- ["Paris",199]
-- ["Quito",175]
-- ["São Paulo",205]
-- ["Zürich",125]
-- [null,95]
-- rows of newest
-- ["Accra",101]
-- ["Berlin",94]
-- ["Kyiv",100]
-- ["Lima",80]
-- ["Oslo",101]
-- ["Paris",138]
-- ["Quito",97]
-- ["São Paulo",115]
-- ["Zürich",79]
-- [null,57]
