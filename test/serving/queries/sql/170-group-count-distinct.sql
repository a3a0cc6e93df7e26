-- group count distinct
-- engine: direct
-- ordered

SELECT city, count(DISTINCT driver) FROM trips GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",42]
-- ["Berlin",41]
-- ["Kyiv",41]
-- ["Lima",41]
-- ["Oslo",43]
-- ["Paris",46]
-- ["Quito",45]
-- ["São Paulo",41]
-- ["Zürich",35]
-- [null,29]
-- rows of newest
-- ["Accra",35]
-- ["Berlin",30]
-- ["Kyiv",31]
-- ["Lima",34]
-- ["Oslo",35]
-- ["Paris",39]
-- ["Quito",32]
-- ["São Paulo",29]
-- ["Zürich",30]
-- [null,22]
