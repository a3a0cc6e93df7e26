-- group count distinct
-- engine: duckdb
-- ordered

SELECT city, count(DISTINCT driver) FROM trips GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",46]
-- ["Berlin",42]
-- ["Kyiv",44]
-- ["Lima",41]
-- ["Oslo",47]
-- ["Paris",45]
-- ["Quito",46]
-- ["São Paulo",45]
-- ["Zürich",39]
-- [null,30]
-- rows of newest
-- ["Accra",41]
-- ["Berlin",29]
-- ["Kyiv",34]
-- ["Lima",33]
-- ["Oslo",37]
-- ["Paris",43]
-- ["Quito",35]
-- ["São Paulo",33]
-- ["Zürich",30]
-- [null,20]
